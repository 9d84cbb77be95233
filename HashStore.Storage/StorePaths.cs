using HashStore.Schema;
using HashStore.Storage.Objects;

namespace HashStore.Storage;

/// <summary>Where everything of a store lies (drawn in docs/FORMAT.md).</summary>
/// <param name="Root">ROOT: the public tree.</param>
/// <param name="State">STATE: the private folder, never served.</param>
public sealed record StorePaths(string Root, string State)
{
    /// <summary>The default name of STATE below ROOT.</summary>
    public const string DefaultStateName = ".hashstore";

    /// <summary>What the store says of itself.</summary>
    public string Layout => Path.Combine(State, "layout.json");

    /// <summary>The embedded database.</summary>
    public string Database => Path.Combine(State, "hashstore.db");

    /// <summary>The administrator's token, mode 0600.</summary>
    public string AdminToken => Path.Combine(State, "admin-token");

    /// <summary>Bytes that have no name yet: a locked folder per process.</summary>
    public string Staging => Path.Combine(State, "staging");

    /// <summary>Objects that only deleted uploads refer to.</summary>
    public string Deleted => Path.Combine(State, "deleted");

    /// <summary>Marks of damaged objects: see <see cref="Damage.DamageMarks"/>.</summary>
    internal string Damaged => Path.Combine(State, "damaged");

    /// <summary>Bytes that were damaged: see <see cref="Damage.Quarantine"/>.</summary>
    internal string Quarantine => Path.Combine(State, "quarantine");

    /// <summary>How far a check of all bytes is that was interrupted.</summary>
    internal string CheckPosition => Path.Combine(State, "fsck.json");

    /// <summary>Held by the process that checks all bytes.</summary>
    internal string CheckLock => Path.Combine(State, "fsck.lock");

    /// <summary>How far the servers' background check is.</summary>
    internal string ScrubPosition => Path.Combine(State, "scrub.json");

    /// <summary>Held by whoever writes to the embedded database, sets the store up or sweeps the staging area.</summary>
    internal string WriteLock => Path.Combine(State, "write.lock");

    /// <summary>Shared by the processes that convert, held alone by one that undoes.</summary>
    internal string ConversionLock => Path.Combine(State, "conversion.lock");

    /// <summary>There since an undo began and until somebody asks for a conversion again: servers convert nothing by themselves.</summary>
    internal string ConversionOff => Path.Combine(State, "conversion-off");

    /// <summary>Held by who imports legacy tables; its time is that of the last import.</summary>
    internal string ImportLock => Path.Combine(State, "import.lock");

    /// <summary>There while an import writes the legacy tables, and after one that was broken off: see <see cref="Legacy.ImportGate"/>.</summary>
    internal string ImportUnfinished => Path.Combine(State, "import-unfinished");

    /// <summary>See <see cref="Durability.RemovalCounter"/>.</summary>
    internal string Removals => Path.Combine(State, "removals");

    /// <summary>An empty file through which <see cref="Durability.SyncQueue"/> names the file system.</summary>
    internal string SyncAnchor => Path.Combine(State, "sync.anchor");

    /// <summary>Where an object lies.</summary>
    internal string ObjectPathOf(ContentKey key, Zone zone) => Path.Combine(zone == Zone.Public ? Root : Deleted, ObjectPath.Of(key));

    /// <summary>Makes both absolute; STATE is <c>ROOT/.hashstore</c> unless given.</summary>
    public static StorePaths For(string root, string? state)
    {
        var absolute = Path.TrimEndingDirectorySeparator(Path.GetFullPath(root));
        return new StorePaths(absolute, state is null ? Path.Combine(absolute, DefaultStateName) : Path.TrimEndingDirectorySeparator(Path.GetFullPath(state)));
    }
}
