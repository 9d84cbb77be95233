using System.Collections.Concurrent;
using HashStore.Schema;
using HashStore.Storage;
using HashStore.Storage.Objects;
using HashStore.Storage.Serving;
using HashStore.Storage.Thumbnails;
using HashStore.Storage.Thumbnails.Rendering;
using HashStore.Tests.Content;
using HashStore.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace HashStore.Tests.Thumbnails;

/// <summary>A store whose thumbnails are "rendered" by the test itself: what <see cref="ThumbnailMaker"/> does around a renderer, without programs.</summary>
internal sealed class MadeThumbnails : IAsyncDisposable
{
    internal static readonly ThumbParameters Small = new(120);

    private readonly List<ThumbnailMaker> makers = [];

    private MadeThumbnails(TestStore test, ShiftedClock clock) => (Test, Clock) = (test, clock);

    internal TestStore Test { get; }

    internal ShiftedClock Clock { get; }

    internal ThumbnailMaker Maker => makers[0];

    /// <summary>Jobs that were rendered.</summary>
    internal ConcurrentQueue<RenderJob> Jobs { get; } = new();

    /// <summary>What rendering does; writes "thumbnail" unless told otherwise.</summary>
    internal Render Render { get; set; } = WriteAsync;

    internal static async Task<MadeThumbnails> OpenAsync(TimeSpan? memory = null)
    {
        var clock = new ShiftedClock();
        var made = new MadeThumbnails(await TestStore.OpenAsync(configure: options => options with { Clock = clock }), clock);
        made.AddMaker(made.Test.Store, memory);
        return made;
    }

    /// <summary>A maker of another process on the same store.</summary>
    internal ThumbnailMaker AddMaker(Store store, TimeSpan? memory = null)
    {
        var maker = new ThumbnailMaker(store, RenderAsync, memory ?? TimeSpan.FromMinutes(5), NullLogger.Instance);
        makers.Add(maker);
        return maker;
    }

    internal static async Task<RenderResult> WriteAsync(RenderJob job, string output, CancellationToken cancellation)
    {
        await File.WriteAllTextAsync(output, $"thumbnail {job.Width}", cancellation);
        return new RenderResult.Made(job.Width, job.Width);
    }

    /// <summary>Stores a picture.</summary>
    internal async Task<ServedObject> PutAsync(string name, byte[]? content = null)
    {
        content ??= SampleFiles.Png();
        await Test.PutAsync(name, content);
        return (await Test.Store.Objects.FindAsync(Test.KeyOf(content))).Found!;
    }

    internal Task<RenderResult?> MakeAsync(ServedObject shown, ThumbParameters? parameters = null) =>
        Maker.MakeAsync(shown, parameters ?? Small, ThumbnailFormat.Png, CancellationToken.None);

    /// <summary>Makes one and gives its path.</summary>
    internal async Task<string> PlaceAsync(ServedObject shown, int width)
    {
        _ = await MakeAsync(shown, new ThumbParameters(width));
        return PathOf(shown.Key, width);
    }

    internal string PathOf(ContentKey key, int width = 120) => Path.Combine(Test.Paths.Root, new ThumbPath(key, $"{width}px", "png").ToString());

    /// <summary>All files in the tree of thumbnails.</summary>
    internal string[] Placed() => Directory.Exists(Path.Combine(Test.Paths.Root, "thumb")) ? Directory.GetFiles(Path.Combine(Test.Paths.Root, "thumb"), "*", SearchOption.AllDirectories) : [];

    /// <summary>Files of staging areas, but for their locks.</summary>
    internal string[] Staged() => [.. Directory.GetFiles(Test.Paths.Staging, "*", SearchOption.AllDirectories).Where(path => Path.GetFileName(path) != "lock")];

    public async ValueTask DisposeAsync()
    {
        foreach (var maker in makers)
        {
            await maker.DisposeAsync();
        }

        await Test.DisposeAsync();
    }

    private Task<RenderResult> RenderAsync(RenderJob job, string output, CancellationToken cancellation)
    {
        Jobs.Enqueue(job);
        return Render(job, output, cancellation);
    }
}

/// <summary>A rendering that a test holds up in the middle.</summary>
internal sealed class HeldRendering
{
    private readonly TaskCompletionSource begun = new(TaskCreationOptions.RunContinuationsAsynchronously), going = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Done when it has written half of its file.</summary>
    internal Task Begun => begun.Task.WaitAsync(TimeSpan.FromSeconds(60));

    internal void GoOn() => going.TrySetResult();

    internal async Task<RenderResult> RenderAsync(RenderJob job, string output, CancellationToken cancellation)
    {
        await File.WriteAllTextAsync(output, "half", cancellation);
        begun.TrySetResult();
        await going.Task.WaitAsync(cancellation);
        return await MadeThumbnails.WriteAsync(job, output, cancellation);
    }
}
