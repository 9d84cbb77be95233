using System.Buffers.Text;
using System.Data.Common;
using HashStore.Schema;
using HashStore.Storage.Catalog;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace HashStore.Migrate.Legacy.Tables;

/// <summary>
/// The legacy tables of one source in a temporary SQLite database, where users and comments are looked up whatever the order in which the tables came and however large they are. It has every
/// table with every column that any schema knows, so that the queries are the same for all of them.
/// </summary>
internal sealed class TableSpool : IDisposable
{
    /// <summary>
    /// Nothing of it outlives the process: no journal, no syncs. 8 MiB of cache (KiB, negative). Of this database alone: a lock mode for all would hold for a wiki's database, too, that is
    /// attached later.
    /// </summary>
    private const string Pragmas =
        "PRAGMA main.journal_mode = OFF; PRAGMA main.synchronous = OFF; PRAGMA main.locking_mode = EXCLUSIVE; PRAGMA main.cache_size = -8192; PRAGMA temp_store = FILE";

    private readonly string path;
    private readonly Dictionary<LegacyTable, long> rows = [];
    private readonly Dictionary<string, sqlite3_stmt> inserts = new(StringComparer.Ordinal);

    static TableSpool() => SqliteLibrary.PreferNewer();

    /// <param name="path">A file that does not exist; deleted at the end.</param>
    internal TableSpool(string path)
    {
        this.path = path;
        Connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ConnectionString);
        try
        {
            Connection.Open();
            Connection.CreateFunction("legacy_hash", (byte[]? name) => name is null ? 0L : HashOf(name), isDeterministic: true);
            Execute(Pragmas);
            foreach (var table in LegacyTable.All)
            {
                Execute($"CREATE TABLE {Quoted(table)} ({string.Join(", ", table.Columns.Select(column => column + (IsKey(table, column) ? " INTEGER PRIMARY KEY" : "")))})");
            }

            Execute("BEGIN");
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    internal SqliteConnection Connection { get; }

    /// <summary>Tables that the source has, with their number of rows.</summary>
    internal IReadOnlyDictionary<LegacyTable, long> Rows => rows;

    /// <summary>Called when the source turns out to have a table, with rows or without.</summary>
    internal void Found(LegacyTable table) => rows.TryAdd(table, 0);

    internal void Counted(LegacyTable table, long count) => rows[table] = rows.GetValueOrDefault(table) + count;

    /// <summary>Adds a row.</summary>
    /// <param name="table">Its table.</param>
    /// <param name="places">For each value its place among the table's columns, or -1.</param>
    /// <param name="values">The values.</param>
    internal void Add(LegacyTable table, int[] places, RowValues values)
    {
        if (!inserts.TryGetValue(table.Name, out var insert))
        {
            var sql = $"INSERT OR IGNORE INTO {Quoted(table)} VALUES ({string.Join(',', table.Columns.Select(_ => '?'))})";
            Check(raw.sqlite3_prepare_v2(Connection.Handle, sql, out insert));
            inserts.Add(table.Name, insert);
        }

        _ = raw.sqlite3_clear_bindings(insert);
        for (var i = 0; i < places.Length; i++)
        {
            if (places[i] >= 0 && !values.IsNull(i))
            {
                Bind(insert, table.Columns[places[i]], places[i] + 1, values, i);
            }
        }

        Check(raw.sqlite3_step(insert));
        Check(raw.sqlite3_reset(insert));
        rows[table] = rows.GetValueOrDefault(table) + 1;
    }

    /// <summary>All is in it: prepares the look-ups. Versions come out in the order of the hashes of their names.</summary>
    internal void Finish() => Execute(
        """
        COMMIT;
        CREATE INDEX image_hash ON "image" (legacy_hash(img_name));
        CREATE INDEX oldimage_hash ON "oldimage" (legacy_hash(oi_name));
        CREATE INDEX filearchive_hash ON "filearchive" (legacy_hash(fa_name));
        CREATE INDEX file_hash ON "file" (legacy_hash(file_name));
        CREATE INDEX revision_file ON "filerevision" (fr_file);
        CREATE INDEX actor_user ON "actor" (actor_user) WHERE actor_user IS NOT NULL;
        CREATE INDEX temp_name ON "image_comment_temp" (imgcomment_name);
        """);

    /// <summary>Runs SQL that returns nothing.</summary>
    internal void Execute(string sql) => Check(raw.sqlite3_exec(Connection.Handle, sql));

    /// <summary>Throws what SQLite says.</summary>
    internal void Check(int code)
    {
        if (code is not (raw.SQLITE_OK or raw.SQLITE_ROW or raw.SQLITE_DONE))
        {
            throw new SqliteException(raw.sqlite3_errmsg(Connection.Handle).utf8_to_string(), code & 0xFF, code);
        }
    }

    /// <summary>What a failure of the spool means to the operator.</summary>
    internal static string Explain(DbException exception) => exception is SqliteException { SqliteErrorCode: raw.SQLITE_FULL }
        ? "No space is left for the temporary copy of the tables in STATE; nothing was changed. Make room and try again."
        : $"The temporary copy of the tables in STATE failed: {exception.Message}";

    public void Dispose()
    {
        foreach (var insert in inserts.Values)
        {
            insert.Dispose();
        }

        Connection.Dispose();
        File.Delete(path);
    }

    internal static string Quoted(LegacyTable table) => $"\"{table.Name}\"";

    private static bool IsKey(LegacyTable table, string column) =>
        column == table.Needed && (table == LegacyTable.Actor || table == LegacyTable.Comment || table == LegacyTable.User || table == LegacyTable.FileTypes);

    private void Bind(sqlite3_stmt insert, string column, int place, RowValues values, int index)
    {
        var value = values[index];
        if (LegacyTable.IsNumber(column))
        {
            if (Utf8Parser.TryParse(value, out long number, out var read) && read == value.Length)
            {
                Check(raw.sqlite3_bind_int64(insert, place, number));
            }
        }
        else if (values.LengthOf(index) > value.Length && column.EndsWith("_metadata", StringComparison.Ordinal))
        {
            // In the place of what is too long only its length is kept; SQLite can tell a number from bytes.
            Check(raw.sqlite3_bind_int64(insert, place, values.LengthOf(index)));
        }
        else
        {
            Check(value.IsEmpty ? raw.sqlite3_bind_zeroblob(insert, place, 0) : raw.sqlite3_bind_blob(insert, place, value));
        }
    }

    private static long HashOf(byte[] name) => LegacyValues.TryName(name, out var text, out _) ? LegacyNames.HashOf(text) : 0;
}
