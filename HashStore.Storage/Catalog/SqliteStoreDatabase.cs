using System.Data.Common;
using System.Globalization;
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
    /// <summary>A log of this length is copied into the database: about 4,000 pages.</summary>
    private const long CheckpointBytes = 16L << 20;

    /// <summary>
    /// Hashes fall anywhere in their indexes: a cache of 32 MiB (in KiB, negative) keeps the index pages of about a million objects where SQLite's 2 MiB would read them again for every upload.
    /// </summary>
    private const string WriterCache = "PRAGMA cache_size = -32768";

    /// <summary>SQLite's own wait, for readers that meet a checkpoint or recovery, in milliseconds.</summary>
    private const int BusyTimeout = 20_000;

    /// <summary>The least time between two checkpoints, in milliseconds: one that a reader held up need not be tried with every commit.</summary>
    private const long CheckpointPause = 1000;

    private const int SqliteFull = 13, SqliteReadOnly = 8, SqliteCantOpen = 14;

    private readonly string connectionString;
    private readonly string logPath;
    private readonly FileLock writeLock;
    private readonly PooledDbContextFactory<SqliteHashStoreContext> contexts;
    private FileLock.Held held;
    private long nextCheckpoint;

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
        this.connectionString = builder.ConnectionString;
        logPath = builder.DataSource + "-wal";
        writeLock = new FileLock(paths.WriteLock);
        var options = new DbContextOptionsBuilder<SqliteHashStoreContext>()
            .UseSqlite(this.connectionString)
            .AddInterceptors(new PragmaInterceptor())
            .Options;
        contexts = new PooledDbContextFactory<SqliteHashStoreContext>(options, poolSize: 64);
    }

    internal override string InsertedId => "; SELECT last_insert_rowid()";

    internal override string HighestCharacter => "\U0010FFFF"; // by UTF-8 bytes

    public override HashStoreContext NewContext() => contexts.CreateDbContext();

    internal override DbConnection OpenForWriting()
    {
        var connection = new SqliteConnection(connectionString);
        connection.Open();
        PragmaInterceptor.Apply(connection);
        using var cache = connection.CreateCommand();
        cache.CommandText = WriterCache;
        cache.ExecuteNonQuery();
        return connection;
    }

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

    internal override void EndExclusive() => held.Dispose();

    internal override void KeepHouse(DbConnection connection)
    {
        if (Environment.TickCount64 < nextCheckpoint || new FileInfo(logPath) is not { Exists: true } log || log.Length <= CheckpointBytes)
        {
            return;
        }

        nextCheckpoint = Environment.TickCount64 + CheckpointPause;
        using (writeLock.Acquire())
        {
            Checkpoint(connection);
        }
    }

    internal override bool IsFull(DbException exception) => exception is SqliteException { SqliteErrorCode: SqliteFull };

    internal override bool IsReadOnly(DbException exception) => exception is SqliteException { SqliteErrorCode: SqliteReadOnly or SqliteCantOpen };

    protected override void Dispose(bool disposing)
    {
        using (var pooled = new SqliteConnection(connectionString))
        {
            SqliteConnection.ClearPool(pooled);
        }

        writeLock.Dispose();
    }

    /// <summary>
    /// Copies the log into the database and starts the log anew. Readers are not disturbed; one that still looks at an old state keeps the log from starting anew, and the next
    /// checkpoint tries again.
    /// </summary>
    private static void Checkpoint(DbConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA busy_timeout = 0; PRAGMA wal_checkpoint(TRUNCATE); PRAGMA busy_timeout = " + BusyTimeout.ToString(CultureInfo.InvariantCulture);
        command.ExecuteNonQuery();
    }

    private sealed class PragmaInterceptor : DbConnectionInterceptor
    {
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
                $"PRAGMA busy_timeout = {BusyTimeout}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; PRAGMA temp_store = MEMORY";
            command.ExecuteNonQuery();
        }
    }
}
