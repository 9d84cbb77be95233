using HashStore.Schema;
using HashStore.Schema.Tables;
using HashStore.Storage.Catalog;
using HashStore.Storage.Checking;
using HashStore.Storage.Durability;
using HashStore.Storage.Objects;
using HashStore.Storage.Staging;

namespace HashStore.Storage.Collection;

/// <summary>
/// Takes what a <see cref="CollectionPlan"/> found. Everything is looked at again while the right to write is held, which uploads, undeletions and conversions need for their rows too.
///
/// Content goes backwards along the way on which it came, so that a crash leaves what a crash of an upload leaves:
/// <code>
/// deleted ─► claimed ─► bytes away, durable ─► row away
/// </code>
/// An upload of the same content may come at any moment: its claim touches the row, and a touched row is left alone; where the bytes went before its claim, it brings its own. No sync is waited for while the right
/// to write is held.
/// </summary>
public sealed class GarbageCollector(Store store, CollectionPlan plan)
{
    /// <summary>What is looked at in one transaction: some milliseconds, so that uploads beside it keep their latency.</summary>
    public const int BatchItems = 64;

    private readonly StoreParts parts = store.Parts;

    /// <summary>Removes a batch, if it is still garbage; can be run again after any failure.</summary>
    /// <returns>What became of each piece, in no particular order.</returns>
    /// <exception cref="StoreException">The disk or the database failed, before anything that is told of changed.</exception>
    public async Task<IReadOnlyList<Collected>> CollectAsync(IReadOnlyList<Garbage> batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        var done = new List<Collected>(batch.Count);
        done.AddRange(batch.Where(garbage => garbage.Kind == GarbageKind.Leftover).Select(RemoveLeftover));
        done.AddRange(await RemoveContentAsync([.. batch.Where(garbage => garbage.Kind is GarbageKind.Claim or GarbageKind.Content)]));
        done.AddRange(await store.WriteAsync(catalog =>
            batch.Where(garbage => garbage.Kind is GarbageKind.Copy or GarbageKind.Thumbnail)
                .Select(garbage => garbage.Kind == GarbageKind.Copy ? RemoveCopy(catalog, garbage) : RemoveThumb(catalog, garbage)).ToList()));
        return done;
    }

    private async Task<List<Collected>> RemoveContentAsync(List<Garbage> batch)
    {
        if (batch.Count == 0)
        {
            return [];
        }

        // 1. Nothing promises the bytes any more.
        await store.WriteAsync(catalog => batch.Where(garbage => garbage.Kind == GarbageKind.Content && !parts.Marks.Has(garbage.Key!.Value))
            .Sum(garbage => catalog.Execute(CollectionStatements.Release, plan.Before, garbage.Key!.Value.ToArray())));

        // 2. The bytes go. Each file by itself: one that cannot be removed keeps its row, and the others go on.
        var unlinked = await store.WriteAsync(catalog => batch.ConvertAll(garbage => RemoveBytes(catalog, garbage)));

        // 3. Durably, else a power loss could bring back bytes of which no row tells.
        await SyncAsync([.. unlinked.Where(one => one.Outcome == CollectionOutcome.Collected).Select(one => one.Garbage.Key!.Value)]);

        // 4. The rows go, unless an upload has taken them over meanwhile.
        return await store.WriteAsync(catalog => unlinked.ConvertAll(one => one.Outcome == CollectionOutcome.Collected ? RemoveRow(catalog, one) : one));
    }

    private Collected RemoveBytes(CatalogTransaction catalog, Garbage garbage)
    {
        var key = garbage.Key!.Value;
        if (catalog.ReadOne(CollectionStatements.CountClaim, row => Convert.ToInt64(row[0], null), plan.Before, key.ToArray()) is not > 0 || parts.Marks.Has(key))
        {
            return Kept(garbage, "It is in use again, or gone already.");
        }

        return Try(garbage, () =>
        {
            store.RemoveBytes(catalog, key);
            return new Collected(garbage, CollectionOutcome.Collected, "");
        });
    }

