using System.IO.Compression;
using static HashStore.Tests.Content.SampleFiles;

namespace HashStore.Tests.Thumbnails.Rendering.Support;

/// <summary>A picture of 8 bits for each of red, green, blue and opacity, and how much it looks like another one.</summary>
internal sealed class Picture(int width, int height, byte[] pixels)
{
    /// <summary>Colours are compared by the averages of a grid of so many cells: noise, rounding and the kind of interpolation vanish, what a person sees stays.</summary>
    private const int Columns = 24, Rows = 16;

    public int Width => width;

    public int Height => height;

    public byte[] Pixels => pixels;

    public static Picture Draw(int width, int height, Func<int, int, (byte Red, byte Green, byte Blue, byte Opacity)> colour)
    {
        var pixels = new byte[width * height * 4];
        for (var at = 0; at < pixels.Length; at += 4)
        {
            (pixels[at], pixels[at + 1], pixels[at + 2], pixels[at + 3]) = colour(at / 4 % width, at / 4 / width);
        }

        return new Picture(width, height, pixels);
    }

    public (byte Red, byte Green, byte Blue, byte Opacity) At(int x, int y)
    {
        var at = ((y * width) + x) * 4;
        return (pixels[at], pixels[at + 1], pixels[at + 2], pixels[at + 3]);
    }

    /// <summary>How it must be stored so that a viewer that obeys an EXIF orientation shows it upright.</summary>
    public Picture StoredFor(int orientation) => orientation switch
    {
        1 => this,
        2 => Draw(width, height, (x, y) => At(width - 1 - x, y)),
        3 => Draw(width, height, (x, y) => At(width - 1 - x, height - 1 - y)),
        4 => Draw(width, height, (x, y) => At(x, height - 1 - y)),
        5 => Draw(height, width, (x, y) => At(y, x)),
        6 => Draw(height, width, (x, y) => At(width - 1 - y, x)),
        7 => Draw(height, width, (x, y) => At(width - 1 - y, height - 1 - x)),
        8 => Draw(height, width, (x, y) => At(y, height - 1 - x)),
        _ => throw new ArgumentOutOfRangeException(nameof(orientation)),
    };

    /// <summary>The mean distance of colours in CIELAB, on white: up to 2 nobody sees, from 10 on everybody does, 100 is black against white.</summary>
    public double DifferenceFrom(Picture other, byte background = 255)
    {
        var (mine, others) = (Grid(background), other.Grid(background));
        return mine.Zip(others, (one, two) => Math.Sqrt(Square(one.L - two.L) + Square(one.A - two.A) + Square(one.B - two.B))).Average();
    }

    /// <summary>A PNG of 8 or 16 bits, with or without opacity.</summary>
    public byte[] ToPng(int bits = 8, bool withOpacity = true)
    {
        var raw = new MemoryStream();
        for (var y = 0; y < height; y++)
        {
            raw.WriteByte(0); // no filter
            for (var x = 0; x < width; x++)
            {
                var (red, green, blue, opacity) = At(x, y);
                foreach (var value in withOpacity ? (byte[])[red, green, blue, opacity] : [red, green, blue])
                {
                    raw.Write(bits == 16 ? [value, value] : [value]); // v * 257 / 65535 is v / 255
                }
            }
        }

        var header = Bytes(Big((uint)width), Big((uint)height), bits, withOpacity ? 6 : 2, 0, 0, 0);
        return Bytes(0x89, "PNG\r\n\x1A\n", Chunk("IHDR", header), Chunk("IDAT", Deflated(raw.ToArray())), Chunk("IEND", []));
    }

    /// <summary>A TIFF without compression.</summary>
    public byte[] ToTiff(int bits = 8, int orientation = 1)
    {
        const int Entries = 10, Data = 8 + 2 + (Entries * 12) + 4;
        byte[] Entry(int tag, int type, int count, uint value) => Bytes(Little16(tag), Little16(type), Little((uint)count), Little(value));
        var samples = pixels.Where((_, at) => at % 4 != 3).SelectMany(value => bits == 16 ? (byte[])[value, value] : [value]).ToArray();
        return Bytes(
            "II*\0", Little(8), Little16(Entries),
            Entry(0x100, 3, 1, (uint)width), Entry(0x101, 3, 1, (uint)height), Entry(0x102, 3, 3, Data), Entry(0x103, 3, 1, 1), Entry(0x106, 3, 1, 2),
            Entry(0x111, 4, 1, Data + 6), Entry(0x112, 3, 1, (uint)orientation), Entry(0x115, 3, 1, 3), Entry(0x116, 4, 1, (uint)height), Entry(0x117, 4, 1, (uint)samples.Length),
            Little(0), Little16(bits), Little16(bits), Little16(bits), samples);
    }

    /// <summary>A PNG chunk with its check sum.</summary>
    public static byte[] Chunk(string type, byte[] data)
    {
        var body = Bytes(type, data);
        var crc = uint.MaxValue;
        foreach (var value in body)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc >> 1) ^ ((crc & 1) * 0xEDB88320);
            }
        }

        return Bytes(Big((uint)data.Length), body, Big(~crc));
    }

    public static byte[] Deflated(byte[] raw)
    {
        var compressed = new MemoryStream();
        using (var deflate = new ZLibStream(compressed, CompressionLevel.Optimal, leaveOpen: true))
        {
            deflate.Write(raw);
        }

        return compressed.ToArray();
    }

    private static double Square(double value) => value * value;

    private List<(double L, double A, double B)> Grid(byte background)
    {
        var cells = new List<(double, double, double)>();
        for (var row = 0; row < Rows; row++)
        {
            for (var column = 0; column < Columns; column++)
            {
                cells.Add(Cell(column * width / Columns, Math.Max((column + 1) * width / Columns, (column * width / Columns) + 1),
                    row * height / Rows, Math.Max((row + 1) * height / Rows, (row * height / Rows) + 1), background));
            }
        }

        return cells;
    }

    private (double L, double A, double B) Cell(int left, int right, int top, int bottom, byte background)
    {
        double red = 0, green = 0, blue = 0;
        var count = (right - left) * (bottom - top);
        for (var y = top; y < bottom; y++)
        {
            for (var x = left; x < right; x++)
            {
                var (r, g, b, opacity) = At(x, y);
                (red, green, blue) = (red + On(r, opacity), green + On(g, opacity), blue + On(b, opacity));
            }
        }

        return Lab(Linear(red / count), Linear(green / count), Linear(blue / count));

        double On(byte value, byte opacity) => ((value * opacity) + (background * (255 - opacity))) / 255.0;
    }

    // IEC 61966-2-1, then CIE 15 with the white of D65.
    private static double Linear(double value) => value / 255 <= 0.04045 ? value / 255 / 12.92 : Math.Pow(((value / 255) + 0.055) / 1.055, 2.4);

    private static (double L, double A, double B) Lab(double red, double green, double blue)
    {
        var x = Root(((0.4124 * red) + (0.3576 * green) + (0.1805 * blue)) / 0.9505);
        var y = Root((0.2126 * red) + (0.7152 * green) + (0.0722 * blue));
        var z = Root(((0.0193 * red) + (0.1192 * green) + (0.9505 * blue)) / 1.089);
        return ((116 * y) - 16, 500 * (x - y), 200 * (y - z));

        static double Root(double value) => value > 0.008856 ? Math.Cbrt(value) : (7.787 * value) + (16 / 116.0);
    }
}
