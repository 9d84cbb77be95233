using HashStore.Storage.Durability;
using HashStore.Storage.Thumbnails.Rendering.Children;
using HashStore.Storage.Thumbnails.Rendering.Shapes;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

namespace HashStore.Storage.Thumbnails.Rendering;

/// <summary>
/// Makes thumbnails with libvips and ffmpeg as child processes: few at the same time, each within limits and confined to its input and output.
/// For any number of threads.
/// </summary>
public sealed partial class Renderer : IAsyncDisposable
{
    /// <summary>Files that are looked at the same time before a child is started for them.</summary>
    private const int MaxLooks = 2;

    private readonly RenderSettings settings;
    private readonly ILogger logger;
    private readonly TimeProvider clock;
    private readonly RenderTools tools;
    private readonly RenderQueue queue;
    private readonly SemaphoreSlim looks = new(MaxLooks);

    /// <summary>Looks at what the machine offers, which takes about a tenth of a second.</summary>
    public Renderer(RenderSettings settings, ILogger logger, TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(logger);
        ArgumentNullException.ThrowIfNull(clock);
        (this.settings, this.logger, this.clock) = (settings, logger, clock);
        tools = Task.Run(() => RenderTools.FindAsync(settings)).GetAwaiter().GetResult();
        queue = new RenderQueue(settings, clock);
    }

    /// <summary>What cannot be rendered on this machine and which Debian package would change that, and what the confinement of children lacks: a sentence each, for the log at start.</summary>
    public IReadOnlyList<string> Problems => tools.Problems;

    /// <summary>How many children have been started, for tests and metrics.</summary>
    public Counter Started { get; } = new();

    internal Confinement? Confinement => tools.Confinement;

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
    public bool CanRender(string mime) => tools.Remedy(mime) is null;

    /// <summary>Makes a thumbnail.</summary>
    /// <param name="job">What to make.</param>
    /// <param name="outputPath">
    /// Where it goes, in a folder of the server's own. A whole file is there when the answer is <see cref="RenderResult.Made"/>, nothing new otherwise.
    /// It is not synced. Until it is whole it is called so with ".part" behind; a server that was killed leaves that.
    /// </param>
    /// <param name="cancellation">Gives up: out of the queue, or the child is killed.</param>
    /// <exception cref="IOException">The disk failed, or the child could not be started.</exception>
    /// <exception cref="OperationCanceledException">It was given up, or the renderer was disposed of.</exception>
    public async Task<RenderResult> RenderAsync(RenderJob job, string outputPath, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(job);
        ArgumentException.ThrowIfNullOrEmpty(outputPath);
        if (tools.Remedy(job.Mime) is { } remedy)
        {
            return new RenderResult.Unsupported(remedy);
        }

        if (!OutputsFor(job.Mime).Contains(job.Output) || job.Width < 1 || job.Language?.All(character => char.IsAsciiLetterOrDigit(character) || character == '-') == false)
        {
            throw new ArgumentException("The thumbnail's format is not one of its original's, it has no width, or its language is no tag.", nameof(job));
        }

        if (SizeRules.RefuseUnread(job, settings) is { } refused)
        {
            return refused;
        }

        if (queue.TryEnter() is not { } place)
        {
            return new RenderResult.Busy(queue.RetryAfter);
        }

        using (place)
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, queue.Closed);
            var (shape, refusal) = await LookAsync(job, either.Token);
            if (shape is null || refusal is not null)
            {
                return refusal ?? new RenderResult.Broken("It cannot be read.");
            }

            await place.TurnAsync(either.Token);
            return await new Rendering(this, job, shape, outputPath).RunAsync(either.Token);
        }
    }

    /// <summary>Kills the children and waits for their end.</summary>
    public async ValueTask DisposeAsync()
    {
        await queue.DisposeAsync();
        looks.Dispose();
    }

    private async Task<(SourceShape? Shape, RenderResult? Refusal)> LookAsync(RenderJob job, CancellationToken cancellation)
    {
        await looks.WaitAsync(cancellation);
        try
        {
            return await Task.Run(() => Look(job), cancellation);
        }
        finally
        {
            looks.Release();
        }
    }

    private (SourceShape? Shape, RenderResult? Refusal) Look(RenderJob job)
    {
        try
        {
            using var content = new FileStream(job.InputPath, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 64 << 10);
            var shape = SourceShape.Read(content, job.Mime, job.Page ?? 1, settings);
            return (shape, SizeRules.Refuse(job, shape, settings));
        }
        catch (EndOfStreamException)
        {
            return (null, new RenderResult.Broken("The file ends too early."));
        }
        catch (InvalidDataException exception)
        {
            return (null, new RenderResult.Broken(exception.Message));
        }
    }

    [LoggerMessage(40, LogLevel.Information, "thumbnail of {Path}: {Program} failed with exit code {ExitCode}, signal {Signal}: {Complaint}")]
    private static partial void LogFailure(ILogger logger, string path, string program, int? exitCode, int signal, string complaint);
}
