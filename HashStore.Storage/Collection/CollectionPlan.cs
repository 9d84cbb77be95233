using System.Data.Common;
using System.Globalization;
using System.Runtime.CompilerServices;
using HashStore.Schema;
using HashStore.Schema.Tables;
using HashStore.Storage.Catalog;
using HashStore.Storage.Checking;
using HashStore.Storage.Durability;
using HashStore.Storage.Objects;
using HashStore.Storage.Thumbnails;
using Microsoft.EntityFrameworkCore;

namespace HashStore.Storage.Collection;

/// <summary>
/// What a collector would take, found without a lock and without a change, beside servers that write. It is a plan, not a promise: <see cref="GarbageCollector"/> looks at each thing again.
///
/// What never gets into it: content to which any version refers, however deleted; what is marked as damaged; quarantine; and objects without a row. Such an object may be an upload that the database has
/// forgotten (one restored from an older backup), so nobody but <c>fsck --repair</c> may judge it: that reads it and gives it a row, and only from then on does the grace run.
/// Empty shard directories stay as well: a process that has made one durable once relies on it. Memory is bounded by a page of rows.
/// </summary>
public sealed class CollectionPlan
{
    /// <summary>Keys asked for in one query.</summary>
    private const int BatchKeys = 500;

    private readonly StoreParts parts;
    private readonly TimeSpan grace;
    private readonly DateTime now;

    internal CollectionPlan(StoreParts parts, TimeProvider clock, TimeSpan grace)
    {
        (this.parts, this.grace) = (parts, grace);
        now = clock.GetUtcNow().UtcDateTime;

        // The tables keep milliseconds; what was touched in this one is too young for any grace.
        Before = new DateTime((now - grace).Ticks / TimeSpan.TicksPerMillisecond * TimeSpan.TicksPerMillisecond, DateTimeKind.Utc);
    }

    /// <summary>Rows that were touched at this time or later stay.</summary>
    internal DateTime Before { get; }

    /// <summary>Files of processes have to be older than this, whatever the grace: a start makes and removes the same.</summary>
    internal TimeSpan LeftoverAge => grace > Leftovers.Passing ? grace : Leftovers.Passing;

