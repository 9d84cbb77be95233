namespace HashStore.Storage.Thumbnails.Rendering;

/// <summary>What a thumbnail is written as.</summary>
public enum ThumbnailFormat
{
    /// <summary>For photographs, documents and films; no transparency.</summary>
    Jpeg,

    /// <summary>For drawings; with transparency.</summary>
    Png,

    /// <summary>Of a GIF: it moves when it is small enough, else it is the first frame.</summary>
    Gif,

    /// <summary>With transparency.</summary>
    WebP,
}

/// <summary>Names of the formats.</summary>
public static class ThumbnailFormats
{
    /// <summary>The file name extension, without the dot.</summary>
    public static string Extension(this ThumbnailFormat format) => format switch
    {
        ThumbnailFormat.Jpeg => "jpg",
        ThumbnailFormat.Png => "png",
        ThumbnailFormat.Gif => "gif",
        ThumbnailFormat.WebP => "webp",
        _ => throw new ArgumentOutOfRangeException(nameof(format)),
    };

    /// <summary>The media type.</summary>
    public static string MediaType(this ThumbnailFormat format) => format switch
    {
        ThumbnailFormat.Jpeg => "image/jpeg",
        ThumbnailFormat.Png => "image/png",
        ThumbnailFormat.Gif => "image/gif",
        ThumbnailFormat.WebP => "image/webp",
        _ => throw new ArgumentOutOfRangeException(nameof(format)),
    };
}
