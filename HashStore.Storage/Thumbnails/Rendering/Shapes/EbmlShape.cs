using System.Buffers.Binary;

namespace HashStore.Storage.Thumbnails.Rendering.Shapes;

/// <summary>The tracks of a WebM (RFC 9559): elements of a number, a length and a content, both numbers led by as many zero bits as further bytes follow (RFC 8794).</summary>
internal static class EbmlShape
{
    private const ulong Segment = 0x18538067, Information = 0x1549A966, Scale = 0x2AD7B1, Duration = 0x4489;
    private const ulong Tracks = 0x1654AE6B, Track = 0xAE, Video = 0xE0, Width = 0xB0, Height = 0xBA, Cluster = 0x1F43B675;

    /// <summary>How many elements to look at; headers have some hundred.</summary>
    private const int MaxElements = 10_000;

    public static SourceShape Read(Stream content)
    {
        content.Position = 0;
        long width = 0, height = 0, scale = 1_000_000;
        double duration = 0;
        for (var elements = 0; elements < MaxElements && content.Position < content.Length; elements++)
        {
            var element = Number(content, keepMarker: true, out _);
            var length = Number(content, keepMarker: false, out var isUnknown);
            var end = isUnknown || length > long.MaxValue / 2 ? content.Length : content.Position + (long)length;
            switch (element)
            {
                case Segment or Information or Tracks or Track or Video:
                    continue; // what lies inside comes next
                case Cluster:
                    return Shape();
                case Width:
                    width = Math.Max(width, (long)Value(content, length));
                    break;
                case Height:
                    height = Math.Max(height, (long)Value(content, length));
                    break;
                case Scale:
                    scale = (long)Math.Min(Value(content, length), 1_000_000_000);
                    break;
                case Duration when length is 4:
                    duration = BitConverter.UInt32BitsToSingle(content.Big32());
                    break;
                case Duration when length is 8:
                    duration = BinaryPrimitives.ReadDoubleBigEndian(content.Block(8));
                    break;
                default:
                    break;
            }

            content.Position = end;
        }

        return Shape();

        SourceShape Shape() => new()
        {
            Width = width,
            Height = height,
            Duration = duration * scale / 1e9 is > 0 and < 1e6 and var seconds ? TimeSpan.FromSeconds(seconds) : null,
        };
    }

    private static ulong Number(Stream content, bool keepMarker, out bool isUnknown)
    {
        ulong first = content.Byte();
        var more = System.Numerics.BitOperations.LeadingZeroCount((uint)first) - 24;
        if (more > 7)
        {
            throw new InvalidDataException("The WebM has a number of more than eight bytes.");
        }

        var value = keepMarker ? first : first & (0x7FUL >> more);
        for (var at = 0; at < more; at++)
        {
            value = (value << 8) | content.Byte();
        }

        isUnknown = value == (1UL << (7 * (more + 1))) - 1;
        return value;
    }

    private static ulong Value(Stream content, ulong length)
    {
        ulong value = 0;
        for (var at = 0UL; at < Math.Min(length, 8); at++)
        {
            value = (value << 8) | content.Byte();
        }

        return Math.Min(value, int.MaxValue);
    }
}
