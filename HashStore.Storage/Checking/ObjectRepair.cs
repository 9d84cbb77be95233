using HashStore.Schema;
using HashStore.Schema.Tables;
using HashStore.Storage.Catalog;
using HashStore.Storage.Durability;
using HashStore.Storage.Objects;
using HashStore.Storage.Staging;
using Microsoft.EntityFrameworkCore;
using Microsoft.Win32.SafeHandles;

namespace HashStore.Storage.Checking;

/// <summary>
/// Mends an object that has a row, in this order:
///  1. the reference count becomes the number of uploads that count, and says where the object belongs;
///  2. the bytes in both zones are hashed, and where none are right, files beside the store that may have the same content;
///  3. right bytes come to where they belong, in one step over what is there; wrong ones are linked into quarantine first;
///  4. the row says where they are, the mark of damage goes; or comes, where no right bytes were found.
/// Between 2 and 3 the right to write is taken: what is then not as it was read is looked at anew.
/// </summary>
internal sealed class ObjectRepair(Store store, CopyFinder copies)
{
    /// <summary>How often an object that changes under way is looked at anew.</summary>
    private const int MaxLooks = 10;

    private readonly StoreParts parts = store.Parts;

    /// <summary>The bytes of one zone as they were read; <paramref name="Problem"/> null: they are right.</summary>
    private readonly record struct Copy(Zone Zone, FileStat Seen, string? Problem);

    /// <summary>Mends an object.</summary>
    /// <returns>Null: it has no row.</returns>
    /// <exception cref="StoreException">It cannot be mended now.</exception>
    internal async Task<RepairOutcome?> MendAsync(ContentKey key, CancellationToken cancellation)
    {
        var steps = new List<string>();
        using var hash = new ObjectHash(parts.Layout) { BesideCache = true };
        for (var looks = 0; looks < MaxLooks; looks++)
        {
            Add(steps, await store.WriteAsync(catalog => CorrectCount(catalog, key)));
            if (await ReadRowAsync(key, cancellation) is not { } row)
            {
                return null;
            }

            if (row.State == FileState.Claimed)
            {
                return new RepairOutcome(RepairResult.Mended, key, null, IsWell: true, string.Join(' ', steps)); // promises nothing
            }

            var found = await ReadAsync(hash, key, row, cancellation);
            using var staged = found.Exists(copy => copy.Problem is null) ? null : await StageCopyAsync(key, row, cancellation);
            var placed = await PlaceAsync(key, row, found, staged);
            if (placed is { } outcome)
            {
                Add(steps, outcome.Detail);
                return outcome with { Detail = string.Join(' ', steps) };
            }
        }

        throw new StoreException(StoreFault.Unavailable, "It changed again and again while it was looked at. Run it again.");
    }

    private static void Add(List<string> steps, string? step)
    {
        if (step is { Length: > 0 })
        {
            steps.Add(step);
        }
    }

    /// <summary>What was done; null: nothing.</summary>
    private static string? CorrectCount(CatalogTransaction catalog, ContentKey key)
    {
        if (catalog.FindFile(key) is not { } row)
        {
            return null;
        }

        var counted = OrphanRepair.Counted(catalog, key);
        if (counted != row.RefCount)
        {
            catalog.CountReference(key, counted - row.RefCount);
        }

        // A claim that nothing refers to promises nothing; everything else belongs where its uploads say.
        var wanted = counted > 0 ? FileState.Public : FileState.Deleted;
        if (row.State != wanted && row.State != FileState.Collecting && !(row.State == FileState.Claimed && counted == 0))
        {
            catalog.SetState(key, FileState.Collecting);
        }

        return counted == row.RefCount ? null : $"file_refcount was set from {row.RefCount} to {counted}.";
    }

    private async Task<CheckedFile?> ReadRowAsync(ContentKey key, CancellationToken cancellation)
    {
        await using var context = parts.Database.NewContext();
        return await CheckQueries.File(context, key.ToArray()).FirstOrDefaultAsync(cancellation);
    }

    private async Task<List<Copy>> ReadAsync(ObjectHash hash, ContentKey key, CheckedFile row, CancellationToken cancellation)
    {
        var found = new List<Copy>();
        foreach (var zone in Enum.GetValues<Zone>())
        {
            if (store.Damage.Stat(key, zone) is not { } seen)
            {
                continue;
            }

            if (!seen.IsFile)
            {
                throw new StoreException(StoreFault.Damaged, $"{parts.Paths.ObjectPathOf(key, zone)} is no plain file: look at it yourself.");
            }

            using var bytes = await parts.Backend.OpenAsync(key, zone);
            if (bytes is not null)
            {
                found.Add(new Copy(zone, seen, await ProblemAsync(hash, bytes, row, cancellation)));
            }
        }

        return found;
    }

    /// <summary>A disk that cannot read the bytes back has lost them; one that refuses to (permissions) says nothing of them.</summary>
    private static async Task<string?> ProblemAsync(ObjectHash hash, ObjectBytes bytes, CheckedFile row, CancellationToken cancellation)
    {
        try
        {
            return await hash.CompareAsync(bytes, row, null, cancellation);
        }
        catch (IOException exception) when (Posix.ErrnoOf(exception) == Posix.Eio)
        {
            return $"The disk cannot read it: {exception.Message}.";
        }
    }

