using HashStore.Schema;
using HashStore.Schema.Tables;
using Microsoft.EntityFrameworkCore;

namespace HashStore.Storage.Catalog;

/// <summary>Queries for the keys that objects had before. Nothing is tracked.</summary>
internal static class AliasQueries
{
    /// <summary>The key that an object has whose key this was.</summary>
    internal static IQueryable<byte[]> Find(HashStoreContext context, byte[] key) => context.Aliases.Where(row => row.Key == key).Select(row => row.Hash);

    /// <summary>Which of some keys objects had before.</summary>
    internal static IQueryable<AliasRow> Known(HashStoreContext context, byte[][] keys) => context.Aliases.AsNoTracking().Where(row => Enumerable.Contains(keys, row.Key));

    /// <summary>Keys whose old places have yet to be made links.</summary>
    internal static IQueryable<byte[]> Pending(HashStoreContext context, int limit) =>
        context.Aliases.Where(row => row.State == AliasState.Pending).OrderBy(row => row.Key).Select(row => row.Key).Take(limit);

    /// <summary>The row of the store.</summary>
    internal static IQueryable<StoreRow> Store(HashStoreContext context) => context.Stores.AsNoTracking();
}
