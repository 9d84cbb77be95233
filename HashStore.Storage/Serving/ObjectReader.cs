using System.Security.Cryptography;
using HashStore.Schema;
using HashStore.Schema.Tables;
using HashStore.Storage.Catalog;
using HashStore.Storage.Content;
using HashStore.Storage.Damage;
using HashStore.Storage.Durability;
using HashStore.Storage.Objects;
using HashStore.Storage.Safety;
using Microsoft.EntityFrameworkCore;

namespace HashStore.Storage.Serving;

/// <summary>What a key leads to.</summary>
/// <param name="Found">The object, when it is public; its key is another one where the store was widened since.</param>
/// <param name="Gone">It was there, and is deleted.</param>
public readonly record struct ObjectLookup(ServedObject? Found, bool Gone);

/// <summary>
/// The way from a key to bytes: a bounded cache of metadata and small bodies in front of database and backend. A hit asks neither; whether it may still be served is decided
/// by the removal counter, which every removal in any process of this machine counts up before it is acknowledged.
/// </summary>
public sealed class ObjectReader
{
    /// <summary>Bodies up to this size are kept in memory: larger ones are better left to the page cache.</summary>
    private const int MaxCachedBody = 64 << 10;

    private readonly StoreDatabase database;
    private readonly IObjectBackend backend;
    private readonly RemovalCounter removals;
    private readonly StoreMeters meters;
    private readonly DamageMarks marks;
    private readonly BoundedCache<ContentKey, ServedObject> cache;

    internal ObjectReader(StoreParts parts, RemovalCounter removals, StoreMeters meters, long cacheBytes)
    {
        (database, backend, marks) = (parts.Database, parts.Backend, parts.Marks);
        this.removals = removals;
        this.meters = meters;
        cache = new BoundedCache<ContentKey, ServedObject>(cacheBytes);
    }

    /// <summary>Entries in the cache.</summary>
    public int CachedObjects => cache.Count;

    /// <summary>Their weight in bytes.</summary>
    public long CachedBytes => cache.Weight;

    /// <summary>The hit path: no query, no system call, no allocation. Null: ask <see cref="FindAsync"/>.</summary>
    public ServedObject? FindCached(ContentKey key)
    {
        var found = cache.Find(key);
        if (found is null || found.ConfirmedAt != removals.Current)
        {
            return null;
        }

        meters.CacheHits.Add();
        return found;
    }

    /// <summary>Looks an object up.</summary>
    public async ValueTask<ObjectLookup> FindAsync(ContentKey key)
    {
        if (FindCached(key) is { } hit)
        {
            return new ObjectLookup(hit, Gone: false);
        }

        meters.CacheMisses.Add();

        // Read before the row: a removal that commits after this point counts up afterwards, and the entry made here is confirmed again before it is served.
        var confirmedAt = removals.Current;
        await using var context = database.NewContext();
        var row = await CatalogQueries.Served(context, key.ToArray()).FirstOrDefaultAsync();
        if (row is not { State: FileState.Public })
        {
            cache.Remove(key);
            if (row is null && await CurrentAsync(context, key) is { } now)
            {
                return await FindAsync(now);
            }

            return new ObjectLookup(null, row is { State: FileState.Deleted or FileState.Collecting });
        }

        // Whoever marks an object counts up after the mark is there, as with a removal.
        if (marks.Has(key))
        {
            cache.Remove(key);
            throw Damaged(key, "was found to be damaged, and is not served until it is repaired");
        }

        if (cache.Find(key) is { } known)
        {
            known.ConfirmedAt = confirmedAt;
            return new ObjectLookup(known, Gone: false);
        }

        return await LoadAsync(key, row, confirmedAt);
    }

    /// <summary>How an object is shown under a name; null when it may not be shown under it.</summary>
    public static NamedPresentation? Present(ServedObject served, ReadOnlySpan<char> name)
    {
        ArgumentNullException.ThrowIfNull(served);
        return served.PresentAs(name);
    }

    /// <summary>A name that contradicts the content is allowed all the same when the content was stored under it: then as bytes to save, never to show.</summary>
    public async ValueTask<NamedPresentation?> PresentStoredUnderAsync(ServedObject served, string name)
    {
        ArgumentNullException.ThrowIfNull(served);
        await using var context = database.NewContext();
        return await IsStoredUnderAsync(context, served.Key, name) || (await CurrentAsync(context, served.Key) is { } now && await IsStoredUnderAsync(context, now, name)) ? NamedPresentation.Of(name, MediaTypes.StoredUnder()) : null;
    }

