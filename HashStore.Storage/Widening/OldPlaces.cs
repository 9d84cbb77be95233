using HashStore.Schema;
using HashStore.Schema.Tables;
using HashStore.Storage.Catalog;
using HashStore.Storage.Durability;
using HashStore.Storage.Objects;

namespace HashStore.Storage.Widening;

/// <summary>
/// The places that objects had before: each becomes a link to the new one, so that addresses and links in the legacy tree go on answering past this program too. Thumbnails move, and leave a link only where one in the legacy
/// tree leads to them. Runs in a write transaction, and may be repeated.
/// </summary>
internal sealed class OldPlaces(StoreParts parts, Action<string> removeThumb)
{
    /// <summary>Makes links of the old places of an object.</summary>
    internal void Finish(CatalogTransaction catalog, ContentKey key, ContentKey now)
    {
        var isPublic = catalog.FindExact(now) is { RefCount: > 0 };
        MoveThumbs(catalog, key, now, isPublic);
        if (parts.Backend is IRekeyableBackend backend)
        {
            backend.PointAsync(key, now, isPublic).AsTask().GetAwaiter().GetResult();
        }

        catalog.Execute(AliasStatements.SetPlaced, key.ToArray(), now.ToArray());
    }

    /// <summary>The same for all keys that an object had, as far as that is still to be done: before its bytes change zone.</summary>
    internal void FinishAllOf(CatalogTransaction catalog, ContentKey now)
    {
        foreach (var (key, state) in Of(catalog, now))
        {
            if (state == AliasState.Pending)
            {
                Finish(catalog, key, now);
            }
        }
    }

    /// <summary>Removes the links at the old places of an object that is forgotten altogether, and what is known of its old keys.</summary>
    internal void Forget(CatalogTransaction catalog, ContentKey now)
    {
        foreach (var (key, _) in Of(catalog, now))
        {
            _ = Posix.Unlink(parts.Paths.ObjectPathOf(key, Zone.Public));
            _ = Posix.Unlink(parts.Paths.ObjectPathOf(key, Zone.Deleted));
            foreach (var old in ThumbsOf(key))
            {
                _ = Posix.Unlink(Path.Combine(parts.Paths.Root, old));
            }

            catalog.Execute(AliasStatements.Remove, key.ToArray());
        }
    }

    private static List<(ContentKey Key, AliasState State)> Of(CatalogTransaction catalog, ContentKey now) =>
        catalog.ReadAll(AliasStatements.ReadOfHash, row => (new ContentKey((byte[])row[0]), (AliasState)row.GetByte(1)), now.ToArray());

    private void MoveThumbs(CatalogTransaction catalog, ContentKey key, ContentKey now, bool isPublic)
    {
        var isLinked = false;
        foreach (var old in ThumbsOf(key))
        {
            var place = ThumbPath.PrefixOf(now) + old[ThumbPath.PrefixOf(key).Length..];
            string source = Path.Combine(parts.Paths.Root, old), target = Path.Combine(parts.Paths.Root, place);
            if (!isPublic)
            {
                removeThumb(old);
                continue;
            }

            var isLink = FileStat.Of(source) is { IsLink: true };
            if (!isLink && FileStat.Of(target) is null)
            {
                parts.Thumbs.MakeParents(Path.GetDirectoryName(target)!);
                Posix.Link(source, target);
            }

            if (isLink || catalog.ReadOne(AliasStatements.CountPlaces, row => Convert.ToInt64(row[0], null), now.ToArray(), old) > 0)
            {
                var text = Path.GetRelativePath(Path.GetDirectoryName(source)!, target);
                var prepared = Path.Combine(parts.Paths.Deleted, $".hs~key-thumb-{now}");
                _ = Posix.Unlink(prepared);
                Posix.MakeLink(text, prepared);
                Posix.Rename(prepared, source);
                catalog.Execute(AliasStatements.MovePlaces, place, now.ToArray(), old);
                isLinked = true;
            }
            else
            {
                _ = Posix.Unlink(source);
            }
        }

        if (isLinked)
        {
            // Of these links in the legacy tree tell; the others may be lost, and are made again.
            string FolderOf(ContentKey of) => Path.GetDirectoryName(Path.Combine(parts.Paths.Root, ThumbPath.PrefixOf(of)))!;
            Task.WhenAll(parts.Thumbs.SyncNameAsync(FolderOf(now)), parts.Thumbs.SyncNameAsync(FolderOf(key))).GetAwaiter().GetResult();
        }
    }

    /// <summary>The places of all thumbnails of a key, below ROOT.</summary>
    private List<string> ThumbsOf(ContentKey key)
    {
        var prefix = ThumbPath.PrefixOf(key);
        var folder = Path.Combine(parts.Paths.Root, Path.GetDirectoryName(prefix)!);
        try
        {
            return [.. Directory.EnumerateFileSystemEntries(folder, Path.GetFileName(prefix) + "*").Select(path => Path.GetRelativePath(parts.Paths.Root, path))];
        }
        catch (DirectoryNotFoundException)
        {
            return []; // all thumbnails can be removed at any time
        }
    }
}
