using System.Diagnostics;
using HashStore.Migrate.Legacy.Tables;
using HashStore.Storage;

namespace HashStore.Migrate.Verbs;

/// <summary>One run of a verb: its time, and what its failures mean as exit codes and messages. The same for all verbs.</summary>
internal sealed class VerbRun(string verb, CommandOutput output)
{
    private readonly long start = Stopwatch.GetTimestamp();

    /// <summary>Seconds since it began.</summary>
    internal double Seconds => Math.Round(Stopwatch.GetElapsedTime(start).TotalSeconds, 3);

    /// <summary>Does the work; the exit code is its result, or what its exception means.</summary>
    /// <param name="work">Returns the exit code.</param>
    /// <param name="interrupted">What to say of work that was interrupted.</param>
    /// <param name="cancellation">The interrupt.</param>
    internal async Task<int> RunAsync(Func<Task<int>> work, string interrupted, CancellationToken cancellation)
    {
        try
        {
            return await work();
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            output.Message($"{verb}: interrupted; {interrupted}");
            return ExitCode.Interrupted;
        }
        catch (StoreException exception)
        {
            output.Message($"{verb}: {exception.Message}");
            return exception.Fault == StoreFault.BadSetting ? ExitCode.WrongUsage : ExitCode.CouldNotWork;
        }
        catch (Exception exception) when (exception is LegacyTablesException or IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            output.Message($"{verb}: {exception.Message}");
            return ExitCode.CouldNotWork;
        }
    }
}
