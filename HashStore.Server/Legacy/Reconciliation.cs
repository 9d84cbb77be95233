using HashStore.Schema;
using HashStore.Server.Operations;
using HashStore.Storage;
using HashStore.Storage.Catalog;

namespace HashStore.Server.Legacy;

/// <summary>Follows names, and tells the caches in front what the wiki's changes mean for them.</summary>
internal sealed class Reconciliation(Store store, LegacyAccess legacy, CachePurger purger)
{
    /// <summary>Follows names thoroughly now.</summary>
    /// <exception cref="StoreException">It could not be done; says what to do.</exception>
    internal async Task FollowAsync(IReadOnlyCollection<string> names, CancellationToken cancellation)
    {
        var before = purger.HasTargets ? await KeysOfAsync(names) : [];
        await legacy.ReconcileAsync(names, cancellation);
        if (!purger.HasTargets)
        {
            return;
        }

        foreach (var name in names)
        {
            purger.Changed(FileName.FromStored(name));
        }

        // What other changes tell themselves has to be found out here: which objects left the public tree.
        foreach (var key in before)
        {
            if ((await store.Objects.FindAsync(key)).Gone)
            {
                purger.Removed([key]);
            }
        }
    }

    /// <summary>A name as it is now; of one that was renamed, what it is called today.</summary>
    internal async Task<StoredName?> FindAsync(FileName name)
    {
        var (file, renamed) = await store.Names.FindAsync(name);
        return renamed is { } other ? (await store.Names.FindAsync(other)).File : file;
    }

    private async Task<HashSet<ContentKey>> KeysOfAsync(IReadOnlyCollection<string> names)
    {
        var keys = new HashSet<ContentKey>();
        foreach (var name in names)
        {
            keys.UnionWith((await FindAsync(FileName.FromStored(name)))?.Versions.Select(version => version.Key) ?? []);
        }

        return keys;
    }
}
