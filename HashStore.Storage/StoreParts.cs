using HashStore.Storage.Catalog;
using HashStore.Storage.Damage;
using HashStore.Storage.Durability;
using HashStore.Storage.Objects;
using Microsoft.EntityFrameworkCore;

namespace HashStore.Storage;

/// <summary>What a store is made of: shared by <see cref="Store"/>, which writes, and the checker, which only reads.</summary>
internal sealed record StoreParts(StorePaths Paths, StoreLayout Layout, StoreDatabase Database, SyncQueue Syncs, IObjectBackend Backend, DurableTree Thumbs) : IDisposable
{
    private StoreLayout layout = Layout;

    /// <summary>What the store says of itself. It changes when another process changes the length of the keys: every write transaction looks (<see cref="StoreOpening.CheckLayout"/>).</summary>
    public StoreLayout Layout
    {
        get => Volatile.Read(ref layout);
        internal set => Volatile.Write(ref layout, value);
    }

    /// <summary>Which objects are damaged.</summary>
    internal DamageMarks Marks { get; } = new(Paths.Damaged);

    /// <summary>Looks at the store's row, for who only reads: the length of the keys may change beside it.</summary>
    internal async Task RefreshAsync(CancellationToken cancellation)
    {
        await using var context = Database.NewContext();
        if (await AliasQueries.Store(context).FirstOrDefaultAsync(cancellation) is { } row && row.Uuid == Layout.Uuid && row.Algorithm == Layout.Algorithm)
        {
            Layout = StoreLayout.Of(new StoreIdentity(row.Uuid, row.Generation, row.Algorithm, row.KeyBits, row.FromBits));
        }
    }

    public void Dispose()
    {
        Syncs.Dispose();
        Database.Dispose();
    }
}
