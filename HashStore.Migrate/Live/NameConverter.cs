using HashStore.Migrate.Conversion;
using HashStore.Migrate.Legacy;
using HashStore.Schema;
using HashStore.Schema.Tables;
using HashStore.Storage;
using HashStore.Storage.Leasing;
using HashStore.Storage.Legacy;

namespace HashStore.Migrate.Live;

/// <summary>Follows and converts single names. Used by one task at a time.</summary>
internal sealed class NameConverter : IDisposable
{
    private readonly Store store;
    private readonly LegacyTree tree;
    private readonly ConversionOptions options;
    private readonly TakerThreads threads;
    private readonly long run;
    private readonly StoreLedger ledger;
    private readonly Follower follower;
    private readonly ImportGate gate;

    internal NameConverter(Store store, LegacyTree tree, ConversionOptions options, TakerThreads threads, long run)
    {
        (this.store, this.tree, this.options, this.threads, this.run) = (store, tree, options, threads, run);
        ledger = new StoreLedger(store);
        ledger.Written(); // others write to it while this one lives
        gate = store.ImportGate;
        follower = new Follower(store, tree, options, ledger, run);
    }

    /// <summary>Brings a name to what tree and tables say.</summary>
    /// <param name="name">The name.</param>
    /// <param name="patience">How long somebody else may have it, or an import may write the tables.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>What was decided of its paths; null: somebody else still has it, or the tables are not whole.</returns>
    /// <exception cref="StoreException">The disk or the database failed.</exception>
    internal async Task<ConvertedBatch?> ConvertAsync(string name, TimeSpan patience, CancellationToken cancellation)
    {
        return await store.Leases.WaitForNameAsync(LegacyNames.HashOf(name), patience, cancellation) is { } lease ? await ConvertAsync(name, lease, patience) : null;
    }

    /// <summary>The same for who has the lease, which is given back.</summary>
    internal async Task<ConvertedBatch?> ConvertAsync(string name, Lease lease, TimeSpan patience)
    {
        var names = new LeasedNames(lease);
        try
        {
            await follower.FollowAsync(name, lease);
            return await PlanAsync(name, patience) is { } plan ? await ConvertAsync(plan.Plans, plan.Context, names) : null;
        }
        finally
        {
            await names.EndAsync();
        }
    }

    /// <summary>Plans a name from tables that no import changes meanwhile; null where one is under way for longer than <paramref name="patience"/>.</summary>
    private async Task<(List<NamePlan> Plans, ConversionContext Context)?> PlanAsync(string name, TimeSpan patience)
    {
        while (await gate.WaitAsync(patience, CancellationToken.None) is { } import)
        {
            var context = new ConversionContext(run, ledger.HasTables);
            var plans = new NamePlanner(ledger.Reading, tree, context.HasTables).Plan(LegacyNames.HashOf(name));
            if (gate.Look() == import)
            {
                return (plans, context);
            }
        }

        return null;
    }

    private async Task<ConvertedBatch> ConvertAsync(List<NamePlan> plans, ConversionContext context, LeasedNames names)
    {
        var conversion = new BatchConversion(store, tree, options, context);
        var batch = new ConversionBatch(names);
        foreach (var plan in plans)
        {
            follower.Recover(plan, batch.Recovered);
            batch.Add(plan);
        }

        ConvertedBatch converted;
        try
        {
            await threads.TakeAsync(batch.Files);
            var record = await conversion.AdoptAsync(batch, []);
            converted = await conversion.FinishAsync(batch, record);
        }
        catch
        {
            batch.Dispose();
            throw;
        }

        await store.WriteAsync(catalog =>
        {
            StoreLedger.WriteLinked(catalog, converted.Linked);
            names.Lease.Release(catalog);
            return true;
        });
        return converted;
    }

    public void Dispose() => ledger.Dispose();
}
