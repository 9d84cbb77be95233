using HashStore.Schema;
using HashStore.Storage.Durability;

namespace HashStore.Storage.Checking;

/// <summary>Finds files beside the store that may have some content; each is read and hashed before it is believed.</summary>
/// <param name="key">The object.</param>
/// <param name="size">Bytes that it must have.</param>
/// <param name="cancellation">Ends it.</param>
/// <returns>Absolute paths, the likeliest first.</returns>
internal delegate Task<IReadOnlyList<string>> CopyFinder(ContentKey key, long size, CancellationToken cancellation);

/// <summary>
/// Mends what a check found and what needs no guess. Whatever a finding says, the object is looked at anew, as a whole, and changed only while the right to write is held: so it may run beside servers and other repairs,
/// be killed at any moment and be run again. Bytes are never removed: they move to where they belong, or to quarantine.
/// </summary>
internal sealed class StoreRepair(Store store, CopyFinder copies)
{
    /// <summary>Objects that are remembered as done: an object can be found twice.</summary>
    private const int MaxRemembered = 100_000;

    private readonly Dictionary<ContentKey, RepairOutcome> done = [];
    private readonly ObjectRepair objects = new(store, copies);
    private readonly OrphanRepair orphans = new(store);

    /// <summary>Mends one finding.</summary>
    /// <returns>Null: this is no damage and nothing to be mended.</returns>
    /// <exception cref="StoreException">The disk is full, the database cannot be written: nothing more can be mended.</exception>
    internal async Task<RepairOutcome?> MendAsync(Finding finding, CancellationToken cancellation)
    {
        switch (finding)
        {
            case { Kind: FindingKind.Leftover, Key: null, Path: { } path }:
                return Path.Exists(Path.Combine(store.Paths.Root, path)) ? null : new RepairOutcome(RepairResult.Mended, null, path, IsWell: true, "It was swept.");

            case { Kind: FindingKind.Leftover, Path: null }:
                return null; // on its way, or claimed: opening the store has settled what can be

            case { Kind: FindingKind.WrongRefCount or FindingKind.WrongState or FindingKind.WrongZone or FindingKind.MissingObject or FindingKind.WrongSize
                or FindingKind.WrongHash or FindingKind.OrphanObject or FindingKind.DanglingUpload or FindingKind.Unreadable or FindingKind.Leftover, Key: { } key }:
                if (done.TryGetValue(key, out var before))
                {
                    return before with { Detail = "" };
                }

                var outcome = await MendAsync(key, cancellation);
                if (done.Count < MaxRemembered)
                {
                    done.Add(key, outcome);
                }

                return outcome;

            default:
                return new RepairOutcome(RepairResult.NotMended, finding.Key, finding.Path, IsWell: false, "This is not mended by itself: it would be a guess.");
        }
    }

    private async Task<RepairOutcome> MendAsync(ContentKey key, CancellationToken cancellation)
    {
        try
        {
            return await objects.MendAsync(key, cancellation) ?? await orphans.MendAsync(key, cancellation);
        }
        catch (Exception exception) when (exception is StoreException { Fault: not (StoreFault.NoSpace or StoreFault.NotWritable) } || StorageErrors.Knows(exception))
        {
            if (StorageErrors.Knows(exception) && StorageErrors.Translate(exception) is { Fault: StoreFault.NoSpace } full)
            {
                throw full; // nothing else can be mended either
            }

            return new RepairOutcome(RepairResult.NotMended, key, null, IsWell: false, exception.Message);
        }
    }
}
