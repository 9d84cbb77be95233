using System.Buffers.Binary;

namespace HashStore.Storage.Thumbnails.Rendering.Shapes;

/// <summary>The pictures of an Ogg film (RFC 3533) in Theora (Theora specification, 6.2); of other codecs nothing is known.</summary>
internal static class OggShape
{
    /// <summary>How many streams a film may have.</summary>
    private const int MaxStreams = 100;

    /// <summary>Where the last page begins, counted from the end: the longest page has 65,307 bytes, and other streams end too.</summary>
    private const int Tail = 256 << 10;

    private const int PageHeader = 27, TheoraHeader = 42;

    public static SourceShape Read(Stream content)
    {
        content.Position = 0;
        for (var stream = 0; stream < MaxStreams; stream++)
        {
            var page = content.Block(PageHeader);
            if (!page.AsSpan().StartsWith("OggS"u8) || (page[5] & 2) == 0)
            {
                break; // no further stream begins
            }

            var length = content.Block(page[26]).Sum(lacing => lacing);
            var packet = content.Block(length);
            if (length >= TheoraHeader && packet.AsSpan(1).StartsWith("theora"u8))
            {
                return Theora(content, packet, BinaryPrimitives.ReadUInt32LittleEndian(page.AsSpan(14)));
            }
        }

        return new SourceShape();
    }

    // Decoded are whole blocks of 16 pixels; shown is a part of them.
    private static SourceShape Theora(Stream content, byte[] packet, uint serial)
    {
        long width = Big(packet, 10, 2) * 16, height = Big(packet, 12, 2) * 16;
        long rate = Big(packet, 22, 4), divisor = Big(packet, 26, 4);
        var shift = (packet[40] & 3) << 3 | packet[41] >> 5;
        var granule = LastGranule(content, serial);
        var frames = (granule >> shift) + (granule & ((1L << shift) - 1));
        var seconds = rate > 0 ? (double)frames * divisor / rate : 0;
        return new SourceShape { Width = width, Height = height, Duration = seconds is > 0 and < 1e6 ? TimeSpan.FromSeconds(seconds) : null };
    }

    private static long LastGranule(Stream content, uint serial)
    {
        content.Position = Math.Max(0, content.Length - Tail);
        var tail = content.Block((int)(content.Length - content.Position)).AsSpan();
        for (var at = tail.LastIndexOf("OggS"u8); at >= 0; at = tail.LastIndexOf("OggS"u8))
        {
            if (at + PageHeader <= tail.Length && BinaryPrimitives.ReadUInt32LittleEndian(tail[(at + 14)..]) == serial
                && BinaryPrimitives.ReadInt64LittleEndian(tail[(at + 6)..]) is > 0 and var granule)
            {
                return granule;
            }

            tail = tail[..at];
        }

        return 0;
    }

    private static long Big(byte[] packet, int at, int length)
    {
        long value = 0;
        foreach (var part in packet.AsSpan(at, length))
        {
            value = (value << 8) | part;
        }

        return value;
    }
}
