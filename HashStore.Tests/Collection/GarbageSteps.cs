using System.Text;
using HashStore.Schema;
using HashStore.Storage;
using HashStore.Storage.Catalog;
using HashStore.Storage.Collection;
using HashStore.Storage.Objects;
using HashStore.Tests.Support;

namespace HashStore.Tests.Collection;

/// <summary>Short forms of what tests do with a collector.</summary>
internal static class GarbageSteps
{
    internal static CollectionPlan PlanOf(this Store store, TimeSpan grace) => new(store.Parts, store.Clock, grace);

    internal static async Task<List<Garbage>> PlanAsync(this Store store, TimeSpan grace) => await store.PlanOf(grace).FindAsync(CancellationToken.None).ToListAsync();

    /// <summary>Plans and executes.</summary>
    internal static async Task<List<Collected>> CollectAsync(this Store store, TimeSpan grace)
    {
        var plan = store.PlanOf(grace);
        var done = new List<Collected>();
        foreach (var batch in (await plan.FindAsync(CancellationToken.None).ToListAsync()).Chunk(GarbageCollector.BatchItems))
        {
            done.AddRange(await new GarbageCollector(store, plan).CollectAsync(batch));
        }

        return done;
    }

    /// <summary>Leaves what an upload leaves that is killed after its claim, or after its bytes came.</summary>
    /// <param name="store">The store.</param>
    /// <param name="content">The content.</param>
    /// <param name="zone">Where the bytes came to; null: nowhere yet.</param>
    internal static async Task<ContentKey> LeaveClaimAsync(this Store store, string content, Zone? zone)
    {
        using var staged = await store.StageAsync(Encoding.UTF8.GetBytes(content));
        var facts = await store.FactsAsync(staged);
        await store.Staging.SyncAsync(staged);
        await store.WriteAsync(catalog => ContentChanges.Claim(catalog, facts));
        if (zone is { } place && await store.Parts.Backend.AddAsync(facts.Key, staged.Path, place))
        {
            staged.MarkTaken();
        }

        return facts.Key;
    }

    /// <summary>Takes all versions away, as an undo does, and leaves the content in the deleted zone.</summary>
    internal static async Task<ContentKey> LeaveContentAsync(this TestStore test, string name, string content)
    {
        var key = (await test.PutAsync(name, content)).File.Current.Key;
        await test.Store.DeleteAsync(name);
        _ = RawDatabase.Change(test.Options, $"DELETE FROM \"upload\" WHERE upload_hash = {key}");
        _ = RawDatabase.Change(test.Options, $"DELETE FROM \"filename\" WHERE NOT EXISTS (SELECT 1 FROM \"upload\" WHERE upload_id = fn_latest)");
        return key;
    }
}
