using System.Data.Common;
using HashStore.Schema;
using HashStore.Schema.SqlServer;
using Microsoft.Data.SqlClient;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;

namespace HashStore.Storage.Catalog;

/// <summary>SQL Server. An application lock that lives as long as the transaction makes writers take turns, as they do on SQLite: one set of rules for both.</summary>
internal sealed class SqlServerStoreDatabase : StoreDatabase
{
    /// <summary>Taken first in every write transaction; waits as long as the command timeout, which is a minute.</summary>
    internal const string TakeWriteLock =
        "DECLARE @granted int; EXEC @granted = sp_getapplock @Resource = N'hashstore-write', @LockMode = N'Exclusive', @LockOwner = N'Transaction', @LockTimeout = 50000; "
        + "IF @granted < 0 THROW 51000, N'Another process has held the write lock for 50 seconds.', 1;";

    /// <summary>Taken while tables are made, by the connection that makes them.</summary>
    internal const string TakeSchemaLock =
        "DECLARE @granted int; EXEC @granted = sp_getapplock @Resource = N'hashstore-schema', @LockMode = N'Exclusive', @LockOwner = N'Session', @LockTimeout = 50000; "
        + "IF @granted < 0 THROW 51000, N'Another process has been changing the tables for 50 seconds.', 1;";

    private const int CommandTimeoutSeconds = 60;
    private const int FilegroupFull = 1105, LogFull = 9002, DatabaseReadOnly = 3906;

    private readonly string connectionString;
    private readonly PooledDbContextFactory<SqlServerHashStoreContext> contexts;

    internal SqlServerStoreDatabase(string? connectionString)
    {
        this.connectionString = connectionString is { Length: > 0 }
            ? connectionString
            : throw new StoreException(StoreFault.BadSetting, "Database:Provider is SqlServer but Database:ConnectionString is empty: give the server's connection string.");
        var options = new DbContextOptionsBuilder<SqlServerHashStoreContext>().UseSqlServer(connectionString, server => server.CommandTimeout(CommandTimeoutSeconds)).Options;
        contexts = new PooledDbContextFactory<SqlServerHashStoreContext>(options, poolSize: 64);
    }

    internal override string InsertedId => "; SELECT CAST(SCOPE_IDENTITY() AS bigint)";

    internal override string HighestCharacter => "\uFFFF"; // by UTF-16 code units

    public override HashStoreContext NewContext() => contexts.CreateDbContext();

    internal override DbConnection OpenForWriting()
    {
        var connection = new SqlConnection(connectionString);
        connection.Open();
        return connection;
    }

    internal override DbTransaction BeginExclusive(DbConnection connection)
    {
        var transaction = connection.BeginTransaction(System.Data.IsolationLevel.ReadCommitted);
        try
        {
            Execute(connection, transaction, TakeWriteLock);
            return transaction;
        }
        catch
        {
            transaction.Dispose();
            throw;
        }
    }

    internal override void EndExclusive()
    {
        // The lock went with the transaction.
    }

    internal override bool IsFull(DbException exception) => exception is SqlException { Number: FilegroupFull or LogFull };

    internal override bool IsReadOnly(DbException exception) => exception is SqlException { Number: DatabaseReadOnly };

    /// <summary>Several servers may start at once, each with a ROOT of its own by mistake; only the database itself can hold them apart.</summary>
    internal override void Migrate()
    {
        using var connection = new SqlConnection(connectionString);
        connection.Open();
        Execute(connection, null, TakeSchemaLock);
        base.Migrate();
    }

    protected override void Dispose(bool disposing)
    {
        using var pooled = new SqlConnection(connectionString);
        SqlConnection.ClearPool(pooled);
    }

    private static void Execute(DbConnection connection, DbTransaction? transaction, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.CommandTimeout = CommandTimeoutSeconds;
        command.Transaction = transaction;
        command.ExecuteNonQuery();
    }
}
