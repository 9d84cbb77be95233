using HashStore.Migrate.Legacy;
using HashStore.Schema.Tables;
using HashStore.Storage.Adoption;

namespace HashStore.Migrate.Conversion;

/// <summary>One version that a name shall have: what the tables say of it, and the file that should hold its bytes.</summary>
internal sealed class PlannedVersion
{
    /// <summary>The rows that speak of it: more than one where the tables have duplicates. Empty: it was derived from the path.</summary>
    internal List<LegacyRow> Rows { get; } = [];

    /// <summary>Its file; null where none was found.</summary>
    internal LedgerRow? File { get; set; }

    /// <summary>The file on its way; null where it was converted before.</summary>
    internal TakenFile? Taken { get; set; }

    internal bool IsCurrent { get; init; }

    /// <summary>Whether its content must not be public.</summary>
    internal bool IsHidden { get; init; }

    /// <summary>Set when its bytes are known.</summary>
    internal AdoptedVersion? Version { get; set; }

    /// <summary>Whether the tables still hide the content that its file shows: it stays a file until they say otherwise.</summary>
    internal bool IsWithheld { get; set; }

    /// <summary>Why there are no bytes.</summary>
    internal string? Problem { get; set; }

    internal LegacyRow? Row => Rows.Count > 0 ? Rows[0] : null;

    /// <summary>The legacy name of an old version.</summary>
    internal string? ArchiveName => Row is { } row ? row.ArchiveName : File is { Kind: LedgerKind.Archive } file ? Path.GetFileName(file.Path) : null;
}

/// <summary>A thumbnail of one of the versions.</summary>
/// <param name="File">Its file.</param>
/// <param name="Shown">The name of what it shows, as it stands in its path.</param>
internal sealed record PlannedThumb(LedgerRow File, string Shown)
{
    internal TakenFile? Taken { get; set; }
}

/// <summary>A path that stays as it is, and why.</summary>
internal readonly record struct LeftPath(LedgerRow File, LedgerState State, LedgerStatus Status, string Detail);

/// <summary>
/// What shall become of one name: its versions with their files, its thumbnails, and what is left alone. Made from the tables and the ledger, before any file is opened.
/// </summary>
internal sealed class NamePlan(string name)
{
    internal string Name => name;

    /// <summary>Whether the tables know it only as deleted.</summary>
    internal bool IsDeleted { get; set; }

    /// <summary>Whether the tables know nothing of it.</summary>
    internal bool IsOrphan { get; set; }

    /// <summary>Whether an earlier run has converted it: then the wiki may have gone on since.</summary>
    internal bool WasConverted { get; init; }

    internal List<PlannedVersion> Versions { get; } = [];

    internal List<PlannedThumb> Thumbs { get; } = [];

    internal List<LeftPath> Left { get; } = [];

    /// <summary>Set when the bytes are known.</summary>
    internal AdoptedName? Adopted { get; set; }

    internal PlannedVersion? Current => Versions.Find(version => version.IsCurrent);

    /// <summary>The files to open: those that no earlier run has dealt with.</summary>
    internal IEnumerable<LedgerRow> FilesToTake =>
        Versions.Where(version => version.File is { } file && IsOpen(file)).Select(version => version.File!)
            .Concat(Thumbs.Where(thumb => IsOpen(thumb.File)).Select(thumb => thumb.File));

    /// <summary>Whether a path's content is not yet in the store.</summary>
    internal static bool IsOpen(LedgerRow file) =>
        file.State is LedgerState.Found or LedgerState.Committed || (IsPlainFile(file) && (file.State == LedgerState.Failed || (file.State == LedgerState.Kept && file.Key is null)));

    /// <summary>Whether the inventory saw a plain file.</summary>
    private static bool IsPlainFile(LedgerRow file) => (file.Mode & 0xF000) == 0x8000;
}
