namespace HashStore.Storage.Thumbnails.Rendering.Shapes;

/// <summary>What a file declares of itself, read without decoding anything. 0 stands for what it does not declare.</summary>
internal sealed record SourceShape
{
    /// <summary>Pixels of width as shown: after the orientation.</summary>
    public long Width { get; init; }

    /// <summary>Pixels of height as shown.</summary>
    public long Height { get; init; }

    /// <summary>A drawing's width in CSS's pixels, which need not be whole.</summary>
    public double DrawnWidth { get; init; }

    /// <summary>Pictures of an animation; counted until they are too many.</summary>
    public int Frames { get; init; } = 1;

    /// <summary>Pages of a document or directories of a TIFF; counted until they are too many.</summary>
    public int Pages { get; init; }

    /// <summary>Elements of a drawing inside each other.</summary>
    public int Depth { get; init; }

    /// <summary>A film's duration.</summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>Whether the page that was asked for is there; true where that is not known.</summary>
    public bool HasPage { get; init; } = true;

    /// <summary>The shape of a picture with an EXIF orientation: 5 to 8 lie on their side.</summary>
    public static SourceShape Oriented(long width, long height, int orientation) =>
        orientation is >= 5 and <= 8 ? new() { Width = height, Height = width } : new() { Width = width, Height = height };

    /// <summary>Reads what a file declares.</summary>
    /// <param name="content">The file; it is left open.</param>
    /// <param name="mime">One of the types that have thumbnails.</param>
    /// <param name="page">The page that is asked for, from 1.</param>
    /// <param name="settings">How far to count.</param>
    /// <exception cref="InvalidDataException">It is not such a file.</exception>
    /// <exception cref="EndOfStreamException">It ends too early.</exception>
    public static SourceShape Read(Stream content, string mime, int page, RenderSettings settings) => mime switch
    {
        "image/png" => PngShape.Read(content),
        "image/jpeg" => JpegShape.Read(content),
        "image/gif" => GifShape.Read(content, settings.MaxFrames),
        "image/webp" => WebPShape.Read(content, settings.MaxFrames),
        "image/tiff" => TiffShape.Read(content, page, settings.MaxPages),
        "image/svg+xml" => SvgShape.Read(content, settings.MaxSvgDepth),
        "application/pdf" => PdfShape.Read(content, settings.MaxPages),
        "video/mp4" => IsoShape.Read(content),
        "video/webm" => EbmlShape.Read(content),
        "video/ogg" => OggShape.Read(content),
        _ => throw new ArgumentOutOfRangeException(nameof(mime)),
    };
}
