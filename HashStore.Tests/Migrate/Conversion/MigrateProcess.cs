using System.Diagnostics;
using Mono.Unix.Native;

namespace HashStore.Tests.Migrate.Conversion;

/// <summary><c>hashstore-migrate</c> as a process of its own. The end of the tests ends it.</summary>
internal sealed class MigrateProcess : IDisposable
{
    /// <summary>A process that takes longer hangs; only then it matters.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private readonly Process process;
    private readonly Task<string> output, error;

    internal MigrateProcess(params string[] arguments)
    {
        var host = Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? Environment.ProcessPath! : "dotnet";
        var start = new ProcessStartInfo(host, [typeof(global::HashStore.Migrate.Program).Assembly.Location, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        process = Process.Start(start)!;
        AppDomain.CurrentDomain.ProcessExit += EndWithTests;
        output = process.StandardOutput.ReadToEndAsync();
        error = process.StandardError.ReadToEndAsync();
    }

    internal int Pid => process.Id;

    /// <summary>Whether it ended.</summary>
    internal bool HasExited => process.HasExited;

    /// <summary>SIGINT, as Ctrl-C sends it; returns at once.</summary>
    internal void Interrupt()
    {
        if (!process.HasExited)
        {
            _ = Syscall.kill(process.Id, Signum.SIGINT);
        }
    }

    /// <summary>SIGKILL; returns when the process is gone.</summary>
    internal async Task KillAsync()
    {
        _ = Syscall.kill(process.Id, Signum.SIGKILL);
        await process.WaitForExitAsync();
    }

    /// <summary>Waits for the end.</summary>
    internal async Task<VerbResult> EndAsync()
    {
        await process.WaitForExitAsync().WaitAsync(Patience);
        return new VerbResult(process.ExitCode, await output, await error);
    }

    /// <summary>SIGKILL after a time, unless it has ended before.</summary>
    /// <returns>Whether it was killed.</returns>
    internal async Task<bool> KillAfterAsync(TimeSpan time)
    {
        if (await Task.WhenAny(process.WaitForExitAsync(), Task.Delay(time)) is { } first && process.HasExited)
        {
            await first;
            return false;
        }

        _ = Syscall.kill(process.Id, Signum.SIGKILL);
        await process.WaitForExitAsync();
        return true;
    }

    public void Dispose()
    {
        AppDomain.CurrentDomain.ProcessExit -= EndWithTests;
        EndWithTests(null, EventArgs.Empty);
        process.Dispose();
    }

    private void EndWithTests(object? sender, EventArgs arguments)
    {
        if (!process.HasExited)
        {
            _ = Syscall.kill(process.Id, Signum.SIGKILL);
        }
    }
}
