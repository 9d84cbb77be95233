using HashStore.Migrate.Legacy;
using HashStore.Schema.Tables;
using HashStore.Storage;
using HashStore.Storage.Catalog;

namespace HashStore.Migrate.Conversion;

/// <summary>Files in the deleted zone that no row has claimed at the end of a run: they stay as they are.</summary>
internal sealed class UnclaimedFiles(Store store, long run, IConversionListener listener)
{
    private const int RowsPerWrite = 1000;

    /// <summary>Tells of them.</summary>
    internal async Task TellAsync()
    {
        using var ledger = new StoreLedger(store);
        var unclaimed = new List<LedgerRow>();
        for (var after = 0L; ;)
        {
            unclaimed.Clear();
            ledger.Reading.ForEach(
                ConversionStatements.ReadLedgerByState,
                reader =>
                {
                    var row = ConversionRows.ReadLedger(reader);
                    after = row.Id;
                    if (row.Kind == LedgerKind.Deleted)
                    {
                        (row.State, row.Status, row.Detail, row.Run) = (LedgerState.Kept, LedgerStatus.Orphan, "No row speaks of this deleted file; it was left as it is.", run);
                        unclaimed.Add(row);
                    }

                    return unclaimed.Count < RowsPerWrite;
                },
                (byte)LedgerState.Found, after);
            if (unclaimed.Count == 0)
            {
                return;
            }

            await ledger.SetAsync(unclaimed);
            unclaimed.ForEach(listener.Decided);
        }
    }
}
