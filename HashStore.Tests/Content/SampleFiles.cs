using System.Buffers.Binary;
using System.Text;

namespace HashStore.Tests.Content;

/// <summary>Minimal files of many formats, written by hand: valid headers, no or little content.</summary>
internal static class SampleFiles
{
    public static byte[] Bytes(params object[] parts)
    {
        var all = new List<byte>();
        foreach (var part in parts)
        {
            switch (part)
            {
                case string text:
                    all.AddRange(Encoding.Latin1.GetBytes(text));
                    break;
                case byte[] bytes:
                    all.AddRange(bytes);
                    break;
                default:
                    all.Add(Convert.ToByte(part, null));
                    break;
            }
        }
        return [.. all];
    }

    public static byte[] Big(uint value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        return bytes;
    }

    public static byte[] Big16(int value) => [(byte)(value >> 8), (byte)value];

    public static byte[] Little(uint value) => [.. Big(value).Reverse()];

    public static byte[] Little16(int value) => [(byte)value, (byte)(value >> 8)];

    public static byte[] PngChunk(string type, byte[] data) => Bytes(Big((uint)data.Length), type, data, Big(0));

    public static byte[] PngHeader(uint width, uint height) =>
        Bytes(0x89, "PNG\r\n\x1A\n", PngChunk("IHDR", Bytes(Big(width), Big(height), 8, 6, 0, 0, 0)));

    public static byte[] Png(uint width = 640, uint height = 480, params byte[][] chunks) =>
        Bytes(PngHeader(width, height), chunks.SelectMany(c => c).ToArray(), PngChunk("IDAT", new byte[20]), PngChunk("IEND", []));

    public static byte[] Gif() => Bytes("GIF89a", Little16(320), Little16(200), 0xF7, 0, 0, new byte[768], "!\xFE\x05", "hello", 0, ";");

    public static byte[] Bmp(int width = 100, int height = -50) =>
        Bytes(
        "BM", Little(70), Little(0), Little(54), Little(40), Little((uint)width), Little((uint)height), Little16(1), Little16(24), new byte[40]);

    public static byte[] Ico() => Bytes(Little16(0), Little16(1), Little16(1), 32, 16, 0, 0, Little16(1), Little16(32), Little(40), Little(22), new byte[40]);

    public static byte[] Psd(params byte[] resources) => Bytes(
        "8BPS", Big16(1), new byte[6], Big16(3), Big(90), Big(120), Big16(16), Big16(3), Big(0), Big((uint)resources.Length), resources, Big(0), Big16(0));

    /// <summary>A TIFF directory with an artist; offsets count from the start of the block.</summary>
    public static byte[] Tiff(ushort width = 300, ushort height = 200, string artist = "A. Photographer")
    {
        byte[] Entry(int tag, int type, int count, byte[] value) => Bytes(Little16(tag), Little16(type), Little((uint)count), value);
        var text = Bytes(artist, 0);
        const int Data = 8 + 2 + (4 * 12) + 4;
        return Bytes(
            "II*\0", Little(8), Little16(4),
            Entry(0x100, 3, 1, Bytes(Little16(width), Little16(0))),
            Entry(0x101, 3, 1, Bytes(Little16(height), Little16(0))),
            Entry(0x102, 3, 1, Bytes(Little16(8), Little16(0))),
            Entry(0x13B, 2, text.Length, Little(Data)),
            Little(0), text);
    }

    public static byte[] JpegSegment(byte marker, byte[] data) => Bytes(0xFF, marker, Big16(data.Length + 2), data);

    public static byte[] JpegSize(int width, int height) =>
        JpegSegment(0xC0, Bytes(8, Big16(height), Big16(width), 3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1));

    public static byte[] Jpeg(byte[]? exif = null) => Bytes(
        0xFF, 0xD8, JpegSegment(0xE0, Bytes("JFIF\0", 1, 1, 0, Big16(72), Big16(72), 0, 0)), JpegSegment(0xE1, Bytes("Exif\0\0", exif ?? Tiff())),
        JpegSize(800, 600), JpegSegment(0xDA, new byte[10]), new byte[30], 0xFF, 0xD9);

    public static byte[] RiffChunk(string type, byte[] data) => Bytes(type, Little((uint)data.Length), data, new byte[data.Length & 1]);

