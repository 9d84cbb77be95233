using HashStore.Migrate.Legacy;
using HashStore.Schema;
using HashStore.Schema.Tables;
using HashStore.Storage;
using HashStore.Storage.Catalog;
using HashStore.Storage.Checking;
using HashStore.Storage.Durability;
using HashStore.Storage.Objects;
using Microsoft.EntityFrameworkCore;

namespace HashStore.Migrate.Verification;

/// <summary>
/// The compatibility links against the ledger, both ways, without reading a byte: links that dangle or lead elsewhere, and links of which the ledger knows nothing. What a site does to its tree (deletions, moves, new
/// versions) is no damage: paths that are no links are <c>verify</c>'s. Thumbnails are made anew by the site and left out.
/// </summary>
/// <param name="parts">The store.</param>
/// <param name="tree">The tree that was converted.</param>
/// <param name="linkRoot">The path under which the wiki sees ROOT; null: the same as here.</param>
/// <param name="isTold">Whether an object was reported to be missing.</param>
/// <param name="cancellation">Ends it.</param>
internal sealed class LinkCheck(StoreParts parts, LegacyTree tree, string? linkRoot, Func<ContentKey, bool> isTold, CancellationToken cancellation)
{
    /// <summary>Paths asked for in one query.</summary>
    private const int BatchPaths = 500;

    /// <summary>Links that were taken away or moved, whose rows have not followed yet, that are remembered.</summary>
    private const int MaxRemembered = 100_000;

    /// <summary>Links without a row whose object is asked for other links; after so many the ledger is lost anyway, and each would cost a walk over it.</summary>
    private const int MaxAsked = 1000;

    private static readonly TimeSpan PauseBetweenLooks = TimeSpan.FromMilliseconds(10);

    private readonly HashSet<ContentKey> moved = [];
    private int asked;

    /// <summary>Looks at everything.</summary>
    internal async IAsyncEnumerable<Finding> RunAsync()
    {
        var after = long.MinValue;
        List<VerifiedPath> page;
        do
        {
            await using (var context = parts.Database.NewContext())
            {
                page = await VerifyQueries.Paths(context, after, VerifyRun.PageRows).ToListAsync(cancellation);
            }

            foreach (var row in page)
            {
                cancellation.ThrowIfCancellationRequested();
                if (await CheckAsync(row) is { } finding)
                {
                    yield return finding;
                }

                after = row.Id;
            }
        }
        while (page.Count == VerifyRun.PageRows);

        foreach (var batch in Links().Chunk(BatchPaths))
        {
            foreach (var finding in await UnknownAsync(batch))
            {
                yield return finding;
            }
        }
    }

    /// <summary>A link that looks wrong is looked at again, and believed when its row stayed the same.</summary>
    private async Task<Finding?> CheckAsync(VerifiedPath row)
    {
        if (Look(row) is null)
        {
            return null;
        }

        await Task.Delay(PauseBetweenLooks, cancellation);
        await using var context = parts.Database.NewContext();
        return await VerifyQueries.Path(context, row.Id).FirstOrDefaultAsync(cancellation) is { } again && again.State == row.State && again.Run == row.Run
            && again.ObjectState == row.ObjectState ? Look(again) : null;
    }

    private Finding? Look(VerifiedPath row)
    {
        if (row is not { State: LedgerState.Linked or LedgerState.Committed, Kind: not (LedgerKind.Thumb or LedgerKind.ArchiveThumb), Key: { } hash } || !ContentKey.IsKey(hash))
        {
            return null;
        }

        var key = new ContentKey(hash);
        try
        {
            var full = tree.FullPath(row.Path);
            if (FileStat.Of(full) is not { IsLink: true } || Posix.ReadLink(full) is not { } target)
            {
                if (moved.Count < MaxRemembered)
                {
                    moved.Add(key);
                }

                return null;
            }

            var place = ObjectPath.Of(key);
            var wanted = $"{parts.Paths.Root}/{place}";
            var leads = Path.GetFullPath(Here(target), Path.GetDirectoryName(full)!);
            var there = FileStat.Of(wanted);
            if (leads != wanted && !target.EndsWith("/" + place, StringComparison.Ordinal) && !LinkTarget.IsTo(tree, row.Path, place, target) && !IsSame(leads, there))
            {
                return new Finding(FindingKind.WrongLink, key, Relative(row.Path), $"The link leads to {target} instead of {wanted}.");
            }

            return there is not null || isTold(key) ? null
                : row.ObjectState is FileState.Deleted or FileState.Collecting
                    ? new Finding(FindingKind.Leftover, key, Relative(row.Path), "A link whose content was deleted or hidden since: it leads nowhere, as it must.")
                    : new Finding(FindingKind.DanglingLink, key, Relative(row.Path), $"The link to {target} leads nowhere.");
        }
        catch (Exception exception) when (StorageErrors.Knows(exception))
        {
            return new Finding(FindingKind.Unreadable, null, Relative(row.Path), exception.Message);
        }
    }

