using System.Buffers.Binary;

namespace HashStore.Storage.Thumbnails.Rendering.Shapes;

/// <summary>The orientation in a block of EXIF (CIPA DC-008): a TIFF header and its first directory.</summary>
internal static class ExifOrientation
{
    /// <summary>The longest block that is looked at, 64 KiB: that of a JPEG cannot be longer.</summary>
    internal const int MaxBlock = 64 << 10;

    internal const int Tag = 0x112;

    private const int EntryBytes = 12;

    /// <summary>1 to 8; 1, upright, where the block says nothing or is damaged.</summary>
    public static int Read(ReadOnlySpan<byte> block)
    {
        if (block.Length < 8)
        {
            return 1;
        }

        var little = block[0] == (byte)'I';
        var at = Number(block[4..], 4, little);
        if (at < 8 || at + 2 > block.Length)
        {
            return 1;
        }

        var entries = Number(block[(int)at..], 2, little);
        for (var entry = (int)at + 2; entries-- > 0 && entry + EntryBytes <= block.Length; entry += EntryBytes)
        {
            if (Number(block[entry..], 2, little) == Tag)
            {
                return Number(block[(entry + 8)..], 2, little) is >= 1 and <= 8 and var orientation ? (int)orientation : 1;
            }
        }

        return 1;
    }

    private static long Number(ReadOnlySpan<byte> bytes, int length, bool little) => (length, little) switch
    {
        (2, true) => BinaryPrimitives.ReadUInt16LittleEndian(bytes),
        (2, false) => BinaryPrimitives.ReadUInt16BigEndian(bytes),
        (_, true) => BinaryPrimitives.ReadUInt32LittleEndian(bytes),
        (_, false) => BinaryPrimitives.ReadUInt32BigEndian(bytes),
    };
}
