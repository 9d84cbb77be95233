using System.Buffers.Binary;

namespace HashStore.Storage.Thumbnails.Rendering;

/// <summary>Takes EXIF, XMP and profiles out of a WebP (RFC 9649), which libvips 8.14 leaves in whatever it is told.</summary>
internal static class WebPMetadata
{
    private const uint Extended = 0x58385056, Exif = 0x46495845, Xmp = 0x20504D58, Profile = 0x50434349; // VP8X, EXIF, "XMP ", ICCP

    /// <summary>The bits of VP8X that announce the three.</summary>
    private const byte Announced = 0x20 | 0x08 | 0x04;

    private const int Header = 12;

    /// <summary>Rewrites a file, whose length is bounded by that of a thumbnail.</summary>
    public static void Strip(string path)
    {
        var bytes = File.ReadAllBytes(path);
        var kept = new MemoryStream(bytes.Length);
        kept.Write(bytes.AsSpan(0, Header));
        for (var at = Header; at + 8 <= bytes.Length;)
        {
            var type = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at));
            long length = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at + 4));
            var end = (int)Math.Min(bytes.Length, at + 8 + length + (length & 1));
            if (type == Extended && at + 8 < bytes.Length)
            {
                bytes[at + 8] &= unchecked((byte)~Announced);
            }

            if (type is not (Exif or Xmp or Profile))
            {
                kept.Write(bytes.AsSpan(at, end - at));
            }

            at = end;
        }

        var stripped = kept.ToArray();
        BinaryPrimitives.WriteInt32LittleEndian(stripped.AsSpan(4), stripped.Length - 8);
        File.WriteAllBytes(path, stripped);
    }
}
