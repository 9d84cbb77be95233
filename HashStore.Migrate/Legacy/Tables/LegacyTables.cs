using Microsoft.Data.Sqlite;
using HashStore.Storage;
using HashStore.Storage.Legacy;

namespace HashStore.Migrate.Legacy.Tables;

/// <summary>Where the legacy tables are.</summary>
/// <param name="Path">A dump, a SQLite database, a folder of CSV files, or <see cref="StandardInput"/>.</param>
/// <param name="Prefix">The wiki's <c>$wgDBprefix</c>.</param>
/// <param name="Input">What is read for <see cref="StandardInput"/>.</param>
internal sealed record TablesSource(string Path, string Prefix, Func<Stream> Input)
{
    /// <summary>The path that means standard input.</summary>
    internal const string StandardInput = "-";

    /// <summary>Whether it can be read only once.</summary>
    internal bool IsStandardInput => Path == StandardInput;
}

/// <summary>What an import did.</summary>
/// <param name="Counts">What became of the rows.</param>
/// <param name="Refused">Rows that were not imported.</param>
/// <param name="Bytes">Bytes read of the source.</param>
/// <param name="Note">What the operator should know besides; may be empty.</param>
internal readonly record struct TablesImported(LegacyImportCounts Counts, long Refused, long Bytes, string Note);

/// <summary>
/// Brings the legacy tables into a store: first all of the source into a <see cref="TableSpool"/>, then, when nothing was wrong with it, the versions in the order of their names into table
/// <c>legacy</c>. A source that cannot be read to its end changes nothing.
/// </summary>
internal static class LegacyTables
{
    /// <summary>Imports.</summary>
    /// <param name="store">The store.</param>
    /// <param name="source">The tables.</param>
    /// <param name="refused">Told of every row that is not imported, as it is met.</param>
    /// <param name="progress">Told how far it is, often.</param>
    /// <param name="cancellation">Stops between two transactions; what is written stays, and importing again finishes it.</param>
    /// <param name="waits">Whether to wait for another import that is under way.</param>
    /// <exception cref="LegacyTablesException">The source cannot be read; nothing was changed.</exception>
    /// <exception cref="StoreException">The store cannot be written.</exception>
    internal static async Task<TablesImported> ImportAsync(
        Store store, TablesSource source, Action<RefusedRow> refused, Action<TablesProgress> progress, CancellationToken cancellation, bool waits = false)
    {
        CheckThere(source);
        try
        {
            using var spool = new TableSpool(store.Staging.NextPath());
            long bytes = 0, failed = 0;
            bytes = await Task.Run(() => Fill(spool, source, progress, cancellation), cancellation);
            var reader = new SpoolReader(spool, row =>
            {
                failed++;
                refused(row);
            });
            reader.Choose();
            var counts = await store.LegacyImport.RunAsync(
                reader.Read(cancellation), source.Prefix, reader.Kinds, written => progress(new TablesProgress(bytes, bytes, written, reader.Total)), cancellation, waits);
            return new TablesImported(counts, failed, bytes, reader.Note);
        }
        catch (SqliteException exception)
        {
            throw new StoreException(exception.SqliteErrorCode == SQLitePCL.raw.SQLITE_FULL ? StoreFault.NoSpace : StoreFault.Unavailable, TableSpool.Explain(exception), exception);
        }
    }

    /// <summary>Checks, before a store is opened or made, that there is something to read.</summary>
    /// <exception cref="LegacyTablesException">There is not.</exception>
    internal static void CheckThere(TablesSource source)
    {
        if (!source.IsStandardInput && !File.Exists(source.Path) && !Directory.Exists(source.Path))
        {
            throw new LegacyTablesException(
                $"There is no {source.Path}. --tables wants a dump (.sql or .sql.gz), - for one on standard input, a MediaWiki SQLite database, or a folder with image.csv.");
        }
    }

    private static long Fill(TableSpool spool, TablesSource source, Action<TablesProgress> progress, CancellationToken cancellation)
    {
        var prefix = new TablePrefix(source.Prefix);
        var bytes = Read(spool, source, prefix, progress, cancellation);
        prefix.CheckFound(source.IsStandardInput ? "standard input" : source.Path);
        spool.Finish();
        return bytes;
    }

    private static long Read(TableSpool spool, TablesSource source, TablePrefix prefix, Action<TablesProgress> progress, CancellationToken cancellation)
    {
        if (source.IsStandardInput)
        {
            return ReadDump(source.Input(), 0, spool, prefix, progress, cancellation);
        }

        if (Directory.Exists(source.Path))
        {
            return CsvFolder.Read(source.Path, spool, prefix, progress, cancellation);
        }

        var file = File.OpenRead(source.Path);
        var length = file.CanSeek ? file.Length : 0;
        if (!IsDatabase(file))
        {
            return ReadDump(file, length, spool, prefix, progress, cancellation);
        }

        file.Dispose();
        SqliteSource.Read(source.Path, spool, prefix, cancellation);
        progress(new TablesProgress(length, length, 0, 0));
        return length;
    }

    private static long ReadDump(Stream stream, long length, TableSpool spool, TablePrefix prefix, Action<TablesProgress> progress, CancellationToken cancellation)
    {
        using var counted = new SourceStream(stream, length, progress, cancellation);
        using var unpacked = SourceStream.Unpacked(counted);
        try
        {
            new DumpReader(unpacked, spool, prefix).Read();
        }
        catch (InvalidDataException exception)
        {
            throw new LegacyTablesException($"The compressed dump is damaged or cut off after {counted.BytesRead} bytes. Nothing was changed; make the dump again.", exception);
        }

        return counted.BytesRead;
    }

    /// <summary>By the header, whatever the name; a pipe is a dump.</summary>
    private static bool IsDatabase(FileStream file)
    {
        if (!file.CanSeek)
        {
            return false;
        }

        Span<byte> header = stackalloc byte[SqliteSource.Header.Length];
        var count = file.ReadAtLeast(header, header.Length, throwOnEndOfStream: false);
        file.Position = 0;
        return header[..count].SequenceEqual(SqliteSource.Header);
    }
}
