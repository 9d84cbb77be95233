using Microsoft.Extensions.Logging;

namespace HashStore.Migrate;

/// <summary>Shows warnings and errors of the parts that write into a log as messages of a verb.</summary>
internal sealed class OutputLogger(string verb, CommandOutput output) : ILogger
{
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel is >= LogLevel.Warning and not LogLevel.None;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
        {
            output.Message($"{verb}: {formatter(state, exception)}");
        }
    }
}
