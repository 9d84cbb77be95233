using System.IO.Compression;
using System.Text;
using System.Text.Json;
using HashStore.Storage.Content;
using Xunit;
using static HashStore.Tests.Content.SampleFiles;

namespace HashStore.Tests.Content;

public sealed class MediaMetadataTests
{
    public static TheoryData<string, byte[], int?, int?, int?, long?> Samples() => new()
    {
        { "image/png", Png(), 640, 480, 8, null },
        { "image/gif", Gif(), 320, 200, 8, null },
        { "image/bmp", Bmp(), 100, 50, 8, null },
        { "image/vnd.microsoft.icon", Ico(), 32, 16, 8, null },
        { "image/vnd.adobe.photoshop", Psd(), 120, 90, 16, null },
        { "image/tiff", Tiff(), 300, 200, 8, null },
        { "image/jpeg", Jpeg(), 800, 600, 8, null },
        { "image/webp", WebP(), 320, 240, 8, null },
        { "image/webp", WebPLossy(), 176, 144, 8, null },
        { "video/x-msvideo", Avi(), 352, 288, null, 10_000 },
        { "audio/wav", Wav(), null, null, null, 2000 },
        { "video/mp4", Mp4(), 1280, 720, null, 12_345 },
        { "video/quicktime", Mp4("qt  "), 1280, 720, null, 12_345 },
        { "image/avif", Heif(), 4000, 3000, 10, null },
        { "image/heic", Heif("heic"), 4000, 3000, 10, null },
        // Implausible values are none.
        { "image/png", Png(0, 0x80000000), null, null, 8, null },
        { "image/bmp", Bmp(0, int.MinValue), null, null, 8, null },
        { "video/mp4", Bytes(Ftyp("isom"), Box("moov", MovieHeader(0, 5), Box("trak", TrackHeader(0, 0)))), null, null, null, null },
        { "video/mp4", Bytes(Ftyp("isom"), Box("moov", MovieHeader(1, uint.MaxValue))), null, null, null, null },
    };

    [Theory]
    [MemberData(nameof(Samples))]
    public void Headers_are_read(string mime, byte[] file, int? width, int? height, int? bits, long? playtime)
    {
        var read = Read(file, mime);
        Assert.Equal((width, height, bits, playtime), (read.Width, read.Height, read.Bits, read.PlaytimeMilliseconds));
    }

    [Fact]
    public void A_film_header_with_64_bit_times_is_read()
    {
        var file = Bytes(Ftyp("isom"), Box("moov", Box("mvhd", 1, new byte[3], new byte[16], Big(600), Big(0), Big(6000), new byte[80])));
        Assert.Equal(10_000, Read(file, "video/mp4").PlaytimeMilliseconds);
    }

