using System.Data.Common;
using HashStore.Migrate.Conversion;
using HashStore.Storage;

namespace HashStore.Server.Legacy;

/// <summary>How far a conversion is, whoever did it and when, in legacy paths.</summary>
/// <param name="Converted">Converted.</param>
/// <param name="Failed">Missing, or could not be converted.</param>
/// <param name="Left">Wait to be converted.</param>
/// <param name="Bytes">Bytes of what is converted.</param>
internal readonly record struct ConversionSums(long Converted, long Failed, long Left, long Bytes)
{
    /// <summary>All of them.</summary>
    internal long Total => Converted + Failed + Left;
}

/// <summary>Adds the ledger up. That reads all of it, so the sums are kept for a while that is in proportion to what they cost.</summary>
internal sealed class ConversionTotals(Store store, TimeProvider clock) : IDisposable
{
    /// <summary>Adding up may take a twentieth of the time.</summary>
    private const int KeptForCost = 20;

    private readonly SemaphoreSlim adding = new(1);
    private ConversionSums sums;
    private TimeSpan cost;
    private long addedAt;
    private bool isKnown;

    /// <summary>The sums.</summary>
    /// <param name="maxAge">How old they may be, if adding them up was cheap.</param>
    /// <param name="cancellation">The request's.</param>
    internal async Task<ConversionSums> GetAsync(TimeSpan maxAge, CancellationToken cancellation)
    {
        await adding.WaitAsync(cancellation);
        try
        {
            var age = clock.GetElapsedTime(addedAt);
            if (!isKnown || (age >= maxAge && age >= cost * KeptForCost))
            {
                var start = clock.GetTimestamp();
                var status = await ConversionStatus.OfAsync(store, cancellation);
                sums = new ConversionSums(status.Converted, status.Failed, status.Left, status.Bytes);
                (cost, addedAt, isKnown) = (clock.GetElapsedTime(start), clock.GetTimestamp(), true);
            }

            return sums;
        }
        finally
        {
            adding.Release();
        }
    }

    /// <summary>The same; what was known before where the database does not answer.</summary>
    internal async Task<ConversionSums> GetOrLastAsync(TimeSpan maxAge, CancellationToken cancellation)
    {
        try
        {
            return await GetAsync(maxAge, cancellation);
        }
        catch (Exception exception) when (exception is DbException or InvalidOperationException)
        {
            return sums; // health tells of the database, not these numbers
        }
    }

    /// <summary>The next one who asks gets new sums.</summary>
    internal void Forget() => Volatile.Write(ref isKnown, false);

    public void Dispose() => adding.Dispose();
}
