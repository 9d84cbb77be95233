using System.Buffers.Binary;

namespace HashStore.Storage.Content;

/// <summary>
/// A small in-memory Photoshop file with the header and the short image resources of a large one (Adobe's file format specification):
/// 26 bytes of header, the colour table behind its length, the resources behind theirs, then the picture. Thumbnails, profiles and XMP stay out,
/// so that their size does not cost the dimensions.
/// </summary>
internal static class PhotoshopExcerpt
{
    private const int HeaderBytes = 26;

    /// <summary>The longest resource that is kept, 64 KiB: captions and camera data.</summary>
    private const int MaxResource = 64 << 10;

    /// <summary>The longest excerpt, 1 MiB.</summary>
    private const int MaxExcerpt = 1 << 20;

    /// <summary>How many resources to look at; Photoshop writes some dozens.</summary>
    private const int MaxResources = 1000;

    /// <summary>Makes the excerpt; a file that ends early yields what is before the end.</summary>
    public static MemoryStream Make(Stream content)
    {
        var excerpt = new MemoryStream();
        Span<byte> header = stackalloc byte[HeaderBytes];
        content.Position = 0;
        content.ReadExactly(header);
        excerpt.Write(header);
        excerpt.Write(new byte[8]);

        if (Length(content, HeaderBytes) is { } table && Length(content, HeaderBytes + 4 + table) is { } resources)
        {
            var start = HeaderBytes + 8 + table;
            CopyResources(content, start, Math.Min(start + resources, content.Length), excerpt);
        }
        BinaryPrimitives.WriteUInt32BigEndian(header, (uint)excerpt.Length - HeaderBytes - 8);
        excerpt.Position = HeaderBytes + 4;
        excerpt.Write(header[..4]);
        excerpt.Position = 0;
        return excerpt;
    }

    // A resource: a signature of four bytes, its number in two, a name (a length byte and as many, padded to even), a length, the data, padded to even.
    private static void CopyResources(Stream content, long at, long end, MemoryStream excerpt)
    {
        Span<byte> header = stackalloc byte[7];
        for (var resources = 0; resources < MaxResources && at + 12 <= end; resources++)
        {
            content.Position = at;
            content.ReadExactly(header);
            var name = (header[6] + 2) & ~1;
            if (Length(content, at + 6 + name) is not { } length || at + 10 + name + length > end)
            {
                return;
            }
            var whole = 10 + name + length + (length & 1);
            if (length <= MaxResource && excerpt.Length + whole <= MaxExcerpt && !IsLeftOut(BinaryPrimitives.ReadUInt16BigEndian(header[4..])))
            {
                var resource = new byte[whole];
                content.Position = at;
                content.ReadExactly(resource.AsSpan(0, (int)Math.Min(whole, content.Length - at)));
                excerpt.Write(resource);
            }
            at += whole;
        }
    }

    private static bool IsLeftOut(ushort resource) => resource is 0x0409 or 0x040C or 0x040F or 0x0424; // two thumbnails, the ICC profile, XMP

    private static long? Length(Stream content, long at)
    {
        if (at + 4 > content.Length)
        {
            return null;
        }
        Span<byte> length = stackalloc byte[4];
        content.Position = at;
        content.ReadExactly(length);
        return BinaryPrimitives.ReadUInt32BigEndian(length);
    }
}
