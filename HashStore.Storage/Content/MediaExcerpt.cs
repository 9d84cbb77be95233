using System.Buffers.Binary;

namespace HashStore.Storage.Content;

/// <summary>
/// Small in-memory files with the headers of large ones. The library allocates what a chunk declares before it reads it, inflates compressed text without
/// a limit and keeps every frame: so it never sees picture data, nor a chunk that it could choke on.
/// </summary>
internal static class MediaExcerpt
{
    /// <summary>The longest chunk that is kept, 64 KiB: as much as may be read at once, and as much EXIF as a JPEG can hold.</summary>
    private const int MaxChunk = GuardedStream.MaxBlock - 4;

    /// <summary>The longest excerpt, 4 MiB: some hundred texts.</summary>
    private const int MaxExcerpt = 4 << 20;

    /// <summary>Compressed text altogether, 32 KiB: deflate grows it a thousandfold at most.</summary>
    private const int MaxCompressed = 32 << 10;

    /// <summary>How many chunks to look at. A picture of a gigabyte has 130,000 IDAT chunks in the usual 8 KiB, and text mostly stands before them.</summary>
    private const int MaxChunks = 10_000;

    /// <summary>What of a WebP's picture is needed: the frame header with the size.</summary>
    private const int FrameHeader = 32;

    /// <summary>The first bytes.</summary>
    public static MemoryStream Head(Stream content, int count)
    {
        var head = new byte[Math.Min(count, content.Length)];
        content.Position = 0;
        var read = 0;
        while (read < head.Length)
        {
            var got = content.Read(head, read, Math.Min(head.Length - read, MaxChunk));
            if (got == 0)
            {
                break;
            }
            read += got;
        }
        return new MemoryStream(head, 0, read);
    }

    /// <summary>A PNG (ISO/IEC 15948) without picture data: chunks of a length, a type, the data and a CRC.</summary>
    public static MemoryStream Png(Stream content)
    {
        var excerpt = new MemoryStream();
        var seen = new HashSet<string>();
        var compressed = MaxCompressed;
        excerpt.Write([0x89, .. "PNG\r\n\x1A\n"u8]);
        Span<byte> header = stackalloc byte[8];
        long at = 8;
        for (var chunks = 0; chunks < MaxChunks && at + 12 <= content.Length; chunks++)
        {
            content.Position = at;
            content.ReadExactly(header);
            long length = BinaryPrimitives.ReadUInt32BigEndian(header);
            var type = System.Text.Encoding.Latin1.GetString(header[4..]);
            if (length > int.MaxValue || at + 12 + length > content.Length || (chunks == 0) != (type == "IHDR") || type == "IEND")
            {
                break;
            }
            if (Wanted(type) && length <= MaxChunk && excerpt.Length + length + 12 <= MaxExcerpt)
            {
                var data = new byte[length + 4];
                content.ReadExactly(data);
                var text = type is "tEXt" or "zTXt" or "iTXt";
                var size = Compressed(type, data) ? data.Length : 0;
                // A second chunk of a kind that may come once makes the library drop everything.
                if ((text || seen.Add(type)) && size <= compressed && !data.AsSpan().StartsWith("XML:com.adobe.xmp\0"u8))
                {
                    compressed -= size;
                    excerpt.Write(header);
                    excerpt.Write(data);
                }
            }
            at += 12 + length;
        }
        excerpt.Write([0, 0, 0, 0, .. "IEND"u8, 0xAE, 0x42, 0x60, 0x82]);
        excerpt.Position = 0;
        return excerpt;
    }

    /// <summary>A RIFF file (WebP, WAVE, AVI) without pictures and sound: chunks of a type, a length and the data, padded to an even length.</summary>
    /// <param name="content">The file.</param>
    /// <param name="dataBytes">The length of the chunk "data", as far as the file reaches.</param>
    public static MemoryStream Riff(Stream content, out long dataBytes)
    {
        var excerpt = new MemoryStream();
        dataBytes = 0;
        Span<byte> header = stackalloc byte[12];
        content.Position = 0;
        content.ReadExactly(header);
        excerpt.Write(header);
        long at = 12;
        for (var chunks = 0; chunks < MaxChunks && at + 8 <= content.Length; chunks++)
        {
            content.Position = at;
            content.ReadExactly(header[..8]);
            long length = BinaryPrimitives.ReadUInt32LittleEndian(header[4..]);
            var there = Math.Min(length, content.Length - at - 8);
            var type = System.Text.Encoding.Latin1.GetString(header[..4]);
            if (type == "data" && dataBytes == 0)
            {
                dataBytes = there;
            }
            var keep = type switch
            {
                "VP8 " or "VP8L" => Math.Min(there, FrameHeader),
                // A list holds the headers of an AVI; its pictures are one too, but long.
                "VP8X" or "EXIF" or "fmt " or "fact" or "LIST" => there == length && length <= MaxChunk ? length : -1,
                _ => -1,
            };
            if (keep >= 0 && excerpt.Length + keep + 9 <= MaxExcerpt)
            {
                var data = new byte[keep + (keep & 1)];
                content.ReadExactly(data.AsSpan(0, (int)keep));
                BinaryPrimitives.WriteUInt32LittleEndian(header[4..], (uint)keep);
                excerpt.Write(header[..8]);
                excerpt.Write(data);
            }
            at += 8 + length + (length & 1);
        }
        // The library reads a chunk only while eight bytes and more are left.
        excerpt.Write("JUNK\x08\0\0\0\0\0\0\0\0\0\0\0"u8);
        BinaryPrimitives.WriteUInt32LittleEndian(header, (uint)excerpt.Length - 8);
        excerpt.Position = 4;
        excerpt.Write(header[..4]);
        excerpt.Position = 0;
        return excerpt;
    }

    /// <summary>The start of MPEG audio behind an ID3v2 tag, which the library does not skip.</summary>
    public static MemoryStream MpegFrame(Stream content)
    {
        Span<byte> header = stackalloc byte[10];
        content.Position = 0;
        content.ReadExactly(header);
        var tag = header.StartsWith("ID3"u8) ? 10 + ((header[6] & 0x7F) << 21 | (header[7] & 0x7F) << 14 | (header[8] & 0x7F) << 7 | (header[9] & 0x7F)) : 0;
        var frame = new byte[Math.Clamp(content.Length - tag, 0, 4096)];
        content.Position = tag;
        content.ReadExactly(frame);
        return new MemoryStream(frame);
    }

    private static bool Wanted(string type) =>
        type is "IHDR" or "PLTE" or "tRNS" or "cHRM" or "sRGB" or "gAMA" or "bKGD" or "tEXt" or "zTXt" or "iTXt" or "tIME" or "pHYs" or "sBIT" or "eXIf";

    private static bool Compressed(string type, ReadOnlySpan<byte> data) =>
        // iTXt: the keyword, a zero byte, then the flag.
        type == "zTXt" || (type == "iTXt" && data.IndexOf((byte)0) is >= 0 and var end && end + 1 < data.Length && data[end + 1] != 0);
}
