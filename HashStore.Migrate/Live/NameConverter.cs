using HashStore.Migrate.Conversion;
using HashStore.Migrate.Legacy;
using HashStore.Schema;
using HashStore.Schema.Tables;
using HashStore.Storage;
using HashStore.Storage.Leasing;

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

    internal NameConverter(Store store, LegacyTree tree, ConversionOptions options, TakerThreads threads, long run)
    {
        (this.store, this.tree, this.options, this.threads, this.run) = (store, tree, options, threads, run);
        ledger = new StoreLedger(store);
        ledger.Written(); // others write to it while this one lives
        follower = new Follower(store, tree, options, ledger, run);
    }

    /// <summary>Brings a name to what tree and tables say.</summary>
    /// <param name="name">The name.</param>
    /// <param name="patience">How long somebody else may have it.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>What was decided of its paths; null: somebody else still has it.</returns>
    /// <exception cref="StoreException">The disk or the database failed.</exception>
    internal async Task<ConvertedBatch?> ConvertAsync(string name, TimeSpan patience, CancellationToken cancellation)
    {
        return await store.Leases.WaitForNameAsync(LegacyNames.HashOf(name), patience, cancellation) is { } lease ? await ConvertAsync(name, lease) : null;
    }

    /// <summary>The same for who has the lease, which is given back.</summary>
    internal async Task<ConvertedBatch> ConvertAsync(string name, Lease lease)
    {
        var names = new LeasedNames(lease);
        try
        {
            await follower.FollowAsync(name, lease);
            return await ConvertAsync(name, names);
        }
        finally
        {
            await names.EndAsync();
        }
    }

    private async Task<ConvertedBatch> ConvertAsync(string name, LeasedNames names)
    {
        var context = new ConversionContext(run, ledger.HasTables);
        var conversion = new BatchConversion(store, tree, options, context);
        var batch = new ConversionBatch(names);
        foreach (var plan in new NamePlanner(ledger.Reading, tree, context.HasTables).Plan(LegacyNames.HashOf(name)))
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
