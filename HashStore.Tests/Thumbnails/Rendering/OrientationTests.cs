using HashStore.Storage.Thumbnails.Rendering;
using HashStore.Tests.Support;
using HashStore.Tests.Thumbnails.Rendering.Support;
using Xunit;

namespace HashStore.Tests.Thumbnails.Rendering;

/// <summary>Pictures stand upright, however the camera was held.</summary>
public sealed class OrientationTests
{
    private const double Same = 2;

    [NeedsTheory("vipsthumbnail", "ffmpeg", "bwrap")]
    [InlineData(1), InlineData(2), InlineData(3), InlineData(4), InlineData(5), InlineData(6), InlineData(7), InlineData(8)]
    public async Task A_picture_stands_upright(int orientation)
    {
        await using var bench = new RenderBench();
        var stored = RenderBench.Photograph.StoredFor(orientation);
        var png = bench.Write("stored.png", stored.ToPng(withOpacity: false));
        RenderBench.Run("vips", "copy", png, bench["stored.jpg"] + "[Q=95]");
        RenderBench.Run("vips", "copy", png, bench["stored.webp"] + "[lossless,strip]");
        string[] turned =
        [
            bench.Write("turned.jpg", RenderSamples.WithExif(await File.ReadAllBytesAsync(bench["stored.jpg"]), orientation)),
            bench.Write("turned.png", RenderSamples.PngWithExif(await File.ReadAllBytesAsync(png), orientation)),
            bench.Write("turned.tif", stored.ToTiff(orientation: orientation)),
            bench.Write("turned.webp", RenderSamples.WebPWithExif(await File.ReadAllBytesAsync(bench["stored.webp"]), stored.Width, stored.Height, orientation)),
        ];
        foreach (var path in turned)
        {
            var (thumbnail, _) = await bench.ThumbnailAsync(path, 240, keptAs: $"{orientation}-{Path.GetFileName(path)}");
            Assert.Equal((240, 160), (thumbnail.Width, thumbnail.Height));
            Assert.InRange(thumbnail.DifferenceFrom(RenderBench.Photograph), 0, Same);

            // 480 pixels is the width that is shown, whatever is stored.
            Assert.Equal(Path.GetExtension(path) != ".tif", await bench.RenderAsync(path, 480) is RenderResult.NotScaled { Width: 480 });
            Assert.IsType<RenderResult.Made>(await bench.RenderAsync(path, 479));
        }
    }
}
