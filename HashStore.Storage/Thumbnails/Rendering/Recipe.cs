using System.Globalization;
using HashStore.Storage.Thumbnails.Rendering.Shapes;

namespace HashStore.Storage.Thumbnails.Rendering;

/// <summary>What to call for a thumbnail. The child reads its standard input and writes its standard output; it is told no paths.</summary>
/// <param name="Program">The program's name.</param>
/// <param name="Arguments">Its arguments.</param>
/// <param name="Environment">Its environment.</param>
internal sealed record Recipe(string Program, IReadOnlyList<string> Arguments, IReadOnlyList<string> Environment)
{
    public const string VipsThumbnail = "vipsthumbnail", Vips = "vips", Ffmpeg = "ffmpeg";

    // One thread and one heap each; pictures stay in memory, of which there is a limit; no plug-ins of the desktop's.
    private static readonly string[] common =
        ["LC_ALL=C.UTF-8", "VIPS_CONCURRENCY=1", "VIPS_DISC_THRESHOLD=100g", "MALLOC_ARENA_MAX=1", "GIO_MODULE_DIR=/nonexistent", "GIO_USE_VFS=local"];

    /// <summary>Where libvips looks for its modules (OpenSlide, ImageMagick, HEIF, PDF): nowhere.</summary>
    private const string NoModules = "VIPSHOME=/nonexistent";

    /// <summary>Colours become sRGB, what says nothing of its colours is sRGB: without the first half libvips converts such pictures with a visible error.</summary>
    private static readonly string[] profiles = ["--import-profile", "srgb", "--export-profile", "srgb"];

    /// <summary>libvips marks as untrusted what is seldom fuzzed; of those only SVG and PDF are called, each by itself.</summary>
    private const string OnlyTrusted = "VIPS_BLOCK_UNTRUSTED=1";

    /// <summary>JPEG's and WebP's quality, as MediaWiki has them about.</summary>
    private const int Quality = 85;

    /// <summary>What a drawing without a size is taken for, in pixels.</summary>
    private const double UnknownDrawingWidth = 512;

    public static Recipe Of(RenderJob job, SourceShape shape, RenderSettings settings) => job.Mime switch
    {
        "image/svg+xml" => Drawing(job, ScaleOf(job, shape)),
        "application/pdf" => Thumbnail(job, shape, Page(job), common),
        "image/tiff" => Thumbnail(job, shape, Page(job), [.. common, NoModules, OnlyTrusted]),
        "video/mp4" => Still(job, shape, settings, "mov"),
        "video/webm" => Still(job, shape, settings, "matroska"),
        "video/ogg" => Still(job, shape, settings, "ogg"),
        _ => Thumbnail(job, shape, SizeRules.Moves(job, shape, settings) ? "n=-1" : "", [.. common, NoModules, OnlyTrusted]),
    };

    /// <summary>A drawing at a scale. It is opened by its loader's name, for libvips recognises one only where its first element comes soon.</summary>
    public static Recipe Drawing(RenderJob job, double scale) =>
        new(Vips, ["svgload", "/dev/fd/0", Saver(job), "--scale", Text(scale)], [.. common.Where(entry => job.Language is null || entry != "LC_ALL=C.UTF-8"), NoModules, .. Language(job)]);

    /// <summary>The scale at which a drawing should have the width that is asked for.</summary>
    public static double ScaleOf(RenderJob job, SourceShape shape) => job.Width / (shape.DrawnWidth > 0 ? shape.DrawnWidth : UnknownDrawingWidth);

    /// <summary>The same for a grey picture, whose one channel has no place in a conversion of colours.</summary>
    public Recipe ForGrey() => this with { Arguments = [.. Arguments.Except(profiles)] };

    /// <summary>The still of a film from its very begin, for one whose middle is not there.</summary>
    public static Recipe FirstStill(RenderJob job, SourceShape shape, RenderSettings settings) => Of(job, shape with { Duration = null }, settings);

    private static Recipe Thumbnail(RenderJob job, SourceShape shape, string options, string[] environment) => new(
        VipsThumbnail,
        ["stdin" + (options.Length > 0 ? $"[{options}]" : ""), "--size", $"{SizeRules.Width(job, shape)}x", .. profiles, "--output", Saver(job)],
        environment);

    private static Recipe Still(RenderJob job, SourceShape shape, RenderSettings settings, string container)
    {
        // The middle of the film, as MediaWiki's TimedMediaHandler has it. Of frames that are not square the shown form counts.
        string[] seek = shape.Duration is { } duration ? ["-ss", Text(duration.TotalSeconds / 2)] : [];
        string[] output = job.Output == ThumbnailFormat.WebP ? ["-c:v", "libwebp", "-quality", Text(Quality), "-f", "webp"] : ["-c:v", "mjpeg", "-q:v", "3", "-f", "image2pipe"];
        return new(
            Ffmpeg,
            [
                "-nostdin", "-hide_banner", "-v", "error", "-threads", "1", "-filter_threads", "1",
                "-protocol_whitelist", "file", "-codec_whitelist", "vp8,vp9,libvpx,libvpx-vp9,libdav1d,av1,h264,hevc,mpeg4,theora",
                "-max_pixels", Text(settings.MaxPixels), .. seek, "-f", container, "-i", "file:/dev/fd/0",
                "-map", "0:v:0", "-an", "-sn", "-dn", "-frames:v", "1", "-map_metadata", "-1", "-flags", "+bitexact",
                "-vf", $@"scale=w='min({Text(job.Width)}\,max(iw*sar\,1))':h='max(1\,trunc(ow/dar))':flags=bicubic,setsar=1,format={(job.Output == ThumbnailFormat.WebP ? "yuv420p" : "yuvj420p")}",
                "-threads", "1", .. output, "pipe:1",
            ],
            common);
    }

    // Metadata and profiles go; transparency becomes white where the format has none.
    private static string Saver(RenderJob job) => job.Output switch
    {
        ThumbnailFormat.Jpeg => $".jpg[Q={Quality},optimize-coding,strip,background=255]",
        ThumbnailFormat.Png => ".png[strip]",
        ThumbnailFormat.Gif => ".gif[strip]",
        ThumbnailFormat.WebP => job.Lossless ? ".webp[lossless,strip,profile=none]" : $".webp[Q={Quality},strip,profile=none]",
        _ => throw new ArgumentOutOfRangeException(nameof(job)),
    };

    private static string Page(RenderJob job) => job.Page is > 1 and var page ? $"page={Text(page - 1)}" : "";

    // librsvg takes the language from the locale, whether that is installed or not.
    private static string[] Language(RenderJob job) => job.Language is { } language ? [$"LC_ALL={language.Replace('-', '_')}.UTF-8"] : [];

    private static string Text(IFormattable number) => number.ToString(null, CultureInfo.InvariantCulture);
}
