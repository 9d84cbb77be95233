using System.Globalization;
using System.Threading.Channels;
using HashStore.Migrate.Live;
using HashStore.Server.Api;
using HashStore.Storage;

namespace HashStore.Server.Legacy;

/// <summary>
/// Converts what is left of the legacy tree while the server runs, a pass at a time: from the start (Conversion:Background, Conversion:Watch), or when somebody asks for it. Requests go first; what fails is told and tried
/// again later.
/// </summary>
internal sealed partial class BackgroundConversion : BackgroundService
{
    /// <summary>After the first failure; twice as long after each further one.</summary>
    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan LongestRetry = TimeSpan.FromMinutes(5);

    /// <summary>How long the answer to a pause waits for what is under way.</summary>
    private static readonly TimeSpan PauseTime = TimeSpan.FromSeconds(5);

    private readonly Lock gate = new();
    private readonly Channel<bool> signal = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly LegacyAccess legacy;
    private readonly ConversionTotals totals;
    private readonly PassMeter meter;
    private readonly RequestsFirst requests;
    private readonly ConversionSettings settings;
    private readonly TimeProvider clock;
    private readonly CancellationToken stopping;
    private readonly ILogger<BackgroundConversion> logger;
    private Phase phase;
    private bool isRepeated;
    private CancellationTokenSource? pass;
    private TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public BackgroundConversion(
        LegacyAccess legacy, ConversionTotals totals, PassMeter meter, RequestsFirst requests, ServerSettings settings, TimeProvider clock, IHostApplicationLifetime lifetime,
        ILogger<BackgroundConversion> logger)
    {
        (this.legacy, this.totals, this.meter, this.requests) = (legacy, totals, meter, requests);
        (this.settings, this.clock, this.logger) = (settings.Conversion, clock, logger);

        // Told at once, not when the web server has finished: both share the time that an end may take.
        stopping = lifetime.ApplicationStopping;
        if (legacy.Site is not null && (this.settings.Background || this.settings.Watch))
        {
            Ask();
        }
    }

    /// <summary>What it does.</summary>
    private enum Phase
    {
        /// <summary>Nobody asked for anything.</summary>
        Idle,

        /// <summary>A pass is asked for, or under way.</summary>
        Running,

        /// <summary>Somebody paused it.</summary>
        Paused,

        /// <summary>The last pass failed; the next one comes by itself.</summary>
        Waiting,

        /// <summary>The last pass ended well.</summary>
        Done,
    }

    /// <summary>Whether a pass is asked for or under way.</summary>
    internal bool IsRunning => phase == Phase.Running;

    /// <summary>Passes that failed.</summary>
    internal Counter Failures { get; } = new();

    /// <summary>Paths a second.</summary>
    internal double PerSecond => IsRunning ? meter.PerSecond : 0;

    /// <summary>Asks for a pass, also where an undo has switched conversions off; there is one at a time.</summary>
    /// <exception cref="ProblemException">503: the tree cannot be worked with.</exception>
    internal void Start()
    {
        if (legacy.Problem is { } problem)
        {
            throw new ProblemException(503, problem);
        }

        legacy.Site?.SwitchOn();
        Ask();
    }

    private void Ask()
    {
        lock (gate)
        {
            if (phase != Phase.Running || isRepeated)
            {
                (phase, isRepeated) = (Phase.Running, false);
                _ = signal.Writer.TryWrite(true);
            }
        }
    }

    /// <summary>Pauses until somebody starts it again, and waits a little for what is under way.</summary>
    internal async Task PauseAsync(CancellationToken cancellation)
    {
        Task ending;
        lock (gate)
        {
            phase = Phase.Paused;
            ending = pass is null ? Task.CompletedTask : ended.Task;
            pass?.Cancel();
        }

        await Task.WhenAny(ending, Task.Delay(PauseTime, clock, cancellation));
    }

    /// <summary>What the API tells.</summary>
    internal async Task<ConversionJson> StatusAsync(CancellationToken cancellation)
    {
        var sums = await totals.GetAsync(TimeSpan.Zero, cancellation);
        var state = phase switch
        {
            // A tree that is followed is done between the moments when something new is found in it.
            Phase.Running when !isRepeated || sums.Left > 0 => "running",
            Phase.Paused when sums.Left > 0 || sums.Total == 0 => "paused",
            Phase.Waiting => "paused",
            Phase.Idle when sums.Left > 0 || sums.Total == 0 => "idle",
            _ => "done",
        };
        var isRunning = state == "running";
        return new ConversionJson(state, sums.Total, sums.Converted, sums.Failed, sums.Bytes, isRunning ? Math.Round(meter.PerSecond, 1) : 0, isRunning ? meter.SecondsLeft : null);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (legacy.Site is not { } site)
        {
            return;
        }

        using var either = CancellationTokenSource.CreateLinkedTokenSource(stopping, stoppingToken);
        var failures = 0;
        TimeSpan? rest = null;
        while (await NextAsync(rest, either.Token))
        {
            var isWell = await PassAsync(site, either.Token);
            failures = isWell ? 0 : failures + 1;
            rest = !isWell ? Retry(failures) : settings.Watch ? settings.Reconcile : null;
        }
    }

