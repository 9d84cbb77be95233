using HashStore.Storage.Catalog;
using HashStore.Storage.Damage;
using HashStore.Storage.Durability;
using HashStore.Storage.Objects;

namespace HashStore.Storage;

/// <summary>What a store is made of: shared by <see cref="Store"/>, which writes, and the checker, which only reads.</summary>
internal sealed record StoreParts(StorePaths Paths, StoreLayout Layout, StoreDatabase Database, SyncQueue Syncs, IObjectBackend Backend, DurableTree Thumbs) : IDisposable
{
    /// <summary>Which objects are damaged.</summary>
    internal DamageMarks Marks { get; } = new(Paths.Damaged);

    public void Dispose()
    {
        Syncs.Dispose();
        Database.Dispose();
    }
}
