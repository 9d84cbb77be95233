using HashStore.Storage.Catalog;
using HashStore.Storage.Leasing;

namespace HashStore.Migrate.Conversion;

/// <summary>A lease on names that several batches share; it goes back when the last of them is written. Begins with one use, that of whoever takes it.</summary>
internal sealed class LeasedNames(Lease lease)
{
    private int uses = 1;

    internal Lease Lease => lease;

    /// <summary>One more batch works under it.</summary>
    internal LeasedNames Use()
    {
        Interlocked.Increment(ref uses);
        return this;
    }

    /// <summary>Belongs into every transaction that writes of its names.</summary>
    internal void Check(CatalogTransaction catalog) => lease.Check(catalog);

    /// <summary>One use has ended.</summary>
    internal async Task EndAsync()
    {
        if (Interlocked.Decrement(ref uses) == 0)
        {
            await lease.DisposeAsync();
        }
    }
}
