using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace HashStore.Tests.Wiki.Support;

/// <summary>Files that the wiki takes for what they are, made from random numbers; a picture can be shown and scaled.</summary>
internal static class WikiMedia
{
    private static readonly uint[] crcTable = [.. Enumerable.Range(0, 256).Select(CrcOf)];

    /// <summary>A file of a type, by its extension.</summary>
    internal static byte[] Make(string extension, Random random) => extension switch
    {
        "png" => Png(random, random.Next(130, 400), random.Next(130, 300)),
        "svg" => Encoding.UTF8.GetBytes($"""
            <svg xmlns="http://www.w3.org/2000/svg" width="{random.Next(130, 900)}" height="{random.Next(130, 900)}">
            <rect width="99" height="99" fill="#{random.Next(1 << 24):x6}"/></svg>
            """),
        "txt" => Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, random.Next(2, 300)).Select(_ => $"line {random.Next()} – of täxt\n"))),
        "wav" => Wav(random),
        _ => throw new ArgumentOutOfRangeException(nameof(extension), extension, null),
    };

    /// <summary>Two seconds at most: 8 kHz, 16 bits, mono.</summary>
    private static byte[] Wav(Random random)
    {
        var samples = new byte[random.Next(100, 16_000) * 2];
        random.NextBytes(samples);
        return
        [
            .. "RIFF"u8, .. Little(36 + samples.Length), .. "WAVEfmt "u8, .. Little(16), 1, 0, 1, 0, .. Little(8000), .. Little(16_000), 2, 0, 16, 0,
            .. "data"u8, .. Little(samples.Length), .. samples,
        ];
    }

    /// <summary>A gradient in RGB, after a comment that gives sizes up to some hundred kilobytes.</summary>
    private static byte[] Png(Random random, int width, int height)
    {
        var first = new byte[3];
        random.NextBytes(first);
        using var pixels = new MemoryStream();
        using (var deflated = new ZLibStream(pixels, CompressionLevel.Optimal, leaveOpen: true))
        {
            for (var y = 0; y < height; y++)
            {
                deflated.WriteByte(0); // no filter
                for (var x = 0; x < width; x++)
                {
                    deflated.Write([(byte)(first[0] + x), (byte)(first[1] + y), (byte)(first[2] + (x * y))]);
                }
            }
        }

        var comment = new byte[1 << random.Next(4, 18)];
        random.NextBytes(comment);
        return
        [
            0x89, .. "PNG\r\n\x1A\n"u8, .. Chunk("IHDR"u8, [.. Big(width), .. Big(height), 8, 2, 0, 0, 0]),
            .. Chunk("tEXt"u8, [.. "Comment\0"u8, .. Encoding.ASCII.GetBytes(Convert.ToHexString(comment))]),
            .. Chunk("IDAT"u8, pixels.ToArray()), .. Chunk("IEND"u8, []),
        ];
    }

    private static byte[] Chunk(ReadOnlySpan<byte> type, byte[] content)
    {
        byte[] checkedPart = [.. type, .. content];
        var crc = checkedPart.Aggregate(uint.MaxValue, (crc, value) => crcTable[(byte)(crc ^ value)] ^ (crc >> 8)) ^ uint.MaxValue;
        return [.. Big(content.Length), .. checkedPart, .. Big((int)crc)];
    }

    /// <summary>An entry of the table of the PNG specification's annex on CRCs.</summary>
    private static uint CrcOf(int value) => Enumerable.Range(0, 8).Aggregate((uint)value, (crc, _) => (crc & 1) == 0 ? crc >> 1 : (crc >> 1) ^ 0xEDB88320);

    private static byte[] Big(int value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }

    private static byte[] Little(int value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        return bytes;
    }
}
