using HashStore.Schema;

namespace HashStore.Storage.Catalog;

/// <summary>What the table <c>legacy</c> holds.</summary>
internal sealed class LegacyExtent
{
    /// <summary>The highest number of a row.</summary>
    public long LastId { get; init; }

    /// <summary>The highest number of an import.</summary>
    public long LastImport { get; init; }
}

/// <summary>Queries on imported legacy rows, apart from where they are run, so that a test can show each one to SQL Server's grammar.</summary>
internal static class LegacyQueries
{
    /// <summary>One row, or none when the table is empty. Reads all of the table, and so belongs outside the write lock.</summary>
    internal static IQueryable<LegacyExtent> Extent(HashStoreContext context) =>
        from row in context.Legacy
        group row by 1 into all
        select new LegacyExtent { LastId = all.Max(row => row.Id), LastImport = all.Max(row => row.Import) };
}
