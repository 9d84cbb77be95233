using HashStore.Migrate.Legacy;
using HashStore.Schema.Tables;
using HashStore.Storage.Catalog;

namespace HashStore.Migrate.Conversion;

/// <summary>Names that are converted together, with their files on their way.</summary>
internal sealed class ConversionBatch(LeasedNames names) : IDisposable
{
    private readonly Dictionary<long, TakenFile> files = [];

    internal List<NamePlan> Plans { get; } = [];

    internal IReadOnlyCollection<TakenFile> Files => files.Values;

    /// <summary>Bytes of its files, as the ledger has them.</summary>
    internal long Bytes { get; private set; }

    /// <summary>The right to convert its names.</summary>
    internal LeasedNames Names => names;

    /// <summary>Paths of which a dead process had made links without writing so: written along.</summary>
    internal List<LedgerRow> Recovered { get; } = [];

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
