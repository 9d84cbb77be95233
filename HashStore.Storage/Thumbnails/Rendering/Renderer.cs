using Microsoft.Extensions.Logging;

namespace HashStore.Storage.Thumbnails.Rendering;

/// <summary>
/// Makes thumbnails with libvips and ffmpeg as child processes: few at the same time, each within limits and confined to its input and output.
/// For any number of threads.
/// </summary>
public sealed class Renderer : IAsyncDisposable
{
    private readonly HashSet<string> types = [];

    /// <summary>Looks at what the machine offers.</summary>
    public Renderer(RenderSettings settings, ILogger logger, TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(logger);
        ArgumentNullException.ThrowIfNull(clock);
    }

    /// <summary>What cannot be rendered on this machine and which Debian package would change that, and what the confinement of children lacks: a sentence each, for the log at start.</summary>
    public IReadOnlyList<string> Problems { get; } = [];

    /// <summary>The formats that thumbnails of a type can have, the usual one first; none for a type without thumbnails.</summary>
    public static IReadOnlyList<ThumbnailFormat> OutputsFor(string mime) => mime switch
    {
        "image/jpeg" or "application/pdf" or "video/mp4" or "video/webm" or "video/ogg" => [ThumbnailFormat.Jpeg, ThumbnailFormat.WebP],
        "image/png" or "image/svg+xml" => [ThumbnailFormat.Png, ThumbnailFormat.WebP],
        "image/gif" => [ThumbnailFormat.Gif, ThumbnailFormat.WebP],
        "image/webp" => [ThumbnailFormat.WebP],
        "image/tiff" => [ThumbnailFormat.Jpeg, ThumbnailFormat.Png, ThumbnailFormat.WebP],
        _ => [],
    };

    /// <summary>The usual format of a thumbnail; null for a type without thumbnails.</summary>
    /// <param name="mime">The original's type.</param>
    /// <param name="lossless">Whether a lossless thumbnail was asked for, where the usual one is not: a TIFF's.</param>
    public static ThumbnailFormat? OutputFor(string mime, bool lossless = false) =>
        lossless && mime == "image/tiff" ? ThumbnailFormat.Png : OutputsFor(mime) is [var usual, ..] ? usual : null;

    /// <summary>Whether this machine can make thumbnails of a type.</summary>
    public bool CanRender(string mime) => types.Contains(mime);

    /// <summary>Makes a thumbnail.</summary>
    /// <param name="job">What to make.</param>
    /// <param name="outputPath">Where it goes: a path where nothing is, in a folder of the server's own. A whole file is there when the answer is <see cref="RenderResult.Made"/>, nothing at all otherwise. It is not synced.</param>
    /// <param name="cancellation">Gives up: out of the queue, or the child is killed.</param>
    /// <exception cref="IOException">The disk failed, or the child could not be started.</exception>
    /// <exception cref="OperationCanceledException">It was given up, or the renderer was disposed of.</exception>
    public Task<RenderResult> RenderAsync(RenderJob job, string outputPath, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(job);
        return CanRender(job.Mime)
            ? throw new InvalidOperationException($"{job.Mime} is announced without a program.")
            : Task.FromResult<RenderResult>(new RenderResult.Unsupported($"Thumbnails of {job.Mime} are not made."));
    }

    /// <summary>Kills the children and waits for their end.</summary>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
