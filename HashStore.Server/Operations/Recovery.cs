using HashStore.Storage;

namespace HashStore.Server.Operations;

/// <summary>Finishes what another process began and died over, while this one serves: else content whose deletion was interrupted would stay readable until some process starts.</summary>
internal sealed partial class Recovery(Store store, CachePurger purger, TimeProvider clock, ILogger<Recovery> logger) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(15);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                purger.Removed(await store.RecoverAsync());
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                // Whatever it is, the next tick tries again: an exception that left here would end the server.
                LogFailed(logger, exception.Message);
            }
        }
    }

    [LoggerMessage(302, LogLevel.Warning, "what an interrupted process left could not be finished, and is tried again: {Problem}")]
    private static partial void LogFailed(ILogger logger, string problem);
}
