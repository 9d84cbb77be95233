using System.Collections.Concurrent;
using HashStore.Schema;
using HashStore.Storage.Durability;
using HashStore.Storage.Objects;
using HashStore.Storage.Serving;
using HashStore.Storage.Thumbnails.Rendering;
using Microsoft.Extensions.Logging;

namespace HashStore.Storage.Thumbnails;

/// <summary>Renders a job to a path; <see cref="Renderer.RenderAsync"/> as it is called here.</summary>
internal delegate Task<RenderResult> Render(RenderJob job, string outputPath, CancellationToken cancellation);

/// <summary>
/// Makes thumbnails that are not there, each once however many ask for it at the same moment:
/// <code>
/// failed a short time ago? ─► rendered into this process's staging folder ─► mode 0444, synced ─► renamed into place while its object is public
/// </code>
/// Who asks while one is being made waits for it. A rendering goes on when its readers have gone: others will ask. Two processes may make the same one; whoever places it first wins. For any number of threads.
/// </summary>
public sealed partial class ThumbnailMaker : IAsyncDisposable
{
    /// <summary>Failures that are remembered: a few megabytes.</summary>
    private const int MaxRemembered = 10_000;

    private const int ObjectMode = 0x124; // 0444

    private readonly ConcurrentDictionary<ThumbPath, Task<RenderResult?>> underWay = new();
    private readonly BoundedCache<ThumbPath, Remembered> failures = new(MaxRemembered);
    private readonly CancellationTokenSource closing = new();
    private readonly Store store;
    private readonly Render render;
    private readonly TimeSpan memory;
    private readonly ILogger logger;
    private int disposed;

    /// <summary>Makes thumbnails of a store's objects.</summary>
    /// <param name="store">The store.</param>
    /// <param name="renderer">What renders them; belongs to the caller.</param>
    /// <param name="memory">How long a failure is remembered.</param>
    /// <param name="logger">Told of each thumbnail.</param>
    public ThumbnailMaker(Store store, Renderer renderer, TimeSpan memory, ILogger logger)
        : this(store, (renderer ?? throw new ArgumentNullException(nameof(renderer))).RenderAsync, memory, logger)
    {
    }

    internal ThumbnailMaker(Store store, Render render, TimeSpan memory, ILogger logger) =>
        (this.store, this.render, this.memory, this.logger) = (store, render, memory, logger);

    /// <summary>What it counted.</summary>
    public ThumbnailMeters Meters { get; } = new();

    /// <summary>Opens a thumbnail that is there, and notes that it was used.</summary>
    /// <returns>Null when it is not there.</returns>
    /// <exception cref="StoreException">It cannot be read.</exception>
    public PlainFile? Open(ThumbPath thumb) => PlainFile.OpenThumb(Path.Combine(store.Paths.Root, thumb.ToString()), store.Paths.Root, thumb.Key, store.Clock);

    /// <summary>Makes a thumbnail, or waits for whoever is making it.</summary>
    /// <param name="original">What it shows.</param>
    /// <param name="parameters">How.</param>
    /// <param name="format">Its format.</param>
    /// <param name="cancellation">Ends the waiting, not the making.</param>
    /// <returns><see cref="RenderResult.Made"/> when it is in its place; null when the object is not public any more.</returns>
    /// <exception cref="StoreException">The disk or the database failed.</exception>
    public async Task<RenderResult?> MakeAsync(ServedObject original, ThumbParameters parameters, ThumbnailFormat format, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(original);
        var thumb = new ThumbPath(original.Key, parameters.ToString(), format.Extension());
        if (failures.Find(thumb) is { } failure)
        {
            if (failure.Until > store.Clock.GetUtcNow())
            {
                Meters.Remembered.Add();
                return failure.Result;
            }

            failures.Remove(thumb);
        }

        var own = new TaskCompletionSource<RenderResult?>(TaskCreationOptions.RunContinuationsAsynchronously);
        var task = underWay.GetOrAdd(thumb, own.Task);
        if (task == own.Task)
        {
            _ = Task.Run(() => RunAsync(own, thumb, JobOf(original, parameters, format)), CancellationToken.None);
        }

        return await task.WaitAsync(cancellation);
    }

    /// <summary>Gives up what is being made, and waits for its end.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, 1) != 0)
        {
            return;
        }

