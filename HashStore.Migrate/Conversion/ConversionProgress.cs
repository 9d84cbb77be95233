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

/// <summary>What was done, in legacy paths.</summary>
internal sealed class ConversionCounts
{
    internal long Converted { get; private set; }

    internal long Skipped { get; private set; }

    internal long Failed { get; private set; }

    internal void Add(LedgerState state, LedgerStatus status, long count)
    {
        switch (status)
        {
            case LedgerStatus.Missing or LedgerStatus.Failed:
                Failed += count;
                break;
            case LedgerStatus.None or LedgerStatus.Skipped:
            case LedgerStatus.Orphan when state == LedgerState.Kept:
                Skipped += count;
                break;
            default:
                Converted += count;
                break;
        }
    }
}
