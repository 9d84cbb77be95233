using System.Globalization;
using System.Text;
using HashStore.Storage.Content;
using HashStore.Storage.Thumbnails.Rendering;
using HashStore.Storage.Thumbnails.Rendering.Shapes;
using HashStore.Tests.Support;
using HashStore.Tests.Thumbnails.Rendering.Support;
using Xunit;
using static HashStore.Tests.Content.SampleFiles;

namespace HashStore.Tests.Thumbnails.Rendering;

/// <summary>What declares too much of itself is refused before anything is started for it.</summary>
public sealed class RefusalTests
{
    private static readonly RenderSettings defaults = new();

    public static TheoryData<string> Bombs => [.. bombs.Keys];

    private static readonly Dictionary<string, Func<byte[]>> bombs = new()
    {
        ["wide.png"] = () => Png(50_000, 50_000),
        ["wide.jpg"] = () => Bytes(0xFF, 0xD8, JpegSize(65_000, 65_000), JpegSegment(0xDA, new byte[10]), new byte[30]),
        ["wide.gif"] = () => Bytes("GIF89a", Little16(65_000), Little16(65_000), 0, 0, 0, GifFrame(1), ";"),
        ["hidden.gif"] = () => Bytes("GIF89a", Little16(10), Little16(10), 0, 0, 0, GifFrame(60_000), ";"),
        ["long.gif"] = () => Bytes("GIF89a", Little16(10), Little16(10), 0x80, 0, 0, new byte[6], Enumerable.Repeat(GifFrame(10), 10_000).SelectMany(frame => frame).ToArray(), ";"),
        ["wide.webp"] = () => Riff("WEBP", RiffChunk("VP8X", Bytes(0, 0, 0, 0, 0x4F, 0xC3, 0, 0x4F, 0xC3, 0))),
        ["long.webp"] = () => Riff("WEBP", RiffChunk("VP8X", Bytes(2, 0, 0, 0, 9, 0, 0, 9, 0, 0)), Enumerable.Repeat(RiffChunk("ANMF", new byte[24]), 10_000).SelectMany(frame => frame).ToArray()),
        ["wide.tif"] = () => Tiff(50_000, 50_000),
        ["circle.tif"] = () => Bytes("II*\0", Little(8), Little16(1), Little16(0x100), Little16(3), Little(1), Little(10), Little(8)),
        ["deep.svg"] = () => Encoding.ASCII.GetBytes("""<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">""" + string.Concat(Enumerable.Repeat("<g>", 100_000))),
        ["long.svg"] = () => Encoding.ASCII.GetBytes("""<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><!--""" + new string(' ', (int)defaults.MaxSvgBytes)),
        ["high.svg"] = () => Encoding.ASCII.GetBytes("""<svg xmlns="http://www.w3.org/2000/svg" width="1" height="100000000"/>"""),
        ["long.pdf"] = () => RenderSamples.Pdf(pages: 2, declared: 1_000_000),
        ["packed.pdf"] = () => Bytes(
            "%PDF-1.5\n1 0 obj\n<</Type/ObjStm/N 1/First 4/Filter/FlateDecode/Length 99>>\nstream\n",
            Picture.Deflated(Encoding.ASCII.GetBytes("2 0 <</Type/Pages/Count 1000000/Kids[3 0 R]>>")), "\nendstream\nendobj\n"),
        ["wide.mp4"] = () => Bytes(Ftyp("isom", "isommp42"), Box("moov", MovieHeader(1000, 9), Box("trak", TrackHeader(60_000, 60_000)))),
        ["wide.webm"] = () => RenderSamples.WebM(50_000, 50_000),
        ["wide.ogv"] = () => RenderSamples.Theora(50_000, 50_000),
    };

