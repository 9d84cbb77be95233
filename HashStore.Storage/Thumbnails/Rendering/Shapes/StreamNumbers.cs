using System.Buffers.Binary;

namespace HashStore.Storage.Thumbnails.Rendering.Shapes;

/// <summary>Numbers out of a stream. All throw <see cref="EndOfStreamException"/> where it ends.</summary>
internal static class StreamNumbers
{
    public static byte Byte(this Stream content) => content.ReadByte() is >= 0 and var value ? (byte)value : throw new EndOfStreamException();

    public static int Big16(this Stream content) => (content.Byte() << 8) | content.Byte();

    public static uint Big32(this Stream content)
    {
        Span<byte> bytes = stackalloc byte[4];
        content.ReadExactly(bytes);
        return BinaryPrimitives.ReadUInt32BigEndian(bytes);
    }

    public static int Little16(this Stream content) => content.Byte() | (content.Byte() << 8);

    public static uint Little32(this Stream content)
    {
        Span<byte> bytes = stackalloc byte[4];
        content.ReadExactly(bytes);
        return BinaryPrimitives.ReadUInt32LittleEndian(bytes);
    }

    /// <summary>A block of bytes; the caller has bounded its length.</summary>
    public static byte[] Block(this Stream content, int length)
    {
        var block = new byte[length];
        content.ReadExactly(block);
        return block;
    }

    public static void Skip(this Stream content, long bytes) => content.Position += bytes;
}
