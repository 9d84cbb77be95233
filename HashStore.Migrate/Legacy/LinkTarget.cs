using HashStore.Migrate.Conversion;
using HashStore.Schema;
using HashStore.Schema.Tables;
using HashStore.Storage.Objects;

namespace HashStore.Migrate.Legacy;

/// <summary>What a compatibility link says.</summary>
internal static class LinkTarget
{
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
                return key;
            }
        }

        return null;
    }

    /// <summary>Whether a link is the one that the ledger speaks of, however it says the way there: relative, absolute, or through another mount.</summary>
    internal static bool IsOf(LegacyTree tree, LedgerRow row, string? target)
    {
        if (target is null || PlaceOf(row) is not { } place)
        {
            return false;
        }

        return target.StartsWith('/')
            ? target.EndsWith("/" + place, StringComparison.Ordinal)
            : Path.GetFullPath(target, Path.GetDirectoryName(tree.FullPath(row.Path))!) == $"{tree.Store.Root}/{place}";
    }
}
