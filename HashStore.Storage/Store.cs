using System.Collections.Concurrent;
using System.Diagnostics;
using HashStore.Schema;
using HashStore.Schema.Tables;
using HashStore.Storage.Adoption;
using HashStore.Storage.Catalog;
using HashStore.Storage.Content;
using HashStore.Storage.Damage;
using HashStore.Storage.Durability;
using HashStore.Storage.Leasing;
using HashStore.Storage.Objects;
using HashStore.Storage.Safety;
using HashStore.Storage.Serving;
using HashStore.Storage.Staging;
using HashStore.Storage.Widening;
using Microsoft.Extensions.Logging;

namespace HashStore.Storage;

/// <summary>
/// The store. Bytes come in through one door, <see cref="PutAsync"/>, in the order of the invariants:
/// <code>
/// staged:  read, hashed, written ─► durable ─► bytes in place, durable ─► one transaction: file, upload, filename ─► answer
///                                   claim row ──┘
/// </code>
/// Syncs and transactions are shared with whatever else is under way. Every method may be called by many threads, and several processes may have the same store open.
/// </summary>
public sealed partial class Store : IAsyncDisposable
{
    /// <summary>How often an upload whose claim somebody removed under way begins anew.</summary>
    private const int MaxTries = 5;

    private readonly StoreParts parts;
    private readonly StagingArea staging;
    private readonly CatalogWriter writer;
    private readonly ObjectPlacement placement;
    private readonly Adopter adopter;
    private readonly RemovalCounter removals;
    private readonly UploadGate gate;
    private readonly Rekeying rekeying;
    private readonly OldPlaces oldPlaces;
    private readonly TimeProvider clock;
    private readonly ILogger logger;
    private readonly ConcurrentDictionary<ContentKey, bool> reportedDamage = new();
    private int disposed;

    internal Store(StoreParts parts, StagingArea staging, RemovalCounter removals, StoreOptions options, ILogger logger)
    {
        this.parts = parts;
        this.staging = staging;
        this.removals = removals;
        this.logger = logger;
        clock = options.Clock;
        gate = new UploadGate(options.Uploads, clock);
        writer = new CatalogWriter(parts.Database, clock, catalog => StoreOpening.CheckLayout(catalog, parts));
        Damage = new DamageRegister(parts, clock, writer, removals);
        Quarantine = new Quarantine(parts.Paths, clock);
        placement = new ObjectPlacement(parts, writer, Damage, Quarantine);
        rekeying = new Rekeying(parts);
        oldPlaces = new OldPlaces(parts, RemoveThumb);
        adopter = new Adopter(writer, parts.Backend, staging, placement, rekeying, exception =>
        {
            Meters.Collisions.Add();
            LogAdoptionCollision(logger, exception.Message);
        });
        Names = new CatalogReader(parts);
        Leases = new Leases(writer, clock, logger);
        Objects = new ObjectReader(parts, removals, Meters, options.CacheBytes);
    }

    /// <summary>Opens a store, or makes it; see <see cref="StoreOpening"/>.</summary>
    /// <exception cref="StoreException">It cannot be opened; the message says why and what to do.</exception>
    public static Task<Store> OpenAsync(StoreOptions options, ILogger logger) => StoreOpening.OpenAsync(options, logger);

    /// <summary>Where it lies.</summary>
    public StorePaths Paths => parts.Paths;

    /// <summary>What it says of itself.</summary>
    public StoreLayout Layout => parts.Layout;

    /// <summary>Reads names and versions.</summary>
    public CatalogReader Names { get; }

    /// <summary>Reads objects.</summary>
    public ObjectReader Objects { get; }

    /// <summary>What it counted since it was opened.</summary>
    public StoreMeters Meters { get; } = new();

    /// <summary>Files and directories that wait to be synced.</summary>
    public int SyncQueueDepth => parts.Syncs.Depth;

    /// <summary>Changes that wait for the database.</summary>
    public int WriteQueueDepth => writer.Depth;

