using System.Buffers.Binary;

namespace HashStore.Storage.Content;

/// <summary>What the first bytes of a content say about it.</summary>
/// <param name="Mime">The media type in lower case; "application/octet-stream" where nothing is known, "application/x-empty" for no bytes at all.</param>
/// <param name="Charset">"utf-8" or "utf-16" for text that is so as far as it was seen; null for other encodings and for what is not text.</param>
public readonly record struct SniffedType(string Mime, string? Charset);

/// <summary>
/// Tells a content's type by its first bytes, never by its name. Sources of the signatures: the formats' own specifications,
/// the WHATWG's MIME Sniffing Standard for markup and for what counts as text.
/// </summary>
public static class ContentSniffer
{
    /// <summary>How many bytes of head decide well. Fewer are fine; XML comments and zip entries past the head are not seen.</summary>
    public const int HeadBytes = 4096;

    internal const string Empty = "application/x-empty";
    internal const string Unknown = "application/octet-stream";

    // Checked from top to bottom. Magic numbers made of printable letters count only where the head as a whole is not text,
    // so that an essay which begins with "BM" or "MZ" stays an essay.
    private static readonly Signature[] signatures =
    [
        new(0, [0xFF, 0xD8, 0xFF], "image/jpeg"),
        new(0, [0x89, .. "PNG\r\n\x1A\n"u8], "image/png"),
        new(0, [.. "GIF87a"u8], "image/gif"),
        new(0, [.. "GIF89a"u8], "image/gif"),
        new(0, [.. "II*\0"u8], "image/tiff"),
        new(0, [.. "MM\0*"u8], "image/tiff"),
        new(0, [.. "II+\0\x08\0\0\0"u8], "image/tiff"),
        new(0, [.. "MM\0+\0\x08\0\0"u8], "image/tiff"),
        new(0, [.. "BM"u8], "image/bmp", IsBitmap),
        new(0, [0, 0, 1, 0], "image/vnd.microsoft.icon", IsIcon),
        new(0, [.. "8BPS\0"u8], "image/vnd.adobe.photoshop"),
        new(0, [.. "gimp xcf "u8], "image/x-xcf", NotText),
        new(0, [.. "\0\0\0\x0CjP  \r\n"u8, 0x87, 0x0A], "image/jp2"),
        new(0, [0xFF, 0x4F, 0xFF, 0x51], "image/jp2"),
        new(0, [.. "\0\0\0\x0CJXL \r\n"u8, 0x87, 0x0A], "image/jxl"),
        new(0, [0xFF, 0x0A], "image/jxl", NotText),
        new(0, [.. "AT&TFORM"u8], "image/vnd.djvu", head => IsAt(head, 12, "DJV"u8)),
        new(0, [.. "%PDF-"u8], "application/pdf"),
        new(0, [.. "%!PS"u8], "application/postscript"),
        new(0, [0xC5, 0xD0, 0xD3, 0xC6], "application/postscript"),
        new(0, [.. "fLaC"u8], "audio/flac", NotText),
        new(0, [.. "MThd\0\0\0\x06"u8], "audio/midi"),
        new(0, [.. "FORM"u8], "audio/aiff", head => IsAt(head, 8, "AIFF"u8) || IsAt(head, 8, "AIFC"u8)),
        new(0, [0, 0, 1, 0xBA], "video/mpeg"),
        new(0, [0, 0, 1, 0xB3], "video/mpeg"),
        new(0, [.. "FLV\x01"u8], "video/x-flv"),
        new(0, [0x30, 0x26, 0xB2, 0x75, 0x8E, 0x66, 0xCF, 0x11], "video/x-ms-asf"),
        new(0, [.. "SQLite format 3\0"u8], "application/vnd.sqlite3"),
        new(0, [0x28, 0xB5, 0x2F, 0xFD], "application/zstd"),
        new(0, [0x1F, 0x8B, 0x08], "application/gzip"),
        new(0, [.. "BZh"u8], "application/x-bzip2", head => IsAt(head, 4, "1AY&SY"u8) || IsAt(head, 4, [0x17, 0x72, 0x45, 0x38, 0x50, 0x90])),
        new(0, [0xFD, .. "7zXZ\0"u8], "application/x-xz"),
        new(0, [.. "7z"u8, 0xBC, 0xAF, 0x27, 0x1C], "application/x-7z-compressed"),
        new(0, [.. "Rar!\x1A\x07"u8], "application/vnd.rar"),
        new(257, [.. "ustar"u8], "application/x-tar", NotText),
        new(0, [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1], "application/x-ole-storage"),
        new(0, [.. @"{\rtf"u8], "application/rtf"),
        new(0, [.. "wOFF"u8], "font/woff", NotText),
        new(0, [.. "wOF2"u8], "font/woff2", NotText),
        new(0, [0, 1, 0, 0], "font/ttf", IsFont),
        new(0, [.. "true"u8], "font/ttf", head => NotText(head) && IsFont(head)),
        new(0, [.. "OTTO"u8], "font/otf", NotText),
        new(0, [.. "glTF"u8], "model/gltf-binary", NotText),
        new(0, [0x7F, .. "ELF"u8], "application/x-executable"),
        new(0, [.. "MZ"u8], "application/vnd.microsoft.portable-executable", NotText),
        new(0, [0xFE, 0xED, 0xFA, 0xCE], "application/x-mach-binary"),
        new(0, [0xFE, 0xED, 0xFA, 0xCF], "application/x-mach-binary"),
        new(0, [0xCE, 0xFA, 0xED, 0xFE], "application/x-mach-binary"),
        new(0, [0xCF, 0xFA, 0xED, 0xFE], "application/x-mach-binary"),
        // A fat Mach-O file counts its architectures where a Java class has its version, which began at 45.
        new(0, [0xCA, 0xFE, 0xBA, 0xBE], "application/x-mach-binary", head => head.Length >= 8 && BinaryPrimitives.ReadUInt32BigEndian(head[4..]) < 45),
        new(0, [0xCA, 0xFE, 0xBA, 0xBE], "application/java-vm"),
        new(0, [.. "\0asm"u8], "application/wasm"),
        new(0, [.. "FWS"u8], "application/x-shockwave-flash", NotText),
        new(0, [.. "CWS"u8], "application/x-shockwave-flash", NotText),
        new(0, [.. "ZWS"u8], "application/x-shockwave-flash", NotText),
    ];