    /// <summary>Takes an equal file from beside the store into the staging area, synced; null: there is none.</summary>
    private async Task<StagedFile?> StageCopyAsync(ContentKey key, CheckedFile row, CancellationToken cancellation)
    {
        foreach (var path in await copies(key, row.Size, cancellation))
        {
            SafeFileHandle source;
            try
            {
                source = Posix.OpenToRead(path);
            }
            catch (Exception exception) when (StorageErrors.Knows(exception))
            {
                continue; // gone since, or not ours to read
            }

            await using var stream = new FileStream(source, FileAccess.Read, bufferSize: 0);
            var staged = await store.Staging.StageAsync(stream, new StageLimits(long.MaxValue, null, []), cancellation);
            if (staged.Sha256.Span.SequenceEqual(row.Sha256) && parts.Layout.KeyOf(staged.Digest) == key)
            {
                await store.Staging.SyncAsync(staged);
                staged.Source = path;
                return staged;
            }

            staged.Dispose();
        }

        return null;
    }

    /// <summary>Null: something changed since it was read.</summary>
    private async Task<RepairOutcome?> PlaceAsync(ContentKey key, CheckedFile row, List<Copy> found, StagedFile? staged)
    {
        store.CountRemoval();
        var outcome = await store.WriteAsync(catalog =>
        {
            if (catalog.FindFile(key) is not { } now || now.State != row.State || now.RefCount != row.RefCount || !IsAsRead(key, found))
            {
                return null;
            }

            return Place(catalog, key, row, found, staged);
        });
        store.CountRemoval();
        return outcome;
    }

    private RepairOutcome Place(CatalogTransaction catalog, ContentKey key, CheckedFile row, List<Copy> found, StagedFile? staged)
    {
        var target = row.RefCount > 0 ? Zone.Public : Zone.Deleted;
        var path = parts.Paths.ObjectPathOf(key, target);
        var relative = Path.GetRelativePath(parts.Paths.Root, path);
        var steps = new List<string>();

        // What is wrong is kept.
        foreach (var copy in found.Where(copy => copy.Problem is not null))
        {
            var bad = parts.Paths.ObjectPathOf(key, copy.Zone);
            var kept = store.Quarantine.Link(key, bad, store.Damage.Record(key, bad, row.Sha256, "fsck", copy.Problem!));
            steps.Add($"The damaged bytes are kept as {kept}.");
        }

        // What is right comes to its place, over what is there.
        var isGood = true;
        if (found.Exists(copy => copy.Problem is null && copy.Zone != target))
        {
            _ = parts.Backend.MoveAsync(key, target == Zone.Public ? Zone.Deleted : Zone.Public).AsTask().GetAwaiter().GetResult();
            steps.Add(target == Zone.Public ? "The bytes were moved into the public tree." : "The bytes were moved out of the public tree.");
        }
        else if (found.Exists(copy => copy.Problem is null))
        {
            RemoveDamaged(key, found, except: null);
        }
        else if (staged is not null)
        {
            OrphanRepair.PutOver(parts, key, target, staged);
            RemoveDamaged(key, found, except: target);
            steps.Add($"The object was restored from {staged.Source}.");
        }
        else
        {
            isGood = false;
            RemoveDamaged(key, found, except: null);
        }

        if (!isGood)
        {
            store.Damage.Marks.Add(key, store.Damage.Record(key, path, row.Sha256, "fsck", "No right bytes were found."));
            steps.Add("No other copy was found: upload the same content again, or put it back from a backup and run fsck --repair.");
            return new RepairOutcome(found.Count > 0 ? RepairResult.Quarantined : RepairResult.NotMended, key, relative, IsWell: false, string.Join(' ', steps));
        }

        if (target == Zone.Deleted)
        {
            store.RemoveThumbs(key);
        }

        store.Damage.Marks.Remove(key);
        var state = target == Zone.Public ? FileState.Public : FileState.Deleted;
        if (row.State != state)
        {
            catalog.SetState(key, state);
        }

        return new RepairOutcome(RepairResult.Mended, key, relative, IsWell: true, string.Join(' ', steps));
    }

    /// <summary>Takes damaged bytes away that are in quarantine by now.</summary>
    private void RemoveDamaged(ContentKey key, List<Copy> found, Zone? except)
    {
        foreach (var copy in found.Where(copy => copy.Problem is not null && copy.Zone != except))
        {
            _ = parts.Backend.RemoveAsync(key, copy.Zone).AsTask().GetAwaiter().GetResult();
        }
    }

    private bool IsAsRead(ContentKey key, List<Copy> found) => Enum.GetValues<Zone>().All(zone =>
        (store.Damage.Stat(key, zone), found.Exists(copy => copy.Zone == zone) ? found.Find(copy => copy.Zone == zone).Seen : (FileStat?)null) switch
        {
            (null, null) => true,
            ({ } now, { } seen) => now.IsSameContent(seen),
            _ => false,
        });
}