        await closing.CancelAsync();
        await Task.WhenAll(underWay.Values.Select(task => task.ContinueWith(static _ => { }, TaskScheduler.Default)));
        closing.Dispose();
    }

    private RenderJob JobOf(ServedObject original, ThumbParameters parameters, ThumbnailFormat format) => new(
        Path.Combine(store.Paths.Root, ObjectPath.Of(original.Key)), original.Mime, original.Size, parameters.Width, parameters.Page, parameters.Language, parameters.Lossless == true, format);

    private async Task RunAsync(TaskCompletionSource<RenderResult?> done, ThumbPath thumb, RenderJob job)
    {
        RenderResult? result = null;
        Exception? failure = null;
        try
        {
            // Whoever made it a moment ago has left the list before this one came into it.
            result = File.Exists(Path.Combine(store.Paths.Root, thumb.ToString())) ? new RenderResult.Made(job.Width, 0) : await MakeAsync(thumb, job);
            Remember(thumb, result);
        }
        catch (IOException) when (!File.Exists(job.InputPath))
        {
            result = null; // deleted before it was read
        }
        catch (Exception exception)
        {
            // Whatever it is belongs to those who wait for the thumbnail, not to the thread that runs by itself.
            failure = StorageErrors.Knows(exception) ? StorageErrors.Translate(exception)
                : exception is OperationCanceledException ? new StoreException(StoreFault.Unavailable, "The server is stopping.", exception) : exception;
        }

        underWay.TryRemove(thumb, out _);
        if (failure is not null)
        {
            LogFailed(logger, thumb.ToString(), failure.Message);
            done.SetException(failure);
        }
        else
        {
            done.SetResult(result);
        }
    }

    private async Task<RenderResult?> MakeAsync(ThumbPath thumb, RenderJob job)
    {
        var start = store.Clock.GetTimestamp();
        var staged = $"{store.Staging.NextPath()}.{thumb.Extension}";
        Meters.Begin();
        try
        {
            var result = await render(job, staged, closing.Token);
            if (result is not RenderResult.Made)
            {
                if (!File.Exists(job.InputPath))
                {
                    return null; // deleted while it was read
                }

                Count(thumb, result);
                return result;
            }

            var bytes = await FinishAsync(staged);
            CrashPoints.Pass(CrashPoint.ThumbSynced);
            if (await store.AddThumbAsync(thumb, staged) is (ThumbPlaced.NotPublic, _))
            {
                return null;
            }

            Meters.Made.Add();
            Meters.MadeBytes.Add(bytes);
            LogMade(logger, thumb.ToString(), bytes, store.Clock.GetElapsedTime(start).TotalMilliseconds);
            return result;
        }
        finally
        {
            Meters.End();
            _ = Posix.Unlink(staged);
        }
    }

    /// <summary>Makes the bytes durable, so that after a power loss the place holds all of them or is empty.</summary>
    private async Task<long> FinishAsync(string staged)
    {
        using var file = Posix.OpenToWrite(staged, FileMode.Open);
        Posix.SetMode(file, ObjectMode);
        await store.SyncFileAsync(file);
        return RandomAccess.GetLength(file);
    }

    /// <summary>A busy renderer and a missing program are asked again; everything else would end in the same way.</summary>
    private void Remember(ThumbPath thumb, RenderResult? result)
    {
        if (result is RenderResult.TooLarge or RenderResult.Broken or RenderResult.NoSuchPage or RenderResult.NotScaled && memory > TimeSpan.Zero)
        {
            failures.Add(thumb, new Remembered(result, store.Clock.GetUtcNow() + memory), 1);
        }
    }

    private void Count(ThumbPath thumb, RenderResult result)
    {
        switch (result)
        {
            case RenderResult.Busy:
                Meters.Refused.Add();
                break;
            case RenderResult.TooLarge or RenderResult.Broken:
                Meters.Failed.Add();
                LogFailed(logger, thumb.ToString(), result is RenderResult.TooLarge large ? large.Limit : ((RenderResult.Broken)result).Reason);
                break;
        }
    }

    private sealed record Remembered(RenderResult Result, DateTimeOffset Until);

    [LoggerMessage(20, LogLevel.Information, "thumbnail {Thumb} size={Size} ms={Milliseconds:F1}")]
    private static partial void LogMade(ILogger logger, string thumb, long size, double milliseconds);

    [LoggerMessage(21, LogLevel.Warning, "thumbnail {Thumb} was not made: {Problem}")]
    private static partial void LogFailed(ILogger logger, string thumb, string problem);
}
