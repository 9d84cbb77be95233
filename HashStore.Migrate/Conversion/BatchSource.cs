using HashStore.Migrate.Live;
using HashStore.Schema.Tables;
using HashStore.Storage.Catalog;
using HashStore.Storage.Leasing;
using HashStore.Storage.Legacy;

namespace HashStore.Migrate.Conversion;

/// <summary>
/// Cuts what is left into batches, in the order of the names' hashes. Names are leased a few hundred at a time; what other processes hold is left out, and looked at once more when they have given it
/// back: should one have died, its names are done here.
/// </summary>
internal sealed class BatchSource(CatalogTransaction reading, NamePlanner planner, Leases leases, ImportGate gate, Follower follower, int maxFiles)
{
    /// <summary>Files in a batch at the most: enough to share syncs and transactions, few enough to hold those of four batches open.</summary>
    internal static readonly int MaxFiles = Math.Clamp(OpenFilesLimit() / 8, 32, 512);

    /// <summary>Bytes in a batch: a fraction of a second, for as long its files are leased.</summary>
    private const long MaxBytes = 128 << 20;

    /// <summary>How often it is looked whether others have ended.</summary>
    private static readonly TimeSpan wait = TimeSpan.FromMilliseconds(200);

    /// <summary>Names in a lease: of several large batches, so that leases cost little; of one where somebody may be waiting for them.</summary>
    private readonly int maxNames = maxFiles < MaxFiles ? maxFiles : 4 * maxFiles;

    private readonly Queue<long> hashes = new();
    private readonly SortedSet<long> held = [];
    private LeasedNames? names;
    private long after = long.MinValue;

    /// <summary>The next batch; null when nothing is left.</summary>
    /// <param name="cancellation">Ends the wait for others.</param>
    /// <param name="most">When so many files are in it, it is full.</param>
    internal async Task<ConversionBatch?> NextAsync(CancellationToken cancellation, int? most = null)
    {
        while (true)
        {
            if (hashes.Count == 0 && !await FillAsync(cancellation))
            {
                return null;
            }

            var batch = new ConversionBatch(names!.Use());
            try
            {
                await FillAsync(batch, most ?? maxFiles, cancellation);
            }
            catch
            {
                await batch.Names.EndAsync(); // nothing of it is open yet
                throw;
            }

            if (batch.Plans.Count > 0)
            {
                return batch;
            }

            await batch.Names.EndAsync();
        }
    }

    private async Task FillAsync(ConversionBatch batch, int most, CancellationToken cancellation)
    {
        while (batch.Files.Count < most && batch.Bytes < MaxBytes && hashes.TryDequeue(out var hash))
        {
            (await PlanAsync(hash, batch, cancellation)).ForEach(batch.Add);
        }
    }

    /// <summary>Gives back what was taken and will not be converted.</summary>
    internal async Task EndAsync()
    {
        hashes.Clear();
        await LeaveNamesAsync();
    }

    private async Task<List<NamePlan>> PlanAsync(long hash, ConversionBatch batch, CancellationToken cancellation)
    {
        var plans = await PlanAsync(hash, cancellation);
        if (plans.Exists(plan => plan.WasConverted))
        {
            // The wiki may have gone on: what it moved or took away comes before what its tables say.
            foreach (var plan in plans)
            {
                await follower.FollowAsync(plan.Name, batch.Names.Lease);
            }

            plans = await PlanAsync(hash, cancellation);
        }

        plans.ForEach(plan => follower.Recover(plan, batch.Recovered));
        return plans;
    }

    /// <summary>Plans from tables that no import changes meanwhile.</summary>
    private async Task<List<NamePlan>> PlanAsync(long hash, CancellationToken cancellation)
    {
        while (true)
        {
            var import = gate.Look() ?? await gate.WaitAsync(Timeout.InfiniteTimeSpan, cancellation);
            var plans = planner.Plan(hash);
            if (gate.Look() == import)
            {
                return plans;
            }
        }
    }

    private async Task LeaveNamesAsync()
    {
        if (names is not null)
        {
            await names.EndAsync();
            names = null;
        }
    }

    private async Task<bool> FillAsync(CancellationToken cancellation)
    {
        await LeaveNamesAsync();
        while (true)
        {
            var wanted = Left(after, long.MaxValue);
            var isSecondLook = wanted.Count == 0;
            if (isSecondLook)
            {
                wanted = [.. held.Take(maxNames)];
            }

            if (wanted.Count == 0)
            {
                return false;
            }

            var grant = await leases.TakeNamesAsync(wanted);
            if (grant.Lease is not { } lease)
            {
                if (isSecondLook)
                {
                    await Task.Delay(wait, cancellation);
                    continue;
                }

                held.UnionWith(wanted);
                after = wanted[^1];
                continue;
            }

            if (isSecondLook)
            {
                held.RemoveWhere(hash => hash >= lease.From && hash <= lease.To);
            }
            else
            {
                held.UnionWith(grant.Held.Where(hash => hash < lease.To));
                after = lease.To;
            }

            // Somebody may have converted them between the look and the lease.
            foreach (var hash in Left(lease.From - 1, lease.To))
            {
                hashes.Enqueue(hash);
            }

            names = new LeasedNames(lease);
            if (hashes.Count > 0)
            {
                return true;
            }

            await LeaveNamesAsync();
        }
    }

    /// <summary>The next names with something left to do, in order.</summary>
    private List<long> Left(long from, long to)
    {
        var fromLedger = Hashes(ConversionStatements.NextLedgerNames, from, to);
        var fromLegacy = Hashes(ConversionStatements.NextLegacyNames, from, to);

        // A list that was cut says nothing of what comes after its end.
        var end = Math.Min(fromLedger.Count == maxNames ? fromLedger[^1] : long.MaxValue, fromLegacy.Count == maxNames ? fromLegacy[^1] : long.MaxValue);
        return [.. fromLedger.Concat(fromLegacy).Where(hash => hash <= end).Distinct().Order()];
    }

    private List<long> Hashes(Statement statement, long from, long to)
    {
        var found = new List<long>();
        reading.ForEach(
            statement,
            row =>
            {
                var hash = row.GetInt64(0);
                if (hash <= to && (found.Count == 0 || found[^1] != hash))
                {
                    found.Add(hash);
                }

                return hash < to && found.Count < maxNames;
            },
            from);
        return found;
    }

    /// <summary>How many files this process may have open (proc(5): "Max open files", the first number).</summary>
    private static int OpenFilesLimit()
    {
        var line = File.ReadLines("/proc/self/limits").FirstOrDefault(line => line.StartsWith("Max open files", StringComparison.Ordinal));
        return line?.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [_, _, _, var soft, ..] && int.TryParse(soft, out var limit) ? limit : int.MaxValue;
    }
}