    /// <summary>A link's target as it is called on this machine.</summary>
    private string Here(string target) => linkRoot is { } theirs && target.StartsWith(theirs + "/", StringComparison.Ordinal) ? parts.Paths.Root + target[theirs.Length..] : target;

    /// <summary>Whether a path leads to the object by another way: ROOT may be mounted in several places.</summary>
    private static bool IsSame(string path, FileStat? there) => there is { } wanted && FileStat.Of(path) is { } found && found.IsSameFile(wanted);

    private async Task<List<Finding>> UnknownAsync((string Path, ContentKey Key)[] links)
    {
        cancellation.ThrowIfCancellationRequested();
        await using var context = parts.Database.NewContext();
        var known = (await VerifyQueries.KnownPaths(context, [.. links.Select(link => link.Path)]).ToListAsync(cancellation)).ToHashSet(StringComparer.Ordinal);
        var findings = new List<Finding>();
        foreach (var (path, key) in links)
        {
            if (!known.Contains(path) && !await IsMovedAsync(context, key) && Posix.ReadLink(tree.FullPath(path)) is not null
                && !await VerifyQueries.KnownPaths(context, [path]).AnyAsync(cancellation))
            {
                findings.Add(new Finding(
                    FindingKind.LostLedgerRow, key, Relative(path), "The ledger knows nothing of this link: undo would leave it behind, verify does not look at it. Restore the database from a backup."));
            }
        }

        return findings;
    }

    /// <summary>Whether a link to the same object went from elsewhere: the site moved it here, and the next run follows it.</summary>
    private async Task<bool> IsMovedAsync(HashStoreContext context, ContentKey key)
    {
        if (moved.Contains(key))
        {
            return true;
        }

        return asked++ < MaxAsked
            && (await VerifyQueries.LinksTo(context, key.ToArray(), BatchPaths).ToListAsync(cancellation)).Exists(path => FileStat.Of(tree.FullPath(path)) is not { IsLink: true });
    }

    /// <summary>All links to objects of the store that lie where versions of names do, with their paths relative to the tree.</summary>
    private IEnumerable<(string Path, ContentKey Key)> Links()
    {
        foreach (var top in new[] { "", LegacyPath.ArchiveFolder })
        {
            var folders = new Stack<(string Path, string Hash)>();
            folders.Push((top, ""));
            while (folders.TryPop(out var folder))
            {
                foreach (var entry in Entries(folder.Path))
                {
                    var path = folder.Path.Length == 0 ? entry.Name : $"{folder.Path}/{entry.Name}";
                    if (entry.LinkTarget is { } target)
                    {
                        if (LinkTarget.KeyOf(tree, path, target) is { } key && LegacyPath.TryParse(path, out var parsed) && parsed.Value.Kind is LedgerKind.Current or LedgerKind.Archive)
                        {
                            yield return (path, key);
                        }
                    }
                    else if (entry is DirectoryInfo && LegacyPath.IsHashDirectory(entry.Name, folder.Hash) && !tree.IsStores(path))
                    {
                        folders.Push((path, entry.Name));
                    }
                }
            }
        }
    }

    private List<FileSystemInfo> Entries(string folder)
    {
        try
        {
            return [.. new DirectoryInfo(tree.FullPath(folder)).EnumerateFileSystemInfos()];
        }
        catch (Exception exception) when (StorageErrors.Knows(exception))
        {
            return []; // gone, or not ours to read: the rows of its links tell
        }
    }

    private string Relative(string path) => Path.GetRelativePath(parts.Paths.Root, tree.FullPath(path));
}