    public static byte[] Riff(string form, params byte[][] chunks)
    {
        var body = Bytes(form, chunks.SelectMany(c => c).ToArray());
        return Bytes("RIFF", Little((uint)body.Length), body);
    }

    /// <summary>Two seconds of 8 kHz, 8 bits, mono.</summary>
    public static byte[] Wav() => Riff("WAVE",
        RiffChunk("fmt ", Bytes(Little16(1), Little16(1), Little(8000), Little(8000), Little16(1), Little16(8))), RiffChunk("data", new byte[16000]));

    public static byte[] WebP() => Riff("WEBP", RiffChunk("VP8X", Bytes(0, 0, 0, 0, 0x3F, 1, 0, 0xEF, 0, 0)), RiffChunk("EXIF", Tiff()));

    public static byte[] WebPLossy() => Riff("WEBP", RiffChunk("VP8 ", Bytes(0x30, 1, 0, 0x9D, 1, 0x2A, Little16(176), Little16(144), new byte[200])));

    public static byte[] Avi() => Riff("AVI ", RiffChunk("LIST", Bytes("hdrl",
        RiffChunk("avih", Bytes(new byte[24], Little(1), Little(0), Little(352), Little(288), new byte[16])),
        RiffChunk("LIST", Bytes("strl",
            RiffChunk("strh", Bytes("vids", "XVID", new byte[12], Little(1), Little(25), Little(0), Little(250), new byte[20])))))));

    public static byte[] Box(string type, params object[] parts)
    {
        var body = Bytes(parts);
        return Bytes(Big((uint)body.Length + 8), type, body);
    }

    public static byte[] Ftyp(string brand, params string[] more) => Box("ftyp", brand, Big(0), string.Concat(more));

    public static byte[] MovieHeader(uint scale, uint duration) =>
        Box("mvhd", Big(0), Big(0), Big(0), Big(scale), Big(duration), new byte[80]);

    public static byte[] TrackHeader(uint width, uint height) => Box("tkhd", new byte[76], Big(width << 16), Big(height << 16));

    public static byte[] Mp4(string brand = "isom") => Bytes(
        Ftyp(brand, "isommp42"), Box("free", new byte[8]), Box("mdat", new byte[100]),
        Box("moov", MovieHeader(1000, 12_345), Box("trak", TrackHeader(0, 0)), Box("trak", TrackHeader(1280, 720))));

    public static byte[] Heif(string brand = "avif") => Bytes(
        Ftyp(brand, "mif1", brand),
        Box("meta", Big(0), Box("iprp", Box("ipco",
            Box("ispe", Big(0), Big(512), Big(512)), Box("ispe", Big(0), Big(4000), Big(3000)), Box("pixi", Big(0), 3, 10, 10, 10)))),
        Box("mdat", new byte[50]));

    public static byte[] Mp3()
    {
        // MPEG-1 layer III, 128 kbit/s, 44.1 kHz: frames of 417 bytes.
        var frame = Bytes(0xFF, 0xFB, 0x90, 0, new byte[413]);
        return Bytes("ID3", 4, 0, 0, 0, 0, 0, 10, new byte[10], frame, frame, frame);
    }

    public static byte[] OggPage(byte[] packet) =>
        Bytes("OggS", 0, 2, new byte[20], 1, packet.Length, packet);

    public static byte[] ZipEntry(string name, string content = "", bool stored = true) => Bytes(
        "PK\x03\x04", Little16(20), Little16(0), Little16(stored ? 0 : 8), Little(0), Little(0), Little((uint)content.Length),
        Little((uint)content.Length), Little16(name.Length), Little16(0), name, content);

    /// <summary>A sample of each type whose metadata is read.</summary>
    public static IEnumerable<(string Mime, byte[] File)> WithMetadata() =>
    [
        ("image/png", Png()), ("image/gif", Gif()), ("image/bmp", Bmp()), ("image/vnd.microsoft.icon", Ico()), ("image/vnd.adobe.photoshop", Psd()),
        ("image/tiff", Tiff()), ("image/jpeg", Jpeg()), ("audio/wav", Wav()), ("image/webp", WebP()), ("image/webp", WebPLossy()),
        ("video/x-msvideo", Avi()), ("video/mp4", Mp4()), ("image/avif", Heif()), ("image/heic", Heif("heic")), ("audio/mpeg", Mp3()),
    ];
}
