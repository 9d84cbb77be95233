using System.Globalization;
using HashStore.Storage.Thumbnails.Rendering;
using HashStore.Tests.Support;
using HashStore.Tests.Thumbnails.Rendering.Support;
using Xunit;

namespace HashStore.Tests.Thumbnails.Rendering;

/// <summary>The queue, and what is said of a machine that lacks something.</summary>
public sealed class RendererTests
{
    private static readonly Dictionary<string, string> nowhere = new() { ["vipsthumbnail"] = "/nonexistent/vipsthumbnail", ["ffmpeg"] = "/nonexistent/ffmpeg" };

    [NeedsFact("vipsthumbnail", "ffmpeg", "bwrap")]
    public async Task Two_hundred_at_once_are_made_two_at_a_time()
    {
        // The children are recognised by their limit of memory, which no other test has.
        const long Memory = (1L << 30) + (777 << 12);
        await using var bench = new RenderBench(new RenderSettings { MemoryBytes = Memory, MaxQueued = 200, Timeout = TimeSpan.FromMinutes(2) });
        var original = bench.Write("many.png", RenderBench.Photograph.ToPng());
        var all = Task.WhenAll(Enumerable.Range(0, 200).Select(number => bench.RenderAsync(original, 10 + number)));
        var most = 0;
        while (!all.IsCompleted)
        {
            most = Math.Max(most, Running(Memory));
            await Task.WhenAny(all, Task.Delay(5));
        }

        Assert.All(await all, result => Assert.IsType<RenderResult.Made>(result));
        Assert.InRange(most, 1, 2);
        Assert.Equal(200, bench.Renderer.Started.Value);
    }

    [Fact]
    public async Task What_is_missing_is_told_with_the_package_that_has_it()
    {
        await using var bench = new RenderBench(new RenderSettings { Programs = nowhere });
        Assert.Contains(bench.Renderer.Problems, sentence => sentence.Contains("PDF", StringComparison.Ordinal) && sentence.Contains("libvips-tools", StringComparison.Ordinal));
        Assert.Contains(bench.Renderer.Problems, sentence => sentence.Contains("MP4", StringComparison.Ordinal) && sentence.Contains("package ffmpeg", StringComparison.Ordinal));
        Assert.False(bench.Renderer.CanRender("image/png"));
        var job = new RenderJob("/nonexistent/any.png", "image/png", 1, 100, null, null, false, ThumbnailFormat.Png);
        var result = await bench.Renderer.RenderAsync(job, bench["out"], CancellationToken.None);
        Assert.Contains("libvips-tools", Assert.IsType<RenderResult.Unsupported>(result).Remedy, StringComparison.Ordinal);
    }

    [NeedsFact("vipsthumbnail", "ffmpeg", "bwrap", "perl")]
    public async Task The_strongest_confinement_is_taken_and_a_weaker_one_is_told()
    {
        await using var best = new RenderBench();
        Assert.True(best.Renderer.Confinement is { Bubblewrap: true, Guard: true });

        await using var landlock = new RenderBench(new RenderSettings { UseBubblewrap = false });
        Assert.Contains("Landlock", Assert.Single(landlock.Renderer.Problems), StringComparison.Ordinal);
        var photograph = landlock.Write("photograph.png", RenderBench.Photograph.ToPng());
        Assert.InRange((await landlock.ThumbnailAsync(photograph, 240)).Picture.DifferenceFrom(RenderBench.Photograph), 0, 2);
        Assert.InRange((await landlock.ThumbnailAsync(landlock.Write("pages.pdf", RenderSamples.Pdf(3)), 384)).Picture.DifferenceFrom(RenderSamples.PageOf(1)), 0, 2);
        RenderBench.Run("ffmpeg", "-v", "error", "-loop", "1", "-t", "1", "-i", photograph, "-pix_fmt", "yuv420p", landlock["film.mp4"]);
        Assert.InRange((await landlock.ThumbnailAsync(landlock["film.mp4"], 240)).Picture.DifferenceFrom(RenderBench.Photograph), 0, 5);

        await using var none = new RenderBench(new RenderSettings { UseBubblewrap = false, UseGuard = false });
        Assert.Null(none.Renderer.Confinement);
        Assert.Contains("bubblewrap", Assert.Single(none.Renderer.Problems), StringComparison.Ordinal);
        Assert.IsType<RenderResult.Unsupported>(await none.RenderAsync(none.Write("photograph.png", RenderBench.Photograph.ToPng()), 100));

        await using var allowed = new RenderBench(new RenderSettings { UseBubblewrap = false, UseGuard = false, AllowUnconfined = true });
        Assert.Contains("not confined", allowed.Renderer.Problems[0], StringComparison.Ordinal);
        Assert.IsType<RenderResult.Made>(await allowed.RenderAsync(allowed.Write("photograph.png", RenderBench.Photograph.ToPng()), 100));
    }

    private static int Running(long memory)
    {
        var count = 0;
        foreach (var folder in Directory.EnumerateDirectories("/proc").Where(path => char.IsAsciiDigit(Path.GetFileName(path)[0])))
        {
            try
            {
                count += File.ReadAllText(Path.Combine(folder, "comm")).Trim() == "vipsthumbnail"
                    && File.ReadAllText(Path.Combine(folder, "limits")).Contains(memory.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal) ? 1 : 0;
            }
            catch (IOException)
            {
                // It ended while it was looked at.
            }
        }

        return count;
    }
}
