using HashStore.Storage.Content;
using Microsoft.Win32.SafeHandles;

namespace HashStore.Storage.Safety;

/// <summary>
/// Tells whether content of a type that browsers may show is something else as well: markup in a picture, an archive behind it, text that is markup in another encoding. Looks at both ends only, so it costs the same for a
/// file of any size; it is asked for every content that comes in, by an upload or a conversion, and for files that are served before they came in.
/// </summary>
internal static class DisguiseScan
{
    /// <summary>Counted up when a rule is added: what was checked by fewer rules is looked at again when it is served.</summary>
    internal const int Rules = 1;

    /// <summary>How much of either end is looked at: as far as an archive's end can lie from the file's.</summary>
    internal const int WindowBytes = 66 << 10;

    private static readonly Risk markup = new(RiskKind.Markup, $"HTML or script in its first {SniffedMarkup.HeadBytes} bytes");
    private static readonly Risk php = new(RiskKind.Php, "a PHP tag");
    private static readonly Risk archive = new(RiskKind.Archive, "a ZIP or JAR archive at its end");
    private static readonly Risk utf7 = new(RiskKind.Encoding, "markup in UTF-7");
    private static readonly Risk webArchive = new(RiskKind.Markup, "a saved web page (MHTML)");

    /// <summary>Whether content of this type is ever shown by browsers; what is not needs no look.</summary>
    internal static bool Concerns(string mime) => IsText(mime)
        || mime is "application/pdf" or "application/ogg"
        || MediaTypes.Is(mime, "audio/") || MediaTypes.Is(mime, "video/") || (MediaTypes.Is(mime, "image/") && mime != "image/svg+xml");

    /// <summary>Looks at a content that is in memory as a whole.</summary>
    internal static Risk? Of(string mime, ReadOnlySpan<byte> whole) => Of(mime, whole, whole[Math.Max(0, whole.Length - WindowBytes)..], whole.Length);

    /// <summary>Looks at a content's ends.</summary>
    /// <param name="mime">Its type.</param>
    /// <param name="head">Its first bytes: all, or <see cref="WindowBytes"/> and more.</param>
    /// <param name="tail">Its last bytes: all, or <see cref="WindowBytes"/>.</param>
    /// <param name="size">Its length in bytes.</param>
    internal static Risk? Of(string mime, ReadOnlySpan<byte> head, ReadOnlySpan<byte> tail, long size)
    {
        if (!Concerns(mime))
        {
            return null;
        }

        if (IsText(mime))
        {
            // Markup in text is what text is for: it is shown as text. Only what would become markup by another reading is no honest text.
            return SniffedMarkup.IsInUtf7(head) ? utf7 : SniffedMarkup.IsWebArchive(head) ? webArchive : ArchiveTail.IsIn(tail, size) ? archive : null;
        }

        return SniffedMarkup.IsIn(head) ? markup
            : HoldsPhp(head) || HoldsPhp(tail) ? php
            : ArchiveTail.IsIn(tail, size) ? archive : null;
    }

    /// <summary>Looks at an open file.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    internal static Risk? Of(string mime, SafeFileHandle file, long size)
    {
        if (!Concerns(mime))
        {
            return null;
        }

        var head = Read(file, 0, size);
        return size <= WindowBytes ? Of(mime, head) : Of(mime, head, Read(file, size - WindowBytes, size), size);
    }

    /// <summary>Looks at an object whose row does not say that anybody looked.</summary>
    internal static async ValueTask<Risk?> OfAsync(string mime, Objects.ObjectBytes bytes, long size)
    {
        if (!Concerns(mime))
        {
            return null;
        }

        var head = await ReadAsync(bytes, 0, size);
        var tail = size <= WindowBytes ? head : await ReadAsync(bytes, size - WindowBytes, size);
        return Of(mime, head, tail, size);
    }

    private static bool IsText(string mime) => mime == "text/plain";

    /// <summary><c>&lt;?php</c> and a space: what PHP takes for its own, whatever the file is called.</summary>
    private static bool HoldsPhp(ReadOnlySpan<byte> bytes)
    {
        for (var at = bytes.IndexOf("<?"u8); at >= 0;)
        {
            bytes = bytes[(at + 2)..];
            if (bytes.Length > 3 && (bytes[0] | 0x20) == 'p' && (bytes[1] | 0x20) == 'h' && (bytes[2] | 0x20) == 'p' && bytes[3] is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n')
            {
                return true;
            }

            at = bytes.IndexOf("<?"u8);
        }

        return false;
    }

    private static byte[] Read(SafeFileHandle file, long from, long size)
    {
        var buffer = new byte[Math.Min(WindowBytes, size - from)];
        var filled = 0;
        for (int count; filled < buffer.Length && (count = RandomAccess.Read(file, buffer.AsSpan(filled), from + filled)) > 0; filled += count)
        {
        }

        return filled == buffer.Length ? buffer : buffer[..filled];
    }

    private static async ValueTask<byte[]> ReadAsync(Objects.ObjectBytes bytes, long from, long size)
    {
        var buffer = new byte[Math.Min(WindowBytes, size - from)];
        var filled = 0;
        for (int count; filled < buffer.Length && (count = await bytes.ReadAsync(buffer.AsMemory(filled), from + filled, CancellationToken.None)) > 0; filled += count)
        {
        }

        return filled == buffer.Length ? buffer : buffer[..filled];
    }
}
