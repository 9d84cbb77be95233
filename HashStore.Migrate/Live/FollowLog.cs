using Microsoft.Extensions.Logging;

namespace HashStore.Migrate.Live;

/// <summary>Writes into a log how the following of a tree goes.</summary>
internal sealed partial class FollowLog(ILogger logger) : IFollowListener
{
    public void Watching(int folders) => LogWatching(logger, folders);

    public void Passed(PassCause cause, TimeSpan time) => LogPassed(logger, cause, time.TotalSeconds);

    public void Reconciled(IReadOnlyCollection<string> names) => LogReconciled(logger, names.Count);

    public void Problem(string message) => LogProblem(logger, message);

    [LoggerMessage(Level = LogLevel.Information, Message = "the legacy tree is followed: {Folders} folders are watched")]
    private static partial void LogWatching(ILogger logger, int folders);

    [LoggerMessage(Level = LogLevel.Debug, Message = "the legacy tree was gone through ({Cause}) in {Seconds:F1} s")]
    private static partial void LogPassed(ILogger logger, PassCause cause, double seconds);

    [LoggerMessage(Level = LogLevel.Debug, Message = "{Count} names were followed")]
    private static partial void LogReconciled(ILogger logger, int count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "following the legacy tree: {Problem}")]
    private static partial void LogProblem(ILogger logger, string problem);
}