    [Fact]
    public void Tags_become_json()
    {
        using var json = JsonDocument.Parse(Read(Jpeg(), "image/jpeg").Json!);
        Assert.Equal("A. Photographer", json.RootElement.GetProperty("Exif IFD0").GetProperty("Artist").GetString());
        Assert.Contains("800", json.RootElement.GetProperty("JPEG").GetProperty("Image Width").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Json_keeps_its_limits_and_holds_no_control_characters()
    {
        var text = string.Concat(Enumerable.Repeat("abc\u0001\"<", 400));
        var chunks = Enumerable.Range(0, 100).Select(i => PngChunk("tEXt", Bytes($"Comment{i}", 0, text))).ToArray();
        var json = Read(Png(1, 1, chunks), "image/png").Json!;
        Assert.InRange(Encoding.UTF8.GetByteCount(json), 30_000, MediaMetadataLimits.Default.JsonBytes);
        using var parsed = JsonDocument.Parse(json);
        foreach (var tag in parsed.RootElement.EnumerateObject().SelectMany(directory => directory.Value.EnumerateObject()))
        {
            Assert.InRange(tag.Value.GetString()!.Length, 1, 1000);
            Assert.DoesNotContain(tag.Value.GetString()!, char.IsControl);
        }
        Assert.InRange(Read(Jpeg(), "image/jpeg", MediaMetadataLimits.Default with { JsonBytes = 100 }).Json!.Length, 10, 100);
        Assert.Null(Read(Jpeg(), "image/jpeg", MediaMetadataLimits.Default with { JsonBytes = 10 }).Json);
    }

    [Fact]
    public void Types_without_a_parser_are_not_read()
    {
        using var stream = new CountingStream(Encoding.ASCII.GetBytes("text"));
        Assert.Equal(MediaMetadata.Empty, MediaMetadata.Read(stream, "text/plain", TimeProvider.System, MediaMetadataLimits.Default));
        Assert.Equal(0, stream.Reads);
    }

    [Fact]
    public void A_damaged_exif_block_does_not_cost_the_dimensions()
    {
        var read = Read(Jpeg(Bytes("II*\0", Little(8), Little16(60000), Enumerable.Repeat((byte)0xEE, 500).ToArray())), "image/jpeg");
        Assert.Equal((800, 600), (read.Width, read.Height));
    }

    [Fact]
    public void A_chunk_that_declares_two_gigabytes_is_not_believed()
    {
        var file = Bytes(PngHeader(64, 32), Big(0x7FFFFFF0), "tEXt", "abc");
        var before = GC.GetTotalAllocatedBytes(precise: true);
        Assert.Equal((64, 32), (Read(file, "image/png").Width, Read(file, "image/png").Height));
        Assert.Null(Read(Bytes("RIFF", Little(0x7FFFFFFF), "WEBPVP8 ", Little(0x7FFFFF00), "abc"), "image/webp").Width);
        Assert.InRange(GC.GetTotalAllocatedBytes(precise: true) - before, 0, 50L << 20);
    }

    [Fact]
    public void A_large_picture_is_skipped_not_read()
    {
        const int Picture = 40 << 20;
        var head = Bytes(PngHeader(9000, 8000), Big(Picture), "IDAT");
        var tail = Bytes(Big(0), PngChunk("tEXt", Bytes("Title", 0, "behind the picture")), PngChunk("IEND", []));
        using var stream = new CountingStream(head, Picture, tail);
        var read = MediaMetadata.Read(stream, "image/png", TimeProvider.System, MediaMetadataLimits.Default);
        Assert.Equal((9000, 8000), (read.Width, read.Height));
        Assert.Contains("behind the picture", read.Json, StringComparison.Ordinal);
        Assert.InRange(stream.BytesRead, 1, 4096);
    }

    [Fact]
    public void Endless_segments_end_at_the_byte_limit()
    {
        var segment = JpegSegment(0xE1, Bytes("nothing", new byte[3000]));
        var file = Bytes(0xFF, 0xD8, JpegSize(70, 60), Enumerable.Repeat(segment, 4000).SelectMany(s => s).ToArray());
        using var stream = new CountingStream(file);
        var read = MediaMetadata.Read(stream, "image/jpeg", TimeProvider.System, MediaMetadataLimits.Default with { BytesRead = 1 << 20 });
        Assert.Contains("MetadataLimitException", read.Problem, StringComparison.Ordinal);
        Assert.Equal((70, 60), (read.Width, read.Height));
        Assert.InRange(stream.BytesRead, 1, 1 << 20);
    }

    [Fact]
    public void A_slow_content_ends_at_the_time_limit()
    {
        var clock = new SteppingClock();
        foreach (var (mime, file) in WithMetadata())
        {
            using var stream = new CountingStream(file) { OnRead = () => clock.Advance(TimeSpan.FromSeconds(6)) };
            var read = MediaMetadata.Read(stream, mime, clock, MediaMetadataLimits.Default);
            Assert.Contains("MetadataLimitException", read.Problem, StringComparison.Ordinal);
            Assert.InRange(stream.Reads, 1, 3);
        }
    }

    [Fact]
    public void Files_cut_anywhere_never_throw()
    {
        foreach (var (mime, whole) in WithMetadata())
        {
            var file = whole.Length > 1000 ? whole[..1000] : whole;
            for (var length = 0; length <= file.Length; length++)
            {
                Read(file[..length], mime);
            }
        }
    }

    [Fact]
    public void Chains_and_nests_do_not_overflow_the_stack()
    {
        // Empty TIFF directories, each naming the next one six bytes on: as a file, and as a JPEG's EXIF block.
        byte[] Chain(int length)
        {
            var chain = new byte[8 + (6 * length)];
            Bytes("II*\0", Little(8)).CopyTo(chain, 0);
            for (var i = 0; i < length - 1; i++)
            {
                Little((uint)(8 + (6 * (i + 1)))).CopyTo(chain, 8 + (6 * i) + 2);
            }
            return chain;
        }
        Read(Chain(1_000_000), "image/tiff");
        Assert.Equal(800, Read(Jpeg(Chain(10_900)), "image/jpeg").Width);
        Read(Png(1, 1, PngChunk("eXIf", Chain(10_900))), "image/png");
        Read(Riff("WEBP", RiffChunk("EXIF", Chain(10_900))), "image/webp");

        // Boxes in boxes, and XML elements in elements in a TIFF's XMP tag.
        foreach (var type in (string[])["iprp", "ipco", "meta", "iref", "dinf"])
        {
            var nest = new MemoryStream();
            nest.Write(Ftyp("heic"));
            const int Levels = 60_000;
            for (var i = 0; i < Levels; i++)
            {
                nest.Write(Bytes(Big((uint)(8 * (Levels - i))), type));
            }
            Read(nest.ToArray(), "image/heic");
        }
        (string, string)[] elements = [("<a:a><r:Bag><r:li>", "</r:li></r:Bag></a:a>"), ("<a:a r:parseType='Resource'>", "</a:a>"), ("<a:a>", "</a:a>")];
        foreach (var (open, close) in elements)
        {
            var xml = Nested(open, close);
            Read(Bytes("II*\0", Little(8), Little16(1), Little16(700), Little16(1), Little((uint)xml.Length), Little(26), Little(0), xml), "image/tiff");
            var resource = Bytes("8BIM", Big16(0x424), Big16(0), Big((uint)xml.Length), xml, new byte[xml.Length & 1]);
            Read(Psd(resource), "image/vnd.adobe.photoshop");
            Read(Bytes(0xFF, 0xD8, JpegSegment(0xED, Bytes("Photoshop 3.0\0", resource)), JpegSize(1, 1), JpegSegment(0xDA, [])), "image/jpeg");
        }

        byte[] Nested(string open, string close)
        {
            var levels = 64_000 / (open.Length + close.Length);
            return Bytes(
                "<x:xmpmeta xmlns:x='adobe:ns:meta/'><r:RDF xmlns:r='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns:a='a:'><r:Description r:about=''>",
                string.Concat(Enumerable.Repeat(open, levels)), "x", string.Concat(Enumerable.Repeat(close, levels)), "</r:Description></r:RDF></x:xmpmeta>");
        }
    }

    [Fact]
    public void A_directory_behind_a_large_picture_is_found()
    {
        const int Picture = 100 << 20;
        var directory = Tiff()[8..];
        Little(8 + Picture + 54).CopyTo(directory, 2 + (3 * 12) + 8);
        using var stream = new CountingStream(Bytes("II*\0", Little(8 + Picture)), Picture, directory);
        var read = MediaMetadata.Read(stream, "image/tiff", TimeProvider.System, MediaMetadataLimits.Default);
        Assert.Equal((300, 200, 8), (read.Width, read.Height, read.Bits));
        Assert.Contains("A. Photographer", read.Json, StringComparison.Ordinal);
        Assert.InRange(stream.BytesRead, 1, 4096);
    }

    [Fact]
    public void Long_resources_do_not_cost_a_photoshop_file_its_dimensions()
    {
        var caption = Bytes("8BIM", Big16(0x0404), Big16(0), Big(11), Bytes(0x1C, 2, 120, 0, 6), "Legend", 0);
        var read = Read(Psd(Bytes("8BIM", Big16(0x040C), Big16(0), Big(900_000), new byte[900_000], caption)), "image/vnd.adobe.photoshop");
        Assert.Equal((120, 90, 16), (read.Width, read.Height, read.Bits));
        Assert.Contains("Legend", read.Json, StringComparison.Ordinal);
        Assert.Null(read.Problem);
    }

    [Fact]
    public void Compressed_text_does_not_grow_without_end()
    {
        var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Optimal, leaveOpen: true))
        {
            for (var i = 0; i < 160; i++)
            {
                zlib.Write(new byte[1 << 20]);
            }
        }
        var before = GC.GetTotalAllocatedBytes(precise: true);
        Read(Png(1, 1, PngChunk("zTXt", Bytes("Bomb", 0, 0, packed.ToArray())), PngChunk("iCCP", Bytes("Bomb", 0, 0, packed.ToArray()))), "image/png");
        Assert.InRange(GC.GetTotalAllocatedBytes(precise: true) - before, 0, 20L << 20);
    }