    private delegate bool Check(ReadOnlySpan<byte> head);

    /// <summary>Tells the type of a content.</summary>
    /// <param name="head">Its first bytes: all of them, or <see cref="HeadBytes"/> and more.</param>
    /// <param name="size">The whole length in bytes, at least that of <paramref name="head"/>.</param>
    public static SniffedType Sniff(ReadOnlySpan<byte> head, long size)
    {
        if (head.IsEmpty)
        {
            return new(size == 0 ? Empty : Unknown, null);
        }
        foreach (var signature in signatures)
        {
            if (IsAt(head, signature.Offset, signature.Magic) && signature.Also?.Invoke(head) != false)
            {
                return new(signature.Mime, null);
            }
        }
        return ContainerSniffer.Sniff(head, size) is { } mime ? new(mime, null) : TextSniffer.Sniff(head, size);
    }

    internal static bool IsAt(ReadOnlySpan<byte> head, int offset, ReadOnlySpan<byte> magic) => head.Length >= offset && head[offset..].StartsWith(magic);

    private static bool NotText(ReadOnlySpan<byte> head) => !TextSniffer.IsText(head);

    // The length of the header that follows names the bitmap's version.
    private static bool IsBitmap(ReadOnlySpan<byte> head) =>
        head.Length >= 18 && BinaryPrimitives.ReadUInt32LittleEndian(head[14..]) is 12 or 16 or 40 or 52 or 56 or 64 or 108 or 124;

    // At least one image, and the fourth byte of its entry is reserved: 0 (some writers leave 255).
    private static bool IsIcon(ReadOnlySpan<byte> head) => head.Length >= 22 && (head[4] | head[5]) != 0 && head[9] is 0 or 255;

    // A font has some tables, and fewer than 256.
    private static bool IsFont(ReadOnlySpan<byte> head) => head.Length >= 12 && head[4] == 0 && head[5] != 0;

    private sealed record Signature(int Offset, byte[] Magic, string Mime, Check? Also = null);
}
