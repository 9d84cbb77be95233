using System.Data.Common;
using HashStore.Storage.Catalog;
using HashStore.Storage.Durability;
using HashStore.Storage.Objects;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace HashStore.Storage.Thumbnails;

/// <summary>What is collected.</summary>
/// <param name="MaxAge">Thumbnails that nobody used for so long go; null: none.</param>
/// <param name="MaxBytes">Where all of them have more bytes, the least recently used go until nine tenths are left; null: no limit.</param>
public sealed record CollectionLimits(TimeSpan? MaxAge, long? MaxBytes)
{
    /// <summary>Whether anything can be collected.</summary>
    public bool IsOn => MaxAge is not null || MaxBytes is not null;
}

/// <summary>What a pass of the collector found.</summary>
/// <param name="Files">Thumbnails that are left.</param>
/// <param name="Bytes">Their bytes.</param>
/// <param name="Removed">Thumbnails that went.</param>
/// <param name="RemovedBytes">Their bytes.</param>
public readonly record struct CollectionResult(long Files, long Bytes, long Removed, long RemovedBytes);

/// <summary>
/// Removes thumbnails by age and by total size, the least recently used first. Those that a link in the legacy tree leads to stay, whatever the limits say: the wiki, or a web server on the tree, would find a link that
/// leads nowhere. So do those that came to their place or were used a short time ago: their links may just be being made. Several processes may collect at the same time.
/// </summary>
public sealed partial class ThumbnailCollector
{
    /// <summary>Thumbnails that are removed after one walk over the tree: some 10 MB of paths. Where more have to go, the tree is walked again.</summary>
    private const int BatchFiles = 50_000;

    /// <summary>How long what came or was used is left alone. A conversion makes the link of a thumbnail some seconds after the thumbnail came.</summary>
    private static readonly TimeSpan grace = TimeSpan.FromMinutes(10);

    private readonly Store store;
    private readonly ThumbnailMeters meters;
    private readonly ILogger logger;
    private readonly int batchFiles;

    /// <summary>Collects a store's thumbnails.</summary>
    public ThumbnailCollector(Store store, ThumbnailMeters meters, ILogger logger)
        : this(store, meters, logger, BatchFiles)
    {
    }

    internal ThumbnailCollector(Store store, ThumbnailMeters meters, ILogger logger, int batchFiles) =>
        (this.store, this.meters, this.logger, this.batchFiles) = (store, meters, logger, batchFiles);

    /// <summary>One pass.</summary>
    /// <exception cref="StoreException">The disk or the database failed.</exception>
    public async Task<CollectionResult> CollectAsync(CollectionLimits limits, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(limits);
        long removed = 0, removedBytes = 0;
        var after = default(Candidate);
        while (true)
        {
            var now = store.Clock.GetUtcNow();
            var seen = Walk(after, now - grace, cancellation);
            var (old, excess) = (limits.MaxAge is { } age ? now - age : DateTimeOffset.MinValue, ExcessOf(limits, seen.Bytes));
            var isNeeded = Choose(seen.Oldest, old, excess).Count > 0;
            var linked = isNeeded ? await LinkedAsync(seen.Oldest, cancellation) : [];
            var free = isNeeded ? seen.Oldest.FindAll(candidate => !linked.Contains(candidate.Place)) : [];
            var chosen = Choose(free, old, excess);
            var gone = chosen.FindAll(TryRemove);
            (removed, removedBytes) = (removed + gone.Count, removedBytes + gone.Sum(candidate => candidate.Bytes));

            // Where all that was looked at has gone or has to stay, more may have to go that comes after it.
            if (!isNeeded || seen.Oldest.Count < batchFiles || chosen.Count < free.Count)
            {
                LogPass(logger, seen.Files - gone.Count, removed, removedBytes);
                return new CollectionResult(seen.Files - gone.Count, seen.Bytes - gone.Sum(candidate => candidate.Bytes), removed, removedBytes);
            }

            after = seen.Oldest[^1];
        }
    }

