using HashStore.Schema;
using HashStore.Schema.Tables;
using HashStore.Storage.Catalog;
using HashStore.Storage.Durability;
using HashStore.Storage.Leasing;

namespace HashStore.Storage.Widening;

/// <summary>What a change of the length of the keys begins with.</summary>
/// <param name="From">The length before.</param>
/// <param name="To">The length from now on.</param>
/// <param name="IsResumed">Whether it was begun before.</param>
/// <param name="IsNeeded">Whether there is anything to do.</param>
internal readonly record struct WidenStep(int From, int To, bool IsResumed, bool IsNeeded);

/// <summary>
/// The length of a store's keys, in its row: changed in one transaction, from which on every process writes keys of the new length, and finished in another one, when no object has a key of the old length.
/// Between the two it can be turned round.
/// </summary>
internal sealed class KeyLength(Store store)
{
    /// <summary>Rows of the ledger that are corrected in one transaction.</summary>
    private const int LedgerAtATime = 1000;

    /// <summary>Begins a change, or goes on with one.</summary>
    /// <param name="bits">The length wanted; null: the one from before an unfinished change.</param>
    /// <param name="lease">The right to do so.</param>
    /// <exception cref="StoreException">That length cannot be had.</exception>
    internal async Task<WidenStep> BeginAsync(int? bits, Lease lease)
    {
        var step = await store.WriteAsync(catalog =>
        {
            lease.Check(catalog);
            var row = StoreOpening.ReadStoreRow(catalog)!.Value;
            var step = Decide(row, bits);
            if (step.IsNeeded && !step.IsResumed)
            {
                if (step.To < step.From)
                {
                    CheckShort(catalog, step.To);
                }

                catalog.Execute(AliasStatements.SetLayout, step.To, step.From);
            }

            return step;
        });
        await RefreshAsync();
        WriteLayout();
        return step;
    }

    /// <summary>As whoever opens the store writes it: one process at a time.</summary>
    private void WriteLayout()
    {
        using var setup = new FileLock(store.Paths.WriteLock);
        using var held = setup.Acquire();
        store.Layout.Write(store.Paths);
    }

    /// <summary>What would be done.</summary>
    /// <exception cref="StoreException">That length cannot be had.</exception>
    internal async Task<(int From, int To)> PlanAsync(int? bits)
    {
        var step = await store.WriteAsync(catalog =>
        {
            var step = Decide(StoreOpening.ReadStoreRow(catalog)!.Value, bits);
            if (step.To < step.From && !step.IsResumed)
            {
                CheckShort(catalog, step.To);
            }

            return step;
        });
        return (step.From, step.To);
    }

    /// <summary>Ends a change, if every object that a row promises has a key of the new length.</summary>
    /// <returns>False: some have not.</returns>
    internal async Task<bool> TryFinishAsync(int bits, Lease lease)
    {
        // What a conversion wrote beside it, with keys that it had read before.
        while (await store.WriteAsync(CorrectLedger))
        {
        }

        await store.FinishOldPlacesAsync();
        var finished = await store.WriteAsync(catalog =>
        {
            lease.Check(catalog);
            var isFinished = true;
            catalog.ForEach(
                AliasStatements.ReadKeys,
                row => isFinished = ((byte[])row[0]).Length * 8 == bits || (FileState)row.GetByte(2) == FileState.Claimed);
            if (isFinished)
            {
                catalog.Execute(AliasStatements.FinishLayout);
            }

            return isFinished;
        });
        await RefreshAsync();
        return finished;
    }

    /// <summary>An empty transaction: it looks at the store's row.</summary>
    private Task<bool> RefreshAsync() => store.WriteAsync(_ => true);

    private WidenStep Decide(StoreIdentity row, int? wanted)
    {
        var bits = wanted ?? (row.FromBits is { } before ? Math.Min(before, row.KeyBits)
            : throw new StoreException(StoreFault.Unavailable, "There is nothing to undo: no change of the keys is unfinished, and a finished one stays."));
        StoreLayout.CheckKeyBits(store.Layout.DigestAlgorithm, bits);
        if (row.FromBits is { } from)
        {
            return bits == row.KeyBits ? new WidenStep(from, bits, IsResumed: true, IsNeeded: true)
                : bits == from ? new WidenStep(row.KeyBits, bits, IsResumed: false, IsNeeded: true)
                : throw new StoreException(
                    StoreFault.Unavailable, $"The change from {from} to {row.KeyBits} bits is unfinished: run widen --bits {Math.Max(from, row.KeyBits)} first, or widen --undo.");
        }

        return bits == row.KeyBits ? new WidenStep(bits, bits, IsResumed: false, IsNeeded: false)
            : bits > row.KeyBits ? new WidenStep(row.KeyBits, bits, IsResumed: false, IsNeeded: true)
            : throw new StoreException(StoreFault.BadSetting, $"Keys have {row.KeyBits} bits and cannot become shorter: --bits must be a larger multiple of 8, {store.Layout.DigestAlgorithm.DigestBytes() * 8} at most.");
    }

    /// <summary>Undoing is possible only while the shorter keys still tell all contents apart. Keys are read in their order, so that equal beginnings follow each other.</summary>
    private static void CheckShort(CatalogTransaction catalog, int bits)
    {
        ContentKey? before = null;
        byte[] sha256 = [];
        catalog.ForEach(AliasStatements.ReadKeys, row =>
        {
            var key = new ContentKey(((byte[])row[0]).AsSpan(0, bits / 8));
            if (key == before && !((byte[])row[1]).AsSpan().SequenceEqual(sha256))
            {
                throw new StoreException(
                    StoreFault.Collision,
                    $"Two contents that were stored since have the same key of {bits} bits, {key}: delete one of them for good, or finish the change (widen --bits).");
            }

            (before, sha256) = (key, (byte[])row[1]);
            return true;
        });
    }

    private static bool CorrectLedger(CatalogTransaction catalog)
    {
        var stale = new Dictionary<ContentKey, ContentKey>();
        catalog.ForEach(AliasStatements.ReadStaleLedger, row =>
        {
            stale[new ContentKey((byte[])row[0])] = new ContentKey((byte[])row[1]);
            return stale.Count < LedgerAtATime;
        });
        foreach (var (key, now) in stale)
        {
            catalog.Execute(AliasStatements.MoveLedger, now.ToArray(), key.ToArray());
            catalog.Execute(AliasStatements.SetPending, key.ToArray()); // thumbnails may have come to the old place with it
        }

        return stale.Count > 0;
    }
}
