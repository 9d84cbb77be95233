using HashStore.Schema;
using HashStore.Schema.Tables;

namespace HashStore.Storage.Catalog;

/// <summary>A number of legacy paths in one state.</summary>
internal sealed class LedgerSum
{
    public LedgerState State { get; init; }

    public LedgerStatus Status { get; init; }

    public long Count { get; init; }

    public long Bytes { get; init; }
}

/// <summary>A number of legacy paths that are left.</summary>
internal sealed class LeftSum
{
    public bool MustCopy { get; init; }

    public long Count { get; init; }

    public long Bytes { get; init; }
}

/// <summary>A number of legacy rows in one state.</summary>
internal sealed class LegacySum
{
    public LegacyState State { get; init; }

    public long Count { get; init; }
}

/// <summary>The queries that add a conversion up.</summary>
internal static class ConversionQueries
{
    /// <summary>Sums over all legacy paths, or over those that one run decided about.</summary>
    internal static IQueryable<LedgerSum> LedgerSums(HashStoreContext context, long? run) =>
        from row in run is { } only ? context.Ledger.Where(row => row.Run == only) : context.Ledger
        where row.Kind != LedgerKind.Folder
        group row by new { row.State, row.Status } into part
        select new LedgerSum { State = part.Key.State, Status = part.Key.Status, Count = part.LongCount(), Bytes = part.Sum(row => row.Size) };

    /// <summary>Sums over what was decided in a run or after it.</summary>
    internal static IQueryable<LedgerSum> LedgerSumsSince(HashStoreContext context, long run) =>
        from row in context.Ledger
        where row.Run >= run && row.Kind != LedgerKind.Folder
        group row by new { row.State, row.Status } into part
        select new LedgerSum { State = part.Key.State, Status = part.Key.Status, Count = part.LongCount(), Bytes = part.Sum(row => row.Size) };

    /// <summary>Sums over what is left, apart for files that cannot be linked from this device: those on another one, and those with further hard links.</summary>
    internal static IQueryable<LeftSum> LeftSums(HashStoreContext context, long device) =>
        from row in context.Ledger
        where row.State == LedgerState.Found || row.State == LedgerState.Failed
        group row by row.Device != device || row.LinkCount > 1 into part
        select new LeftSum { MustCopy = part.Key, Count = part.LongCount(), Bytes = part.Sum(row => row.Size) };

    internal static IQueryable<LegacySum> LegacySums(HashStoreContext context) =>
        from row in context.Legacy
        group row by row.State into part
        select new LegacySum { State = part.Key, Count = part.LongCount() };
}
