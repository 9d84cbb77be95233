using System.Buffers.Binary;

namespace HashStore.Storage.Thumbnails.Rendering.Shapes;

/// <summary>The directories of a TIFF (TIFF 6.0, section 2) or BigTIFF, which has 8 bytes where the other has 4, and 2 where the count of entries is concerned.</summary>
internal static class TiffShape
{
    private const int WidthTag = 0x100, HeightTag = 0x101;

    /// <summary>Entries of one directory that are looked at; they are sorted, and those wanted come first.</summary>
    private const int MaxEntries = 100;

    public static SourceShape Read(Stream content, int page, int maxPages)
    {
        content.Position = 0;
        var form = new Form(content, content.Byte() == (byte)'I');
        content.Position = 2;
        form.IsBig = form.Number(2) == 43;
        content.Position = form.IsBig ? 8 : 4;

        // A chain that runs in a circle ends at the limit too.
        SourceShape? shape = null;
        var pages = 0;
        for (var at = form.Offset(); at != 0 && pages <= maxPages; at = form.Offset())
        {
            content.Position = at;
            pages++;
            var entries = form.Number(form.IsBig ? 8 : 2);
            var next = content.Position + (entries * form.EntryBytes);
            if (pages == page)
            {
                shape = Directory(form, entries);
            }

            if (entries < 0 || next < content.Position || next > content.Length)
            {
                throw new InvalidDataException("A directory of the TIFF ends behind the file.");
            }

            content.Position = next;
        }

        return pages == 0 ? throw new InvalidDataException("The TIFF has no picture.")
            : (shape ?? new SourceShape { HasPage = false }) with { Pages = pages };
    }

    private static SourceShape Directory(Form form, long entries)
    {
        long width = 0, height = 0, orientation = 1;
        var start = form.Content.Position;
        for (var entry = 0; entry < Math.Min(entries, MaxEntries); entry++)
        {
            form.Content.Position = start + (entry * form.EntryBytes);
            switch (form.Number(2))
            {
                case WidthTag:
                    width = form.Value();
                    break;
                case HeightTag:
                    height = form.Value();
                    break;
                case ExifOrientation.Tag:
                    orientation = form.Value();
                    break;
                default:
                    break;
            }
        }

        form.Content.Position = start;
        return SourceShape.Oriented(width, height, (int)orientation);
    }

    private sealed class Form(Stream content, bool little)
    {
        public Stream Content => content;

        public bool IsBig { get; set; }

        public int EntryBytes => IsBig ? 20 : 12;

        public long Offset() => Number(IsBig ? 8 : 4);

        // Type, count, value: 3 is a short, 4 a long, 16 a long of 8 bytes.
        public long Value()
        {
            var type = Number(2);
            content.Skip(IsBig ? 8 : 4);
            return type switch
            {
                1 => Number(1),
                3 => Number(2),
                4 => Number(4),
                16 => Number(8),
                _ => 0,
            };
        }

        public long Number(int length)
        {
            Span<byte> bytes = stackalloc byte[8];
            bytes.Clear();
            content.ReadExactly(little ? bytes[..length] : bytes[(8 - length)..]);
            return little ? BinaryPrimitives.ReadInt64LittleEndian(bytes) : BinaryPrimitives.ReadInt64BigEndian(bytes);
        }
    }
}
