using System.Data.Common;
using HashStore.Schema;
using HashStore.Schema.Tables;
using HashStore.Storage.Catalog;
using HashStore.Storage.Checking;
using HashStore.Storage.Durability;
using HashStore.Storage.Leasing;
using Microsoft.EntityFrameworkCore;

namespace HashStore.Storage.Widening;

/// <summary>
/// Changes the length of all keys of a store beside its servers. From the first transaction on, new content gets keys of the new length, and content that is uploaded again brings its object along; the walk
/// over all others reads each object, compares it with its hash, and gives it its key in batches. A process that dies leaves a store that serves everything, and whoever runs the same again goes on.
/// </summary>
internal sealed class Widener(Store store, WidenOptions options, IWidenListener listener)
{
    /// <summary>Rows of one query.</summary>
    private const int PageRows = 500;

    /// <summary>Uploads that were under way with old keys may leave something to a further walk.</summary>
    private const int MaxWalks = 3;

    /// <summary>Objects of one transaction: it holds the right to write for a few tens of milliseconds.</summary>
    private const int BatchObjects = 64;

    private readonly ReadPace pace = new(options.BytesPerSecond, store.Clock);
    private long changed, already, left, bytes, total;

    /// <summary>Does it.</summary>
    /// <exception cref="StoreException">It cannot be done; the message says why. What was done stays, and everything is served.</exception>
    internal async Task<WidenResult> RunAsync(CancellationToken cancellation)
    {
        try
        {
            return await ChangeAsync(cancellation);
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

    private async Task<WidenResult> ChangeAsync(CancellationToken cancellation)
    {
        var keys = new KeyLength(store);
        if (options.DryRun)
        {
            var (from, to) = await keys.PlanAsync(options.Bits);
            listener.Begun(from, to, isResumed: false);
            await WalkAsync(to, cancellation);
            return new WidenResult(from, to, changed, already, left, bytes, IsFinished: false);
        }

        await using var lease = await store.Leases.TryTakeWidenAsync()
            ?? throw new StoreException(StoreFault.Unavailable, "Another process changes the keys of this store: wait for it, or end it first.");
        var step = await keys.BeginAsync(options.Bits, lease);
        listener.Begun(step.From, step.To, step.IsResumed);
        var isFinished = !step.IsNeeded;
        for (var walks = 0; !isFinished && left == 0 && walks < MaxWalks; walks++)
        {
            already = 0;
            await WalkAsync(step.To, cancellation);
            if (step.To < step.From)
            {
                await RemoveStraysAsync(step.From);
            }

            isFinished = await keys.TryFinishAsync(step.To, lease);
        }

        await store.FinishOldPlacesAsync();
        return new WidenResult(step.From, step.To, changed, already, left, bytes, isFinished);
    }

    /// <summary>Where a change was turned round, objects may have second names that a process which died gave them before their rows.</summary>
    private async Task RemoveStraysAsync(int bits)
    {
        List<CheckedFile> page;
        byte[]? after = null;
        do
        {
            await using (var context = store.Database.NewContext())
            {
                page = await CheckQueries.Files(context, after, PageRows).ToListAsync();
            }

            await store.WriteAsync(catalog =>
            {
                foreach (var key in page.Where(row => ContentKey.IsKey(row.Hash)).Select(row => new ContentKey(row.Hash)))
                {
                    if (catalog.FindExact(key) is { State: not FileState.Claimed } row)
                    {
                        store.Rekeying.RemoveStray(catalog, key, row, bits);
                    }
                }

                return true;
            });
            after = page.Count > 0 ? page[^1].Hash : after;
        }
        while (page.Count == PageRows);
    }

    private async Task WalkAsync(int bits, CancellationToken cancellation)
    {
        await using (var context = store.Database.NewContext())
        {
            total = (await CheckQueries.AllFiles(context).FirstOrDefaultAsync(cancellation) ?? new Sum()).Count;
        }

        using var audit = new ObjectAudit(store.Parts, store.Damage, "widen", besideCache: true);
        var batch = new List<ContentKey>(BatchObjects);
        List<CheckedFile> page;
        byte[]? after = null;
        do
        {
            await using (var context = store.Database.NewContext())
            {
                page = await CheckQueries.Files(context, after, PageRows).ToListAsync(cancellation);
            }

            foreach (var row in page)
            {
                cancellation.ThrowIfCancellationRequested();
                if (await IsGoodAsync(audit, row, bits, cancellation))
                {
                    batch.Add(new ContentKey(row.Hash));
                }

                if (batch.Count == BatchObjects)
                {
                    await RekeyAsync(batch);
                }

                listener.Progress(changed + already + left, total, bytes);
            }

            await RekeyAsync(batch);
            after = page.Count > 0 ? page[^1].Hash : after;
        }
        while (page.Count == PageRows);
    }

    /// <summary>Whether an object is to get another key: it has none of the new length, and its bytes are those of its hash.</summary>
    private async Task<bool> IsGoodAsync(ObjectAudit audit, CheckedFile row, int bits, CancellationToken cancellation)
    {
        if (row.State == FileState.Claimed || !ContentKey.IsKey(row.Hash))
        {
            return false; // nothing yet, or fsck's to tell of
        }

        if (row.Hash.Length * 8 == bits)
        {
            already++;
            return false;
        }

        if (options.DryRun)
        {
            changed++;
            bytes += row.Size;
            return false;
        }

        var finding = await audit.LookAsync(row, ReadAsync, cancellation);
        if (finding is null)
        {
            return true;
        }

        Leave(new ContentKey(row.Hash), finding.Detail);
        return false;

        ValueTask ReadAsync(int count)
        {
            bytes += count;
            return pace.SpendAsync(count, cancellation);
        }
    }

    private async Task RekeyAsync(List<ContentKey> batch)
    {
        if (batch.Count == 0)
        {
            return;
        }

        IReadOnlyList<ContentKey> keys = [.. batch];
        batch.Clear();

        // Processes that serve have objects cached under keys that lead elsewhere from now on.
        store.CountRemoval();
        var outcomes = await store.WriteAsync(catalog => store.Rekeying.Rekey(catalog, keys));
        store.CountRemoval();
        await store.FinishOldPlacesAsync([.. keys.Where((_, i) => outcomes[i] == Rekeyed.Done)]);
        for (var i = 0; i < keys.Count; i++)
        {
            Count(keys[i], outcomes[i]);
        }
    }

    private void Count(ContentKey key, Rekeyed outcome)
    {
        switch (outcome)
        {
            case Rekeyed.Done:
                changed++;
                break;
            case Rekeyed.Nothing or Rekeyed.Claimed:
                break; // gone, done by an upload, or an upload's to do
            case Rekeyed.Damaged:
                Leave(key, "It is marked as damaged. Run hashstore-migrate fsck --repair, then this again.");
                break;
            case Rekeyed.Missing:
                Leave(key, "Its bytes are not where its row says. Run hashstore-migrate fsck --repair, then this again.");
                break;
            case Rekeyed.Collision:
                Leave(key, "Other content has the key that it would get.");
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(outcome));
        }
    }

    private void Leave(ContentKey key, string reason)
    {
        left++;
        listener.Left(key, reason);
    }
}