    [NeedsTheory("vipsthumbnail", "ffmpeg", "bwrap")]
    [MemberData(nameof(Bombs))]
    public async Task A_bomb_is_refused_and_nothing_is_started(string name)
    {
        await using var bench = new RenderBench();
        var path = bench.Write(name, bombs[name]());
        var refused = Assert.IsType<RenderResult.TooLarge>(await bench.RenderAsync(path, 500));
        Assert.Contains("limit", refused.Limit, StringComparison.Ordinal);
        Assert.Equal(0, bench.Renderer.Started.Value);
    }

    [Theory]
    [MemberData(nameof(Bombs))]
    public void Looking_at_a_bomb_takes_little_memory(string name)
    {
        var bytes = bombs[name]();
        var content = new MemoryStream(bytes);
        var mime = ContentSniffer.Sniff(bytes.AsSpan(0, (int)Math.Min(content.Length, ContentSniffer.HeadBytes)), content.Length).Mime;
        var before = GC.GetAllocatedBytesForCurrentThread();
        _ = Record.Exception(() => SourceShape.Read(content, mime, 1, defaults));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 20 << 20);
    }

    [NeedsFact("vipsthumbnail", "ffmpeg", "bwrap")]
    public async Task Entities_that_multiply_are_refused_and_nothing_is_started()
    {
        await using var bench = new RenderBench();
        var declarations = string.Concat(Enumerable.Range(1, 9).Select(level =>
            string.Create(CultureInfo.InvariantCulture, $"<!ENTITY e{level} \"{string.Concat(Enumerable.Repeat($"&e{level - 1};", 10))}\">")));
        var path = bench.Write("laughs.svg", $"""<!DOCTYPE svg [<!ENTITY e0 "ha">{declarations}]><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><text>&e9;</text></svg>""");
        Assert.IsType<RenderResult.Broken>(await bench.RenderAsync(path, 500));
        Assert.Equal(0, bench.Renderer.Started.Value);
    }

    [NeedsTheory("vipsthumbnail", "ffmpeg", "bwrap")]
    [InlineData("torn.png", 20)]
    [InlineData("torn.jpg", 10)]
    [InlineData("torn.gif", 8)]
    [InlineData("torn.tif", 20)]
    public async Task What_ends_too_early_is_broken(string name, int length)
    {
        await using var bench = new RenderBench();
        byte[] whole = Path.GetExtension(name) switch { ".png" => Png(), ".jpg" => Jpeg(), ".gif" => Gif(), _ => Tiff() };
        Assert.IsType<RenderResult.Broken>(await bench.RenderAsync(bench.Write(name, whole[..length]), 100));
        Assert.Equal(0, bench.Renderer.Started.Value);
    }

    [NeedsFact("vipsthumbnail", "ffmpeg", "bwrap")]
    public async Task What_is_damaged_inside_is_broken()
    {
        await using var bench = new RenderBench();
        foreach (var path in (string[])[bench.Write("bad.png", Png()), bench.Write("bad.pdf", "%PDF-1.4\nnothing"), bench.Write("bad.mp4", Mp4()), bench.Write("bad.webp", WebP())])
        {
            var result = await bench.RenderAsync(path, 100);
            Assert.True(result is RenderResult.Broken, $"{path}: {result}");
        }
    }

    [NeedsFact("vipsthumbnail", "ffmpeg", "bwrap")]
    public async Task A_type_without_thumbnails_and_a_page_without_pages_are_told_apart()
    {
        await using var bench = new RenderBench();
        Assert.IsType<RenderResult.Unsupported>(await bench.RenderAsync(bench.Write("text.txt", "text"), 100));
        Assert.IsType<RenderResult.NoSuchPage>(await bench.RenderAsync(bench.Write("one.png", RenderBench.Photograph.ToPng()), 100, page: 2));
        Assert.IsType<RenderResult.TooLarge>(await bench.RenderAsync(bench.Write("any.svg", """<svg xmlns="http://www.w3.org/2000/svg"/>"""), defaults.MaxEdge + 1));
    }

    private static byte[] GifFrame(int size) => Bytes(",", new byte[4], Little16(size), Little16(size), 0, 2, 1, 0, 0);
}
