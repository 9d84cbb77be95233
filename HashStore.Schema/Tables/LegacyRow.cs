namespace HashStore.Schema.Tables;

/// <summary>Which legacy table a <see cref="LegacyRow"/> comes from. The numbers are stored: do not reorder.</summary>
public enum LegacyKind : byte
{
    /// <summary>The current version of a name: <c>image</c>, or the revision that <c>file_latest</c> names.</summary>
    Current = 0,

    /// <summary>An old version: <c>oldimage</c>, or another row of <c>filerevision</c>.</summary>
    Old = 1,

    /// <summary>A version of a deleted file: <c>filearchive</c>.</summary>
    Deleted = 2,
}

/// <summary>How far the conversion of a <see cref="LegacyRow"/> is. The numbers are stored: do not reorder.</summary>
public enum LegacyState : byte
{
    /// <summary>To be looked at: new, or changed since it was.</summary>
    Pending = 0,

    /// <summary><see cref="LegacyRow.UploadId"/> is the version that it became.</summary>
    Converted = 1,

    /// <summary>No bytes were found for it; looked for again in every run.</summary>
    Missing = 2,

    /// <summary>Something kept it from being converted; tried again in every run.</summary>
    Failed = 3,
}

/// <summary>One version of a file as the legacy tables tell it, with user and comment resolved (table <c>legacy</c>).</summary>
public sealed class LegacyRow
{
    /// <summary>Number of the row.</summary>
    public long Id { get; set; }

    /// <summary>The table prefix that it was imported with: several wikis can share one tree. Rows that a later import no longer has are removed within their prefix.</summary>
    public string Prefix { get; set; } = "";

    /// <summary>Which table it comes from.</summary>
    public LegacyKind Kind { get; set; }

    /// <summary>The name it belongs to now (<c>img_name</c>, <c>oi_name</c>, <c>fa_name</c>), as it stands in the table.</summary>
    public string Name { get; set; } = "";

    /// <summary><see cref="LegacyNames.HashOf"/> of <see cref="Name"/>: the order of the conversion.</summary>
    public long NameHash { get; set; }

    /// <summary><see cref="LegacyNames.HashOf"/> of the name below which its file would lie; differs from <see cref="NameHash"/> for versions that were archived under another name, and for deleted ones.</summary>
    public long FileHash { get; set; }

    /// <summary>Hash of what tells the rows of one name apart: kind, archive name, timestamp, SHA-1 and number.</summary>
    public long Identity { get; set; }

    /// <summary>Hash of all columns: an equal one means an unchanged row.</summary>
    public long Fingerprint { get; set; }

    /// <summary>Number of the import that saw it last.</summary>
    public long Import { get; set; }

    /// <summary>How far its conversion is.</summary>
    public LegacyState State { get; set; }

    /// <summary>The version that it became (<see cref="UploadRow.Id"/>).</summary>
    public long? UploadId { get; set; }

    /// <summary><c>20200101000000!Name.jpg</c> of an old version; null where the table has none or an empty one.</summary>
    public string? ArchiveName { get; set; }

    /// <summary>Name of a deleted file in the deleted zone: SHA-1 in base 36 with the extension.</summary>
    public string? StorageKey { get; set; }

    /// <summary>What the table says the size is, in bytes; not believed.</summary>
    public long? Size { get; set; }

    /// <summary>What the table says the width is, in pixels.</summary>
    public int? Width { get; set; }

    /// <summary>What the table says the height is, in pixels.</summary>
    public int? Height { get; set; }

    /// <summary>What the table says the bits per channel are.</summary>
    public int? Bits { get; set; }

    /// <summary>MediaWiki's class: BITMAP, DRAWING, …</summary>
    public string? MediaType { get; set; }

    /// <summary>The part of the MIME type before the slash, as in the table.</summary>
    public string? MimeMajor { get; set; }

    /// <summary>The part of the MIME type after the slash, as in the table.</summary>
    public string? MimeMinor { get; set; }

    /// <summary>What the table says the SHA-1 is; null where it says nothing readable. Not believed.</summary>
    public byte[]? Sha1 { get; set; }

    /// <summary>UTC, when this version was uploaded; null where the table holds no date.</summary>
    public DateTime? Timestamp { get; set; }

    /// <summary>The user's number, where there is one.</summary>
    public long? UserId { get; set; }

    /// <summary>The user's name or address.</summary>
    public string UserText { get; set; } = "";

    /// <summary>The description given with the upload.</summary>
    public string Description { get; set; } = "";

    /// <summary>What of it is hidden.</summary>
    public HiddenParts Deleted { get; set; }

    /// <summary>Who deleted it.</summary>
    public string? DeletionUserText { get; set; }

    /// <summary>UTC, when it was deleted.</summary>
    public DateTime? DeletionTimestamp { get; set; }

    /// <summary>Why it was deleted.</summary>
    public string? DeletionReason { get; set; }

    /// <summary>The table's metadata as JSON, whatever it was written in; last in the row because it can be long.</summary>
    public string? Metadata { get; set; }
}
