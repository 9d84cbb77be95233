using HashStore.Migrate.Legacy;
using HashStore.Schema;
using HashStore.Schema.Tables;
using HashStore.Storage;
using HashStore.Storage.Catalog;

namespace HashStore.Migrate.Undo;

/// <summary>
/// Lets a store forget what lives on as files. What was deleted or hidden through the store alone stays in it, in the deleted zone: nothing else has those bytes. Every step is bounded and can be
/// repeated.
/// </summary>
internal sealed class UndoRows(Store store, StoreLedger ledger)
{
    private const int RowsPerWrite = 500;

    internal async Task RemoveAsync(CancellationToken cancellation)
    {
        await ForAllAsync(UndoStatements.ReadVersionsAfter, row => row.GetInt64(0), 0L, RemoveVersions, cancellation);
        await ForAllAsync(UndoStatements.ReadNamesAfter, row => row.GetInt64(0), 0L, RemoveNames, cancellation);
        await ForAllAsync<byte[]>(UndoStatements.ReadFilesAfter, row => (byte[])row[0], [], RemoveFiles, cancellation);
        await ForAllAsync(UndoStatements.ReadLegacyAfter, row => row.GetInt64(0), 0L, ResetLegacy, cancellation);
        await SettleAsync();
    }

    /// <summary>Walks a table by its key, a page and a transaction at a time.</summary>
    private async Task ForAllAsync<TKey>(
        Statement statement, Func<System.Data.Common.DbDataReader, TKey> read, TKey first, Action<CatalogTransaction, List<TKey>> remove, CancellationToken cancellation)
    {
        for (var after = first; ;)
        {
            cancellation.ThrowIfCancellationRequested();
            var page = new List<TKey>(RowsPerWrite);
            ledger.Reading.ForEach(
                statement,
                row =>
                {
                    page.Add(read(row));
                    return page.Count < RowsPerWrite;
                },
                after);
            if (page.Count == 0)
            {
                return;
            }

            await store.ForgetAsync(catalog => remove(catalog, page));
            after = page[^1];
        }
    }

    private static void RemoveVersions(CatalogTransaction catalog, List<long> ids)
    {
        foreach (var id in ids)
        {
            var version = catalog.ReadOne(
                UndoStatements.ReadVersion,
                row => (IsDeleted: row.GetBoolean(2), IsHidden: ((HiddenParts)row.GetInt16(4) & HiddenParts.Content) != 0, Key: new ContentKey((byte[])row[5])),
                id);
            if (version is not { } known)
            {
                continue;
            }

            var counted = !known.IsDeleted && !known.IsHidden;
            if (counted || catalog.ReadOne(UndoStatements.CountKeptFiles, row => Convert.ToInt64(row[0], null), known.Key.ToArray()) > 0)
            {
                catalog.Execute(UndoStatements.RemoveVersion, id);
                if (counted)
                {
                    _ = ContentChanges.CountReferences(catalog, known.Key, -1);
                }
            }
        }
    }

    private static void RemoveNames(CatalogTransaction catalog, List<long> ids)
    {
        foreach (var id in ids)
        {
            var left = catalog.ReadOne(UndoStatements.CountVersionsOfName, row => (Count: Convert.ToInt64(row[0], null), Last: row.IsDBNull(1) ? 0 : row.GetInt64(1)), id);
            if (left is { Count: > 0 } some)
            {
                catalog.Execute(Statements.SetLatest, some.Last, id);
                catalog.Execute(Statements.SetNameDeleted, true, id);
            }
            else
            {
                catalog.Execute(UndoStatements.RemoveRedirects, id);
                catalog.Execute(Statements.RemoveName, id);
            }
        }
    }

    /// <summary>The tables' rows wait for another conversion.</summary>
    private static void ResetLegacy(CatalogTransaction catalog, List<long> ids) => ids.ForEach(id => catalog.Execute(UndoStatements.ResetLegacy, id));

    /// <summary>Content of which only deleted or hidden versions are left leaves the public tree.</summary>
    private async Task SettleAsync()
    {
        var unsettled = await store.Names.UnsettledAsync();
        if (unsettled.Count > 0)
        {
            await store.SettleAsync([.. unsettled.Select(row => row.Key)]);
        }
    }

    /// <summary>Removes the objects to which no version refers any more, while the right to write is held: an upload of the same content finds neither row nor bytes, or both.</summary>
    private void RemoveFiles(CatalogTransaction catalog, List<byte[]> keys)
    {
        foreach (var key in keys)
        {
            if (catalog.ReadOne(UndoStatements.CountVersionsOfFile, row => Convert.ToInt64(row[0], null), key) == 0)
            {
                store.RemoveBytes(catalog, new ContentKey(key));
                catalog.Execute(UndoStatements.RemoveFile, key);
            }
        }
    }
}
