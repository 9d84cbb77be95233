using System.IO.Compression;

namespace HashStore.Storage.Thumbnails.Rendering.Shapes;

/// <summary>
/// How many pages a PDF declares (ISO 32000-1, 7.7.3): the largest /Count of a dictionary with /Kids, as plain text or inside object streams, looked for without following references.
/// What is hidden from that is left to the limits of the child.
/// </summary>
internal static class PdfShape
{
    /// <summary>How much of a long document is searched, from its begin and from its end: 64 MiB each, a tenth of a second.</summary>
    private const long Searched = 64L << 20;

    /// <summary>Bytes read at once, and how far a dictionary may reach around its count.</summary>
    private const int Window = 1 << 20, Reach = 128 << 10;

    /// <summary>Bytes that one object stream, and all of them, are inflated to.</summary>
    private const int MaxInflated = 1 << 20, MaxInflatedTotal = 64 << 20;

    public static SourceShape Read(Stream content, int maxPages)
    {
        var search = new Search(content, maxPages);
        search.Run(0, Math.Min(content.Length, Searched));
        search.Run(Math.Max(Searched, content.Length - Searched), content.Length);
        return new SourceShape { Pages = search.Pages };
    }

    private sealed class Search(Stream content, int maxPages)
    {
        private readonly byte[] inflated = new byte[MaxInflated];
        private int inflatedTotal;

        public int Pages { get; private set; }

        public void Run(long start, long end)
        {
            var window = new byte[Window];
            for (var at = start; at < end && Pages <= maxPages; at += Window - Reach)
            {
                content.Position = at;
                var bytes = window.AsSpan(0, content.ReadAtLeast(window, (int)Math.Min(Window, end - at), throwOnEndOfStream: false));
                Counts(bytes);
                ObjectStreams(bytes, at);
                if (bytes.Length < Window)
                {
                    return;
                }
            }
        }

        private void Counts(ReadOnlySpan<byte> bytes)
        {
            for (var at = Next(bytes, 0, "/Count"u8); at >= 0; at = Next(bytes, at, "/Count"u8))
            {
                var number = bytes[at..].TrimStart(" \t\r\n\f\0"u8);
                if (System.Buffers.Text.Utf8Parser.TryParse(number, out long count, out _) && count > Pages && IsPageTree(bytes, at))
                {
                    Pages = (int)Math.Min(count, int.MaxValue);
                }
            }
        }

        // Bookmarks have counts too, but no kids.
        private static bool IsPageTree(ReadOnlySpan<byte> bytes, int at)
        {
            var before = bytes[Math.Max(0, at - Reach)..at];
            var after = bytes[at..Math.Min(bytes.Length, at + Reach)];
            before = before[Math.Max(0, before.LastIndexOf("<<"u8))..];
            after = after.IndexOf(">>"u8) is >= 0 and var close ? after[..close] : after;
            return before.IndexOf("/Kids"u8) >= 0 || after.IndexOf("/Kids"u8) >= 0;
        }

        private void ObjectStreams(ReadOnlySpan<byte> bytes, long windowStart)
        {
            for (var at = Next(bytes, 0, "/ObjStm"u8); at >= 0 && inflatedTotal < MaxInflatedTotal; at = Next(bytes, at, "/ObjStm"u8))
            {
                var data = Next(bytes, at, "stream"u8);
                if (data < 0)
                {
                    return; // the next window begins before it
                }

                while (data < bytes.Length && bytes[data] is (byte)'\r' or (byte)'\n')
                {
                    data++;
                }

                Inflate(windowStart + data);
            }
        }

        private void Inflate(long start)
        {
            content.Position = start;
            var length = 0;
            try
            {
                using var objects = new ZLibStream(content, CompressionMode.Decompress, leaveOpen: true);
                length = objects.ReadAtLeast(inflated, inflated.Length, throwOnEndOfStream: false);
            }
            catch (InvalidDataException)
            {
                // Compressed in another way, encrypted or damaged: its pages are not known.
                length = 0;
            }

            inflatedTotal += Math.Max(length, 1 << 10);
            Counts(inflated.AsSpan(0, length));
        }

        private static int Next(ReadOnlySpan<byte> bytes, int from, ReadOnlySpan<byte> word) =>
            bytes[from..].IndexOf(word) is >= 0 and var at ? from + at + word.Length : -1;
    }
}
