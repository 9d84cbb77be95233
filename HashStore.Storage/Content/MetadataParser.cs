using System.Globalization;
using MetadataExtractor;
using MetadataExtractor.Formats.Adobe;
using MetadataExtractor.Formats.Avi;
using MetadataExtractor.Formats.Bmp;
using MetadataExtractor.Formats.Exif;
using MetadataExtractor.Formats.Gif;
using MetadataExtractor.Formats.Heif;
using MetadataExtractor.Formats.Ico;
using MetadataExtractor.Formats.Iptc;
using MetadataExtractor.Formats.Jfif;
using MetadataExtractor.Formats.Jpeg;
using MetadataExtractor.Formats.Mpeg;
using MetadataExtractor.Formats.Photoshop;
using MetadataExtractor.Formats.Png;
using MetadataExtractor.Formats.QuickTime;
using MetadataExtractor.Formats.Wav;
using MetadataExtractor.Formats.WebP;
using MetadataExtractor.IO;
using Directory = MetadataExtractor.Directory;

namespace HashStore.Storage.Content;

/// <summary>Reads one content by the parser of its type. Each parser gets as little of the content as it needs: see <see cref="MediaExcerpt"/>.</summary>
internal sealed class MetadataParser(GuardedStream content, string mime, MediaMetadataLimits limits)
{
    /// <summary>What formats get whose header comes first, 64 KiB: enough for it, too little for millions of animation frames.</summary>
    private const int HeadBytes = 64 << 10;

    /// <summary>HEIF's boxes and, as cameras write it, the EXIF block lie in the first 512 KiB.</summary>
    private const int HeifBytes = 512 << 10;

    /// <summary>All kept segments of a JPEG together, 1 MiB: an honest file has one of EXIF (64 KiB at most) and a few of Photoshop's.</summary>
    private const int JpegSegmentBytes = 1 << 20;

    private const int NoTag = -1;

    // No XMP: its values do not appear among the tags, and its parser recurses as deep as the XML is nested. No ICC, thumbnails, Huffman tables: noise.
    private static readonly IJpegSegmentMetadataReader[] jpegReaders =
    [
        new JpegReader(), new JpegCommentReader(), new JfifReader(), new ExifReader(), new PhotoshopReader(), new IptcReader(), new AdobeJpegReader(),
    ];

    private static readonly HashSet<JpegSegmentType> jpegTypes = [.. jpegReaders.SelectMany(reader => reader.SegmentTypes)];

    private MediaMetadata result = MediaMetadata.Empty;
    private string? problem;

    /// <summary>What was found.</summary>
    public MediaMetadata Result => result with { Problem = problem };

    /// <summary>Whether there is a parser for a type.</summary>
    public static bool Understands(string mime) => mime is "image/jpeg" or "image/png" or "image/gif" or "image/webp" or "image/bmp" or "image/tiff"
        or "image/vnd.adobe.photoshop" or "image/vnd.microsoft.icon" or "image/heic" or "image/avif" or "video/mp4" or "audio/mp4" or "video/quicktime"
        or "video/3gpp" or "video/3gpp2" or "audio/wav" or "video/x-msvideo" or "audio/mpeg";

    /// <summary>Parses; never throws.</summary>
    public void Run()
    {
        // A foreign parser of hostile input may throw anything: index errors, arithmetic errors, out of memory for a length that it believed. None of that
        // may fail an upload, and none of it leaves state behind. The steps stand apart, so that a damaged EXIF block does not cost the dimensions.
        content.StartStack();
        Try(() => content.Position = 0);
        IReadOnlyList<Directory> directories = [];
        Try(() => directories = Parse());
        Try(() => AddDimensions(directories));
        Try(() => result = result with { Json = MetadataJson.Write(directories, limits.JsonBytes, content.CheckTime) });
    }

    private void Try(Action step)
    {
        try
        {
            step();
        }
#pragma warning disable CA1031 // See above.
        catch (Exception e)
#pragma warning restore CA1031
        {
            var reason = $"{e.GetType().Name}: {e.Message}";
            problem ??= reason.Length > 300 ? reason[..300] : reason;
        }
    }

    private IReadOnlyList<Directory> Parse()
    {
        switch (mime)
        {
            case "image/jpeg":
                return JpegMetadataReader.ProcessJpegSegments(jpegReaders, JpegSegments());
            case "image/png":
                return PngMetadataReader.ReadMetadata(MediaExcerpt.Png(content));
            case "image/gif":
                return GifMetadataReader.ReadMetadata(MediaExcerpt.Head(content, HeadBytes));
            case "image/bmp":
                return BmpMetadataReader.ReadMetadata(MediaExcerpt.Head(content, HeadBytes));
            case "image/vnd.microsoft.icon":
                return IcoMetadataReader.ReadMetadata(MediaExcerpt.Head(content, HeadBytes));
            case "image/webp":
                return WebPMetadataReader.ReadMetadata(MediaExcerpt.Riff(content, out _));
            case "video/x-msvideo":
                return AviMetadataReader.ReadMetadata(MediaExcerpt.Riff(content, out _));
            case "audio/wav":
                return Wav();
            case "audio/mpeg":
                return Mp3MetadataReader.ReadMetadata(MediaExcerpt.MpegFrame(content));
            case "image/tiff":
                return Tiff();
            case "image/vnd.adobe.photoshop":
                return PsdMetadataReader.ReadMetadata(PhotoshopExcerpt.Make(content));
            default:
                return IsoMedia();
        }
    }