    private static long ExcessOf(CollectionLimits limits, long bytes) => limits.MaxBytes is { } most && bytes > most ? bytes - (most / 10 * 9) : 0;

    /// <summary>Those that have to go: all that are too old, and as many more as the excess needs.</summary>
    private static List<Candidate> Choose(List<Candidate> oldest, DateTimeOffset old, long excess)
    {
        var chosen = new List<Candidate>();
        foreach (var candidate in oldest)
        {
            if (candidate.Used >= old && excess <= 0)
            {
                break;
            }

            chosen.Add(candidate);
            excess -= candidate.Bytes;
        }

        return chosen;
    }

    /// <summary>Adds the tree up, and gives the first of its thumbnails that come after one, least recently used first.</summary>
    private (long Files, long Bytes, List<Candidate> Oldest) Walk(Candidate after, DateTimeOffset youngest, CancellationToken cancellation)
    {
        long files = 0, bytes = 0;
        var now = store.Clock.GetUtcNow();
        var oldest = new PriorityQueue<Candidate, Candidate>(Comparer<Candidate>.Create((one, other) => other.CompareTo(one)));
        foreach (var place in ThumbTree.Places(store.Paths.Root, store.Layout.KeyBits))
        {
            cancellation.ThrowIfCancellationRequested();
            if (FileStat.Of(Path.Combine(store.Paths.Root, place)) is not { IsFile: true } stat)
            {
                continue;
            }

            (files, bytes) = (files + 1, bytes + stat.Size);
            var candidate = new Candidate(ThumbnailUse.Of(stat, now), place, stat.Size);
            if (candidate.Used < youngest && candidate.CompareTo(after) > 0)
            {
                oldest.Enqueue(candidate, candidate);
                if (oldest.Count > batchFiles)
                {
                    _ = oldest.Dequeue(); // the youngest of them
                }
            }
        }

        return (files, bytes, [.. oldest.UnorderedItems.Select(item => item.Element).Order()]);
    }

    /// <summary>Which of them links in the legacy tree lead to. The ledger is read from one end to the other, so that it needs no index that every conversion would have to write.</summary>
    private async Task<HashSet<string>> LinkedAsync(List<Candidate> candidates, CancellationToken cancellation)
    {
        var linked = new HashSet<string>(StringComparer.Ordinal);
        var places = candidates.Select(candidate => candidate.Place).ToHashSet(StringComparer.Ordinal);
        try
        {
            await using var context = store.Database.NewContext();
            await foreach (var place in LiveQueries.LinkedPlaces(context).AsAsyncEnumerable().WithCancellation(cancellation))
            {
                if (places.Contains(place))
                {
                    linked.Add(place);
                }
            }
        }
        catch (DbException exception)
        {
            throw store.Database.Translate(exception);
        }

        return linked;
    }

    /// <summary>Removes a thumbnail that is still the one that was looked at and was not used since.</summary>
    private bool TryRemove(Candidate candidate)
    {
        var full = Path.Combine(store.Paths.Root, candidate.Place);
        try
        {
            if (FileStat.Of(full) is not { IsFile: true } stat || ThumbnailUse.Of(stat, store.Clock.GetUtcNow()) != candidate.Used || !Posix.Unlink(full))
            {
                return false;
            }
        }
        catch (Exception exception) when (StorageErrors.Knows(exception))
        {
            throw StorageErrors.Translate(exception);
        }

        meters.Collected.Add();
        meters.CollectedBytes.Add(candidate.Bytes);
        return true;
    }

    private readonly record struct Candidate(DateTimeOffset Used, string Place, long Bytes) : IComparable<Candidate>
    {
        public int CompareTo(Candidate other) => Used.CompareTo(other.Used) is not 0 and var order ? order : string.CompareOrdinal(Place, other.Place);
    }

    [LoggerMessage(22, LogLevel.Information, "thumbnails: {Files} are there, {Removed} of {Bytes} bytes were collected")]
    private static partial void LogPass(ILogger logger, long files, long removed, long bytes);
}
