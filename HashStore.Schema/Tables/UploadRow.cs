namespace HashStore.Schema.Tables;

/// <summary>What of a version is hidden: MediaWiki's revision-deletion bits. The numbers are stored: do not reorder.</summary>
[Flags]
public enum HiddenParts : short
{
    /// <summary>All is shown.</summary>
    None = 0,

    /// <summary>The content (MediaWiki: DELETED_FILE).</summary>
    Content = 1,

    /// <summary>The description.</summary>
    Description = 2,

    /// <summary>The user.</summary>
    User = 4,

    /// <summary>Hidden from administrators too (MediaWiki: suppressed).</summary>
    Restricted = 8,
}

/// <summary>One event that gave a name some content: a new version or a revert (table <c>upload</c>).</summary>
public sealed class UploadRow
{
    /// <summary>The version's number, unique in the store.</summary>
    public long Id { get; set; }

    /// <summary>The name it belongs to (<see cref="FilenameRow.Id"/>).</summary>
    public long NameId { get; set; }

    /// <summary>The key of its content.</summary>
    public byte[] Hash { get; set; } = [];

    /// <summary>UTC, milliseconds; never before the version that it replaces.</summary>
    public DateTime Timestamp { get; set; }

    /// <summary>The legacy user's number, where there is one.</summary>
    public long? User { get; set; }

    /// <summary>Who made it, as shown.</summary>
    public string UserText { get; set; } = "";

    /// <summary>The description given with it.</summary>
    public string Description { get; set; } = "";

    /// <summary>What of it is hidden.</summary>
    public HiddenParts Deleted { get; set; }

    /// <summary>The legacy name of an old version, <c>20200101000000!Name.jpg</c>.</summary>
    public string? ArchiveName { get; set; }

    /// <summary>Who deleted or hid it.</summary>
    public string? DeletionUserText { get; set; }

    /// <summary>UTC, when it was deleted or hidden.</summary>
    public DateTime? DeletionTimestamp { get; set; }

    /// <summary>Why it was deleted or hidden.</summary>
    public string? DeletionReason { get; set; }
}