    /// <summary>Takes bytes into the staging area: one pass reads, hashes, sniffs and writes. Dispose what comes back.</summary>
    /// <exception cref="StoreException">The bytes are not those announced, too many, or there is no space; nothing is kept.</exception>
    public Task<StagedFile> StageAsync(Stream body, StageLimits limits, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(body);
        ArgumentNullException.ThrowIfNull(limits);
        return staging.StageAsync(body, limits, cancellation);
    }

    /// <summary>Checks an upload's condition before its bytes are taken, so that a refused one costs little; it is checked again with them.</summary>
    /// <exception cref="StoreException">The condition does not hold.</exception>
    public async Task CheckConditionAsync(FileName name, UploadCondition condition)
    {
        if (condition.IsAny)
        {
            await writer.WriteAsync(catalog =>
            {
                NameChanges.CheckCondition(catalog, name, condition);
                return true;
            });
        }
    }

    /// <summary>The door: gives a name a new version with the staged bytes. Everything is durable when it returns.</summary>
    /// <exception cref="StoreException">Refused; nothing that anybody can see has changed.</exception>
    public async Task<PutResult> PutAsync(StagedFile staged, PutRequest request)
    {
        ArgumentNullException.ThrowIfNull(staged);
        ArgumentNullException.ThrowIfNull(request);
        var start = Stopwatch.GetTimestamp();
        CrashPoints.Pass(CrashPoint.UploadStaged);

        // 1. Is it what its name says, and may it be here?
        var risk = await PassAsync(staged, request);
        var facts = await FactsAsync(staged);
        UploadedRow? uploaded = null;
        for (var tries = 0; uploaded is null; tries++)
        {
            if (tries == MaxTries)
            {
                throw new StoreException(StoreFault.Unavailable, $"The claim of {facts.Key} was removed {MaxTries} times under way; nothing was kept. Try again.");
            }

            // 2. The claim, while the bytes become durable.
            try
            {
                var synced = staging.SyncAsync(staged);
                var claimed = ClaimAsync(facts, request);
                await Task.WhenAll(synced, claimed);
                CrashPoints.Pass(CrashPoint.UploadClaimed);
                (facts, var before) = await claimed;

                // 3. The bytes.
                if (!await placement.PlaceAsync(staged, facts, before, Zone.Public))
                {
                    continue;
                }
            }
            catch (Exception exception) when (StorageErrors.Knows(exception))
            {
                throw StorageErrors.Translate(exception);
            }

            // 4. The rows.
            CrashPoints.Pass(CrashPoint.UploadPlaced);
            (facts, uploaded) = await UploadAsync(facts, request);
        }

        // 5. Content that was deleted comes back.
        CrashPoints.Pass(CrashPoint.UploadRowsCommitted);
        if (uploaded.Value.NeedsSettling)
        {
            await SettleAsync([facts.Key]);
        }

        var result = new PutResult(await ShowAsync(uploaded.Value, facts, request), uploaded.Value.NewName, uploaded.Value.Duplicate, uploaded.Value.Unchanged, risk);
        Count(result, facts.Size);
        LogUpload(
            logger, request.Name, uploaded.Value.VersionId, facts.Key, facts.Size, request.User, result.IsNew, result.IsDuplicate, result.IsUnchanged,
            Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        return result;
    }

    /// <summary>A new version with an old one's content.</summary>
    /// <exception cref="StoreException">No such name or version, or it is hidden.</exception>
    public Task<ChangeResult> RevertAsync(FileName name, long version, string user, string description) =>
        ChangeAsync("revert", name, user, catalog => NameChanges.Revert(catalog, name, version, user, description));

    /// <summary>Gives a file another name; the old one redirects.</summary>
    /// <exception cref="StoreException">No such name, the new one is taken, or its extension contradicts the content.</exception>
    public async Task<ChangeResult> RenameAsync(FileName from, FileName to, string user)
    {
        if (await Names.FindCurrentAsync(from) is { } file)
        {
            gate.CheckName(to, file.Current.Mime, null);
        }

        return await ChangeAsync("rename", from, user, catalog => NameChanges.Rename(catalog, from, to));
    }

    /// <summary>Deletes a name with all versions; content that nothing else refers to has left the public tree when this returns.</summary>
    /// <exception cref="StoreException">No such name.</exception>
    public Task<ChangeResult> DeleteAsync(FileName name, string user, string reason) =>
        ChangeAsync("delete", name, user, catalog => NameChanges.Delete(catalog, name, user, reason));

    /// <summary>Brings a deleted name back with its history.</summary>
    /// <exception cref="StoreException">No such name, or it is in use.</exception>
    public Task<ChangeResult> UndeleteAsync(FileName name, string user) => ChangeAsync("undelete", name, user, catalog => NameChanges.Undelete(catalog, name));

    /// <summary>Hides or shows the content of one version.</summary>
    /// <exception cref="StoreException">No such version, or it is the current one.</exception>
    public Task<ChangeResult> SetHiddenAsync(FileName name, long version, bool hidden, string user, string reason) =>
        ChangeAsync(hidden ? "hide" : "show", name, user, catalog => NameChanges.SetHidden(catalog, name, version, hidden, user, reason));

    /// <summary>Finishes what is under way and closes the store.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, 1) != 0)
        {
            return;
        }

        await Leases.DisposeAsync();
        writer.Dispose();
        gate.Dispose();
        staging.Dispose();
        parts.Dispose();
        removals.Dispose();
    }

