using HashStore.Server.Legacy;
using HashStore.Storage;
using HashStore.Storage.Checking;

namespace HashStore.Server.Operations;

/// <summary>How all bytes are read again and again (section <c>HashStore:Scrub</c>).</summary>
internal sealed class ScrubSettings
{
    private const double MaxDays = 3650;

    /// <summary>Days in which every object is read once; 0: never.</summary>
    public double Days { get; set; } = 30;

    /// <summary>The same.</summary>
    public TimeSpan Period => TimeSpan.FromDays(Days);

    /// <exception cref="StoreException">The setting makes no sense.</exception>
    public void Check()
    {
        if (!(Days is 0 or (>= 1e-6 and <= MaxDays)))
        {
            throw ServerSettings.Bad($"Scrub:Days is 0 (never) or at most {MaxDays} days.");
        }
    }
}

/// <summary>Reads all objects again and again while the server runs, and tells of damage. Requests go first.</summary>
internal sealed partial class Scrub : BackgroundService, IScrubListener
{
    /// <summary>A turn takes the lease, reads what is due and writes down where it is: more often would only wake the disk.</summary>
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(100);

    /// <summary>Turns in a round, where it is short.</summary>
    private const int Turns = 1000;

    private readonly ScrubSettings settings;
    private readonly RequestsFirst requests;
    private readonly TimeProvider clock;
    private readonly CancellationToken stopping;
    private readonly ILogger<Scrub> logger;

    public Scrub(Store store, ServerSettings settings, RequestMeters meters, TimeProvider clock, IHostApplicationLifetime lifetime, ILogger<Scrub> logger)
    {
        (this.settings, this.clock, this.logger) = (settings.Scrub, clock, logger);
        stopping = lifetime.ApplicationStopping;
        requests = new RequestsFirst(() => meters.Young, clock);
        Work = new Scrubber(store, this.settings.Period, this);
    }

    /// <summary>What does it, with its counters.</summary>
    internal Scrubber Work { get; }

    /// <summary>Turns that failed.</summary>
    internal Counter Failures { get; } = new();

    public bool IsBusy() => requests.IsBusy();

    public void Found(Finding finding) => LogDamage(logger, finding.Kind, $"{finding.Key}", finding.Path, finding.Detail);

    public override void Dispose()
    {
        Work.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (settings.Days == 0)
        {
            return;
        }

        using var either = CancellationTokenSource.CreateLinkedTokenSource(stopping, stoppingToken);
        var pause = settings.Period / Turns;
        using var timer = new PeriodicTimer(pause > LongestPause ? LongestPause : pause < ShortestPause ? ShortestPause : pause, clock);
        try
        {
            do
            {
                await TurnAsync(either.Token);
            }
            while (await timer.WaitForNextTickAsync(either.Token));
        }
        catch (OperationCanceledException) when (either.IsCancellationRequested)
        {
            // The server stops; where the round is stands in STATE.
        }
    }

    private async Task TurnAsync(CancellationToken cancellation)
    {
        try
        {
            await Task.Run(() => Work.TurnAsync(cancellation), cancellation);
        }
        catch (Exception exception) when (!cancellation.IsCancellationRequested)
        {
            // Whatever it is, the next turn tries again: an exception that left here would end the server.
            Failures.Add();
            LogFailed(logger, exception.Message);
        }
    }

    [LoggerMessage(311, LogLevel.Error, "scrub: damage ({Kind}) of object {Key} at {Path}: {Detail} It is not served until it is repaired: hashstore-migrate fsck --repair")]
    private static partial void LogDamage(ILogger logger, FindingKind kind, string key, string? path, string detail);

    [LoggerMessage(312, LogLevel.Warning, "scrub: a turn failed, and is tried again: {Problem}")]
    private static partial void LogFailed(ILogger logger, string problem);
}