    private static MediaMetadata Read(byte[] file, string mime, MediaMetadataLimits? limits = null)
    {
        using var stream = new MemoryStream(file);
        return MediaMetadata.Read(stream, mime, TimeProvider.System, limits ?? MediaMetadataLimits.Default);
    }

    private sealed class SteppingClock : TimeProvider
    {
        private TimeSpan now;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public void Advance(TimeSpan time) => now += time;

        public override long GetTimestamp() => now.Ticks;
    }

    /// <summary>Bytes, a hole of zeros that takes no memory, and bytes; counts what is read.</summary>
    private sealed class CountingStream(byte[] head, long hole = 0, byte[]? tail = null) : Stream
    {
        private readonly byte[] tail = tail ?? [];

        public Action? OnRead { get; init; }

        public int Reads { get; private set; }

        public long BytesRead { get; private set; }

        public override bool CanRead => true;

        public override bool CanSeek => true;

        public override bool CanWrite => false;

        public override long Length => head.Length + hole + tail.Length;

        public override long Position { get; set; }

        public override int Read(byte[] buffer, int offset, int count)
        {
            Reads++;
            OnRead?.Invoke();
            var read = (int)Math.Min(count, Math.Max(0, Length - Position));
            for (var i = 0; i < read; i++, Position++)
            {
                buffer[offset + i] = Position < head.Length ? head[Position] : Position < head.Length + hole ? (byte)0 : tail[Position - head.Length - hole];
            }
            BytesRead += read;
            return read;
        }

        public override long Seek(long offset, SeekOrigin origin) =>
            Position = origin switch { SeekOrigin.Begin => offset, SeekOrigin.Current => Position + offset, _ => Length + offset };

        public override void Flush()
        {
        }

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
