using HashStore.Migrate.Legacy;
using HashStore.Schema.Tables;
using HashStore.Storage;
using HashStore.Storage.Catalog;
using HashStore.Storage.Durability;

namespace HashStore.Migrate.Live;

/// <summary>Looks at every link that the ledger knows, and finds those that the wiki took away.</summary>
internal sealed class TreeSweep(Store store, LegacyTree tree, long run)
{
    private const int RowsPerPage = 2000;

    /// <summary>So many originals gone, and more than half of all: that is no wiki's doing.</summary>
    private const int Suspicious = 1000;

    /// <summary>Looks.</summary>
    /// <returns>The names to follow.</returns>
    /// <exception cref="StoreException">Most of the tree is gone.</exception>
    internal async Task<HashSet<string>> FindAsync(StoreLedger ledger, CancellationToken cancellation)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        long originals = 0, gone = 0;
        for (var after = 0L; ;)
        {
            cancellation.ThrowIfCancellationRequested();
            var page = new List<(long Id, string Path, LedgerKind Kind, bool IsLink)>(RowsPerPage);
            ledger.Reading.ForEach(
                ConversionStatements.ReadLinksAfter,
                row =>
                {
                    page.Add((row.GetInt64(0), row.GetString(1), (LedgerKind)row.GetByte(2), (LedgerState)row.GetByte(3) == LedgerState.Linked));
                    return page.Count < RowsPerPage;
                },
                after);
            if (page.Count == 0)
            {
                break;
            }

            after = page[^1].Id;
            var forgotten = new List<long>();
            foreach (var (id, path, kind, isLink) in page)
            {
                originals += isLink && kind == LedgerKind.Current ? 1 : 0;
                if (FileStat.Of(tree.FullPath(path)) is not null)
                {
                    continue;
                }

                if (isLink && kind is LedgerKind.Current or LedgerKind.Archive && LegacyPath.TryParse(path, out var parsed))
                {
                    gone += kind == LedgerKind.Current ? 1 : 0;
                    names.Add(parsed.Value.Name);
                }
                else
                {
                    forgotten.Add(id); // a thumbnail that the wiki purged, or a file that it removed, from its deleted zone perhaps
                }
            }

            if (forgotten.Count > 0)
            {
                await store.WriteAsync(catalog => forgotten.Sum(id => catalog.Execute(ConversionStatements.SetLedgerGone, (byte)LedgerState.Removed, run, id)));
            }
        }

        return gone < Suspicious || gone * 2 < originals
            ? names
            : throw new StoreException(
                StoreFault.Unavailable,
                $"{gone} of {originals} converted files are gone from {tree.Root}: nothing was changed. Is all of the tree mounted? Where they were really removed, let the wiki's tables say so (--tables), or delete them here.");
    }
}
