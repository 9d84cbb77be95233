using System.Globalization;
using System.Text;
using static HashStore.Tests.Content.SampleFiles;

namespace HashStore.Tests.Thumbnails.Rendering.Support;

/// <summary>Originals written by hand.</summary>
internal static class RenderSamples
{
    /// <summary>A block of EXIF with nothing but an orientation.</summary>
    internal static byte[] Exif(int orientation) =>
        Bytes("MM\0*", Big(8), Big16(1), Big16(0x112), Big16(3), Big(1), Big16(orientation), Big16(0), Big(0));

    /// <summary>A JPEG with EXIF.</summary>
    internal static byte[] WithExif(byte[] jpeg, int orientation) =>
        [.. jpeg[..2], .. JpegSegment(0xE1, Bytes("Exif\0\0", Exif(orientation))), .. jpeg[2..]];

    /// <summary>A PNG with EXIF before its data.</summary>
    internal static byte[] PngWithExif(byte[] png, int orientation)
    {
        const int Header = 33; // signature and IHDR
        return [.. png[..Header], .. Picture.Chunk("eXIf", Exif(orientation)), .. png[Header..]];
    }

    /// <summary>A WebP of one lossless picture, with EXIF behind it.</summary>
    internal static byte[] WebPWithExif(byte[] webp, int width, int height, int orientation)
    {
        byte[] Three(int value) => [(byte)value, (byte)(value >> 8), (byte)(value >> 16)];
        var at = webp.AsSpan().IndexOf("VP8L"u8);
        var length = System.Buffers.Binary.BinaryPrimitives.ReadInt32LittleEndian(webp.AsSpan(at + 4));
        var picture = webp[at..(at + 8 + length + (length & 1))];
        return Riff("WEBP", RiffChunk("VP8X", Bytes(8, 0, 0, 0, Three(width - 1), Three(height - 1))), picture, RiffChunk("EXIF", Exif(orientation)));
    }

    /// <summary>A document of pages 200 x 100 points, each of one colour to the left of its number of eighths.</summary>
    internal static byte[] Pdf(int pages, int? declared = null)
    {
        List<string> objects =
        [
            "<< /Type /Catalog /Pages 2 0 R >>",
            $"<< /Type /Pages /Count {declared ?? pages} /Kids [{string.Join(' ', Enumerable.Range(0, pages).Select(page => $"{3 + (2 * page)} 0 R"))}] >>",
        ];
        for (var page = 1; page <= pages; page++)
        {
            var drawing = $"0 0.4 0.8 rg 0 0 {25 * page} 100 re f";
            objects.Add($"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 100] /Contents {2 + (2 * page)} 0 R /Resources << >> >>");
            objects.Add($"<< /Length {drawing.Length} >>\nstream\n{drawing}\nendstream");
        }

        var file = new StringBuilder("%PDF-1.4\n");
        var offsets = new List<int>();
        for (var at = 0; at < objects.Count; at++)
        {
            offsets.Add(file.Length);
            file.Append(CultureInfo.InvariantCulture, $"{at + 1} 0 obj\n{objects[at]}\nendobj\n");
        }

        var table = file.Length;
        file.Append(CultureInfo.InvariantCulture, $"xref\n0 {objects.Count + 1}\n0000000000 65535 f \n");
        offsets.ForEach(offset => file.Append(CultureInfo.InvariantCulture, $"{offset:D10} 00000 n \n"));
        file.Append(CultureInfo.InvariantCulture, $"trailer\n<< /Size {objects.Count + 1} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n");
        return Encoding.ASCII.GetBytes(file.ToString());
    }

    /// <summary>What a page of <see cref="Pdf"/> looks like.</summary>
    internal static Picture PageOf(int page) =>
        Picture.Draw(400, 200, (x, _) => x < 50 * page ? ((byte)0, (byte)102, (byte)204, (byte)255) : ((byte)255, (byte)255, (byte)255, (byte)255));

    /// <summary>The header of a WebM with one film of a size.</summary>
    internal static byte[] WebM(int width, int height)
    {
        byte[] Element(byte[] id, params object[] parts)
        {
            var body = Bytes(parts);
            return [.. id, 0x10, .. Big((uint)body.Length)[1..], .. body];
        }

        return Bytes(
            Element([0x1A, 0x45, 0xDF, 0xA3], 0x42, 0x82, 0x84, "webm"),
            Element([0x18, 0x53, 0x80, 0x67], Element([0x16, 0x54, 0xAE, 0x6B], Element([0xAE], Element([0xE0], Element([0xB0], Big((uint)width)), Element([0xBA], Big((uint)height)))))));
    }

    /// <summary>The first page of a Theora film of a size.</summary>
    internal static byte[] Theora(int width, int height) =>
        OggPage(Bytes(0x80, "theora", 3, 2, 1, Big16(width / 16), Big16(height / 16), new byte[8], Big(25), Big(1), new byte[12]));
}
