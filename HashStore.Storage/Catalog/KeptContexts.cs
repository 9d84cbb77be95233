using System.Collections.Concurrent;
using HashStore.Schema;
using Microsoft.EntityFrameworkCore;

namespace HashStore.Storage.Catalog;

/// <summary>
/// Contexts that are kept for the next query, each with its open connection. EF Core's own pool of contexts does not close connections at its end (6.0: what was returned once counts as disposed), and the pool of
/// connections of Microsoft.Data.Sqlite (6.0 to 10.0) can give one connection to two users: while one is being opened it looks like one that was forgotten, and another thread that finds the pool empty takes it
/// (SqliteConnectionInternal.Activate sets two fields one after the other; Leaked reads both).
/// </summary>
internal sealed class KeptContexts(Func<HashStoreContext> make) : IDisposable
{
    /// <summary>More than that at one moment are made, and closed when they come back.</summary>
    private const int Capacity = 64;

    private readonly ConcurrentStack<HashStoreContext> idle = new();
    private int count;
    private volatile bool isDisposed;

    /// <summary>Lends one out; disposing it brings it back.</summary>
    internal HashStoreContext Take()
    {
        if (idle.TryPop(out var kept))
        {
            Interlocked.Decrement(ref count);
            return kept;
        }

        var context = make();
        context.Keeper = Keep;
        return context;
    }

    /// <summary>Closes those that are here; those that are lent out close when they come back.</summary>
    public void Dispose()
    {
        isDisposed = true;
        while (idle.TryPop(out var kept))
        {
            kept.Keeper = null;
            kept.Dispose();
        }
    }

    /// <summary>Takes one back; false: it shall end.</summary>
    private bool Keep(HashStoreContext context)
    {
        if (isDisposed)
        {
            return false;
        }

        if (Interlocked.Increment(ref count) > Capacity)
        {
            Interlocked.Decrement(ref count);
            return false;
        }

        context.ChangeTracker.Clear();
        context.Database.CurrentTransaction?.Dispose();
        idle.Push(context);
        if (isDisposed)
        {
            Dispose(); // which may have looked before this one was there
        }

        return true;
    }
}