    private List<JpegSegment> JpegSegments()
    {
        // Read one by one, so that a file cut short still yields the segments before the cut.
        var kept = new List<JpegSegment>();
        Try(() =>
        {
            var left = JpegSegmentBytes;
            foreach (var segment in JpegSegmentReader.ReadSegments(new SequentialStreamReader(content), jpegTypes))
            {
                if (segment.Bytes.Length <= left && (segment.Type != JpegSegmentType.App1 || segment.Bytes.AsSpan().StartsWith("Exif\0\0"u8)))
                {
                    left -= segment.Bytes.Length;
                    kept.Add(segment);
                }
            }
        });
        return kept;
    }

    private List<Directory> Tiff()
    {
        var directories = new List<Directory>();
        Try(() => TiffDirectories.Read(content, directories));
        return directories;
    }

    private IReadOnlyList<Directory> Wav()
    {
        var directories = WavMetadataReader.ReadMetadata(MediaExcerpt.Riff(content, out var soundBytes));
        var format = directories.OfType<WavFormatDirectory>().FirstOrDefault();
        if (format is not null && format.TryGetInt64(WavFormatDirectory.TagBytesPerSec, out var rate) && rate > 0)
        {
            result = result with { PlaytimeMilliseconds = Positive(soundBytes * 1000 / rate) };
        }
        return directories;
    }

    // The library's own reading of film lengths misses the 64-bit variant and gives no picture size for AVIF, so both are read here.
    private IReadOnlyList<Directory> IsoMedia()
    {
        var boxes = new IsoBoxes(content);
        Try(boxes.Read);
        result = new MediaMetadata(Positive(boxes.Width), Positive(boxes.Height), Positive(boxes.Bits), Positive(boxes.PlaytimeMilliseconds), null);
        return mime is "image/heic" or "image/avif"
            ? HeifMetadataReader.ReadMetadata(content.Over(MediaExcerpt.Head(content, HeifBytes)))
            : QuickTimeMetadataReader.ReadMetadata(boxes.Excerpt());
    }

    private void AddDimensions(IReadOnlyList<Directory> directories)
    {
        foreach (var directory in directories)
        {
            var found = directory switch
            {
                JpegDirectory => (JpegDirectory.TagImageWidth, JpegDirectory.TagImageHeight, JpegDirectory.TagDataPrecision),
                PngDirectory => (PngDirectory.TagImageWidth, PngDirectory.TagImageHeight, PngDirectory.TagBitsPerSample),
                GifHeaderDirectory => (GifHeaderDirectory.TagImageWidth, GifHeaderDirectory.TagImageHeight, GifHeaderDirectory.TagBitsPerPixel),
                BmpHeaderDirectory => (BmpHeaderDirectory.TagImageWidth, BmpHeaderDirectory.TagImageHeight, BmpHeaderDirectory.TagBitsPerPixel),
                IcoDirectory => (IcoDirectory.TagImageWidth, IcoDirectory.TagImageHeight, IcoDirectory.TagBitsPerPixel),
                PsdHeaderDirectory => (PsdHeaderDirectory.TagImageWidth, PsdHeaderDirectory.TagImageHeight, PsdHeaderDirectory.TagBitsPerChannel),
                WebPDirectory => (WebPDirectory.TagImageWidth, WebPDirectory.TagImageHeight, NoTag),
                AviDirectory => (AviDirectory.TagWidth, AviDirectory.TagHeight, NoTag),
                ExifIfd0Directory when mime == "image/tiff" =>
                    (ExifDirectoryBase.TagImageWidth, ExifDirectoryBase.TagImageHeight, ExifDirectoryBase.TagBitsPerSample),
                _ => default((int Width, int Height, int Bits)?),
            };
            if (found is { } tags && (directory is not PngDirectory png || png.GetPngChunkType().Equals(PngChunkType.IHDR)))
            {
                result = result with
                {
                    Width = Dimension(directory, tags.Item1),
                    Height = Dimension(directory, tags.Item2),
                    Bits = directory is WebPDirectory ? 8 : Bits(directory, tags.Item3),
                };
                if (directory is AviDirectory
                    && TimeSpan.TryParse(directory.GetDescription(AviDirectory.TagDuration), CultureInfo.InvariantCulture, out var time))
                {
                    result = result with { PlaytimeMilliseconds = Positive((long)time.TotalMilliseconds) };
                }
                return;
            }
        }
    }

    private static int? Dimension(Directory directory, int tag)
    {
        if (!directory.TryGetInt64(tag, out var value))
        {
            return null;
        }
        // A bitmap that is stored from top to bottom has a negative height; an icon of 256 pixels says 0, for it has one byte.
        return directory switch
        {
            BmpHeaderDirectory => Positive((int?)Positive(Math.Abs(value))),
            IcoDirectory => value == 0 ? 256 : (int)value,
            _ => value <= int.MaxValue ? Positive((int?)value) : null,
        };
    }

    private static int? Bits(Directory directory, int tag)
    {
        var value = directory.GetObject(tag) is Array ? directory.GetInt32Array(tag)?.FirstOrDefault()
            : directory.TryGetInt32(tag, out var single) ? single : null;
        // Bitmaps and icons count per pixel: three or four channels of 8 from 24 on, a palette below.
        return value > 64 ? null : Positive(directory is BmpHeaderDirectory or IcoDirectory && value >= 24 ? 8 : value);
    }

    private static int? Positive(int? value) => value > 0 ? value : null;

    private static long? Positive(long? value) => value > 0 ? value : null;
}
