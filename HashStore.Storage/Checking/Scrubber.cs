using System.Data.Common;
using HashStore.Schema;
using HashStore.Schema.Tables;
using HashStore.Storage.Catalog;
using HashStore.Storage.Durability;
using HashStore.Storage.Leasing;
using Microsoft.EntityFrameworkCore;

namespace HashStore.Storage.Checking;

/// <summary>Hears what the scrub does.</summary>
public interface IScrubListener
{
    /// <summary>Whether somebody else needs the disk now; asked between reads, again and again while it says true.</summary>
    bool IsBusy();

    /// <summary>An object is damaged; it is marked by now.</summary>
    void Found(Finding finding);
}

/// <summary>
/// Reads all objects again and again, each once in <paramref name="period"/>, a turn at a time. The pace of a turn is what is left of the round by the time that is left for it, so that a store that grows, or a server that
/// stood still, changes it gently. Of several servers, one at a time has the lease; where the round is stands in STATE, so any of them goes on with it.
/// </summary>
/// <param name="store">The store.</param>
/// <param name="period">The time of a round.</param>
/// <param name="listener">Hears of it.</param>
public sealed class Scrubber(Store store, TimeSpan period, IScrubListener listener) : IDisposable
{
    /// <summary>What an object costs beside its bytes: a look at its row, opening it.</summary>
    private const int ObjectCost = 4096;

    /// <summary>However late a round is, it never goes more than so many times as fast as one that is in time.</summary>
    private const int Fastest = 10;

    /// <summary>Within a turn it may be this many times as fast as on the average, so that turns are short, and at least <see cref="SlowestRead"/>.</summary>
    private const int Haste = 4;

    /// <summary>16 MiB a second: disturbs nobody, and lets even a large object of a small store be done in minutes.</summary>
    private const double SlowestRead = 16 << 20;

    private const int PageRows = 100;

    /// <summary>Time that a standstill earns at most: after it the pace rises, but nothing comes at once.</summary>
    private static readonly TimeSpan MaxEarned = TimeSpan.FromMinutes(10);

    /// <summary>How long the sum of what is left is believed: adding it up reads an index as large as the store.</summary>
    private static readonly TimeSpan SumsAge = TimeSpan.FromHours(1);

    private static readonly TimeSpan BetweenSaves = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan BusyPause = TimeSpan.FromMilliseconds(20);

    private readonly ObjectAudit audit = new(store.Parts, store.Damage, "scrub", besideCache: true);
    private readonly TimeProvider clock = store.Clock;
    private (long At, double Weight, string After)? sums;

    /// <summary>Objects read by this process.</summary>
    public Counter Objects { get; } = new();

    /// <summary>Bytes read by this process.</summary>
    public Counter Bytes { get; } = new();

    /// <summary>Damaged objects that this process found.</summary>
    public Counter Damaged { get; } = new();

    /// <summary>Where the round is, as far as this process knows; null: not yet known.</summary>
    public ScrubPosition? Position { get; private set; }

    /// <summary>The part of the round that is done, from 0 to 1.</summary>
    public double Progress { get; private set; }

    /// <summary>Number of objects that are marked as damaged now, whoever found them.</summary>
    public int Marked => store.Damage.Marks.Count();

    private DateTime Now => clock.GetUtcNow().UtcDateTime;

