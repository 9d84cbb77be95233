using HashStore.Storage.Thumbnails.Rendering;
using HashStore.Storage.Thumbnails.Rendering.Shapes;
using HashStore.Tests.Support;
using HashStore.Tests.Thumbnails.Rendering.Support;
using Xunit;

namespace HashStore.Tests.Thumbnails.Rendering;

/// <summary>Thumbnails look like their originals.</summary>
public sealed class RecognisableTests : IAsyncLifetime
{
    // Mean distance in CIELAB: what nobody sees, and what codecs and printing inks may do. A mirrored photograph has more than 10.
    private const double Same = 2, Alike = 5, Different = 10;

    private readonly Lazy<RenderBench> made = new(() => new RenderBench());

    private RenderBench Bench => made.Value;

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        if (made.IsValueCreated)
        {
            await made.Value.DisposeAsync();
        }
    }

    [NeedsFact("vipsthumbnail", "ffmpeg", "bwrap")]
    public void The_measure_tells_turned_and_tinted_pictures_apart()
    {
        var photograph = RenderBench.Photograph;
        Assert.All(Enumerable.Range(2, 7), orientation => Assert.True(photograph.StoredFor(orientation).DifferenceFrom(photograph) > Different));
        var tinted = Picture.Draw(photograph.Width, photograph.Height, (x, y) => photograph.At(x, y) switch { var p => (p.Blue, p.Green, p.Red, p.Opacity) });
        Assert.True(tinted.DifferenceFrom(photograph) > Different);
        Assert.Equal(0, photograph.DifferenceFrom(photograph));
    }

    [NeedsTheory("vipsthumbnail", "ffmpeg", "bwrap")]
    [InlineData("photograph.jpg", ThumbnailFormat.Jpeg)]
    [InlineData("photograph.jpg", ThumbnailFormat.WebP)]
    [InlineData("photograph.png", ThumbnailFormat.Png)]
    [InlineData("photograph.png", ThumbnailFormat.WebP)]
    [InlineData("photograph.webp", ThumbnailFormat.WebP)]
    [InlineData("photograph.tif", ThumbnailFormat.Jpeg)]
    [InlineData("photograph.tif", ThumbnailFormat.Png)]
    public async Task A_photograph_is_itself(string name, ThumbnailFormat output)
    {
        var original = Bench.Write("base.png", RenderBench.Photograph.ToPng());
        RenderBench.Run("vips", "copy", original, Bench[name] + (name.EndsWith("jpg", StringComparison.Ordinal) ? "[Q=95]" : ""));
        var (thumbnail, path) = await Bench.ThumbnailAsync(Bench[name], 240, output, keptAs: $"{name}-{output}");
        Assert.Equal((240, 160), (thumbnail.Width, thumbnail.Height));
        Assert.InRange(thumbnail.DifferenceFrom(RenderBench.Photograph), 0, Same);
        Assert.Equal(output.MediaType(), RenderBench.JobOf(path, 1).Mime);
    }

    [NeedsTheory("vipsthumbnail", "ffmpeg", "bwrap")]
    [InlineData(8, false)]
    [InlineData(16, false)]
    [InlineData(16, true)]
    public async Task A_picture_of_any_depth_keeps_its_colours(int bits, bool withOpacity)
    {
        var original = Bench.Write("deep.png", RenderBench.Photograph.ToPng(bits, withOpacity));
        var (thumbnail, _) = await Bench.ThumbnailAsync(original, 240, keptAs: $"depth-{bits}-{withOpacity}");
        Assert.InRange(thumbnail.DifferenceFrom(RenderBench.Photograph), 0, Same);
        var (fromTiff, path) = await Bench.ThumbnailAsync(Bench.Write("deep.tif", RenderBench.Photograph.ToTiff(bits)), 240, lossless: true);
        Assert.InRange(fromTiff.DifferenceFrom(RenderBench.Photograph), 0, Same);
        Assert.Equal(8, (await File.ReadAllBytesAsync(path))[24]); // IHDR: bits
    }

    [NeedsTheory("vipsthumbnail", "ffmpeg", "bwrap")]
    [InlineData("ink.jpg")]
    [InlineData("ink.tif")]
    [InlineData("ink-without-profile.jpg")]
    public async Task Printing_inks_become_the_colours_that_they_print(string name)
    {
        var original = Bench.Write("base.tif", RenderBench.Photograph.ToTiff());
        RenderBench.Run("vips", "icc_transform", original, Bench[name] + (name.Contains("without", StringComparison.Ordinal) ? "[strip]" : ""), "cmyk", "--input-profile", "srgb");
        var (thumbnail, _) = await Bench.ThumbnailAsync(Bench[name], 240);
        Assert.InRange(thumbnail.DifferenceFrom(RenderBench.Photograph), 0, Alike);
    }

    [NeedsFact("vipsthumbnail", "ffmpeg", "bwrap")]
    public async Task Grey_stays_grey()
    {
        var original = Bench.Write("base.png", RenderBench.Photograph.ToPng(withOpacity: false));
        RenderBench.Run("vips", "colourspace", original, Bench["grey.jpg"], "b-w");
        var (thumbnail, _) = await Bench.ThumbnailAsync(Bench["grey.jpg"], 240);
        Assert.InRange(thumbnail.DifferenceFrom(RenderBench.Decoded(Bench["grey.jpg"])), 0, Same);
    }

    [NeedsTheory("vipsthumbnail", "ffmpeg", "bwrap")]
    [InlineData("glass.png", ThumbnailFormat.Png)]
    [InlineData("glass.png", ThumbnailFormat.WebP)]
    [InlineData("glass.webp", ThumbnailFormat.WebP)]
    [InlineData("glass.gif", ThumbnailFormat.Gif)]
    public async Task What_is_transparent_stays_so(string name, ThumbnailFormat output)
    {
        var disc = Disc();
        var original = Bench.Write("glass.png", disc.ToPng());
        if (name != "glass.png")
        {
            RenderBench.Run("vips", "copy", original, Bench[name]);
        }

        var (thumbnail, _) = await Bench.ThumbnailAsync(Bench[name], 144, output, keptAs: $"{name}-{output}");
        Assert.Equal(0, thumbnail.At(2, 2).Opacity);
        Assert.Equal(255, thumbnail.At(72, 72).Opacity);
        Assert.All((byte[])[0, 255], background => Assert.InRange(thumbnail.DifferenceFrom(disc, background), 0, Alike));
    }

    [NeedsFact("vipsthumbnail", "ffmpeg", "bwrap")]
    public async Task What_is_transparent_becomes_white_where_the_format_has_no_transparency()
    {
        RenderBench.Run("vips", "copy", Bench.Write("glass.png", Disc().ToPng()), Bench["glass.tif"]);
        var (thumbnail, _) = await Bench.ThumbnailAsync(Bench["glass.tif"], 144, ThumbnailFormat.Jpeg);
        Assert.InRange(thumbnail.DifferenceFrom(Disc()), 0, Same);
        Assert.InRange(thumbnail.At(2, 2).Green, 250, 255);
    }

    [NeedsFact("vipsthumbnail", "ffmpeg", "bwrap")]
    public async Task A_gif_moves_when_it_is_small_and_shows_its_first_frame_otherwise()
    {
        var original = Bench.Write("base.png", RenderBench.Photograph.ToPng());
        RenderBench.Run("ffmpeg", "-v", "error", "-loop", "1", "-t", "0.5", "-r", "10", "-i", original, "-vf", "hue=h=60*n", Bench["film.gif"]);
        var (moving, path) = await Bench.ThumbnailAsync(Bench["film.gif"], 240);
        Assert.InRange(moving.DifferenceFrom(RenderBench.Photograph), 0, Alike);
        Assert.Equal(5, Frames(path));

        await using var still = new RenderBench(new RenderSettings { MaxMovingPixels = 1000 });
        var (first, firstPath) = await still.ThumbnailAsync(Bench["film.gif"], 240);
        Assert.InRange(first.DifferenceFrom(RenderBench.Photograph), 0, Alike);
        Assert.Equal(1, Frames(firstPath));
    }

    [NeedsFact("vipsthumbnail", "ffmpeg", "bwrap")]
    public async Task A_drawing_has_any_width_and_the_language_that_is_asked_for()
    {
        var drawing = Bench.Write("drawing.svg", """
            <?xml version="1.0"?><!DOCTYPE svg [<!ENTITY name "http://www.w3.org/2000/svg">]>
            <svg xmlns="&name;" width="40mm" height="20mm" viewBox="0 0 100 50"><rect width="50" height="50" fill="#c00"/>
            <switch><circle systemLanguage="de" cx="75" cy="25" r="20" fill="#00c"/><circle cx="75" cy="25" r="20" fill="#080"/></switch></svg>
            """);
        foreach (var (language, colour) in ((string?, (byte, byte, byte))[])[(null, (0, 0x88, 0)), ("de", (0, 0, 0xCC)), ("de-AT", (0, 0, 0xCC)), ("fr", (0, 0x88, 0))])
        {
            var expected = Picture.Draw(600, 300, (x, y) =>
                x < 300 ? ((byte)0xCC, (byte)0, (byte)0, (byte)255)
                : ((x - 450) * (x - 450)) + ((y - 150) * (y - 150)) < 120 * 120 ? (colour.Item1, colour.Item2, colour.Item3, (byte)255) : default);
            var (thumbnail, _) = await Bench.ThumbnailAsync(drawing, 600, language: language, keptAs: $"drawing-{language}");
            Assert.Equal((600, 300), (thumbnail.Width, thumbnail.Height));
            Assert.InRange(thumbnail.DifferenceFrom(expected), 0, Same);
        }
    }

    [NeedsTheory("vipsthumbnail", "ffmpeg", "bwrap")]
    [InlineData("""<svg xmlns="http://www.w3.org/2000/svg" width="100%" viewBox="0 0 100 50"><rect width="100" height="50" fill="#c00"/></svg>""")]
    [InlineData("""<svg xmlns="http://www.w3.org/2000/svg" width="20em" height="10em" viewBox="0 0 100 50"><rect width="100" height="50" fill="#c00"/></svg>""")]
    [InlineData("""<svg xmlns="http://www.w3.org/2000/svg" height="1in" viewBox="0,0,100,50"><rect width="100" height="50" fill="#c00"/></svg>""")]
    public async Task A_drawing_that_does_not_say_its_size_still_has_the_width_that_is_asked_for(string drawing)
    {
        var (thumbnail, _) = await Bench.ThumbnailAsync(Bench.Write("sizeless.svg", drawing), 300);
        Assert.Equal((300, 150), (thumbnail.Width, thumbnail.Height));
        Assert.Equal(((byte)0xCC, (byte)0, (byte)0, (byte)255), thumbnail.At(150, 75));
    }

    [NeedsFact("vipsthumbnail", "ffmpeg", "bwrap")]
    public async Task A_document_shows_the_page_that_is_asked_for_on_white()
    {
        var document = Bench.Write("pages.pdf", RenderSamples.Pdf(pages: 3));
        for (var page = 1; page <= 3; page++)
        {
            var (thumbnail, _) = await Bench.ThumbnailAsync(document, 384, page: page, keptAs: $"page{page}");
            Assert.Equal((384, 192), (thumbnail.Width, thumbnail.Height));
            Assert.InRange(thumbnail.DifferenceFrom(RenderSamples.PageOf(page)), 0, Same);
        }

        Assert.IsType<RenderResult.NoSuchPage>(await Bench.RenderAsync(document, 300, page: 4));
    }

    [NeedsFact("vipsthumbnail", "ffmpeg", "bwrap")]
    public async Task A_tiff_shows_the_page_that_is_asked_for()
    {
        string[] pages = [Bench.Write("one.png", RenderBench.Photograph.ToPng(withOpacity: false)), Bench.Write("two.png", RenderBench.Photograph.StoredFor(3).ToPng(withOpacity: false))];
        RenderBench.Run("vips", "arrayjoin", string.Join(' ', pages), Bench["joined.v"], "--across", "1");
        RenderBench.Run("vips", "tiffsave", Bench["joined.v"], Bench["pages.tif"], "--page-height", "320");
        var (second, _) = await Bench.ThumbnailAsync(Bench["pages.tif"], 240, page: 2);
        Assert.InRange(second.DifferenceFrom(RenderBench.Photograph.StoredFor(3)), 0, Same);
        Assert.IsType<RenderResult.NoSuchPage>(await Bench.RenderAsync(Bench["pages.tif"], 240, page: 3));
    }

    [NeedsTheory("vipsthumbnail", "ffmpeg", "bwrap")]
    [InlineData("film.webm", "libvpx", ThumbnailFormat.Jpeg)]
    [InlineData("film9.webm", "libvpx-vp9", ThumbnailFormat.WebP)]
    [InlineData("film.mp4", "libx264", ThumbnailFormat.Jpeg)]
    [InlineData("film.ogv", "libtheora", ThumbnailFormat.Jpeg)]
    public async Task A_film_shows_its_middle(string name, string codec, ThumbnailFormat output)
    {
        // Black, then the photograph for two seconds, then black again; frames twice as wide as their pixels say.
        var original = Bench.Write("base.png", RenderBench.Photograph.ToPng());
        RenderBench.Run(
            "ffmpeg", "-v", "error", "-loop", "1", "-framerate", "10", "-t", "4", "-i", original, "-vf", @"scale=240:320,setsar=2,drawbox=t=fill:c=black:enable='not(between(t\,1\,3))'",
            "-c:v", codec, "-b:v", "2M", "-pix_fmt", "yuv420p", Bench[name]);
        var (thumbnail, _) = await Bench.ThumbnailAsync(Bench[name], 240, output, keptAs: name);
        Assert.Equal((240, 160), (thumbnail.Width, thumbnail.Height));
        Assert.InRange(thumbnail.DifferenceFrom(RenderBench.Photograph), 0, Alike);
    }

    [NeedsFact("vipsthumbnail", "ffmpeg", "bwrap")]
    public async Task Nothing_is_left_of_metadata()
    {
        var original = Bench.Write("base.png", RenderBench.Photograph.ToPng());
        RenderBench.Run("vips", "copy", original, Bench["plain.jpg"]);
        var tagged = Bench.Write("tagged.jpg", RenderSamples.WithExif(await File.ReadAllBytesAsync(Bench["plain.jpg"]), 1));
        foreach (var output in (ThumbnailFormat[])[ThumbnailFormat.Jpeg, ThumbnailFormat.WebP])
        {
            var (_, path) = await Bench.ThumbnailAsync(tagged, 240, output);
            var bytes = await File.ReadAllBytesAsync(path);
            Assert.All(
                (string[])["Exif", "EXIF", "ICC_PROFILE", "ICCP", "http://ns.adobe.com", "XMP "],
                word => Assert.Equal(-1, bytes.AsSpan().IndexOf(System.Text.Encoding.ASCII.GetBytes(word))));
        }
    }

    private static int Frames(string path)
    {
        using var file = File.OpenRead(path);
        return GifShape.Read(file, maxFrames: 100).Frames;
    }

    private static Picture Disc() => Picture.Draw(300, 300, (x, y) =>
        ((x - 150) * (x - 150)) + ((y - 150) * (y - 150)) < 120 * 120 ? ((byte)200, (byte)(y * 255 / 300), (byte)30, (byte)255) : default);
}