    private Collected RemoveRow(CatalogTransaction catalog, Collected unlinked)
    {
        var key = unlinked.Garbage.Key!.Value;
        var isEmpty = Enum.GetValues<Zone>().All(zone => FileStat.Of(parts.Paths.ObjectPathOf(key, zone)) is null);
        return isEmpty && catalog.Execute(CollectionStatements.RemoveClaim, plan.Before, key.ToArray()) > 0
            ? unlinked
            : Kept(unlinked.Garbage, "An upload of the same content came in.");
    }

    private Task SyncAsync(List<ContentKey> keys)
    {
        var folders = keys.SelectMany(key => Enum.GetValues<Zone>().Select(zone => Path.GetDirectoryName(parts.Paths.ObjectPathOf(key, zone))!)).Distinct().Where(Directory.Exists).ToList();
        return folders.Count > 0 ? TranslatedAsync(parts.Syncs.SyncDirectoriesAsync(folders)) : Task.CompletedTask;
    }

    private Collected RemoveCopy(CatalogTransaction catalog, Garbage garbage)
    {
        var key = garbage.Key!.Value;
        var seen = garbage.Seen!.Value;
        return Try(garbage, () =>
        {
            var isSame = catalog.FindFile(key) is { State: FileState.Public } && !parts.Marks.Has(key)
                && FileStat.Of(parts.Paths.ObjectPathOf(key, Zone.Public)) is { } shown && shown.IsSameContent(seen.Public)
                && FileStat.Of(parts.Paths.ObjectPathOf(key, Zone.Deleted)) is { } copy && copy.IsSameContent(seen.Deleted);
            return isSame && Posix.Unlink(parts.Paths.ObjectPathOf(key, Zone.Deleted))
                ? new Collected(garbage, CollectionOutcome.Collected, "")
                : Kept(garbage, "It changed since it was looked at.");
        });
    }

    private Collected RemoveThumb(CatalogTransaction catalog, Garbage garbage) => Try(garbage, () =>
    {
        if (catalog.FindFile(garbage.Key!.Value) is { } row && !CollectionPlan.IsHidden(row.State))
        {
            return Kept(garbage, "Its object is public again.");
        }

        store.RemoveThumb(garbage.Path!);
        return new Collected(garbage, CollectionOutcome.Collected, "");
    });

    /// <summary>Under the lock under which processes take their folders of the staging area and sweep those of others.</summary>
    private Collected RemoveLeftover(Garbage garbage) => Try(garbage, () =>
    {
        var left = garbage.Left!;
        using var turn = new FileLock(parts.Paths.WriteLock);
        using var held = turn.Acquire();
        if (!Exists(left))
        {
            return new Collected(garbage, CollectionOutcome.Collected, ""); // opening the store has swept it
        }

        if (!Leftovers.IsLeft(left, store.Clock.GetUtcNow().UtcDateTime, plan.LeftoverAge))
        {
            return Kept(garbage, "It is in use again.");
        }

        var isGone = left.IsFolder ? StagingArea.TrySweep(left.Path) : Posix.Unlink(left.Path);
        return isGone ? new Collected(garbage, CollectionOutcome.Collected, "") : Kept(garbage, "It is in use again.");
    });

    private static bool Exists(Leftover left) => FileStat.Of(left.Path) is not null;

    private static Collected Kept(Garbage garbage, string why) => new(garbage, CollectionOutcome.Kept, why);

    /// <summary>What cannot be removed is told of by its path, and does not stop the others.</summary>
    private static Collected Try(Garbage garbage, Func<Collected> remove)
    {
        try
        {
            return remove();
        }
        catch (Exception exception) when (StorageErrors.Knows(exception))
        {
            return new Collected(garbage, CollectionOutcome.Failed, exception.Message);
        }
    }

    private static async Task TranslatedAsync(Task work)
    {
        try
        {
            await work;
        }
        catch (Exception exception) when (StorageErrors.Knows(exception))
        {
            throw StorageErrors.Translate(exception);
        }
    }
}
