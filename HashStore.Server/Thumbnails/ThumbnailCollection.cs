using System.Data.Common;
using HashStore.Storage;
using HashStore.Storage.Thumbnails;

namespace HashStore.Server.Thumbnails;

/// <summary>Runs the collector while the server serves, where a limit is set.</summary>
internal sealed partial class ThumbnailCollection(ThumbnailCollector collector, ServerSettings settings, TimeProvider clock, ILogger<ThumbnailCollection> logger) : BackgroundService
{
    private long files;
    private long bytes;

    /// <summary>Thumbnails after the last pass; 0 where none has run.</summary>
    internal long Files => Volatile.Read(ref files);

    /// <summary>Their bytes.</summary>
    internal long Bytes => Volatile.Read(ref bytes);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!settings.Thumbnails.Limits.IsOn)
        {
            return;
        }

        using var timer = new PeriodicTimer(settings.Thumbnails.CollectInterval, clock);
        do
        {
            try
            {
                // A walk over a large tree takes seconds: not on the thread that starts the server.
                var result = await Task.Run(() => collector.CollectAsync(settings.Thumbnails.Limits, stoppingToken), stoppingToken);
                Volatile.Write(ref files, result.Files);
                Volatile.Write(ref bytes, result.Bytes);
            }
            catch (Exception exception) when (exception is StoreException or DbException or IOException or UnauthorizedAccessException)
            {
                LogFailed(logger, exception.Message); // the next pass tries again
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    [LoggerMessage(310, LogLevel.Warning, "thumbnails could not be collected, it is tried again: {Problem}")]
    private static partial void LogFailed(ILogger logger, string problem);
}