    /// <summary>Finds the garbage, as it goes.</summary>
    /// <exception cref="StoreException">The disk or the database failed.</exception>
    public async IAsyncEnumerable<Garbage> FindAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        await using var found = FindAllAsync(cancellation).GetAsyncEnumerator(cancellation);
        while (true)
        {
            try
            {
                if (!await found.MoveNextAsync())
                {
                    yield break;
                }
            }
            catch (DbException exception)
            {
                throw parts.Database.Translate(exception);
            }
            catch (Exception exception) when (StorageErrors.Knows(exception))
            {
                throw StorageErrors.Translate(exception);
            }

            yield return found.Current;
        }
    }

    private async IAsyncEnumerable<Garbage> FindAllAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        foreach (var left in Leftovers.Places(parts.Paths, now, LeftoverAge).SelectMany(place => Existing(place.Find)))
        {
            yield return new Garbage(GarbageKind.Leftover, null, Relative(left.Path), left.Bytes, $"{(left.IsFolder ? "A folder" : "A file")} {left.What}.") { Left = left };
        }

        await foreach (var garbage in RowsAsync(cancellation))
        {
            yield return garbage;
        }

        await foreach (var garbage in CopiesAsync(cancellation))
        {
            yield return garbage;
        }

        await foreach (var garbage in ThumbsAsync(cancellation))
        {
            yield return garbage;
        }
    }

    private static List<Leftover> Existing(Func<List<Leftover>> find)
    {
        try
        {
            return find();
        }
        catch (DirectoryNotFoundException)
        {
            return []; // a store that nobody has written to yet has no staging area
        }
    }

    private async IAsyncEnumerable<Garbage> RowsAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        byte[]? after = null;
        List<CheckedFile> page;
        do
        {
            await using (var context = parts.Database.NewContext())
            {
                page = await CheckQueries.Unreferenced(context, after, Before, BatchKeys).ToListAsync(cancellation);
            }

            foreach (var row in page)
            {
                if (ContentKey.IsKey(row.Hash) && OfRow(row, new ContentKey(row.Hash)) is { } garbage)
                {
                    yield return garbage;
                }

                after = row.Hash;
            }
        }
        while (page.Count == BatchKeys);
    }

    /// <summary>Null: it stays, because its bytes are not what the row says; <c>fsck</c> tells of that.</summary>
    private Garbage? OfRow(CheckedFile row, ContentKey key)
    {
        if (parts.Marks.Has(key))
        {
            return null;
        }

        var lying = Enum.GetValues<Zone>().Select(zone => (Zone: zone, Stat: FileStat.Of(parts.Paths.ObjectPathOf(key, zone)))).Where(place => place.Stat is not null).ToList();
        if (lying.Exists(place => place.Stat is not { IsFile: true } stat || stat.Size != row.Size))
        {
            return null;
        }

        var days = Age(now - row.Touched);
        return row.State == FileState.Deleted
            ? lying.Exists(place => place.Zone == Zone.Public) ? null : new Garbage(GarbageKind.Content, key, PathOf(key, Zone.Deleted), row.Size, $"No version refers to it, for {days}.")
            : new Garbage(
                GarbageKind.Claim, key, lying.Count > 0 ? PathOf(key, lying[0].Zone) : null, lying.Sum(place => place.Stat!.Value.Size),
                $"Claimed {days} ago by an upload that never finished{(lying.Count > 0 ? ", with its bytes" : "")}.");
    }

    private async IAsyncEnumerable<Garbage> CopiesAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        if (parts.Backend is not IListableBackend listable)
        {
            yield break;
        }

        using var hash = new ObjectHash(parts.Layout) { BesideCache = true };
        foreach (var batch in listable.List(Zone.Deleted).Where(listed => listed.Key is not null).Select(listed => listed.Key!.Value).Chunk(BatchKeys))
        {
            cancellation.ThrowIfCancellationRequested();
            foreach (var row in (await RowsOfAsync(batch, cancellation)).Values.Where(row => row.State == FileState.Public))
            {
                if (await OfCopyAsync(hash, row, new ContentKey(row.Hash), cancellation) is { } garbage)
                {
                    yield return garbage;
                }
            }
        }
    }

    /// <summary>Null: it stays, unless both copies are known to be right. A damaged one could be all that is left, and damage is never deleted.</summary>
    private async Task<Garbage?> OfCopyAsync(ObjectHash hash, CheckedFile row, ContentKey key, CancellationToken cancellation)
    {
        if (parts.Marks.Has(key) || StatOf(key, Zone.Public) is not { IsFile: true } shown || StatOf(key, Zone.Deleted) is not { IsFile: true } copy)
        {
            return null;
        }

        if (!shown.IsSameFile(copy) && (await IsWrongAsync(hash, row, key, Zone.Public, cancellation) || await IsWrongAsync(hash, row, key, Zone.Deleted, cancellation)))
        {
            return null;
        }

        return new Garbage(GarbageKind.Copy, key, PathOf(key, Zone.Deleted), shown.IsSameFile(copy) ? 0 : copy.Size, "A second copy of a public object.") { Seen = (shown, copy) };
    }

    private async Task<bool> IsWrongAsync(ObjectHash hash, CheckedFile row, ContentKey key, Zone zone, CancellationToken cancellation)
    {
        using var bytes = await parts.Backend.OpenAsync(key, zone);
        return bytes is null || await hash.CompareAsync(bytes, row, null, cancellation) is not null;
    }

    private async IAsyncEnumerable<Garbage> ThumbsAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        foreach (var places in ThumbTree.Places(parts.Paths.Root, parts.Layout.KeyBits).Chunk(BatchKeys))
        {
            cancellation.ThrowIfCancellationRequested();
            var thumbs = places.Select(place => ThumbPath.TryParse(place, parts.Layout.KeyBits, out var thumb) ? thumb : null).OfType<ThumbPath>().ToList();
            var rows = await RowsOfAsync([.. thumbs.Select(thumb => thumb.Key).Distinct()], cancellation);
            foreach (var thumb in thumbs.Where(thumb => !rows.TryGetValue(thumb.Key, out var row) || IsHidden(row.State)))
            {
                var place = thumb.ToString();
                if (FileStat.Of(Path.Combine(parts.Paths.Root, place)) is { IsFile: true } stat)
                {
                    yield return new Garbage(GarbageKind.Thumbnail, thumb.Key, place, stat.Size, "Its object is not public.");
                }
            }
        }
    }

    /// <summary>Whether an object in this state is surely not public: what is on its way may come back, and whoever brings it away removes its thumbnails.</summary>
    internal static bool IsHidden(FileState state) => state is FileState.Claimed or FileState.Deleted;

    private async Task<Dictionary<ContentKey, CheckedFile>> RowsOfAsync(ContentKey[] keys, CancellationToken cancellation)
    {
        await using var context = parts.Database.NewContext();
        var rows = await CheckQueries.FilesOf(context, [.. keys.Select(key => key.ToArray())]).ToListAsync(cancellation);
        return rows.ToDictionary(row => new ContentKey(row.Hash));
    }

    private FileStat? StatOf(ContentKey key, Zone zone) => FileStat.Of(parts.Paths.ObjectPathOf(key, zone));

    private string PathOf(ContentKey key, Zone zone) => Relative(parts.Paths.ObjectPathOf(key, zone));

    private string Relative(string path) => Path.GetRelativePath(parts.Paths.Root, path);

    private static string Age(TimeSpan age) => age.TotalDays >= 2
        ? string.Create(CultureInfo.InvariantCulture, $"{age.TotalDays:F0} days")
        : string.Create(CultureInfo.InvariantCulture, $"{age.TotalHours:F1} hours");
}
