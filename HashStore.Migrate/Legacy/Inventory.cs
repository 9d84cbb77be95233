using System.IO.Enumeration;
using HashStore.Schema;
using HashStore.Schema.Tables;
using HashStore.Storage.Durability;

namespace HashStore.Migrate.Legacy;

/// <summary>Where an inventory is written.</summary>
internal interface IInventoryLedger
{
    /// <summary>What is known of a path.</summary>
    LedgerRow? Find(string path);

    /// <summary>Writes rows, but none that somebody else wrote since it was read; durable on return.</summary>
    Task WriteAsync(IReadOnlyList<InventoryWrite> rows);
}

/// <summary>A description to write.</summary>
/// <param name="Row">The row.</param>
/// <param name="WasState">The state that the row had when it was read; null for a new one.</param>
/// <param name="WasInode">The inode that it had.</param>
internal readonly record struct InventoryWrite(LedgerRow Row, LedgerState? WasState, long WasInode);

/// <summary>A link to an object of this store where the ledger knows none: the wiki moved it there.</summary>
/// <param name="Path">Where it lies.</param>
/// <param name="Key">The object.</param>
/// <param name="Stat">The link.</param>
internal sealed record Arrival(LegacyPath Path, ContentKey Key, FileStat Stat);

/// <summary>
/// Walks a legacy tree and writes into the ledger what lies there: the intent of the conversion, durable before anything changes, and what undo restores. What the ledger knows already and is
/// unchanged costs a look. Links are never followed.
/// </summary>
internal sealed class Inventory(LegacyTree tree, IInventoryLedger ledger, long run, Action<long> looked)
{
    /// <summary>Rows in one transaction: some tens of milliseconds.</summary>
    private const int RowsPerWrite = 2000;

    /// <summary>Temporary links of the exchange begin so; the recovery looks after them.</summary>
    internal const string OwnPrefix = ".hs~";

    private const char Replacement = '\uFFFD';

    /// <summary>What people and programs leave in folders; never an upload unless the tables say so.</summary>
    private static readonly string[] clutter = ["README", "index.html", "index.php", "Thumbs.db", "desktop.ini", "favicon.ico", "robots.txt"];

    private readonly List<InventoryWrite> writes = new(RowsPerWrite);
    private readonly HashSet<string> unreadableNames = new(StringComparer.Ordinal);
    private readonly HashSet<string> folders = new(StringComparer.Ordinal);
    private (string Path, LedgerRow? Row) looking;
    private long paths;

    /// <summary>Whether a file's name is one of those that operating systems, web servers and people leave in folders.</summary>
    internal static bool IsClutter(string name) => name.StartsWith('.') || clutter.Contains(name);

    /// <summary>Files and links with our own prefix, absolute: what dead processes left.</summary>
    internal List<string> Leftovers { get; } = [];

    /// <summary>Links that the wiki has moved.</summary>
    internal List<Arrival> Arrivals { get; } = [];

    /// <summary>Walks the whole tree.</summary>
    /// <returns>The number of paths that it holds.</returns>
    internal async Task<long> TakeAsync(CancellationToken cancellation)
    {
        var folders = new Stack<string>();
        folders.Push("");
        while (folders.TryPop(out var folder))
        {
            cancellation.ThrowIfCancellationRequested();
            foreach (var child in Look(folder))
            {
                folders.Push(child);
            }

            if (writes.Count >= RowsPerWrite)
            {
                await WriteAsync();
            }
        }

        await WriteAsync();
        return paths;
    }

    /// <summary>Looks at single paths again; those that changed are described anew.</summary>
    internal async Task LookAgainAsync(IEnumerable<string> again)
    {
        foreach (var path in again.Where(tree.LiesInFolders))
        {
            NoteFolders(path);
            LookAt(path, path[(path.LastIndexOf('/') + 1)..], []);
            if (writes.Count >= RowsPerWrite)
            {
                await WriteAsync();
            }
        }

        await WriteAsync();
    }

    /// <summary>Describes the folders that a path lies in, as the walk does.</summary>
    private void NoteFolders(string path)
    {
        for (var folder = path; folder.Length > 0 && folders.Add(folder = folder[..Math.Max(0, folder.LastIndexOf('/'))]);)
        {
            if (FileStat.Of(tree.FullPath(folder)) is { } stat)
            {
                Note(folder, LedgerKind.Folder, LedgerState.Kept, LedgerStatus.None, null, folder.Length == 0 ? tree.Found : stat);
            }
        }
    }

