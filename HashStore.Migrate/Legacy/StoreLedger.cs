using System.Data.Common;
using HashStore.Schema.Tables;
using HashStore.Storage;
using HashStore.Storage.Catalog;

namespace HashStore.Migrate.Legacy;

/// <summary>The ledger of a store.</summary>
internal sealed class StoreLedger : IInventoryLedger, IDisposable
{
    private readonly Store store;
    private readonly DbConnection connection;

    internal StoreLedger(Store store)
    {
        this.store = store;
        connection = store.Database.OpenForReading();
        Reading = new CatalogTransaction(connection, store.Database.InsertedId, store.Clock);
        LookWhetherEmpty();
    }

    /// <summary>Reads, outside of any transaction.</summary>
    internal CatalogTransaction Reading { get; }

    /// <summary>Whether legacy tables were imported.</summary>
    internal bool HasTables => Reading.ReadOne(ConversionStatements.AnyLegacy, row => !row.IsDBNull(0)) is true;

    /// <summary>Whether nothing was recorded when it was opened: then nothing needs to be looked up.</summary>
    internal bool IsEmpty { get; private set; }

    public LedgerRow? Find(string path) => IsEmpty ? null : Reading.ReadAll(ConversionStatements.ReadLedgerByPath, ConversionRows.ReadLedger, path).FirstOrDefault();

    public Task WriteAsync(IReadOnlyList<InventoryWrite> rows) => store.WriteAsync(catalog =>
    {
        foreach (var write in rows)
        {
            if (write.WasState is { } was)
            {
                ConversionRows.Replace(catalog, write.Row, was, write.WasInode);
            }
            else
            {
                ConversionRows.Insert(catalog, write.Row);
            }
        }

        return true;
    });

    /// <summary>From now on paths are looked up: an inventory has been written, or somebody else may write one.</summary>
    internal void Written() => IsEmpty = false;

    /// <summary>Asks again whether nothing is recorded: another process may have written meanwhile.</summary>
    internal void LookWhetherEmpty() => IsEmpty = Reading.ReadOne(ConversionStatements.AnyLedger, row => row.IsDBNull(0)) is true;

    /// <summary>Writes what became of paths.</summary>
    internal Task SetAsync(IReadOnlyCollection<LedgerRow> rows) => rows.Count == 0 ? Task.CompletedTask : store.WriteAsync(catalog =>
    {
        foreach (var row in rows)
        {
            ConversionRows.Set(catalog, row);
        }

        return true;
    });

    /// <summary>Writes that paths are links now.</summary>
    internal Task SetLinkedAsync(IReadOnlyCollection<LedgerRow> rows) => rows.Count == 0 ? Task.CompletedTask : store.WriteAsync(catalog =>
    {
        WriteLinked(catalog, rows);
        return true;
    });

    /// <summary>The same as part of another transaction.</summary>
    internal static void WriteLinked(CatalogTransaction catalog, IEnumerable<LedgerRow> rows)
    {
        foreach (var row in rows)
        {
            catalog.Execute(ConversionStatements.SetLedgerState, (byte)LedgerState.Linked, row.Id);
        }
    }

    public void Dispose()
    {
        Reading.Dispose();
        connection.Dispose();
    }
}
