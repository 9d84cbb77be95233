using HashStore.Storage.Catalog;

namespace HashStore.Storage.Leasing;

/// <summary>
/// The right to do some work alone, among all processes. It is renewed as long as this process lives; should it be lost all the same (the process was stopped for longer than the term), whatever
/// it would write is refused by <see cref="Check"/>. Dispose gives it back.
/// </summary>
internal sealed class Lease : IAsyncDisposable
{
    private readonly Leases leases;
    private int released;

    internal Lease(Leases leases, long id, long from, long to) => (this.leases, Id, From, To) = (leases, id, from, to);

    internal long Id { get; }

    /// <summary>The first hash of a name that it covers.</summary>
    internal long From { get; }

    /// <summary>The last one.</summary>
    internal long To { get; }

    /// <summary>Belongs into every transaction that writes what the lease is about.</summary>
    /// <exception cref="StoreException">It was lost: another process does the work.</exception>
    internal void Check(CatalogTransaction catalog)
    {
        if (catalog.ReadOne(LeaseStatements.Find, row => row.GetInt64(0), Id) is null)
        {
            throw new StoreException(StoreFault.Unavailable, "This process stood still for so long that another one took its work over. Run the command again.");
        }
    }

    /// <summary>Gives it back as part of a transaction.</summary>
    internal void Release(CatalogTransaction catalog)
    {
        catalog.Execute(LeaseStatements.Remove, Id);
        released = 1; // running the transaction twice removes it twice
        leases.Forget(this);
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref released, 1) == 0)
        {
            await leases.ReleaseAsync(this);
        }
    }
}