    /// <summary>Looks at what is in a folder.</summary>
    /// <returns>The folders to go on with.</returns>
    private List<string> Look(string folder)
    {
        var children = new List<string>();
        try
        {
            Note(folder, LedgerKind.Folder, LedgerState.Kept, LedgerStatus.None, null, folder.Length == 0 ? tree.Found : FileStat.Of(tree.FullPath(folder)) ?? default);
            foreach (var name in new FileSystemEnumerable<string>(
                tree.FullPath(folder), (ref entry) => entry.FileName.ToString(), new EnumerationOptions { AttributesToSkip = 0, ReturnSpecialDirectories = false, IgnoreInaccessible = false }))
            {
                LookAt(folder.Length == 0 ? name : $"{folder}/{name}", name, children);
                if (++paths % 1000 == 0)
                {
                    looked(paths);
                }
            }
        }
        catch (Exception exception) when (StorageErrors.Knows(exception))
        {
            Note(folder, LedgerKind.Other, LedgerState.Failed, LedgerStatus.Failed, $"The folder cannot be read: {exception.Message}", default);
        }

        return children;
    }

    private void LookAt(string path, string name, List<string> folders)
    {
        if (name.StartsWith(OwnPrefix, StringComparison.Ordinal))
        {
            Leftovers.Add(tree.FullPath(path));
            return;
        }

        // First what is known, then what is there: who converts it in between changes both in the other order.
        looking = (path, ledger.Find(path));
        if (FileStat.Of(tree.FullPath(path)) is not { } stat)
        {
            if (name.Contains(Replacement) && unreadableNames.Add(path))
            {
                Note(path, LedgerKind.Other, LedgerState.Failed, LedgerStatus.Failed, "Its name is not valid UTF-8: rename it (convmv), or leave it as it is.", default);
            }

            return; // else it vanished since the folder was listed
        }

        if (stat.IsFolder)
        {
            LookAtFolder(path, name, stat, folders);
        }
        else
        {
            LookAtFile(path, name, stat);
        }
    }

    private void LookAtFolder(string path, string name, FileStat stat, List<string> folders)
    {
        if (tree.IsStores(path))
        {
            return;
        }

        var top = !path.Contains('/');
        if (Belongs(path, name, top))
        {
            folders.Add(path);
        }
        else if (top || path.StartsWith(LegacyPath.ThumbFolder + "/", StringComparison.Ordinal))
        {
            Note(path, LedgerKind.Other, LedgerState.Kept, LedgerStatus.Skipped, "This folder stays untouched.", stat);
        }
        else
        {
            Note(path, LedgerKind.Other, LedgerState.Failed, LedgerStatus.Failed, "A folder lies where a file belongs.", stat);
        }
    }

    /// <summary>Whether a folder can hold files of names.</summary>
    private bool Belongs(string path, string name, bool top)
    {
        if (name.StartsWith('.'))
        {
            return false;
        }

        if (top)
        {
            return name is LegacyPath.ArchiveFolder or LegacyPath.ThumbFolder or LegacyPath.DeletedFolder || (tree.Levels > 0 && LegacyPath.IsHashDirectory(name, ""));
        }

        var segments = path.Split('/');
        var first = segments[0] switch
        {
            LegacyPath.DeletedFolder => int.MaxValue,
            LegacyPath.ArchiveFolder => 1,
            LegacyPath.ThumbFolder => segments[1] == LegacyPath.ArchiveFolder ? 2 : 1,
            _ => 0,
        };
        if (first == int.MaxValue || segments.Length <= first)
        {
            return true; // anywhere below deleted/; thumb/archive itself
        }

        var depth = segments.Length - first;
        for (var i = first; i < segments.Length; i++)
        {
            if (!LegacyPath.IsHashDirectory(segments[i], i == first ? "" : segments[i - 1]))
            {
                // A folder of thumbnails has the name of what they show, below the hash directories.
                return segments[0] == LegacyPath.ThumbFolder && i == segments.Length - 1 && name != "temp";
            }
        }

        return depth <= tree.Levels || segments[0] == LegacyPath.ThumbFolder;
    }

