using MetadataExtractor.Formats.Exif;
using MetadataExtractor.Formats.Tiff;
using MetadataExtractor.IO;
using Directory = MetadataExtractor.Directory;

namespace HashStore.Storage.Content;

/// <summary>
/// Collects the directories of a TIFF file by seeking, for many writers put them behind gigabytes of picture; the library's own entry reads all that is before.
/// Passes over long values and over blocks in other formats, among them XMP, whose parser recurses as deep as the XML is nested.
/// </summary>
internal sealed class TiffDirectories(List<Directory> directories) : ExifTiffHandler(directories)
{
    /// <summary>The longest value, 64 KiB: longer ones are pictures, profiles and the tables of where their strips lie.</summary>
    private const int MaxValue = 64 << 10;

    /// <summary>Adds what is found to the list as it is found: it holds the first directories when a later one is damaged.</summary>
    public static void Read(Stream content, List<Directory> directories) =>
        TiffReader.ProcessTiff(new IndexedSeekingReader(content), new TiffDirectories(directories));

    /// <inheritdoc/>
    public override bool CustomProcessTag(int tagOffset, ICollection<int> processedIfdOffsets, IndexedReader reader, int tagId, int byteCount) =>
        byteCount > MaxValue
        || tagId is ExifDirectoryBase.TagApplicationNotes or ExifDirectoryBase.TagInterColorProfile or ExifDirectoryBase.TagPhotoshopSettings
        || base.CustomProcessTag(tagOffset, processedIfdOffsets, reader, tagId, byteCount);
}
