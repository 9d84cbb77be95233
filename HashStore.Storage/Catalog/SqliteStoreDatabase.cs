using System.Data.Common;
using HashStore.Schema;
using HashStore.Schema.Sqlite;
using HashStore.Storage.Durability;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;

namespace HashStore.Storage.Catalog;

/// <summary>
/// SQLite in WAL mode with synchronous=FULL: a commit is durable when it returns. Writers of all processes queue at a file lock in STATE, which wakes the next one at once, where
/// SQLite's own busy handler would sleep and try again. Checkpoints are made only by the holder of that lock: SQLite up to 3.51.2 can corrupt the database when one process restarts the log while
/// another one checkpoints.
/// </summary>
internal sealed class SqliteStoreDatabase : StoreDatabase
{
    /// <summary>
    /// What the writer's connection alone has. A cache of 32 MiB (in KiB, negative): hashes fall anywhere in their indexes, and this keeps the index pages of about a million objects, where SQLite's
    /// 2 MiB would be read again for every upload. Checkpoints: when the log has 16,384 pages (64 MiB) a commit copies it into the database, which happens while the write lock is held; larger logs copy each page less
    /// often, smaller ones recover faster. The log is then written from its beginning again, and cut only if a long reader made it grow.
    /// </summary>
    private const string WriterPragmas = "PRAGMA cache_size = -32768; PRAGMA wal_autocheckpoint = 16384; PRAGMA journal_size_limit = 134217728; PRAGMA temp_store = MEMORY";

    /// <summary>A conversion's reading connections, each with a cache of 8 MiB. What they and all queries sort may be spilled to disk: it grows with the store.</summary>
    private const string ReaderPragmas = "PRAGMA cache_size = -8192";

    /// <summary>SQLite's own wait, for readers that meet a checkpoint or recovery, in milliseconds.</summary>
    private const int BusyTimeout = 20_000;

    private const int SqliteFull = 13, SqliteReadOnly = 8, SqliteCantOpen = 14;

    private readonly string connectionString;
    private readonly FileLock writeLock;
    private readonly KeptContexts contexts;
    private FileLock.Held held;

    static SqliteStoreDatabase() => SqliteLibrary.PreferNewer();

    internal SqliteStoreDatabase(StorePaths paths, string? connectionString)
    {
        var builder = new SqliteConnectionStringBuilder(connectionString ?? "");
        if (builder.DataSource.Length == 0)
        {
            builder.DataSource = paths.Database;
        }

        builder.ForeignKeys = true; // on in the bundled library, off in the distribution's
        builder.DefaultTimeout = BusyTimeout / 1000;
        builder.Pooling = false; // see KeptContexts
        this.connectionString = builder.ConnectionString;
        writeLock = new FileLock(paths.WriteLock);
        var options = new DbContextOptionsBuilder<SqliteHashStoreContext>()
            .UseSqlite(this.connectionString)
            .AddInterceptors(new KeptConnections())
            .Options;
        contexts = new KeptContexts(() => new SqliteHashStoreContext(options));
    }

    internal override string InsertedId => "; SELECT last_insert_rowid()";

    internal override string HighestCharacter { get; } = string.Concat(Enumerable.Repeat("\U0010FFFF", 64)); // by UTF-8 bytes; as often as no name of 255 bytes can have it

    public override HashStoreContext NewContext() => contexts.Take();

    internal override DbConnection OpenForWriting() => Open(WriterPragmas);

    internal override DbConnection OpenForReading() => Open(ReaderPragmas);

    internal override DbTransaction BeginExclusive(DbConnection connection)
    {
        held = writeLock.Acquire();
        try
        {
            return connection.BeginTransaction(); // BEGIN IMMEDIATE
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    internal override void Commit(DbConnection connection, DbTransaction transaction)
    {
        try
        {
            transaction.Commit();
        }
        catch (SqliteException) when (SQLitePCL.raw.sqlite3_get_autocommit(((SqliteConnection)connection).Handle) != 0)
        {
            // SQLite has rolled back by itself, as it does when the disk is full. Microsoft.Data.Sqlite does not notice, rolls back once more and fails: so there shall be something to roll back.
            using var command = connection.CreateCommand();
            command.CommandText = "BEGIN";
            command.Transaction = transaction;
            command.ExecuteNonQuery();
            throw;
        }
    }

    /// <summary>
    /// EF Core's lock is a row, which outlives the process, and the next one would wait for it for ever. Whoever updates the tables holds the store's write lock (<see cref="StoreOpening"/>), so that a row that is
    /// there is a dead process's.
    /// </summary>
    protected override void DropStaleLock()
    {
        using var connection = Open(ReaderPragmas);
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT count(*) FROM sqlite_master WHERE name = '__EFMigrationsLock'";
        if ((long)command.ExecuteScalar()! > 0)
        {
            command.CommandText = "DELETE FROM \"__EFMigrationsLock\"";
            command.ExecuteNonQuery();
        }
    }

    internal override void EndExclusive() => held.Dispose();

    internal override bool IsFull(DbException exception) => exception is SqliteException { SqliteErrorCode: SqliteFull };

    internal override bool IsReadOnly(DbException exception) => exception is SqliteException { SqliteErrorCode: SqliteReadOnly or SqliteCantOpen };

    private SqliteConnection Open(string pragmas)
    {
        var connection = new SqliteConnection(connectionString);
        connection.Open();
        KeptConnections.Apply(connection);
        using var command = connection.CreateCommand();
        command.CommandText = pragmas;
        command.ExecuteNonQuery();
        return connection;
    }

    protected override void Dispose(bool disposing)
    {
        contexts.Dispose();
        writeLock.Dispose();
    }

    /// <summary>A context keeps its connection open from its first query to its end.</summary>
    private sealed class KeptConnections : DbConnectionInterceptor
    {
        public override InterceptionResult ConnectionClosing(DbConnection connection, ConnectionEventData eventData, InterceptionResult result) => InterceptionResult.Suppress();

        public override ValueTask<InterceptionResult> ConnectionClosingAsync(DbConnection connection, ConnectionEventData eventData, InterceptionResult result) => new(InterceptionResult.Suppress());

        public override void ConnectionOpened(DbConnection connection, ConnectionEndEventData eventData) => Apply(connection);

        public override Task ConnectionOpenedAsync(DbConnection connection, ConnectionEndEventData eventData, CancellationToken cancellationToken = default)
        {
            Apply(connection);
            return Task.CompletedTask;
        }

        internal static void Apply(DbConnection connection)
        {
            using var command = connection.CreateCommand();
            command.CommandText =
                $"PRAGMA busy_timeout = {BusyTimeout}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0";
            command.ExecuteNonQuery();
        }
    }
}
