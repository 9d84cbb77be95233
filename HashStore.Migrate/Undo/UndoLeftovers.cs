using HashStore.Migrate.Legacy;
using HashStore.Schema.Tables;
using HashStore.Storage.Catalog;
using HashStore.Storage.Durability;
using HashStore.Storage.Leasing;

namespace HashStore.Migrate.Undo;

/// <summary>
/// The files that an undo prepares beside legacy paths, and what becomes of those that a dead process left: <c>.hs~undo-7</c> for the ledger row 7, <c>.hs~undo-w7</c> for version 7 that had no path.
/// </summary>
internal static class UndoLeftovers
{
    internal const string Prefix = Inventory.OwnPrefix + "undo-";

    /// <summary>What the preflight tries its calls on.</summary>
    internal const string ProbePrefix = Inventory.OwnPrefix + "probe-";

    /// <summary>What takes the place of a link in the wiki's deleted zone.</summary>
    internal const string KeptPrefix = Inventory.OwnPrefix + "kept-";

    private static readonly TimeSpan leftoverAge = TimeSpan.FromSeconds(10);

    private const string WrittenPrefix = Prefix + "w";

    /// <summary>The prepared file of a path.</summary>
    internal static string Beside(LegacyTree tree, LedgerRow row) => $"{FolderOf(tree, row.Path)}/{Prefix}{row.Id}";

    /// <summary>The prepared file of a version that is written out.</summary>
    internal static string Beside(LegacyTree tree, string path, long uploadId) => $"{FolderOf(tree, path)}/{WrittenPrefix}{uploadId}";

    /// <summary>Removes what an interrupted undo left beside a path.</summary>
    internal static void Clear(LegacyTree tree, LedgerRow row)
    {
        var beside = Beside(tree, row);
        if (FileStat.Of(beside) is not { } left)
        {
            return;
        }

        var full = tree.FullPath(row.Path);
        if (!left.IsLink && FileStat.Of(full) is { IsFile: true } restored && restored.Size == row.Size && restored.Modified == row.Modified)
        {
            Posix.Exchange(beside, full); // the site's own newer file came out, and was about to go back
        }

        _ = Posix.Unlink(beside);
    }

    /// <summary>The same for a find of the inventory.</summary>
    internal static void Clear(LegacyTree tree, CatalogTransaction reading, string found)
    {
        var name = Path.GetFileName(found);
        if (name.StartsWith(Prefix, StringComparison.Ordinal) && long.TryParse(name.AsSpan(Prefix.Length), out var id)
            && reading.ReadAll(ConversionStatements.ReadLedgerById, ConversionRows.ReadLedger, id).FirstOrDefault() is { } row && Beside(tree, row) == found)
        {
            Clear(tree, row);
        }
        else if (name.StartsWith(WrittenPrefix, StringComparison.Ordinal)
            || (name.StartsWith(ProbePrefix, StringComparison.Ordinal) && IsLeft(name[ProbePrefix.Length..], found))
            || (name.StartsWith(KeptPrefix, StringComparison.Ordinal) && IsLeft(name[KeptPrefix.Length..], found)))
        {
            _ = Posix.Unlink(found);
        }
    }

    /// <summary>Removes what an interrupted preflight left.</summary>
    internal static void ClearProbes(LegacyTree tree)
    {
        foreach (var probe in Directory.EnumerateFiles(tree.Root, ProbePrefix + "*"))
        {
            _ = Posix.Unlink(probe);
        }
    }

    /// <summary>Whether nobody works any more with a file that lives for some milliseconds: other converters may be at work.</summary>
    private static bool IsLeft(string mark, string path) => LeaseHolder.IsMarkDead(mark)
        ?? FileStat.Of(path) is { } stat && DateTime.UnixEpoch.AddTicks(stat.Changed / TimeSpan.NanosecondsPerTick) < DateTime.UtcNow - leftoverAge;

    private static string FolderOf(LegacyTree tree, string path)
    {
        var full = tree.FullPath(path);
        return full[..full.LastIndexOf('/')];
    }
}
