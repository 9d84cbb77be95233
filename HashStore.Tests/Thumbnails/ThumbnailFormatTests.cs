using HashStore.Tests.Architecture;
using HashStore.Tests.Http.Support;
using HashStore.Tests.Support;
using HashStore.Tests.Thumbnails.Rendering.Support;
using Xunit;

namespace HashStore.Tests.Thumbnails;

/// <summary>Every format that thumbnails are made of, from the upload to the answer.</summary>
public sealed class ThumbnailFormatTests
{
    private const int Width = 120;

    private static readonly string hills = Path.Combine(Repository.Root, "HashStore.Tests", "Samples", "Hills.jpg");

    [NeedsFact("vipsthumbnail", "ffmpeg", "bwrap")]
    public async Task A_file_of_any_format_has_a_thumbnail_that_every_reader_shows()
    {
        using var folder = new TempFolder();
        File.Copy(hills, folder["a.jpg"]);
        Array.ForEach(["a.png", "a.webp", "a.gif", "a.tif"], name => RenderBench.Run("vips", "copy", hills, folder[name]));
        Array.ForEach(["a.mp4", "a.webm", "a.ogv"], name => RenderBench.Run("ffmpeg", "-v", "error", "-loop", "1", "-i", hills, "-t", "1", "-r", "4", "-pix_fmt", "yuv420p", folder[name]));
        folder.Write("a.pdf", RenderSamples.Pdf(3));
        folder.Write("a.svg", ThumbnailSamples.Drawing());
        await using var server = await ServerProcess.StartAsync();
        foreach (var (name, mime, file) in new[]
        {
            ("A.jpg", "image/jpeg", "120px-A.jpg"), ("A.png", "image/png", "120px-A.png"), ("A.webp", "image/webp", "120px-A.webp"), ("A.gif", "image/gif", "120px-A.gif"),
            ("A.tif", "image/jpeg", "lossy-page1-120px-A.tif.jpg"), ("A.pdf", "image/jpeg", "page1-120px-A.pdf.jpg"), ("A.svg", "image/png", "120px-A.svg.png"),
            ("A.mp4", "image/jpeg", "120px--A.mp4.jpg"), ("A.webm", "image/jpeg", "120px--A.webm.jpg"), ("A.ogv", "image/jpeg", "120px--A.ogv.jpg"),
        })
        {
            (await server.Client.PutAsync(name, await File.ReadAllBytesAsync(folder[name.ToLowerInvariant()]))).AssertStatus(201);
            var address = (await server.Client.GetAsync($"/file/{name}?width={Width}")).AssertStatus(302)["Location"]!;
            Assert.EndsWith($"/{file}", address, StringComparison.Ordinal);
            var thumbnail = (await server.Client.GetAsync(address)).AssertStatus(200);
            Assert.Equal((mime, true), (thumbnail["Content-Type"], thumbnail["Cache-Control"]!.Contains("immutable", StringComparison.Ordinal)));
            Assert.Equal(Width, RenderBench.Decoded(folder.Write($"thumbnail of {name}", thumbnail.Body)).Width);
        }
    }
}
