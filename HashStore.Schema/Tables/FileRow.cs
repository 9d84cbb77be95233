namespace HashStore.Schema.Tables;

/// <summary>Where an object stands on its way in or out. The numbers are stored: do not reorder.</summary>
public enum FileState : byte
{
    /// <summary>Somebody is about to put the bytes into the public tree; the row does not yet promise them.</summary>
    Claimed = 0,

    /// <summary>The bytes are durable in the public tree.</summary>
    Public = 1,

    /// <summary>The bytes are moving between the public tree and the deleted zone; <see cref="FileRow.RefCount"/> says where they belong.</summary>
    Collecting = 2,

    /// <summary>Only deleted uploads refer to it: the bytes are in the deleted zone.</summary>
    Deleted = 3,
}

/// <summary>What is known of one object (table <c>file</c>, after MediaWiki's proposal of 2005).</summary>
public sealed class FileRow
{
    /// <summary>The key (column <c>file_hash</c>).</summary>
    public byte[] Hash { get; set; } = [];

    /// <summary>The whole SHA-256, whatever the store's algorithm is.</summary>
    public byte[] Sha256 { get; set; } = [];

    /// <summary>The whole digest where the store's algorithm is not SHA-256; else null.</summary>
    public byte[]? Digest { get; set; }

    /// <summary>The SHA-1, which legacy rows and MediaWiki's API speak.</summary>
    public byte[] Sha1 { get; set; } = [];

    /// <summary>Length in bytes.</summary>
    public long Size { get; set; }

    /// <summary>Width in pixels, where it has one.</summary>
    public int? Width { get; set; }

    /// <summary>Height in pixels, where it has one.</summary>
    public int? Height { get; set; }

    /// <summary>Bits per channel or sample.</summary>
    public int? Bits { get; set; }

    /// <summary>Playing time in milliseconds.</summary>
    public long? Playtime { get; set; }

    /// <summary>MediaWiki's class: BITMAP, DRAWING, AUDIO, VIDEO, …</summary>
    public string MediaType { get; set; } = "UNKNOWN";

    /// <summary>The part of the MIME type before the slash, found from the content.</summary>
    public string MimeMajor { get; set; } = "application";

    /// <summary>The part of the MIME type after the slash, found from the content.</summary>
    public string MimeMinor { get; set; } = "octet-stream";

    /// <summary>Number of uploads that refer to it and are not deleted.</summary>
    public long RefCount { get; set; }

    /// <summary>Where the object stands.</summary>
    public FileState State { get; set; }

    /// <summary>UTC, when the row was made or last changed its state.</summary>
    public DateTime Touched { get; set; }

    /// <summary>Text encoding and embedded metadata (EXIF, …) as JSON; last in the row because it can be long.</summary>
    public string? Metadata { get; set; }
}