    /// <summary>Waits until somebody asks for a pass, or until one comes by itself. False: the server stops.</summary>
    private async Task<bool> NextAsync(TimeSpan? rest, CancellationToken cancellation)
    {
        try
        {
            var asked = signal.Reader.WaitToReadAsync(cancellation).AsTask();
            await (rest is { } time ? asked.WaitAsync(time, clock, cancellation) : asked);
            _ = signal.Reader.TryRead(out _);
        }
        catch (TimeoutException)
        {
            // By itself.
            lock (gate)
            {
                if (phase != Phase.Paused)
                {
                    (phase, isRepeated) = (Phase.Running, phase == Phase.Done);
                }
            }
        }
        catch (OperationCanceledException)
        {
            return false;
        }

        return true;
    }

    /// <summary>One pass. False: it failed.</summary>
    private async Task<bool> PassAsync(LegacySite site, CancellationToken stop)
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(stop);
        lock (gate)
        {
            if (phase != Phase.Running)
            {
                return true;
            }

            (pass, ended) = (cancel, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        var start = clock.GetTimestamp();
        meter.Begin();
        var next = Phase.Waiting;
        try
        {
            if (!isRepeated)
            {
                LogStarted(logger, legacy.Tree);
            }

            next = await Task.Run(() => site.PassAsync(meter, requests.IsBusy, cancel.Token), CancellationToken.None) ? Phase.Done : Phase.Idle;
            if (next == Phase.Idle)
            {
                LogOff(logger);
            }
            else if (!isRepeated || meter.Done > 0)
            {
                Log(LogEnded, start);
            }
        }
        catch (Exception exception) when (cancel.IsCancellationRequested)
        {
            next = Phase.Paused;
            Log(LogPaused, start);
            if (exception is not OperationCanceledException)
            {
                LogFailed(logger, exception.Message);
            }
        }
        catch (StoreException exception)
        {
            LogFailed(logger, exception.Message);
        }
        catch (Exception exception)
        {
            // Whatever it is, the next pass tries again: an exception that left here would end the server.
            LogBroken(logger, exception);
        }
        finally
        {
            End(next);
        }

        return next != Phase.Waiting;
    }

    private void End(Phase next)
    {
        meter.End();
        totals.Forget();
        lock (gate)
        {
            pass = null;
            if (next == Phase.Waiting)
            {
                Failures.Add();
            }

            // Somebody may have said meanwhile what is next: a pause, or a start after it.
            if (phase == Phase.Running && (next != Phase.Paused || stopping.IsCancellationRequested))
            {
                phase = next;
            }

            ended.SetResult();
        }
    }

    private void Log(Action<ILogger, long, long, string> write, long start)
    {
        var seconds = clock.GetElapsedTime(start).TotalSeconds;
        write(logger, meter.Done, meter.Bytes, (seconds > 0 ? meter.Done / seconds : 0).ToString("F1", CultureInfo.InvariantCulture));
    }

    private static TimeSpan Retry(int failures) => failures > 6 ? LongestRetry : FirstRetry * Math.Pow(2, failures - 1);

    [LoggerMessage(304, LogLevel.Information, "conversion of {Tree} started")]
    private static partial void LogStarted(ILogger logger, string tree);

    [LoggerMessage(305, LogLevel.Information, "conversion paused: {Files} files, {Bytes} bytes read, {Rate} files/s")]
    private static partial void LogPaused(ILogger logger, long files, long bytes, string rate);

    [LoggerMessage(306, LogLevel.Information, "conversion ended: {Files} files, {Bytes} bytes read, {Rate} files/s")]
    private static partial void LogEnded(ILogger logger, long files, long bytes, string rate);

    [LoggerMessage(310, LogLevel.Information, "nothing is converted: the tree was put back by an undo; POST /api/conversion with the action start switches conversion on again")]
    private static partial void LogOff(ILogger logger);

    [LoggerMessage(307, LogLevel.Warning, "conversion failed, and is tried again: {Problem}")]
    private static partial void LogFailed(ILogger logger, string problem);

    [LoggerMessage(308, LogLevel.Error, "conversion failed, and is tried again")]
    private static partial void LogBroken(ILogger logger, Exception exception);
}
