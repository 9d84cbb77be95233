using HashStore.Schema;
using HashStore.Storage.Durability;

namespace HashStore.Storage.Objects;

/// <summary>
/// Another key for an object: a second hard link, so that both places hold the bytes from one instant to the next; then the old place becomes a relative link to the new one, in one rename.
/// <code>
/// 1/2/3/456789                      the object          link(2)
/// 1/2/3/456789, 1/2/3/456789abcdef  one inode           rename(2) of a prepared link
/// 1/2/3/456789 -> 456789abcdef      a relative link     readers in between have the one or the other
/// </code>
/// A link and no second name for ever: what is deleted is gone from under both places with one rename, and a link that leads nowhere shows nothing.
/// </summary>
internal sealed partial class LocalObjects
{
    /// <summary>What prepared links are called; they lie beside the shards of the deleted zone, where nothing looks for objects.</summary>
    private const string Prepared = ".hs~key-";

    public async ValueTask<bool> LinkAsync(ContentKey key, ContentKey second, Zone zone)
    {
        string source = PathOf(key, zone), target = PathOf(second, zone);
        if (FileStat.Of(source) is not { IsFile: true } stat)
        {
            return false;
        }

        var directory = Path.GetDirectoryName(target)!;
        if (FileStat.Of(target) is not { } there || !there.IsSameFile(stat))
        {
            TreeOf(zone).MakeParents(directory);
            Replace(target, second, prepared => Posix.Link(source, prepared));
        }

        await TreeOf(zone).SyncNameAsync(directory);
        return true;
    }

    public async ValueTask PointAsync(ContentKey key, ContentKey now, bool isPublic)
    {
        var path = PathOf(key, Zone.Public);
        var directory = Path.GetDirectoryName(path)!;
        var text = Path.GetRelativePath(directory, PathOf(now, Zone.Public));
        var there = FileStat.Of(path);
        if ((isPublic || there is not null) && Posix.ReadLink(path) != text)
        {
            publicTree.MakeParents(directory);
            Replace(path, key, prepared => Posix.MakeLink(text, prepared));
        }

        if (isPublic || there is not null)
        {
            await publicTree.SyncNameAsync(directory);
        }

        var hidden = PathOf(key, Zone.Deleted);
        if (Posix.Unlink(hidden))
        {
            await syncs.SyncDirectoriesAsync([Path.GetDirectoryName(hidden)!]);
        }
    }

    /// <summary>Makes something beside the tree and renames it over what is at a place, if anything is.</summary>
    private void Replace(string place, ContentKey key, Action<string> make)
    {
        var prepared = Path.Combine(deleted, Prepared + key);
        _ = Posix.Unlink(prepared); // of a process that died
        make(prepared);
        Posix.Rename(prepared, place);

        // Renaming one hard link of a file onto another one does nothing (POSIX rename).
        _ = Posix.Unlink(prepared);
    }
}
