using HashStore.Migrate.Conversion;
using HashStore.Migrate.Legacy;
using HashStore.Schema;
using HashStore.Schema.Tables;
using HashStore.Storage;
using HashStore.Storage.Catalog;
using HashStore.Storage.Durability;
using HashStore.Storage.Objects;

namespace HashStore.Migrate.Undo;

/// <summary>Hears what an undo does.</summary>
internal interface IUndoListener
{
    /// <summary>So many paths were dealt with.</summary>
    void Restored(long paths, long total);

    /// <summary>Something that the operator should know of: a file that was never there before, a link that was taken away, a path that could not be restored.</summary>
    void Tell(string path, string status, string detail);
}

/// <summary>
/// Puts the legacy tree back. First every link becomes a file again, and what only the store has becomes files too; only when all of that is durable are the rows and objects removed that now
/// live on as files. It can be stopped at any time and run again.
/// </summary>
internal sealed class UndoRun(Store store, StoreLedger ledger, LegacyTree tree, IUndoListener listener, bool dryRun)
{
    /// <summary>Files prepared and made durable together.</summary>
    private const int BatchFiles = 512;

    private readonly FileRestorer restorer = new(tree);
    private readonly List<FileToRestore> batch = [];
    private readonly SortedSet<long> names = [];

    /// <summary>Paths that are files again.</summary>
    internal long Restored { get; private set; }

    /// <summary>Paths that were left as they are.</summary>
    internal long Left { get; private set; }

    /// <summary>Paths that could not be restored.</summary>
    internal long Failed { get; private set; }

    /// <summary>Bytes of the restored files.</summary>
    internal long Bytes { get; private set; }

    /// <summary>Undoes.</summary>
    /// <exception cref="OperationCanceledException">Asked to stop; what was under way was finished, and running it again goes on.</exception>
    internal async Task UndoAsync(CancellationToken cancellation)
    {
        // 1. Links become files again.
        UndoLeftovers.ClearProbes(tree);
        RestorePaths(cancellation);

        // 2. What only the store has, or has under another name today, becomes files.
        ledger.Reading.ForEach(UndoStatements.ReadNamesWithOwnVersions, row => names.Add(row.GetInt64(0)) || true, 0L);
        foreach (var name in names)
        {
            cancellation.ThrowIfCancellationRequested();
            WriteOut(name);
        }

        Flush();
        if (dryRun || Failed > 0)
        {
            return;
        }

        // 3. Only now, when all of it is durable, the store forgets.
        restorer.MakeDurable();
        CrashPoints.Pass(CrashPoint.UndoRestored);
        await new UndoRows(store, ledger).RemoveAsync(cancellation);
        CrashPoints.Pass(CrashPoint.UndoForgotten);
        UndoFolders.Remove(tree, ledger);
        CrashPoints.Pass(CrashPoint.UndoTidied);
        await store.WriteAsync(catalog =>
        {
            catalog.Execute(UndoStatements.ClearLedger);
            return true;
        });
    }

    private void RestorePaths(CancellationToken cancellation)
    {
        var total = ledger.Reading.ReadOne(ConversionStatements.AnyLedger, row => row.IsDBNull(0) ? 0 : row.GetInt64(0)) ?? 0;
        var after = 0L;
        for (var page = NextPage(after); page.Count > 0; page = NextPage(after))
        {
            cancellation.ThrowIfCancellationRequested();
            foreach (var row in page)
            {
                after = row.Id;
                RestorePath(row);
            }

            Flush();
            listener.Restored(after, total);
        }
    }

    private List<LedgerRow> NextPage(long after)
    {
        var page = new List<LedgerRow>(BatchFiles);
        ledger.Reading.ForEach(
            UndoStatements.ReadLedgerAfterId,
            reader =>
            {
                page.Add(ConversionRows.ReadLedger(reader));
                return page.Count < BatchFiles;
            },
            after);
        return page;
    }

    private void RestorePath(LedgerRow row)
    {
        if (!dryRun && row.Kind != LedgerKind.Folder)
        {
            UndoLeftovers.Clear(tree, row);
        }

        switch (row.State)
        {
            case LedgerState.Linked or LedgerState.Committed:
                RestoreLink(row);
                break;
            case LedgerState.Found or LedgerState.Failed or LedgerState.Kept when row.Kind != LedgerKind.Folder:
                RestoreMode(row);
                break;
        }
    }

