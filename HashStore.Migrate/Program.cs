using System.CommandLine;
using System.CommandLine.Invocation;
using System.Runtime.InteropServices;
using HashStore.Migrate.Verbs;

namespace HashStore.Migrate;

/// <summary><c>hashstore-migrate</c>: one verb per file in <c>Verbs/</c>.</summary>
internal static class Program
{
    private static async Task<int> Main(string[] arguments)
    {
        using var stop = new CancellationTokenSource();

        // The first signal lets what is under way finish; a second one ends the process as signals do.
        void Stop(PosixSignalContext context)
        {
            context.Cancel = !stop.IsCancellationRequested;
            stop.Cancel();
        }

        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        return await RunAsync(arguments, new CommandOutput(Console.Out, Console.Error, isTerminal: !Console.IsErrorRedirected), stop.Token);
    }

    /// <summary>The whole command; returns its exit code. Standard input is opened only by who reads it.</summary>
    internal static async Task<int> RunAsync(string[] arguments, CommandOutput output, CancellationToken cancellation, Func<Stream>? input = null, TimeProvider? clock = null)
    {
        var stdin = input ?? Console.OpenStandardInput;
        var command = new RootCommand("Looks after a HashStore from the command line.")
        {
            FsckVerb.Create(output), GcVerb.Create(output, clock), ImportVerb.Create(output, stdin), RunVerb.Create(output, stdin), StatusVerb.Create(output), UndoVerb.Create(output), VerifyVerb.Create(output),
            WatchVerb.Create(output), WidenVerb.Create(output),
        };
        var parsed = command.Parse(arguments);
        var wrong = parsed.Action is ParseErrorAction;
        var configuration = new InvocationConfiguration
        {
            Output = wrong ? output.Error : output.Output,
            Error = output.Error,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null, // signals are handled above
        };
        var exit = await parsed.InvokeAsync(configuration, cancellation);
        return wrong ? ExitCode.WrongUsage : exit;
    }
}
