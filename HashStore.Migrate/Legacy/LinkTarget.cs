using HashStore.Migrate.Conversion;
using HashStore.Schema;
using HashStore.Schema.Tables;
using HashStore.Storage.Durability;
using HashStore.Storage.Objects;

namespace HashStore.Migrate.Legacy;

/// <summary>What a compatibility link says.</summary>
internal static class LinkTarget
{
    /// <summary>Keys that an object can have had: each longer than the one before, in whole bytes, and back again where that was undone.</summary>
    private const int MaxKeys = 64;

    /// <summary>The place below ROOT of what a legacy path links to: an object, or a thumbnail; null where the ledger knows none.</summary>
    internal static string? PlaceOf(LedgerRow row) => row.Place ?? (row.Key is { } key ? ObjectPath.Of(new ContentKey(key)) : null);

    /// <summary>The text of the link.</summary>
    internal static string Of(LegacyTree tree, ConversionOptions options, string path, string place) => options.RelativeLinks
        ? Path.GetRelativePath(Path.GetDirectoryName(tree.FullPath(path))!, $"{tree.Store.Root}/{place}")
        : $"{options.LinkRoot ?? tree.Store.Root}/{place}";

    /// <summary>The object of this store that a link leads to, absolute or relative, as this machine or as the wiki sees ROOT; null: it leads elsewhere.</summary>
    internal static ContentKey? KeyOf(LegacyTree tree, string path, string? target)
    {
        if (target is null)
        {
            return null;
        }

        var absolute = target.StartsWith('/') ? target : Path.GetFullPath(target, Path.GetDirectoryName(tree.FullPath(path))!);
        foreach (var root in new[] { tree.Store.Root, tree.LinkRoot })
        {
            if (root is not null && absolute.StartsWith(root + "/", StringComparison.Ordinal) && ObjectPath.TryParse(absolute.AsSpan(root.Length + 1), out var key))
            {
                return ObjectPath.TryParse(Followed(tree, absolute[(root.Length + 1)..]), out var now) ? now : key;
            }
        }

        return null;
    }

    /// <summary>Whether a link is the one that the ledger speaks of, however it says the way there: relative, absolute, or through another mount.</summary>
    internal static bool IsOf(LegacyTree tree, LedgerRow row, string? target) => target is not null && PlaceOf(row) is { } place && IsTo(tree, row.Path, place, target);

    /// <summary>Whether a link at a legacy path leads to a place below ROOT.</summary>
    internal static bool IsTo(LegacyTree tree, string path, string place, string target)
    {
        var absolute = target.StartsWith('/') ? target : Path.GetFullPath(target, Path.GetDirectoryName(tree.FullPath(path))!);
        if (target.StartsWith('/') ? absolute.EndsWith("/" + place, StringComparison.Ordinal) : absolute == $"{tree.Store.Root}/{place}")
        {
            return true;
        }

        // The object had another key when the link was made: its old place leads to today's, or holds the same file until that is done.
        var old = string.Join('/', absolute.Split('/').TakeLast(place.Count(character => character == '/') + 1));
        return (Followed(tree, old) is var now && now != old && now == place)
            || (FileStat.Of($"{tree.Store.Root}/{old}") is { IsFile: true } one && FileStat.Of($"{tree.Store.Root}/{place}") is { } other && one.IsSameFile(other));
    }

    /// <summary>The place below ROOT that a place leads to which an object or a thumbnail had under an older key; the same where it is today's.</summary>
    private static string Followed(LegacyTree tree, string place)
    {
        for (var steps = 0; steps < MaxKeys && Posix.ReadLink($"{tree.Store.Root}/{place}") is { } next; steps++)
        {
            place = Path.GetRelativePath(tree.Store.Root, Path.GetFullPath(next, Path.GetDirectoryName($"{tree.Store.Root}/{place}")!));
        }

        return place;
    }
}