    private void RestoreLink(LedgerRow row)
    {
        var full = tree.FullPath(row.Path);
        var version = row.UploadId is { } id ? ReadVersion(id) : null;
        if (!LinkTarget.IsOf(tree, row, Posix.ReadLink(full)))
        {
            // Not our link (any more): not yet exchanged, restored by an interrupted undo, or changed by the site, whose files stay as they are.
            RestoreMode(row);
            _ = version is { } known && names.Add(known.NameId);
            return;
        }

        var source = $"{tree.Store.Root}/{LinkTarget.PlaceOf(row)}";
        var reason = version switch
        {
            { IsDeleted: true } => "Its name was deleted in the store; the bytes stay in the store's deleted zone.",
            { IsHidden: true } => "This version was hidden in the store; the bytes stay in the store's deleted zone.",
            { } today when WasRenamed(row, today) => $"Its name is {today.Name} today; it is written out there.",
            null when row.Place is not null && FileStat.Of(source) is null => "This thumbnail is gone from the store; the site makes it anew.",
            _ => null,
        };
        var isReplaced = row.Kind == LedgerKind.Current && version is { } current && current.Latest != row.UploadId;
        if (version is { } moved && (reason is not null || isReplaced))
        {
            names.Add(moved.NameId);
        }

        if (reason is null && isReplaced)
        {
            return; // its place is taken by a newer version: both are written out with their name
        }

        if (reason is not null)
        {
            listener.Tell(row.Path, "removed", reason);
            Left++;
            if (!dryRun)
            {
                _ = Posix.Unlink(full);
            }

            return;
        }

        Restore(new FileToRestore(row.Path, UndoLeftovers.Beside(tree, row), source, row.Sha256 is { } sha256 ? new ContentDigest(sha256) : null, row, null), row.Size);
    }

    /// <summary>Gives a file that a conversion had begun with its mode and owner back.</summary>
    private void RestoreMode(LedgerRow row)
    {
        var full = tree.FullPath(row.Path);
        if (FileStat.Of(full) is not { IsFile: true } now || now.Inode != row.Inode || now.Size != row.Size || now.Modified != row.Modified)
        {
            Left++;
            return;
        }

        if (!dryRun && now.Owner != row.Owner)
        {
            Posix.SetOwner(full, row.Owner, row.Group);
        }

        if (!dryRun && now.Permissions != (row.Mode & FileStat.PermissionMask))
        {
            Posix.SetMode(full, row.Mode & FileStat.PermissionMask);
        }

        Left++;
    }

    /// <summary>Makes files of the versions of a name that no legacy path has, and of those whose path another version has today.</summary>
    private void WriteOut(long nameId)
    {
        var versions = ledger.Reading.ReadAll(UndoStatements.ReadVersionsOfName, OwnVersion.Read, nameId);
        if (versions.Count == 0 || ReadVersion(versions[0].Id) is not { IsDeleted: false } name)
        {
            return;
        }

        var shown = versions.FindAll(version => !version.IsHidden);
        for (var i = 0; i < shown.Count; i++)
        {
            var version = shown[i];
            var isLatest = version.Id == name.Latest;
            var row = PathOf(version.Id);
            if (row is not null && !WasRenamed(row, name) && (row.Kind == LedgerKind.Archive || isLatest))
            {
                continue; // it has its path again
            }

            var current = shown.Select(other => PathOf(other.Id)).FirstOrDefault(path => path is { Kind: LedgerKind.Current } && !WasRenamed(path, name));
            var target = isLatest ? current?.Path ?? LegacyPath.OfCurrent(name.Name, tree.Levels) : ArchivePath(name.Name, version, i + 1 < shown.Count ? shown[i + 1].Timestamp : version.Timestamp, version.Sha256);
            if (isLatest && FileStat.Of(tree.FullPath(target)) is { IsLink: false })
            {
                if (IsThere(target, version.Sha256))
                {
                    _ = dryRun || Posix.Unlink(UndoLeftovers.Beside(tree, target, version.Id));
                    continue;
                }

                target = ArchivePath(name.Name, version, version.Timestamp, version.Sha256); // the site has a file of its own there
            }

            if (IsThere(target, version.Sha256))
            {
                _ = dryRun || Posix.Unlink(UndoLeftovers.Beside(tree, target, version.Id)); // an undo that was interrupted wrote it
                continue;
            }

            listener.Tell(target, "written", isLatest ? "The current version was uploaded through the store." : "An older version, uploaded through the store or replaced through it.");
            Restore(
                new FileToRestore(target, UndoLeftovers.Beside(tree, target, version.Id), $"{tree.Store.Root}/{ObjectPath.Of(version.Key)}", version.Sha256, row, version.Timestamp),
                FileStat.Of($"{tree.Store.Root}/{ObjectPath.Of(version.Key)}")?.Size ?? 0);
        }
    }

