using System.Globalization;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace HashStore.Migrate.Legacy.Tables;

/// <summary>
/// Copies the tables out of a MediaWiki SQLite database, opened read-only. One transaction reads all of them, so they are of one moment even while a wiki writes; and it is over
/// after the copy, so that the wiki's own writes wait no longer than that.
/// </summary>
internal static class SqliteSource
{
    /// <summary>With what every SQLite database begins.</summary>
    internal static ReadOnlySpan<byte> Header => "SQLite format 3\0"u8;

    /// <summary>How long to wait for a wiki that writes, in milliseconds.</summary>
    private const int BusyTimeout = 20_000;

    /// <summary>Instructions of SQLite between two looks at the interrupt.</summary>
    private const int StepsBetweenLooks = 100_000;

    /// <summary>Reads the tables that are there.</summary>
    /// <exception cref="LegacyTablesException">It cannot be read.</exception>
    internal static void Read(string path, TableSpool spool, TablePrefix prefix, CancellationToken cancellation)
    {
        spool.Execute($"COMMIT; PRAGMA busy_timeout = {BusyTimeout.ToString(CultureInfo.InvariantCulture)}");
        raw.sqlite3_progress_handler(spool.Connection.Handle, StepsBetweenLooks, _ => cancellation.IsCancellationRequested ? 1 : 0, null);
        try
        {
            Attach(path, spool);
            Copy(path, spool, prefix);
            spool.Execute("COMMIT; DETACH source; BEGIN");
        }
        catch (SqliteException) when (cancellation.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellation);
        }
        catch (SqliteException exception) when (exception.SqliteErrorCode != raw.SQLITE_FULL)
        {
            throw new LegacyTablesException($"The database {path} cannot be read: {exception.Message.TrimEnd('.')}. Nothing was changed.", exception);
        }
        finally
        {
            raw.sqlite3_progress_handler(spool.Connection.Handle, 0, null, null);
        }
    }

    private static void Attach(string path, TableSpool spool)
    {
        var uri = "file://" + string.Join('/', Path.GetFullPath(path).Split('/').Select(Uri.EscapeDataString));
        try
        {
            AttachAs(uri + "?mode=ro", spool);
        }
        catch (SqliteException exception) when (exception.SqliteErrorCode is raw.SQLITE_CANTOPEN or raw.SQLITE_READONLY && !HasLog(path))
        {
            // In WAL mode even a reader writes files beside the database. Where it may not, and nobody has such files there, nobody else has it open.
            AttachAs(uri + "?immutable=1", spool);
        }
    }

    private static void AttachAs(string uri, TableSpool spool)
    {
        using (var attach = spool.Connection.CreateCommand())
        {
            attach.CommandText = "ATTACH @uri AS source";
            attach.Parameters.AddWithValue("@uri", uri);
            attach.ExecuteNonQuery();
        }

        try
        {
            spool.Execute("BEGIN; SELECT COUNT(*) FROM source.sqlite_master"); // the first read fixes the moment
        }
        catch (SqliteException)
        {
            spool.Execute("ROLLBACK; DETACH source");
            throw;
        }
    }

    private static bool HasLog(string path) => new FileInfo(path + "-wal") is { Exists: true, Length: > 0 };

    private static void Copy(string path, TableSpool spool, TablePrefix prefix)
    {
        foreach (var name in Names(spool, "SELECT name FROM source.sqlite_master WHERE type = 'table'"))
        {
            var table = prefix.Find(name);
            if (table is null && !TablePrefix.CouldBeImage(name))
            {
                continue;
            }

            var columns = Names(spool, $"SELECT name FROM pragma_table_info({Literal(name)}, 'source')");
            prefix.Saw(name, columns);
            if (table is not null && table.Fits(columns))
            {
                CopyTable(spool, table, name, columns);
            }
        }

        // Of all the comments of a wiki only those that are referred to.
        if (spool.Rows.Count > 0 && Names(spool, $"SELECT name FROM source.sqlite_master WHERE type = 'table' AND name = {Literal(prefix.NameOf(LegacyTable.Comment))}").Count > 0)
        {
            CopyComments(spool, prefix.NameOf(LegacyTable.Comment));
        }

        prefix.CheckFound(path);
    }

    private static void CopyTable(TableSpool spool, LegacyTable table, string name, List<string> columns)
    {
        spool.Found(table);
        if (table == LegacyTable.Comment)
        {
            return;
        }

        var known = table.Columns.Where(column => columns.Contains(column, StringComparer.OrdinalIgnoreCase)).ToList();
        spool.Execute(
            $"INSERT OR IGNORE INTO main.{TableSpool.Quoted(table)} ({string.Join(", ", known)}) SELECT {string.Join(", ", known.Select(Value))} FROM source.{Quoted(name)}");
        spool.Counted(table, raw.sqlite3_changes(spool.Connection.Handle));
    }

    private static void CopyComments(TableSpool spool, string name) => spool.Execute(
        $"""
        INSERT OR IGNORE INTO main."comment" (comment_id, comment_text) SELECT CAST(comment_id AS INTEGER), CAST(comment_text AS BLOB) FROM source.{Quoted(name)}
        WHERE comment_id IN (SELECT img_description_id FROM main."image" UNION SELECT oi_description_id FROM main."oldimage"
            UNION SELECT fa_description_id FROM main."filearchive" UNION SELECT fa_deleted_reason_id FROM main."filearchive"
            UNION SELECT fr_description_id FROM main."filerevision" UNION SELECT imgcomment_description_id FROM main."image_comment_temp")
        """);

    private static string Value(string column)
    {
        if (LegacyTable.IsNumber(column))
        {
            return $"CAST({column} AS INTEGER)";
        }

        return column.EndsWith("_metadata", StringComparison.Ordinal)
            ? $"CASE WHEN length(CAST({column} AS BLOB)) > {RowValues.MaxValueBytes} THEN length(CAST({column} AS BLOB)) ELSE CAST({column} AS BLOB) END"
            : $"CAST({column} AS BLOB)";
    }

#pragma warning disable CA2100 // names of the source, quoted
    private static List<string> Names(TableSpool spool, string sql)
    {
        using var command = spool.Connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var names = new List<string>();
        while (reader.Read())
        {
            names.Add(reader.GetString(0));
        }

        return names;
    }
#pragma warning restore CA2100

    private static string Quoted(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    private static string Literal(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";
}
