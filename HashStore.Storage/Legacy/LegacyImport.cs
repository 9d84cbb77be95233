using System.Diagnostics;
using HashStore.Schema.Tables;
using HashStore.Storage.Catalog;
using HashStore.Storage.Durability;
using Microsoft.EntityFrameworkCore;

namespace HashStore.Storage.Legacy;

/// <summary>
/// Brings table <c>legacy</c> to what an import tells: new rows come in pending, changed ones become pending again, unchanged ones only learn the number of the import, and those that it no longer
/// has go. All in transactions of some tens of milliseconds, so that uploads pass in between; an interrupted import is simply made again.
/// </summary>
internal sealed class LegacyImport(CatalogWriter writer, StoreDatabase database, TimeProvider clock, string lockPath, ImportGate gate)
{
    /// <summary>Characters of text in one transaction: rows with long metadata would make it long, whatever their number.</summary>
    private const int MaxBatchText = 4 << 20;

    /// <summary>No kind: fills the places of <see cref="LegacyStatements.RemoveUnseen"/>.</summary>
    private const byte NoKind = byte.MaxValue;

    private static readonly TimeSpan wait = TimeSpan.FromMilliseconds(200);

    /// <summary>Who only looks whether an import is under way holds the lock for a moment.</summary>
    private static readonly TimeSpan patience = TimeSpan.FromSeconds(1);

    private readonly Pace writing = new(most: 2_000);
    private readonly HashSet<long> identities = [];
    private LegacyImportCounts counts;
    private long import, lastId;
    private bool isFirst;

    /// <summary>Imports all versions of one prefix.</summary>
    /// <param name="versions">The versions, each kind's in the order of the hashes of their names, so that the rows of a name lie together and the table's indexes grow at one place.</param>
    /// <param name="prefix">The table prefix of the wiki.</param>
    /// <param name="kinds">Kinds that <paramref name="versions"/> holds all of: rows of these that did not come are removed at the end.</param>
    /// <param name="progress">Told the number of rows written.</param>
    /// <param name="cancellation">Stops between two transactions; nothing is removed then.</param>
    /// <param name="waits">Whether to wait for another import that is under way.</param>
    /// <exception cref="StoreException">Another import is under way, or the database failed.</exception>
    internal async Task<LegacyImportCounts> RunAsync(
        IEnumerable<LegacyVersion> versions, string prefix, IReadOnlyCollection<LegacyKind> kinds, Action<long>? progress, CancellationToken cancellation, bool waits = false)
    {
        using var alone = new FileLock(lockPath);
        var start = clock.GetTimestamp();
        while (!alone.TryKeep())
        {
            if (!waits && clock.GetElapsedTime(start) > patience)
            {
                throw new StoreException(StoreFault.Unavailable, "Another import of legacy tables into this store is under way: wait for it to end, then try again.");
            }

            await Task.Delay(wait, clock, cancellation);
        }

        await BeginAsync(cancellation);
        gate.Close();
        var pending = Task.FromResult(default(LegacyImportCounts));
        foreach (var batch in Batches(versions, prefix))
        {
            // The next batch is read while this one is written.
            await AddAsync(pending, progress);
            cancellation.ThrowIfCancellationRequested();
            pending = WriteAsync(batch, prefix);
        }

        await AddAsync(pending, progress);
        if (!isFirst)
        {
            await RemoveUnseenAsync(prefix, kinds, cancellation);
        }

        gate.Open();
        return counts;
    }

    private async Task BeginAsync(CancellationToken cancellation)
    {
        await using var context = database.NewContext();
        var extent = await LegacyQueries.Extent(context).FirstOrDefaultAsync(cancellation);
        isFirst = extent is null;
        lastId = extent?.LastId ?? 0;
        import = Math.Max(clock.GetUtcNow().ToUnixTimeMilliseconds(), (extent?.LastImport ?? 0) + 1);
    }

    private async Task AddAsync(Task<LegacyImportCounts> pending, Action<long>? progress)
    {
        var done = await pending;
        counts = counts with { New = counts.New + done.New, Changed = counts.Changed + done.Changed, Unchanged = counts.Unchanged + done.Unchanged };
        progress?.Invoke(counts.New + counts.Changed + counts.Unchanged);
    }

