using HashStore.Schema.Tables;

namespace HashStore.Migrate.Conversion;

/// <summary>Hears how a conversion goes. Methods are called by one thread at a time.</summary>
internal interface IConversionListener
{
    /// <summary>The tree is being looked through.</summary>
    void Looking(long paths);

    /// <summary>So much is done of what is left.</summary>
    void Converting(long paths, long total, long bytes);

    /// <summary>Something was decided about a path.</summary>
    void Decided(LedgerRow row);
}

/// <summary>What a run did, in legacy paths.</summary>
internal sealed class ConversionCounts
{
    internal long Converted { get; set; }

    internal long Skipped { get; set; }

    internal long Failed { get; set; }

    /// <summary>Bytes read.</summary>
    internal long Bytes { get; set; }

    internal void Add(LedgerRow row)
    {
        switch (row.Status)
        {
            case LedgerStatus.Missing or LedgerStatus.Failed:
                Failed++;
                break;
            case LedgerStatus.Skipped:
                Skipped++;
                break;
            case LedgerStatus.Orphan when row.State == LedgerState.Kept:
                Skipped++;
                break;
            default:
                Converted++;
                break;
        }
    }
}