    /// <summary>The key that the object has which had this one before its store was widened; null: none had.</summary>
    private static async Task<ContentKey?> CurrentAsync(HashStoreContext context, ContentKey key) =>
        await AliasQueries.Find(context, key.ToArray()).FirstOrDefaultAsync() is { } now ? new ContentKey(now) : null;

    private static Task<bool> IsStoredUnderAsync(HashStoreContext context, ContentKey key, string name) => CatalogQueries.StoredUnder(context, key.ToArray(), name).AnyAsync();

    /// <summary>How an object is shown under a name that it is known to be stored under: as what it is where the name admits that, else as bytes to save.</summary>
    public static NamedPresentation PresentKnown(ServedObject served, string name)
    {
        ArgumentNullException.ThrowIfNull(served);
        return served.PresentAs(name) ?? NamedPresentation.Of(name, MediaTypes.StoredUnder());
    }

    /// <summary>Opens the bytes of an object that has no <see cref="ServedObject.Body"/>; null when they went since it was found.</summary>
    /// <exception cref="StoreException">They are lost: the row still promises them.</exception>
    public async ValueTask<ObjectBytes?> OpenAsync(ServedObject served)
    {
        ArgumentNullException.ThrowIfNull(served);
        if (await backend.OpenAsync(served.Key, Zone.Public) is { } bytes)
        {
            return bytes;
        }

        cache.Remove(served.Key);
        _ = await ExplainMissingAsync(served.Key);
        return null;
    }

    private async ValueTask<ObjectLookup> LoadAsync(ContentKey key, ServedRow row, long confirmedAt)
    {
        using var bytes = await backend.OpenAsync(key, Zone.Public);
        if (bytes is null || bytes.Stat.Size != row.Size)
        {
            return await ExplainMissingAsync(key);
        }

        var sha256 = new ContentDigest(row.Sha256);
        var digest = row.Digest is null ? sha256 : new ContentDigest(row.Digest);
        var mime = $"{row.MimeMajor}/{row.MimeMinor}";
        var notes = StoredMetadata.NotesOf(row.Metadata);
        var isRisky = notes.IsRisky || (notes.Rules < DisguiseScan.Rules && await DisguiseScan.OfAsync(mime, bytes, row.Size) is not null);
        var served = new ServedObject(key, digest, sha256, row.Size, bytes.Stat.Modified, mime, notes.Charset, isRisky)
        {
            ConfirmedAt = confirmedAt, Width = row.Width, Height = row.Height,
        };
        if (row.Size <= MaxCachedBody)
        {
            // What is kept in memory is compared with its hash once: so no process ever answers from a copy of damaged bytes, whatever becomes of the object.
            served.Body = await ReadAllAsync(bytes, (int)row.Size);
            if (!SHA256.HashData(served.Body).AsSpan().SequenceEqual(row.Sha256))
            {
                throw Damaged(key, "has other bytes than its row says");
            }
        }

        cache.Add(key, served, ServedObject.BaseWeight + (served.Body?.Length ?? 0));
        return new ObjectLookup(served, Gone: false);
    }

    /// <summary>The row promised the bytes and they are not there: deleted in the moment between, or lost.</summary>
    private async ValueTask<ObjectLookup> ExplainMissingAsync(ContentKey key)
    {
        await using var context = database.NewContext();
        if (await CatalogQueries.Served(context, key.ToArray()).FirstOrDefaultAsync() is { State: FileState.Public })
        {
            throw Damaged(key, "is missing or has another size than its row says");
        }

        return new ObjectLookup(null, Gone: true);
    }

    private StoreException Damaged(ContentKey key, string what)
    {
        meters.DamagedObjects.Add();
        return new StoreException(StoreFault.Damaged, $"The object {ObjectPath.Of(key)} {what}. Run hashstore-migrate fsck --repair.");
    }

    private static async ValueTask<byte[]> ReadAllAsync(ObjectBytes bytes, int size)
    {
        var body = new byte[size];
        for (var filled = 0; filled < size;)
        {
            var count = await bytes.ReadAsync(body.AsMemory(filled), filled, CancellationToken.None);
            if (count == 0)
            {
                throw new StoreException(StoreFault.Damaged, "An object ended before its size. Run hashstore-migrate fsck.");
            }

            filled += count;
        }

        return body;
    }
}
