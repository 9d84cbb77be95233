using System.Globalization;
using HashStore.Storage.Thumbnails.Rendering.Shapes;

namespace HashStore.Storage.Thumbnails.Rendering;

/// <summary>Decides by what a file declares of itself whether a child may be started for it.</summary>
internal static class SizeRules
{
    /// <summary>Why no child is started; null when one may be.</summary>
    public static RenderResult? Refuse(RenderJob job, SourceShape shape, RenderSettings settings)
    {
        if (!shape.HasPage || (job.Page is { } page && shape.Pages > 0 && page > shape.Pages))
        {
            return new RenderResult.NoSuchPage();
        }

        var pixels = IsDrawn(job.Mime) ? 0 : (Int128)shape.Width * shape.Height;
        return pixels > settings.MaxPixels ? TooLarge($"{shape.Width} x {shape.Height} pixels", settings.MaxPixels, "pixels")
            : shape.Frames > settings.MaxFrames ? TooLarge($"More than {settings.MaxFrames} frames", settings.MaxFrames, "frames")
            : shape.Pages > settings.MaxPages ? TooLarge($"More than {settings.MaxPages} pages", settings.MaxPages, "pages")
            : shape.Depth > settings.MaxSvgDepth ? TooLarge($"Elements more than {settings.MaxSvgDepth} deep in each other", settings.MaxSvgDepth, "levels")
            : shape.Width < 0 || shape.Height < 0 || ((shape.Width == 0 || shape.Height == 0) && DeclaresSize(job.Mime)) ? new RenderResult.Broken("The picture has no pixels.")
            : (RenderResult?)NotWider(job, shape)
            ?? ThumbnailSize(job, shape, settings);
    }

    /// <summary>Why a file is not even read.</summary>
    public static RenderResult? RefuseUnread(RenderJob job, RenderSettings settings) =>
        job.Mime == "image/svg+xml" && job.Size > settings.MaxSvgBytes ? TooLarge($"{job.Size} bytes", settings.MaxSvgBytes, "bytes of a drawing")
        : job.Mime == "application/pdf" && job.Size > settings.MaxPdfBytes ? TooLarge($"{job.Size} bytes", settings.MaxPdfBytes, "bytes of a document")
        : job.Page is not null and not 1 && job.Mime is not ("application/pdf" or "image/tiff") ? new RenderResult.NoSuchPage()
        : job.Page < 1 ? new RenderResult.NoSuchPage()
        : job.Width > settings.MaxEdge ? TooLarge($"A thumbnail {job.Width} pixels wide", settings.MaxEdge, "pixels")
        : null;

    /// <summary>The thumbnail's width: never more than that of the original, unless it is drawn for any size.</summary>
    public static int Width(RenderJob job, SourceShape shape) => IsDrawn(job.Mime) || shape.Width == 0 ? job.Width : (int)Math.Min(job.Width, shape.Width);

    /// <summary>Whether the thumbnail is to move: a GIF or WebP whose frames are few and small.</summary>
    public static bool Moves(RenderJob job, SourceShape shape, RenderSettings settings) =>
        shape.Frames > 1 && job.Output is ThumbnailFormat.Gif or ThumbnailFormat.WebP
        && (Int128)shape.Width * shape.Height * shape.Frames <= settings.MaxPixels
        && (Int128)Width(job, shape) * Height(job, shape) * shape.Frames <= settings.MaxMovingPixels;

    /// <summary>Whether a type is drawn in any size.</summary>
    public static bool IsDrawn(string mime) => mime is "image/svg+xml" or "application/pdf";

    private static RenderResult.NotScaled? NotWider(RenderJob job, SourceShape shape) =>
        // A browser shows these as they are; a TIFF or a film has a thumbnail of its own width instead.
        job.Mime is "image/jpeg" or "image/png" or "image/gif" or "image/webp" && job.Width >= shape.Width ? new RenderResult.NotScaled((int)shape.Width) : null;

    private static RenderResult.TooLarge? ThumbnailSize(RenderJob job, SourceShape shape, RenderSettings settings) =>
        shape.Width == 0 || Height(job, shape) <= settings.MaxEdge ? null : TooLarge($"A thumbnail {Height(job, shape)} pixels high", settings.MaxEdge, "pixels");

    private static Int128 Height(RenderJob job, SourceShape shape) => Int128.Max(1, (Int128)shape.Height * Width(job, shape) / Math.Max(1, shape.Width));

    // Theora apart, codecs of Ogg are not read; drawings may leave their size to the page; documents are not read.
    private static bool DeclaresSize(string mime) => mime is "image/png" or "image/jpeg" or "image/gif" or "image/webp" or "image/tiff";

    private static RenderResult.TooLarge TooLarge(string found, long limit, string unit) =>
        new(string.Create(CultureInfo.InvariantCulture, $"{found}: the limit is {limit} {unit}."));
}
