using System.Buffers.Binary;
using System.Text;

namespace HashStore.Storage.Content;

/// <summary>Tells apart the formats that share a container or have no fixed magic number: RIFF, ISO base media, EBML, Ogg, zip, MPEG audio.</summary>
internal static class ContainerSniffer
{
    /// <summary>What the first entry of a zip file may claim to be: EPUB's and OpenDocument's "mimetype". Only these are believed.</summary>
    private static readonly string[] declaredInZip =
    [
        "application/epub+zip",
        "application/vnd.oasis.opendocument.text", "application/vnd.oasis.opendocument.text-template",
        "application/vnd.oasis.opendocument.spreadsheet", "application/vnd.oasis.opendocument.spreadsheet-template",
        "application/vnd.oasis.opendocument.presentation", "application/vnd.oasis.opendocument.presentation-template",
        "application/vnd.oasis.opendocument.graphics", "application/vnd.oasis.opendocument.graphics-template",
        "application/vnd.oasis.opendocument.chart", "application/vnd.oasis.opendocument.formula",
        "application/vnd.oasis.opendocument.image", "application/vnd.oasis.opendocument.database",
    ];

    // The kilobits per second of an MPEG audio frame by its four-bit index: version 1 layers I, II, III, version 2 layer I, version 2 layers II and III.
    private static readonly short[][] bitrates =
    [
        [0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
        [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
        [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
        [0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
        [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
    ];

    /// <summary>The content's type, or null when it is none of these containers.</summary>
    public static string? Sniff(ReadOnlySpan<byte> head, long size)
    {
        if (head.StartsWith("RIFF"u8))
        {
            return Riff(head);
        }
        if (head.StartsWith("PK\x03\x04"u8))
        {
            return Zip(head);
        }
        if (head.StartsWith("PK\x05\x06"u8) || head.StartsWith("PK\x07\x08"u8))
        {
            return "application/zip";
        }
        if (head.StartsWith("OggS\0"u8))
        {
            return Ogg(head);
        }
        if (head.StartsWith((ReadOnlySpan<byte>)[0x1A, 0x45, 0xDF, 0xA3]))
        {
            return Ebml(head);
        }
        return IsoMedia(head) ?? MpegAudio(head, size);
    }

    private static string? Riff(ReadOnlySpan<byte> head)
    {
        var form = head.Length >= 12 ? head[8..12] : default;
        return form.SequenceEqual("WEBP"u8) ? "image/webp"
            : form.SequenceEqual("AVI "u8) ? "video/x-msvideo"
            : form.SequenceEqual("WAVE"u8) ? "audio/wav"
            : form.SequenceEqual("RMID"u8) ? "audio/midi"
            : null;
    }

    // The boxes of ISO/IEC 14496-12: a length of four bytes, then the type. "ftyp" comes first in all but old QuickTime files.
    private static string? IsoMedia(ReadOnlySpan<byte> head)
    {
        if (head.Length < 16)
        {
            return null;
        }
        var length = BinaryPrimitives.ReadUInt32BigEndian(head);
        var type = head[4..8];
        if (!type.SequenceEqual("ftyp"u8))
        {
            var movie = type.SequenceEqual("moov"u8) || type.SequenceEqual("mdat"u8) || type.SequenceEqual("wide"u8);
            return movie && !TextSniffer.IsText(head) ? "video/quicktime" : null;
        }
        if (length is < 16 or > 4096 || length % 4 != 0)
        {
            return null;
        }
        var brand = head[8..12];
        if (brand.SequenceEqual("mif1"u8) || brand.SequenceEqual("msf1"u8) || brand.SequenceEqual("miaf"u8))
        {
            return HasBrand(head, length, "avif"u8) || HasBrand(head, length, "avis"u8) ? "image/avif" : "image/heic";
        }
        return Encoding.Latin1.GetString(brand) switch
        {
            "avif" or "avis" => "image/avif",
            "heic" or "heix" or "heim" or "heis" or "hevc" or "hevx" => "image/heic",
            "qt  " => "video/quicktime",
            "M4A " or "M4B " or "M4P " or "F4A " or "F4B " => "audio/mp4",
            "jp2 " or "jpx " or "jpm " => "image/jp2",
            "jxl " => "image/jxl",
            "crx " => "image/x-canon-cr3",
            ['3', 'g', '2', _] => "video/3gpp2",
            ['3', 'g', _, _] => "video/3gpp",
            _ => "video/mp4",
        };
    }

    private static bool HasBrand(ReadOnlySpan<byte> head, uint length, ReadOnlySpan<byte> brand)
    {
        for (var at = 16; at + 4 <= Math.Min(length, head.Length); at += 4)
        {
            if (head.Slice(at, 4).SequenceEqual(brand))
            {
                return true;
            }
        }
        return false;
    }

    private static string Ebml(ReadOnlySpan<byte> head)
    {
        // DocType is element 4282, a length of one byte with its marker bit, then the name.
        var start = head[..Math.Min(head.Length, 256)];
        var at = start.IndexOf((ReadOnlySpan<byte>)[0x42, 0x82]);
        return at > 0 && at + 3 < start.Length && start[(at + 3)..].StartsWith("webm"u8) ? "video/webm" : "video/x-matroska";
    }

    private static string Ogg(ReadOnlySpan<byte> head)
    {
        // Each stream begins with a page whose packet names its codec; the pages of all streams come first. One with pictures makes it video.
        var audio = false;
        for (var at = 0; at + 28 <= head.Length && head[at..].StartsWith("OggS"u8);)
        {
            int segments = head[at + 26];
            var packet = at + 27 + segments;
            if (packet > head.Length || (head[at + 5] & 2) == 0)
            {
                break;
            }
            var codec = head[packet..];
            if ((codec.Length > 7 && codec[1..].StartsWith("theora"u8)) || codec.StartsWith("BBCD\0"u8))
            {
                return "video/ogg";
            }
            audio |= codec.StartsWith("OpusHead"u8) || codec.StartsWith("Speex   "u8) || codec.StartsWith("fLaC"u8) || codec.StartsWith("\u007FFLAC"u8)
                || (codec.Length > 7 && codec[1..].StartsWith("vorbis"u8));
            var body = 0;
            foreach (var lacing in head.Slice(at + 27, segments))
            {
                body += lacing;
            }
            at = packet + body;
        }
        return audio ? "audio/ogg" : "application/ogg";
    }

    private static string Zip(ReadOnlySpan<byte> head)
    {
        var first = ZipName(head);
        if (first.SequenceEqual("mimetype"u8) && BinaryPrimitives.ReadUInt16LittleEndian(head[8..]) == 0)
        {
            var content = head[Math.Min(head.Length, 38 + BinaryPrimitives.ReadUInt16LittleEndian(head[28..]))..];
            var length = (int)Math.Min(BinaryPrimitives.ReadUInt32LittleEndian(head[18..]), (uint)content.Length);
            foreach (var declared in declaredInZip)
            {
                if (Ascii.Equals(content[..length], declared))
                {
                    return declared;
                }
            }
            return "application/zip";
        }
        if (first.StartsWith("META-INF/"u8))
        {
            return "application/java-archive";
        }
        return first.SequenceEqual("[Content_Types].xml"u8) || first.StartsWith("_rels/"u8) || first.StartsWith("docProps/"u8) || first.StartsWith("word/"u8)
            || first.StartsWith("xl/"u8) || first.StartsWith("ppt/"u8) ? OfficeZip(head) : "application/zip";
    }

    // Office Open XML: the folder of any further entry whose header lies in the head tells which program's.
    private static string OfficeZip(ReadOnlySpan<byte> head)
    {
        for (var rest = head; rest.Length > 4;)
        {
            var name = ZipName(rest);
            if (name.StartsWith("word/"u8))
            {
                return "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
            }
            if (name.StartsWith("xl/"u8))
            {
                return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
            }
            if (name.StartsWith("ppt/"u8))
            {
                return "application/vnd.openxmlformats-officedocument.presentationml.presentation";
            }
            var next = rest[4..].IndexOf("PK\x03\x04"u8);
            rest = next < 0 ? default : rest[(next + 4)..];
        }
        return "application/zip";
    }

    private static ReadOnlySpan<byte> ZipName(ReadOnlySpan<byte> entry)
    {
        if (entry.Length < 30)
        {
            return default;
        }
        var length = BinaryPrimitives.ReadUInt16LittleEndian(entry[26..]);
        return entry.Slice(30, Math.Min(length, entry.Length - 30));
    }

    private static string? MpegAudio(ReadOnlySpan<byte> head, long size)
    {
        // ID3v2: version, revision, flags whose low bits are unused, and a length in four bytes of seven bits.
        if (head.StartsWith("ID3"u8) && head.Length >= 10 && head[3] < 0x10 && (head[5] & 0x0F) == 0 && ((head[6] | head[7] | head[8] | head[9]) & 0x80) == 0)
        {
            var tag = 10 + ((head[6] << 21) | (head[7] << 14) | (head[8] << 7) | head[9]);
            return ContentSniffer.IsAt(head, tag, "fLaC"u8) ? "audio/flac" : "audio/mpeg";
        }
        if (AdtsFrame(head) is > 0 and var adts && Follows(head, size, adts, AdtsFrame))
        {
            return "audio/aac";
        }
        return MpegFrame(head) is > 0 and var frame && Follows(head, size, frame, MpegFrame) ? "audio/mpeg" : null;
    }

    private delegate int FrameLength(ReadOnlySpan<byte> head);

    // Two bytes of sync are weak evidence: the next frame must stand where this one says, or the file ends exactly there, or the frame leaves the head.
    private static bool Follows(ReadOnlySpan<byte> head, long size, int length, FrameLength next) =>
        length == size || (length < size && (length + 4 <= head.Length ? next(head[length..]) > 0 : length >= head.Length && head.Length >= 512));

    private static int MpegFrame(ReadOnlySpan<byte> head)
    {
        if (head.Length < 4 || head[0] != 0xFF || (head[1] & 0xE0) != 0xE0)
        {
            return 0;
        }
        var version = (head[1] >> 3) & 3;
        var layer = 4 - ((head[1] >> 1) & 3);
        var bitrate = head[2] >> 4;
        var rate = (head[2] >> 2) & 3;
        if (version == 1 || layer == 4 || bitrate is 0 or 15 || rate == 3)
        {
            return 0;
        }
        var table = version == 3 ? layer - 1 : layer == 1 ? 3 : 4;
        var bitsPerSecond = bitrates[table][bitrate] * 1000;
        var samplesPerSecond = (rate == 0 ? 44100 : rate == 1 ? 48000 : 32000) >> (version == 3 ? 0 : version == 2 ? 1 : 2);
        var padding = (head[2] >> 1) & 1;
        return layer == 1
            ? ((12 * bitsPerSecond / samplesPerSecond) + padding) * 4
            : ((layer == 3 && version != 3 ? 72 : 144) * bitsPerSecond / samplesPerSecond) + padding;
    }

    private static int AdtsFrame(ReadOnlySpan<byte> head)
    {
        if (head.Length < 7 || head[0] != 0xFF || (head[1] & 0xF6) != 0xF0 || ((head[2] >> 2) & 15) > 12)
        {
            return 0;
        }
        var length = ((head[3] & 3) << 11) | (head[4] << 3) | (head[5] >> 5);
        return length >= 7 ? length : 0;
    }
}