    /// <summary>A free archive path for a version: named by when it was replaced, as MediaWiki does.</summary>
    private string ArchivePath(string name, OwnVersion version, DateTime replaced, ContentDigest sha256)
    {
        if (version.ArchiveName is { } own)
        {
            var path = LegacyPath.OfArchive(name, own, tree.Levels);
            if (FileStat.Of(tree.FullPath(path)) is null || IsThere(path, sha256))
            {
                return path;
            }
        }

        for (var time = replaced; ; time = time.AddSeconds(1))
        {
            var path = LegacyPath.OfArchive(name, $"{time:yyyyMMddHHmmss}!{name}", tree.Levels);
            if ((FileStat.Of(tree.FullPath(path)) is null && !batch.Exists(file => file.Path == path)) || IsThere(path, sha256))
            {
                return path;
            }
        }
    }

    private bool IsThere(string path, ContentDigest sha256)
    {
        var full = tree.FullPath(path);
        if (FileStat.Of(full) is not { IsFile: true })
        {
            return false;
        }

        using var file = File.OpenRead(full);
        return new ContentDigest(System.Security.Cryptography.SHA256.HashData(file)) == sha256;
    }

    private void Restore(FileToRestore file, long size)
    {
        batch.Add(file);
        Bytes += size;
        if (batch.Count >= BatchFiles)
        {
            Flush();
        }
    }

    private void Flush()
    {
        if (!dryRun)
        {
            restorer.Restore(batch);
        }

        foreach (var file in batch)
        {
            if (file.Problem is { } problem)
            {
                Failed++;
                listener.Tell(file.Path, "failed", problem);
            }
            else if (file.IsTheSites)
            {
                Left++;
            }
            else
            {
                Restored++;
            }
        }

        batch.Clear();
    }

    /// <summary>The legacy path of a version that is, or was before it was restored, a link.</summary>
    private LedgerRow? PathOf(long uploadId) => ledger.Reading
        .ReadAll(UndoStatements.ReadLedgerByVersion, ConversionRows.ReadLedger, uploadId)
        .Find(row => row.Kind is LedgerKind.Current or LedgerKind.Archive && row.State is LedgerState.Linked or LedgerState.Committed);

    /// <summary>Whether a path belongs to a name that the store has renamed: then redirects lead from its old names to the new one.</summary>
    private bool WasRenamed(LedgerRow row, TodaysVersion today)
    {
        if (!LegacyPath.TryParse(row.Path, out var path) || path.Value.Name == today.Name)
        {
            return false;
        }

        var old = ledger.Reading.ReadAll(UndoStatements.ReadOldNames, reader => reader.GetString(0), today.NameId);
        return row.Kind == LedgerKind.Archive ? old.Count > 0 : old.Contains(path.Value.Name);
    }

    private TodaysVersion? ReadVersion(long uploadId) => ledger.Reading.ReadOne(
        UndoStatements.ReadVersion,
        row => new TodaysVersion(row.GetInt64(0), row.GetString(1), row.GetBoolean(2), row.IsDBNull(3) ? 0 : row.GetInt64(3), ((HiddenParts)row.GetInt16(4) & HiddenParts.Content) != 0),
        uploadId);

    private readonly record struct TodaysVersion(long NameId, string Name, bool IsDeleted, long Latest, bool IsHidden);

    private sealed record OwnVersion(long Id, ContentKey Key, DateTime Timestamp, bool IsHidden, string? ArchiveName, ContentDigest Sha256)
    {
        internal static OwnVersion Read(System.Data.Common.DbDataReader row) => new(
            row.GetInt64(0), new ContentKey((byte[])row[1]), DateTime.SpecifyKind(row.GetDateTime(2), DateTimeKind.Utc), ((HiddenParts)row.GetInt16(3) & HiddenParts.Content) != 0,
            row.IsDBNull(4) ? null : row.GetString(4), new ContentDigest((byte[])row[5]));
    }
}
