using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;

namespace HashStore.Schema.SqlServer;

/// <summary>The tables on SQL Server.</summary>
public sealed class SqlServerHashStoreContext(DbContextOptions<SqlServerHashStoreContext> options) : HashStoreContext(options)
{
    /// <summary>Orders and compares by code point, case and accents included; there from SQL Server 2008 on.</summary>
    protected override string BytewiseCollation => "Latin1_General_100_BIN2";
}

/// <summary>For <c>dotnet ef</c> only; see docs/ARCHITECTURE.md for the commands.</summary>
internal sealed class SqlServerDesignTimeFactory : IDesignTimeDbContextFactory<SqlServerHashStoreContext>
{
    public SqlServerHashStoreContext CreateDbContext(string[] args) =>
        new(new DbContextOptionsBuilder<SqlServerHashStoreContext>().UseSqlServer("Server=localhost").Options);
}