    private IEnumerable<List<LegacyRow>> Batches(IEnumerable<LegacyVersion> versions, string prefix)
    {
        var batch = new List<LegacyRow>();
        long nameHash = 0, text = 0;
        foreach (var version in versions)
        {
            LegacyFingerprint.Complete(version, prefix);
            counts = counts with { Read = counts.Read + 1 };
            if (version.Row.NameHash != nameHash)
            {
                nameHash = version.Row.NameHash;
                identities.Clear();
            }

            if (!identities.Add(version.Row.Identity))
            {
                counts = counts with { Duplicates = counts.Duplicates + 1 };
                continue;
            }

            batch.Add(version.Row);
            text += version.Row.Description.Length + (version.Row.Metadata?.Length ?? 0);
            if (batch.Count >= writing.Count || text >= MaxBatchText)
            {
                yield return batch;
                (batch, text) = ([], 0);
            }
        }

        if (batch.Count > 0)
        {
            yield return batch;
        }
    }

    private async Task<LegacyImportCounts> WriteAsync(List<LegacyRow> batch, string prefix)
    {
        var (done, time) = await writer.WriteAsync(catalog =>
        {
            var start = Stopwatch.GetTimestamp();
            return (Write(catalog, batch, prefix), Stopwatch.GetElapsedTime(start));
        });
        writing.Took(time);
        return done;
    }

    private LegacyImportCounts Write(CatalogTransaction catalog, List<LegacyRow> batch, string prefix)
    {
        long added = 0, changed = 0, unchanged = 0;
        Dictionary<long, KnownRow> known = [];
        long? knownHash = null;
        foreach (var row in batch)
        {
            if (!isFirst && knownHash != row.NameHash)
            {
                known.Clear();
                foreach (var (id, identity, fingerprint) in catalog.ReadAll(
                    LegacyStatements.FindByName, found => (found.GetInt64(0), found.GetInt64(1), found.GetInt64(2)), row.NameHash, prefix))
                {
                    known[identity] = new KnownRow(id, fingerprint);
                }

                knownHash = row.NameHash;
            }

            switch (known.GetValueOrDefault(row.Identity))
            {
                case { Id: 0 }:
                    catalog.Execute(LegacyStatements.Insert, Values(row));
                    added++;
                    break;
                case var same when same.Fingerprint == row.Fingerprint:
                    catalog.Execute(LegacyStatements.SetImport, import, same.Id);
                    unchanged++;
                    break;
                case var other:
                    catalog.Execute(LegacyStatements.Update, [.. Values(row), other.Id]);
                    changed++;
                    break;
            }
        }

        return new LegacyImportCounts(0, added, changed, unchanged, 0, 0);
    }

    private async Task RemoveUnseenAsync(string prefix, IReadOnlyCollection<LegacyKind> kinds, CancellationToken cancellation)
    {
        object?[] places = [.. kinds.Select(kind => (object?)(byte)kind), NoKind, NoKind, NoKind];
        var pace = new Pace(most: 50_000);
        for (long after = 0; after < lastId;)
        {
            cancellation.ThrowIfCancellationRequested();
            var (from, last) = (after, after + pace.Count);
            var (removed, time) = await writer.WriteAsync(catalog =>
            {
                var start = Stopwatch.GetTimestamp();
                return (catalog.Execute(LegacyStatements.RemoveUnseen, from, last, prefix, import, places[0], places[1], places[2]), Stopwatch.GetElapsedTime(start));
            });
            pace.Took(time);
            counts = counts with { Removed = counts.Removed + removed };
            after = last;
        }
    }

    /// <summary>In the order of <see cref="LegacyStatements.Insert"/>.</summary>
    private object?[] Values(LegacyRow row) =>
    [
        import, (byte)LegacyState.Pending, row.Fingerprint, row.Prefix, (byte)row.Kind, row.Name, row.NameHash, row.FileHash, row.Identity, row.ArchiveName, row.StorageKey,
        row.Size, row.Width, row.Height, row.Bits, row.MediaType, row.MimeMajor, row.MimeMinor, row.Sha1, row.Timestamp, row.UserId, row.UserText, row.Description,
        (short)row.Deleted, row.DeletionUserText, row.DeletionTimestamp, row.DeletionReason, row.Metadata,
    ];

    private readonly record struct KnownRow(long Id, long Fingerprint);

    /// <summary>How much one transaction does, so that it takes about as long as uploads can wait.</summary>
    private sealed class Pace(int most)
    {
        private const int Least = 100;
        private static readonly TimeSpan wanted = TimeSpan.FromMilliseconds(20);

        internal int Count { get; private set; } = Math.Min(most, 1_000);

        internal void Took(TimeSpan time)
        {
            if (time > wanted)
            {
                Count = Math.Max(Least, Count / 2);
            }
            else if (time < wanted / 2)
            {
                Count = Math.Min(most, Count * 5 / 4);
            }
        }
    }
}
