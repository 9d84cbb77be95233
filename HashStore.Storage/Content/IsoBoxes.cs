using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace HashStore.Storage.Content;

/// <summary>
/// Walks the boxes of an ISO base media file (ISO/IEC 14496-12: MP4, QuickTime, HEIF): a length of four bytes, a type of four, the content.
/// Length 1 means that eight bytes of length follow, 0 that the box ends with the file.
/// </summary>
internal sealed class IsoBoxes(Stream content)
{
    /// <summary>How many boxes to look at; a film of many tracks has some hundred that matter.</summary>
    private const int MaxBoxes = 10_000;

    /// <summary>The longest box that is read whole, 64 KiB: the headers have about 100 bytes, tags somewhat more.</summary>
    private const int MaxBox = 64 << 10;

    /// <summary>The longest excerpt, 1 MiB.</summary>
    private const int MaxExcerpt = 1 << 20;

    private readonly List<byte> excerpt = [];
    private int boxes;

    /// <summary>Pixels of the largest picture.</summary>
    public int? Width { get; private set; }

    /// <summary>Pixels of the largest picture.</summary>
    public int? Height { get; private set; }

    /// <summary>Bits of the first channel.</summary>
    public int? Bits { get; private set; }

    /// <summary>The film's duration.</summary>
    public long? PlaytimeMilliseconds { get; private set; }

    /// <summary>The film's headers alone, without samples and their tables.</summary>
    public MemoryStream Excerpt() => new([.. excerpt]);

    /// <summary>Walks the whole file.</summary>
    /// <exception cref="EndOfStreamException">A box ends behind the file; the values up to there stand.</exception>
    public void Read() => Walk(0, content.Length, depth: 0);

    private void Walk(long at, long end, int depth)
    {
        Span<byte> header = stackalloc byte[16];
        while (at + 8 <= end && boxes++ < MaxBoxes)
        {
            content.Position = at;
            content.ReadExactly(header[..8]);
            long length = BinaryPrimitives.ReadUInt32BigEndian(header);
            var start = at + 8;
            if (length == 1)
            {
                content.ReadExactly(header[8..]);
                length = BinaryPrimitives.ReadInt64BigEndian(header[8..]);
                start += 8;
            }
            length = length == 0 ? end - at : length;
            if (length < start - at || length > end - at)
            {
                // Some writers' inner boxes are no boxes; what follows their container is still read.
                if (depth > 0)
                {
                    return;
                }
                throw new EndOfStreamException("A box ends behind the file.");
            }
            Box(BinaryPrimitives.ReadUInt32BigEndian(header[4..]), start, at + length, depth);
            at += length;
        }
    }

    private void Box(uint type, long start, long end, int depth)
    {
        switch (type)
        {
            // The containers on the way to what is looked for: four deep at most in an honest file.
            case 0x6D6F6F76 or 0x7472616B when depth < 4: // moov, trak
                Copied(type, () => Walk(start, end, depth + 1));
                break;
            case 0x69707270 or 0x6970636F when depth < 4: // iprp, ipco
                Walk(start, end, depth + 1);
                break;
            case 0x6D657461 when depth == 0: // meta of HEIF: version and flags first
                Walk(start + 4, end, depth + 1);
                break;
            case 0x6D766864: // mvhd
                MovieHeader(Copy(type, start, end));
                break;
            case 0x746B6864: // tkhd
                TrackHeader(Copy(type, start, end));
                break;
            case 0x66747970 or 0x6D657461 or 0x75647461: // ftyp, meta and udta of films
                Copy(type, start, end);
                break;
            case 0x69737065: // ispe
                PictureExtent(Content(start, end));
                break;
            case 0x70697869: // pixi
                var pixel = Content(start, end);
                Bits ??= pixel.Length > 5 && pixel[4] > 0 ? pixel[5] : null;
                break;
            default:
                break;
        }
    }

    private void MovieHeader(ReadOnlySpan<byte> box)
    {
        // Version 1 has 64-bit times. The scale is in units per second; all ones mean "unknown".
        var wide = box.Length > 0 && box[0] == 1;
        if (box.Length < (wide ? 32 : 20))
        {
            return;
        }
        var scale = BinaryPrimitives.ReadUInt32BigEndian(box[(wide ? 20 : 12)..]);
        ulong duration = wide ? BinaryPrimitives.ReadUInt64BigEndian(box[24..]) : BinaryPrimitives.ReadUInt32BigEndian(box[16..]);
        if (scale > 0 && duration != (wide ? ulong.MaxValue : uint.MaxValue))
        {
            var milliseconds = (UInt128)duration * 1000 / scale;
            PlaytimeMilliseconds = milliseconds <= int.MaxValue ? (long)milliseconds : null;
        }
    }

    private void TrackHeader(ReadOnlySpan<byte> box)
    {
        // The last eight bytes: width and height with 16 fractional bits, 0 for sound.
        var size = box.Length > 0 && box[0] == 1 ? 96 : 84;
        if (box.Length >= size)
        {
            Larger(BinaryPrimitives.ReadUInt32BigEndian(box[(size - 8)..]) >> 16, BinaryPrimitives.ReadUInt32BigEndian(box[(size - 4)..]) >> 16);
        }
    }

    private void PictureExtent(ReadOnlySpan<byte> box)
    {
        if (box.Length >= 12)
        {
            Larger(BinaryPrimitives.ReadUInt32BigEndian(box[4..]), BinaryPrimitives.ReadUInt32BigEndian(box[8..]));
        }
    }

    // Tiles and thumbnails have extents too: the picture is the largest.
    private void Larger(uint width, uint height)
    {
        if (width is > 0 and <= int.MaxValue && height is > 0 and <= int.MaxValue && (ulong)width * height > (ulong)(Width ?? 0) * (ulong)(Height ?? 0))
        {
            Width = (int)width;
            Height = (int)height;
        }
    }

    private byte[] Content(long start, long end)
    {
        if (end - start > MaxBox)
        {
            return [];
        }
        var box = new byte[end - start];
        content.Position = start;
        content.ReadExactly(box);
        return box;
    }

    private byte[] Copy(uint type, long start, long end)
    {
        var box = Content(start, end);
        if (excerpt.Count + box.Length < MaxExcerpt)
        {
            Copied(type, () => excerpt.AddRange(box));
        }
        return box;
    }

    private void Copied(uint type, Action write)
    {
        Span<byte> header = stackalloc byte[8];
        var at = excerpt.Count;
        BinaryPrimitives.WriteUInt32BigEndian(header[4..], type);
        excerpt.AddRange(header);
        try
        {
            write();
        }
        finally
        {
            // The length of what came to stand in it, also when the walk ended early.
            BinaryPrimitives.WriteInt32BigEndian(CollectionsMarshal.AsSpan(excerpt)[at..], excerpt.Count - at);
        }
    }
}
