namespace HashStore.Schema.Tables;

/// <summary>What lies at a legacy path. The numbers are stored: do not reorder.</summary>
public enum LedgerKind : byte
{
    /// <summary>A directory, of which only mode, owner and times are kept.</summary>
    Folder = 0,

    /// <summary>The current version of a name: <c>1/12/Name.jpg</c>.</summary>
    Current = 1,

    /// <summary>An old version: <c>archive/1/12/20200101000000!Name.jpg</c>.</summary>
    Archive = 2,

    /// <summary>A thumbnail of a current version: <c>thumb/1/12/Name.jpg/120px-Name.jpg</c>.</summary>
    Thumb = 3,

    /// <summary>A thumbnail of an old version: <c>thumb/archive/1/12/20200101000000!Name.jpg/120px-Name.jpg</c>.</summary>
    ArchiveThumb = 4,

    /// <summary>The bytes of a deleted file or of a hidden version: <c>deleted/s/z/a/sza….jpg</c>. Stays a file.</summary>
    Deleted = 5,

    /// <summary>Lies where no name belongs, or is no plain file: stays as it is.</summary>
    Other = 6,
}

/// <summary>How far a legacy path is. The numbers are stored: do not reorder.</summary>
public enum LedgerState : byte
{
    /// <summary>Found as it is described; to be converted. The row is the intent: it is durable before anything of the file changes.</summary>
    Found = 0,

    /// <summary>A committed row names the object; the path's file is about to be exchanged for its link.</summary>
    Committed = 1,

    /// <summary>The path is our link.</summary>
    Linked = 2,

    /// <summary>Stays a file although its content is in the store (the deleted zone), or because it is none of ours (see <see cref="LedgerRow.Detail"/>).</summary>
    Kept = 3,

    /// <summary>Could not be converted and stays as it is; tried again in every run.</summary>
    Failed = 4,

    /// <summary>The legacy tables speak of it, but it is not there.</summary>
    Missing = 5,

    /// <summary>Our link was taken away because its content was deleted or hidden.</summary>
    Removed = 6,
}

/// <summary>What the report says of a legacy path. The numbers are stored: do not reorder.</summary>
public enum LedgerStatus : byte
{
    /// <summary>Nothing yet.</summary>
    None = 0,

    /// <summary>Converted.</summary>
    Converted = 1,

    /// <summary>Converted; the content was in the store already.</summary>
    Duplicate = 2,

    /// <summary>A thumbnail that was converted.</summary>
    Thumb = 3,

    /// <summary>Of a hidden or deleted version: its content is in the deleted zone.</summary>
    Hidden = 4,

    /// <summary>The tables speak of it, but it is not there.</summary>
    Missing = 5,

    /// <summary>There, but the tables do not know it.</summary>
    Orphan = 6,

    /// <summary>Converted as found; the tables claim something else.</summary>
    Mismatch = 7,

    /// <summary>Left alone on purpose.</summary>
    Skipped = 8,

    /// <summary>Could not be converted.</summary>
    Failed = 9,
}

/// <summary>
/// What was found at a legacy path and what was done to it (table <c>ledger</c>). Resuming, undoing, verifying and the reports read it. The columns from <see cref="Device"/> to <see cref="Xattrs"/>
/// describe the file as it was before anything was done.
/// </summary>
public sealed class LedgerRow
{
    /// <summary>Number of the row; also in the name of the link beside the path while they are exchanged.</summary>
    public long Id { get; set; }

    /// <summary>The path, relative to the legacy tree, with slashes.</summary>
    public string Path { get; set; } = "";

    /// <summary><see cref="LegacyNames.HashOf"/> of the name that the path belongs to.</summary>
    public long NameHash { get; set; }

    /// <summary>What lies there.</summary>
    public LedgerKind Kind { get; set; }

    /// <summary>How far it is.</summary>
    public LedgerState State { get; set; }

    /// <summary>What the report says of it.</summary>
    public LedgerStatus Status { get; set; }

    /// <summary>Number of the run that last changed it.</summary>
    public long Run { get; set; }

    /// <summary>The device that the file was on.</summary>
    public long Device { get; set; }

    /// <summary>The file's inode.</summary>
    public long Inode { get; set; }

    /// <summary>Number of hard links.</summary>
    public int LinkCount { get; set; }

    /// <summary>Size in bytes.</summary>
    public long Size { get; set; }

    /// <summary>Time of the last write, in nanoseconds since 1970.</summary>
    public long Modified { get; set; }

    /// <summary>Time of the last access, in nanoseconds since 1970.</summary>
    public long Accessed { get; set; }

    /// <summary>Type and permission bits.</summary>
    public int Mode { get; set; }

    /// <summary>Number of the owner.</summary>
    public long Owner { get; set; }

    /// <summary>Number of the group.</summary>
    public long Group { get; set; }

    /// <summary>Extended attributes, where there are any (docs/FORMAT.md).</summary>
    public byte[]? Xattrs { get; set; }

    /// <summary>The key of its content.</summary>
    public byte[]? Key { get; set; }

    /// <summary>SHA-256 of its content.</summary>
    public byte[]? Sha256 { get; set; }

    /// <summary>The version that it became (<see cref="UploadRow.Id"/>).</summary>
    public long? UploadId { get; set; }

    /// <summary>For a thumbnail: its place below ROOT.</summary>
    public string? Place { get; set; }

    /// <summary>What else the report says.</summary>
    public string? Detail { get; set; }
}
