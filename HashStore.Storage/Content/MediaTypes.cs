namespace HashStore.Storage.Content;

/// <summary>How a content is served under a name.</summary>
/// <param name="ContentType">The Content-Type header, with the charset where it is known.</param>
/// <param name="Inline">Whether a browser may show it: only what it cannot run. Everything else is an attachment.</param>
public readonly record struct Presentation(string ContentType, bool Inline);

/// <summary>Which contents a file name's extension admits, and how they are served. The extensions stand in <see cref="ExtensionTable"/>.</summary>
public static class MediaTypes
{
    /// <summary>
    /// How content is served under a name. Without an extension, or with one that the table does not know, as what the content is.
    /// Allocates nothing for the types that the sniffer gives.
    /// </summary>
    /// <param name="mime">The type that <see cref="ContentSniffer"/> found.</param>
    /// <param name="charset">The charset that it found.</param>
    /// <param name="name">A file name, or a path whose last part is one.</param>
    /// <returns>Null when the name's extension is known and contradicts the content.</returns>
    public static Presentation? Present(string mime, string? charset, ReadOnlySpan<char> name)
    {
        var served = ExtensionTable.Find(Extension(name)) is { } rule ? rule.Serve(mime) : mime;
        return served is null ? null : new Presentation(WithCharset(served, charset), IsInline(served));
    }

    /// <summary>How content is served under a name that contradicts it, but which it was stored under.</summary>
    public static Presentation StoredUnder() => new(ContentSniffer.Unknown, Inline: false);

    /// <summary>
    /// MediaWiki's class of a media type (img_media_type): UNKNOWN, BITMAP, DRAWING, AUDIO, VIDEO, MULTIMEDIA, OFFICE, TEXT, EXECUTABLE, ARCHIVE or 3D.
    /// </summary>
    public static string MediaType(string mime) => mime switch
    {
        "image/svg+xml" or "application/postscript" => "DRAWING",
        "application/ogg" or "application/x-shockwave-flash" => "MULTIMEDIA",
        "application/pdf" or "application/rtf" or "application/epub+zip" or "application/msword" or "application/x-ole-storage"
            or "application/vnd.visio" => "OFFICE",
        "text/x-script" or "application/x-php" or "application/x-executable" or "application/x-mach-binary" or "application/wasm" or "application/java-vm"
            or "application/java-archive" or "application/vnd.microsoft.portable-executable" or "application/x-msi" => "EXECUTABLE",
        "application/zip" or "application/gzip" or "application/x-bzip2" or "application/x-xz" or "application/x-7z-compressed"
            or "application/vnd.rar" or "application/zstd" or "application/x-tar" => "ARCHIVE",
        "application/xml" or "application/xhtml+xml" => "TEXT",
        _ when Is(mime, "image/") => "BITMAP",
        _ when Is(mime, "audio/") => "AUDIO",
        _ when Is(mime, "video/") => "VIDEO",
        _ when Is(mime, "text/") => "TEXT",
        _ when Is(mime, "model/") => "3D",
        _ when Is(mime, "application/vnd.ms-") || Is(mime, "application/vnd.oasis.") || Is(mime, "application/vnd.openxmlformats-") => "OFFICE",
        _ => "UNKNOWN",
    };

    internal static bool Is(string mime, string start) => mime.StartsWith(start, StringComparison.Ordinal);

    private static ReadOnlySpan<char> Extension(ReadOnlySpan<char> name)
    {
        name = name[(name.LastIndexOf('/') + 1)..];
        var dot = name.LastIndexOf('.');
        return dot < 0 ? default : name[(dot + 1)..];
    }

    // Browsers run scripts in SVG, HTML, XML and in nothing of these. Formats that they cannot show (TIFF) do no harm inline either.
    private static bool IsInline(string mime) => mime switch
    {
        "image/svg+xml" => false,
        "text/plain" or "application/pdf" => true,
        _ => Is(mime, "image/") || Is(mime, "audio/") || Is(mime, "video/"),
    };

    // Serving is the hot path, so the usual headers are constants.
    private static string WithCharset(string mime, string? charset) => (mime, charset) switch
    {
        (_, null) => mime,
        ("text/plain", "utf-8") => "text/plain; charset=utf-8",
        ("text/plain", "utf-16") => "text/plain; charset=utf-16",
        ("text/html", "utf-8") => "text/html; charset=utf-8",
        ("text/html", "utf-16") => "text/html; charset=utf-16",
        ("text/x-script", "utf-8") => "text/x-script; charset=utf-8",
        _ => Is(mime, "text/") ? $"{mime}; charset={charset}" : mime,
    };
}
