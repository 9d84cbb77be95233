using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;

namespace HashStore.Schema.Sqlite;

/// <summary>The tables on SQLite.</summary>
public sealed class SqliteHashStoreContext(DbContextOptions<SqliteHashStoreContext> options) : HashStoreContext(options)
{
    /// <summary>SQLite's memcmp over UTF-8.</summary>
    protected override string BytewiseCollation => "BINARY";
}

/// <summary>For <c>dotnet ef</c> only; see docs/ARCHITECTURE.md for the commands.</summary>
internal sealed class SqliteDesignTimeFactory : IDesignTimeDbContextFactory<SqliteHashStoreContext>
{
    public SqliteHashStoreContext CreateDbContext(string[] args) =>
        new(new DbContextOptionsBuilder<SqliteHashStoreContext>().UseSqlite("Data Source=:memory:").Options);
}
