using System.Data.Common;
using HashStore.Schema;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace HashStore.Storage.Catalog;

/// <summary>
/// A store's database: contexts for reading, one connection for the writer, and what differs between the providers. Writers of all processes take turns: a transaction begins with an
/// exclusive lock, so what it reads stays true until it commits.
/// </summary>
public abstract class StoreDatabase : IDisposable
{
    /// <summary>One visible switch picks the provider.</summary>
    internal static StoreDatabase Open(StoreOptions options) => options.Provider switch
    {
        DatabaseProvider.Sqlite => new SqliteStoreDatabase(options.Paths, options.ConnectionString),
        DatabaseProvider.SqlServer => new SqlServerStoreDatabase(options.ConnectionString),
        _ => throw new StoreException(StoreFault.BadSetting, $"Unknown database provider {options.Provider}."),
    };

    /// <summary>Appended to an INSERT: a query for the number that the row got.</summary>
    internal abstract string InsertedId { get; }

    /// <summary>Sorts after every character of a name by this database's byte-wise collation.</summary>
    internal abstract string HighestCharacter { get; }

    /// <summary>A context for queries; dispose it soon.</summary>
    public abstract HashStoreContext NewContext();

    /// <summary>Opens the writer's connection.</summary>
    internal abstract DbConnection OpenForWriting();

    /// <summary>Opens a connection that only reads, for whoever reads a lot by prepared statements.</summary>
    internal virtual DbConnection OpenForReading() => OpenForWriting();

    /// <summary>Waits for the exclusive right to write and begins a transaction.</summary>
    internal abstract DbTransaction BeginExclusive(DbConnection connection);

    /// <summary>Commits; durable on return.</summary>
    internal virtual void Commit(DbConnection connection, DbTransaction transaction) => transaction.Commit();

    /// <summary>Gives the right back, after a commit or a rollback.</summary>
    internal abstract void EndExclusive();

    /// <summary>Whether an exception says that the database ran out of space.</summary>
    internal abstract bool IsFull(DbException exception);

    /// <summary>Whether an exception says that the database cannot be written.</summary>
    internal abstract bool IsReadOnly(DbException exception);

    /// <summary>Makes or updates the tables. The caller sees to it that no other process does so at the same time, or the provider does.</summary>
    /// <exception cref="StoreException">The tables were made by a newer program.</exception>
    internal virtual void Migrate()
    {
        using var context = NewContext();
        CheckNotNewer(context);
        if (context.Database.GetPendingMigrations().Any())
        {
            DropStaleLock();
            context.Database.Migrate();
        }
    }

    /// <summary>Takes away what a process left that died while it updated the tables, so that nobody waits for it.</summary>
    protected virtual void DropStaleLock()
    {
    }

    /// <summary>Checks without changing anything.</summary>
    /// <exception cref="StoreException">The tables are older or newer than this program.</exception>
    internal void CheckMigrated()
    {
        using var context = NewContext();
        CheckNotNewer(context);
        if (context.Database.GetPendingMigrations().Any())
        {
            throw new StoreException(StoreFault.NotAStore, "The database's tables are older than this program, or there are none: start HashStore.Server on this ROOT once, which updates them.");
        }
    }

    /// <summary>Translates what the database says.</summary>
    internal StoreException Translate(DbException exception) => exception switch
    {
        _ when IsFull(exception) => new StoreException(StoreFault.NoSpace, "No space is left for the database; nothing was kept. Make room and try again.", exception),
        _ when IsReadOnly(exception) => new StoreException(StoreFault.NotWritable, "The database cannot be written; nothing was kept.", exception),
        _ => new StoreException(StoreFault.Unavailable, $"The database failed: {exception.Message}", exception),
    };

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Closes what is held.</summary>
    protected abstract void Dispose(bool disposing);

    private static void CheckNotNewer(HashStoreContext context)
    {
        var known = context.Database.GetMigrations();
        if (context.GetService<IHistoryRepository>().Exists() && context.Database.GetAppliedMigrations().Except(known).FirstOrDefault() is { } unknown)
        {
            throw new StoreException(StoreFault.NewerStore, $"The database was made by a newer HashStore (migration {unknown} is unknown to this program). Run that newer version.");
        }
    }
}
