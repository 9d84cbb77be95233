using HashStore.Schema;
using HashStore.Schema.Tables;
using HashStore.Storage.Catalog;
using HashStore.Storage.Durability;
using HashStore.Storage.Objects;
using HashStore.Storage.Staging;

namespace HashStore.Storage.Checking;

/// <summary>
/// Mends an object without a row. Bytes whose digest has the key that they lie under are adopted: they get the row that an upload would have given them, counted by the versions that refer to it; those that none refers to
/// come into the deleted zone, where nobody reads them and collecting finds them. Other bytes go to quarantine.
/// </summary>
internal sealed class OrphanRepair(Store store)
{
    private const int MaxLooks = 10;

    private readonly StoreParts parts = store.Parts;

    /// <summary>Mends an object; one that is not there any more is mended.</summary>
    /// <exception cref="StoreException">It cannot be mended now.</exception>
    internal async Task<RepairOutcome> MendAsync(ContentKey key, CancellationToken cancellation)
    {
        RepairOutcome? quarantined = null;
        foreach (var zone in Enum.GetValues<Zone>())
        {
            for (var looks = 0; looks < MaxLooks && store.Damage.Stat(key, zone) is { } seen; looks++)
            {
                if (!seen.IsFile)
                {
                    return new RepairOutcome(RepairResult.NotMended, key, Relative(key, zone), IsWell: false, "It is no plain file: look at it yourself.");
                }

                var outcome = await MendAsync(key, zone, seen, cancellation);
                if (outcome is { Result: RepairResult.Mended })
                {
                    return outcome;
                }

                quarantined ??= outcome;
            }
        }

        return quarantined ?? await MissingAsync(key);
    }

    /// <summary>Versions that count for an object.</summary>
    internal static long Counted(CatalogTransaction catalog, ContentKey key) =>
        catalog.ReadOne(RepairStatements.CountUploads, row => Convert.ToInt64(row[0], null), key.ToArray()) ?? 0;

    /// <summary>Puts a staged, synced file over whatever is in an object's place, in one step; only while the right to write is held.</summary>
    internal static void PutOver(StoreParts parts, ContentKey key, Zone zone, StagedFile staged)
    {
        if (staged.IsTaken)
        {
            return; // the transaction is run again
        }

        var path = parts.Paths.ObjectPathOf(key, zone);
        if (!parts.Backend.AddAsync(key, staged.Path, zone).AsTask().GetAwaiter().GetResult())
        {
            Posix.Rename(staged.Path, path);
            Posix.SyncDirectory(Path.GetDirectoryName(path)!);
        }

        CrashPoints.Pass(CrashPoint.RepairPlaced);
        staged.MarkTaken();
    }

    /// <summary>Null: something changed since it was read.</summary>
    private async Task<RepairOutcome?> MendAsync(ContentKey key, Zone zone, FileStat seen, CancellationToken cancellation)
    {
        var path = parts.Paths.ObjectPathOf(key, zone);
        await using var stream = new FileStream(Posix.OpenToRead(path), FileAccess.Read, bufferSize: 0);
        using var staged = await store.Staging.StageAsync(stream, new StageLimits(long.MaxValue, null, []), cancellation);
        if (parts.Layout.KeyOf(staged.Digest) != key)
        {
            return await store.WriteAsync(catalog => catalog.FindFile(key) is null && IsSame(key, zone, seen) ? SetAside(key, zone, path, staged) : null);
        }

        var facts = await store.FactsAsync(staged);
        await store.Staging.SyncAsync(staged);
        return await store.WriteAsync(catalog => catalog.FindFile(key) is null && IsSame(key, zone, seen) ? Adopt(catalog, facts, zone, staged) : null);
    }

    private RepairOutcome SetAside(ContentKey key, Zone zone, string path, StagedFile staged)
    {
        var detail = $"Bytes without a row, whose {parts.Layout.Algorithm} {staged.Digest} is not that of their place.";
        var kept = store.Quarantine.Link(key, path, store.Damage.Record(key, path, null, "fsck", detail));
        _ = parts.Backend.RemoveAsync(key, zone).AsTask().GetAwaiter().GetResult();
        return new RepairOutcome(RepairResult.Quarantined, key, Relative(key, zone), IsWell: true, $"{detail} They are kept as {kept}.");
    }

    private RepairOutcome Adopt(CatalogTransaction catalog, ContentFacts facts, Zone zone, StagedFile staged)
    {
        var counted = Counted(catalog, facts.Key);
        var (target, state) = counted > 0 ? (Zone.Public, FileState.Public) : (Zone.Deleted, FileState.Deleted);
        _ = ContentChanges.Claim(catalog, facts);
        catalog.CountReference(facts.Key, counted);
        catalog.SetState(facts.Key, state);
        PutOver(parts, facts.Key, target, staged);
        if (zone != target)
        {
            _ = parts.Backend.RemoveAsync(facts.Key, zone).AsTask().GetAwaiter().GetResult(); // the same bytes, of the same hash, are in the other zone now
        }

        store.Damage.Marks.Remove(facts.Key);
        var what = counted > 0 ? $"It got its row again, to which {counted} versions refer." : "It got a row, to which no version refers, and lies in the deleted zone.";
        return new RepairOutcome(RepairResult.Mended, facts.Key, Relative(facts.Key, target), IsWell: true, what);
    }

    /// <summary>Nothing is in either zone: an orphan that was removed since, or a version whose object is lost with its row.</summary>
    private async Task<RepairOutcome> MissingAsync(ContentKey key)
    {
        var counted = await store.WriteAsync(catalog => catalog.FindFile(key) is null ? Counted(catalog, key) : 0);
        return counted > 0
            ? new RepairOutcome(RepairResult.NotMended, key, null, IsWell: false, "Its object is lost with its row: upload the same content again.")
            : new RepairOutcome(RepairResult.Mended, key, null, IsWell: true, "");
    }

    private bool IsSame(ContentKey key, Zone zone, FileStat seen) => store.Damage.Stat(key, zone) is { } now && now.IsSameContent(seen);

    private string Relative(ContentKey key, Zone zone) => Path.GetRelativePath(parts.Paths.Root, parts.Paths.ObjectPathOf(key, zone));
}