    /// <summary>Moves objects whose row says that they are on their way; called with what a change left, and at the start with what dead processes left.</summary>
    internal async Task SettleAsync(IReadOnlyList<ContentKey> keys)
    {
        // The rows say already that the objects are on their way: whoever asks from now on finds nothing. Counted again at the end, for those who looked in between.
        removals.Increment();
        await Task.WhenAll(keys.Select(SettleOneAsync));
        removals.Increment();
    }

    private Task SettleOneAsync(ContentKey key) => writer.WriteAsync(catalog =>
    {
        key = catalog.Current(key);
        oldPlaces.FinishAllOf(catalog, key);
        if (catalog.FindFile(key) is { State: FileState.Collecting, RefCount: 0 } row)
        {
            rekeying.RemoveStray(catalog, key, row, catalog.KeyBits);
            RemoveThumbs(key);
            CrashPoints.Pass(CrashPoint.ThumbsRemoved);
        }

        ContentChanges.Settle(catalog, key, parts.Backend);
        return true;
    });

    /// <summary>Settles what other processes, which may be dead, left on its way. Done at the start, and now and then by whoever serves; costs one small query when there is nothing.</summary>
    /// <returns>The objects that left the public tree.</returns>
    public async Task<IReadOnlyList<ContentKey>> RecoverAsync()
    {
        await RecoverOldPlacesAsync();
        var left = await Names.UnsettledAsync();
        var removed = left.Where(row => row.Leaves).Select(row => row.Key).ToList();
        if (removed.Count > 0)
        {
            LogRecovery(logger, removed.Count);
            await SettleAsync(removed);
        }

        foreach (var (key, _) in left.Where(row => !row.Leaves))
        {
            try
            {
                await SettleOneAsync(key);
            }
            catch (StoreException exception) when (exception.Fault == StoreFault.Damaged)
            {
                // One damaged object never keeps the others from being served; the next upload of its content heals it, and fsck names it.
                if (reportedDamage.TryAdd(key, true))
                {
                    LogDamaged(logger, exception.Message);
                }
            }
        }

        return removed;
    }