    /// <summary>Reads what is due by now, unless another process does.</summary>
    /// <exception cref="StoreException">The database or the disk failed.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; what was done is written down.</exception>
    public async Task TurnAsync(CancellationToken cancellation)
    {
        try
        {
            if (await store.Leases.TryTakeScrubAsync() is { } lease)
            {
                await using (lease)
                {
                    await TurnAsync(lease, cancellation);
                }
            }
        }
        catch (DbException exception)
        {
            throw store.Database.Translate(exception);
        }
        catch (Exception exception) when (StorageErrors.Knows(exception))
        {
            throw StorageErrors.Translate(exception);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => audit.Dispose();

    private async Task TurnAsync(Lease lease, CancellationToken cancellation)
    {
        var position = ScrubPosition.TryRead(store.Paths.ScrubPosition) ?? new ScrubPosition { Begun = Now, Saved = Now };
        var rate = await RateAsync(position, cancellation);
        var earned = Now - position.Saved;
        position = position with { Credit = position.Credit + (Math.Clamp(earned.TotalSeconds, 0, MaxEarned.TotalSeconds) * rate) };
        var pace = new ReadPace(Math.Max(rate * Haste, SlowestRead), clock);
        var saved = clock.GetTimestamp();
        try
        {
            while (position.Credit > 0)
            {
                var page = await PageAsync(position, cancellation);
                foreach (var row in page)
                {
                    if (position.Credit <= 0)
                    {
                        break;
                    }

                    position = await LookAsync(position, row, pace, cancellation);
                    if (clock.GetElapsedTime(saved) > BetweenSaves)
                    {
                        await SaveAsync(lease, position);
                        saved = clock.GetTimestamp();
                    }
                }

                if (page.Count < PageRows && position.Credit > 0)
                {
                    position = NextRound(position);
                    break;
                }
            }
        }
        finally
        {
            await SaveAsync(lease, position);
        }
    }

    private async Task<List<CheckedFile>> PageAsync(ScrubPosition position, CancellationToken cancellation)
    {
        await using var context = store.Database.NewContext();
        return await CheckQueries.Files(context, position.AfterBytes, PageRows).ToListAsync(cancellation);
    }

    private async Task<ScrubPosition> LookAsync(ScrubPosition position, CheckedFile row, ReadPace pace, CancellationToken cancellation)
    {
        var damaged = 0;
        if (row.State != FileState.Claimed && ContentKey.IsKey(row.Hash))
        {
            var finding = await audit.LookAsync(row, count => ReadAsync(count, pace, cancellation), cancellation);
            Objects.Add();
            if (finding is not null)
            {
                Damaged.Add();
                damaged = 1;
                listener.Found(finding);
            }
        }

        return position with
        {
            After = Convert.ToHexStringLower(row.Hash), Objects = position.Objects + 1, Bytes = position.Bytes + row.Size, Damaged = position.Damaged + damaged,
            Credit = position.Credit - row.Size - ObjectCost,
        };
    }

    private async ValueTask ReadAsync(int count, ReadPace pace, CancellationToken cancellation)
    {
        Bytes.Add(count);
        await pace.SpendAsync(count, cancellation);
        while (listener.IsBusy())
        {
            await Task.Delay(BusyPause, clock, cancellation);
        }
    }

    /// <summary>All is read: the next round begins. Nothing is saved up for it, so that a small store is not read without a pause.</summary>
    private ScrubPosition NextRound(ScrubPosition position)
    {
        sums = null;
        return position with { Begun = Now, LastEnded = Now, After = "", Objects = 0, Bytes = 0, Damaged = 0, Credit = 0 };
    }

    /// <summary>Bytes a second: what is left by the time that is left.</summary>
    private async Task<double> RateAsync(ScrubPosition position, CancellationToken cancellation)
    {
        if (sums is not { } known || known.After != position.After || clock.GetElapsedTime(known.At) > SumsAge)
        {
            await using var context = store.Database.NewContext();
            var left = await CheckQueries.FilesAfter(context, position.AfterBytes).FirstOrDefaultAsync(cancellation) ?? new Sum();
            known = (clock.GetTimestamp(), left.Bytes + ((double)left.Count * ObjectCost), position.After);
            sums = known;
        }

        var done = position.Bytes + ((double)position.Objects * ObjectCost);
        Progress = done + known.Weight > 0 ? done / (done + known.Weight) : 0;
        var time = (position.Begun + period - Now).TotalSeconds;
        var fastest = Math.Max(done + known.Weight, ObjectCost) * Fastest / period.TotalSeconds;
        return time > 0 ? Math.Min(Math.Max(known.Weight, ObjectCost) / time, fastest) : fastest;
    }

    private async Task SaveAsync(Lease lease, ScrubPosition position)
    {
        await store.WriteAsync(catalog =>
        {
            lease.Check(catalog);
            return true;
        });
        position = position with { Saved = Now };
        position.Write(store.Paths.ScrubPosition);
        if (sums is { } known && known.After != position.After && Position is { } last)
        {
            // What was read since is no longer left.
            sums = known with { Weight = Math.Max(0, known.Weight - (position.Bytes - last.Bytes) - ((double)(position.Objects - last.Objects) * ObjectCost)), After = position.After };
        }

        Position = position;
    }
}
