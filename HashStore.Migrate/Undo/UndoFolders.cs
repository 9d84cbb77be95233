using HashStore.Migrate.Legacy;
using HashStore.Schema.Tables;
using HashStore.Storage.Catalog;
using HashStore.Storage.Durability;
using HashStore.Storage.Objects;

namespace HashStore.Migrate.Undo;

/// <summary>The last of an undo: converted thumbnails leave their tree, folders that the store made go, and the others get their times back.</summary>
internal static class UndoFolders
{
    private const string Digits = "0123456789abcdef";

    internal static void Remove(LegacyTree tree, StoreLedger ledger)
    {
        var had = new HashSet<string>(StringComparer.Ordinal);
        ForEach(ledger, row =>
        {
            if (row is { Place: { } place, Kind: LedgerKind.Thumb or LedgerKind.ArchiveThumb })
            {
                _ = Posix.Unlink($"{tree.Store.Root}/{place}");
            }

            // The folders of the first digits are shared with the legacy tree: those that were there stay.
            if (row.Kind == LedgerKind.Folder && tree.IsInPlace && (row.Path.Length <= 1 || row.Path.StartsWith(ThumbPath.Folder, StringComparison.Ordinal) && row.Path.Length <= ThumbPath.Folder.Length + 2))
            {
                had.Add(row.Path);
            }
        });
        RemoveEmpty(tree.Store.Root, "", had);
        RemoveEmpty(tree.Store.Root, ThumbPath.Folder + "/", had);
        if (!had.Contains(ThumbPath.Folder))
        {
            _ = Posix.RemoveEmptyDirectory($"{tree.Store.Root}/{ThumbPath.Folder}");
        }

        ForEach(ledger, row =>
        {
            if (row.Kind == LedgerKind.Folder && FileStat.Of(tree.FullPath(row.Path)) is { IsFolder: true })
            {
                Posix.SetTimes(tree.FullPath(row.Path), row.Accessed, row.Modified);
            }
        });
        Posix.SyncFileSystemOf(tree.Root);
        Posix.SyncFileSystemOf(tree.Store.Root);
    }

    private static void RemoveEmpty(string root, string top, HashSet<string> had)
    {
        foreach (var first in Digits)
        {
            foreach (var second in Digits)
            {
                if (!Directory.Exists($"{root}/{top}{first}/{second}"))
                {
                    continue;
                }

                foreach (var third in Digits)
                {
                    _ = Posix.RemoveEmptyDirectory($"{root}/{top}{first}/{second}/{third}");
                }

                _ = Posix.RemoveEmptyDirectory($"{root}/{top}{first}/{second}");
            }

            if (!had.Contains($"{top}{first}"))
            {
                _ = Posix.RemoveEmptyDirectory($"{root}/{top}{first}");
            }
        }
    }

    private static void ForEach(StoreLedger ledger, Action<LedgerRow> use) => ledger.Reading.ForEach(
        UndoStatements.ReadLedgerAfterId,
        reader =>
        {
            use(ConversionRows.ReadLedger(reader));
            return true;
        },
        0L);
}