    private void LookAtFile(string path, string name, FileStat stat)
    {
        var found = LegacyPath.TryParse(path, out var parsed) && !(IsClutter(name) && (name.StartsWith('.') || parsed.Value.Kind == LedgerKind.Deleted))
            ? parsed.Value
            : new LegacyPath(path, LedgerKind.Other, name);
        if (path.Length > HashStoreContext.PathLength)
        {
            found = new LegacyPath(path[..HashStoreContext.PathLength], LedgerKind.Other, name);
            Note(found, LedgerState.Failed, LedgerStatus.Failed, $"Its path is longer than {HashStoreContext.PathLength} characters.", stat);
        }
        else if (stat.IsLink && found.Kind is LedgerKind.Current or LedgerKind.Archive or LedgerKind.Deleted && Posix.ReadLink(tree.FullPath(path)) is { } target && LinkTarget.KeyOf(tree, path, target) is { } key)
        {
            NoteOwnLink(found, key, target, stat);
        }
        else if (stat.IsLink)
        {
            Note(found, LedgerState.Failed, LedgerStatus.Failed, $"It is a symbolic link to {Posix.ReadLink(tree.FullPath(path))}, which is not followed: put the file itself there.", stat);
        }
        else if (!stat.IsFile)
        {
            Note(found, LedgerState.Failed, LedgerStatus.Failed, "It is no plain file (a FIFO, socket or device).", stat);
        }
        else if (found.Kind == LedgerKind.Other)
        {
            Note(found, LedgerState.Kept, LedgerStatus.Skipped, "It lies where no upload belongs; it stays as it is.", stat);
        }
        else
        {
            Note(found, LedgerState.Found, LedgerStatus.None, null, stat);
        }
    }

    /// <summary>A link to an object: ours where it was put, or moved by the wiki.</summary>
    private void NoteOwnLink(LegacyPath path, ContentKey key, string target, FileStat stat)
    {
        // By where it leads, not by the key: the object may get another one at this moment.
        var known = Known(path.Path);
        var isKnown = known is { Key: not null } && LinkTarget.IsOf(tree, known, target);
        if (isKnown && known!.State is LedgerState.Linked or LedgerState.Committed)
        {
            return;
        }

        if (isKnown && known!.State == LedgerState.Removed && path.Kind != LedgerKind.Deleted)
        {
            _ = Posix.Unlink(tree.FullPath(path.Path)); // what a dead process was about to do
            return;
        }

        Arrivals.Add(new Arrival(path, key, stat));
    }

    private void Note(string path, LedgerKind kind, LedgerState state, LedgerStatus status, string? detail, FileStat stat) =>
        Note(new LegacyPath(path, kind, path), state, status, detail, stat);

    private void Note(LegacyPath path, LedgerState state, LedgerStatus status, string? detail, FileStat stat)
    {
        var known = Known(path.Path);
        if (known is { State: LedgerState.Removed } && stat.IsLink && LinkTarget.IsOf(tree, known, Posix.ReadLink(tree.FullPath(path.Path))))
        {
            _ = Posix.Unlink(tree.FullPath(path.Path)); // what a dead process was about to do
            return;
        }

        if (known is not null && IsStill(known, path, state, stat))
        {
            return;
        }

        var (wasState, wasInode) = (known?.State, known?.Inode ?? 0);
        var row = known ?? new LedgerRow { Path = path.Path };
        (row.NameHash, row.Kind, row.State, row.Status, row.Run, row.Detail) = (LegacyNames.HashOf(path.Name), path.Kind, state, status, run, detail);
        (row.Device, row.Inode, row.LinkCount, row.Size) = (stat.Device, stat.Inode, stat.LinkCount, stat.Size);
        (row.Modified, row.Accessed, row.Mode, row.Owner, row.Group) = (stat.Modified, stat.Accessed, stat.Mode, stat.Owner, stat.Group);
        row.Xattrs = state == LedgerState.Found ? Posix.ReadXattrs(tree.FullPath(path.Path)) : null;
        writes.Add(new InventoryWrite(row, wasState, wasInode));
    }

    private LedgerRow? Known(string path) => looking.Path == path ? looking.Row : ledger.Find(path);

    /// <summary>Whether a path is as the ledger says. What was described first stays: of a file that is being converted, mode and owner are others already.</summary>
    private bool IsStill(LedgerRow known, LegacyPath path, LedgerState state, FileStat stat)
    {
        if (known.Kind == LedgerKind.Folder && path.Kind == LedgerKind.Folder)
        {
            return true;
        }

        if (stat.IsLink && known.State is LedgerState.Linked or LedgerState.Committed)
        {
            return LinkTarget.IsOf(tree, known, Posix.ReadLink(tree.FullPath(path.Path)));
        }

        var same = known.Inode == stat.Inode && known.Device == stat.Device && known.Size == stat.Size && known.Modified == stat.Modified;
        return same && known.Kind == path.Kind && known.State != LedgerState.Linked && (state == LedgerState.Found) == (known.State is not LedgerState.Missing and not LedgerState.Removed)
            && (state == LedgerState.Found || known.State == state);
    }

    private async Task WriteAsync()
    {
        if (writes.Count == 0)
        {
            return;
        }

        await ledger.WriteAsync(writes);
        writes.Clear();
        looked(paths);
    }
}