    private async Task<ChangeResult> ChangeAsync(string action, FileName name, string user, Func<CatalogTransaction, NameChanged> change)
    {
        var start = Stopwatch.GetTimestamp();
        var changed = await writer.WriteAsync(change);
        CrashPoints.Pass(CrashPoint.NameRowsCommitted);
        try
        {
            await (changed.Unchanged ? Task.CompletedTask : NameLeaves?.Invoke(changed.NameId) ?? Task.CompletedTask);
        }
        finally
        {
            // What is deleted leaves the public tree, whatever becomes of links to it.
            if (changed.Unsettled.Count > 0)
            {
                await SettleAsync(changed.Unsettled);
            }
        }

        if (NameReturns is { } returns && !changed.Unchanged)
        {
            await returns(changed.NameId);
        }

        var file = await Names.ByIdAsync(changed.NameId);
        LogChange(logger, action, name, user, changed.Unsettled.Count, changed.Unchanged, Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        return new ChangeResult(file, changed.Unsettled, changed.Unchanged);
    }

    internal async Task<ContentFacts> FactsAsync(StagedFile staged)
    {
        var media = await MediaReading.ReadAsync(staged, clock);
        if (media.Problem is { } problem)
        {
            LogMetadataProblem(logger, staged.Sha256, staged.Type.Mime, problem);
        }

        return FactsOf(staged, media);
    }

    /// <summary>What the tables say of staged content.</summary>
    internal ContentFacts FactsOf(StagedFile staged, MediaMetadata media)
    {
        var digest = parts.Layout.DigestAlgorithm == DigestAlgorithm.Sha256 ? (ContentDigest?)null : staged.Digest;
        return new ContentFacts(
            parts.Layout.KeyOf(staged.Digest), staged.Sha256, digest, staged.Sha1, staged.Size, staged.Type.Mime,
            media with { Json = StoredMetadata.Write(staged.Type.Charset, staged.Type.Mime, staged.Risk, media.Json) });
    }

    /// <summary>A name with a single version needs no query: everything about it is at hand.</summary>
    private async Task<StoredName> ShowAsync(UploadedRow uploaded, ContentFacts facts, PutRequest request)
    {
        if (!uploaded.OnlyVersion)
        {
            return await Names.ByIdAsync(uploaded.NameId);
        }

        var version = new StoredVersion
        {
            Id = uploaded.VersionId,
            Key = facts.Key,
            Sha256 = facts.Sha256,
            Digest = facts.Digest ?? facts.Sha256,
            Size = facts.Size,
            Width = facts.Media.Width,
            Height = facts.Media.Height,
            Mime = facts.Mime,
            Timestamp = uploaded.Timestamp,
            User = request.User,
            Description = request.Description,
        };
        return new StoredName { Name = request.Name, Current = version, Versions = [version] };
    }

    private void Count(PutResult result, long size)
    {
        Meters.UploadedBytes.Add(size);
        if (!result.IsUnchanged)
        {
            Meters.Uploads.Add();
        }

        if (result.IsDuplicate)
        {
            Meters.DuplicateUploads.Add();
        }
    }

    [LoggerMessage(1, LogLevel.Information, "upload {Name} version={Version} key={Key} size={Size} user={User} new={IsNew} duplicate={IsDuplicate} unchanged={IsUnchanged} ms={Milliseconds:F1}")]
    private static partial void LogUpload(
        ILogger logger, FileName name, long version, ContentKey key, long size, string user, bool isNew, bool isDuplicate, bool isUnchanged, double milliseconds);

    [LoggerMessage(2, LogLevel.Information, "{Action} {Name} user={User} moved={Moved} unchanged={IsUnchanged} ms={Milliseconds:F1}")]
    private static partial void LogChange(ILogger logger, string action, FileName name, string user, int moved, bool isUnchanged, double milliseconds);

    [LoggerMessage(3, LogLevel.Warning, "collision: {Name} was refused because other content has its key {Key}; SHA-256 of the refused {Sha256}")]
    private static partial void LogCollision(ILogger logger, FileName name, ContentKey key, ContentDigest sha256);

    [LoggerMessage(7, LogLevel.Warning, "collision in a conversion: {Problem}")]
    private static partial void LogAdoptionCollision(ILogger logger, string problem);

    [LoggerMessage(4, LogLevel.Information, "settling {Count} objects that an interrupted process left on their way")]
    private static partial void LogRecovery(ILogger logger, int count);

    [LoggerMessage(6, LogLevel.Error, "an object that an interrupted process left on its way could not be settled: {Problem}")]
    private static partial void LogDamaged(ILogger logger, string problem);

    [LoggerMessage(5, LogLevel.Information, "no metadata from {Sha256} ({Mime}): {Problem}")]
    private static partial void LogMetadataProblem(ILogger logger, ContentDigest sha256, string mime, string problem);
}
