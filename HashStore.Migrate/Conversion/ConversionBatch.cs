using HashStore.Migrate.Legacy;
using HashStore.Schema.Tables;
using HashStore.Storage.Catalog;

namespace HashStore.Migrate.Conversion;

/// <summary>Names that are converted together, with their files on their way.</summary>
internal sealed class ConversionBatch : IDisposable
{
    private readonly Dictionary<long, TakenFile> files = [];

    internal List<NamePlan> Plans { get; } = [];

    internal IReadOnlyCollection<TakenFile> Files => files.Values;

    /// <summary>Bytes of its files, as the ledger has them.</summary>
    internal long Bytes { get; private set; }

    /// <summary>Completes when all files are dealt with.</summary>
    internal Task Taken { get; set; } = Task.CompletedTask;

    internal void Add(NamePlan plan)
    {
        Plans.Add(plan);
        foreach (var row in plan.FilesToTake)
        {
            if (files.TryAdd(row.Id, new TakenFile(row)))
            {
                Bytes += row.Size;
            }
        }

        foreach (var version in plan.Versions.Where(version => version.File is not null))
        {
            version.Taken = files.GetValueOrDefault(version.File!.Id);
        }

        foreach (var thumb in plan.Thumbs)
        {
            thumb.Taken = files.GetValueOrDefault(thumb.File.Id);
        }
    }

    public void Dispose()
    {
        foreach (var file in files.Values)
        {
            file.Dispose();
        }
    }
}

/// <summary>Cuts what is left into batches, in the order of the hash directories.</summary>
internal sealed class BatchSource(CatalogTransaction reading, NamePlanner planner)
{
    /// <summary>Files in a batch: enough to share syncs and transactions, few enough to hold those of four batches open.</summary>
    private static readonly int MaxFiles = Math.Clamp(OpenFilesLimit() / 8, 32, 512);

    /// <summary>Bytes in a batch: a fraction of a second, for as long its files are leased.</summary>
    private const long MaxBytes = 128 << 20;

    private const int MaxHashes = 1024;

    private readonly Queue<long> hashes = new();
    private long after = long.MinValue;

    /// <summary>The next batch; null when nothing is left.</summary>
    /// <param name="maxFiles">When so many files are in it, it is full.</param>
    internal ConversionBatch? Next(int? maxFiles = null)
    {
        var batch = new ConversionBatch();
        while (batch.Files.Count < (maxFiles ?? MaxFiles) && batch.Bytes < MaxBytes && batch.Plans.Count < MaxHashes && NextHash() is { } hash)
        {
            foreach (var plan in planner.Plan(hash))
            {
                batch.Add(plan);
            }
        }

        return batch.Plans.Count > 0 ? batch : null;
    }

    private long? NextHash()
    {
        if (hashes.Count == 0)
        {
            Fill();
        }

        return hashes.TryDequeue(out var hash) ? hash : null;
    }

    private void Fill()
    {
        var fromLedger = Hashes(ConversionStatements.NextLedgerNames);
        var fromLegacy = Hashes(ConversionStatements.NextLegacyNames);

        // A list that was cut says nothing of what comes after its end.
        var end = Math.Min(fromLedger.Count == MaxHashes ? fromLedger[^1] : long.MaxValue, fromLegacy.Count == MaxHashes ? fromLegacy[^1] : long.MaxValue);
        foreach (var hash in fromLedger.Concat(fromLegacy).Where(hash => hash <= end).Distinct().Order())
        {
            hashes.Enqueue(hash);
            after = hash;
        }
    }

    private List<long> Hashes(Statement statement)
    {
        var found = new List<long>(MaxHashes);
        reading.ForEach(
            statement,
            row =>
            {
                var hash = row.GetInt64(0);
                if (found.Count == 0 || found[^1] != hash)
                {
                    found.Add(hash);
                }

                return found.Count < MaxHashes;
            },
            after);
        return found;
    }

    /// <summary>How many files this process may have open (proc(5): "Max open files", the first number).</summary>
    private static int OpenFilesLimit()
    {
        var line = File.ReadLines("/proc/self/limits").FirstOrDefault(line => line.StartsWith("Max open files", StringComparison.Ordinal));
        return line?.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [_, _, _, var soft, ..] && int.TryParse(soft, out var limit) ? limit : int.MaxValue;
    }
}
