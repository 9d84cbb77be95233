using CsvHelper;

namespace HashStore.Migrate.Legacy.Tables;

/// <summary>
/// Reads a folder of CSV files, one per table, whose header lines are the column names. The values come through as the bytes that they are. <c>\N</c> is NULL; an empty value is nothing where the
/// column is a number or a date.
/// </summary>
internal static class CsvFolder
{
    private static readonly CsvReaderOptions options = new()
    {
        Separator = ',',
        MalformedData = CsvMalformedDataHandling.Throw,
        FieldCountMismatch = CsvFieldCountHandling.Throw,
        MaxRecordSize = 64 << 20, // a quote that never closes must not bring the whole file into memory
        TrackLineNumbers = true,
        IncludeValuesInExceptions = false,
        BufferSize = 256 << 10,
    };

    /// <summary>Reads the files that are there.</summary>
    /// <exception cref="LegacyTablesException">A file is not what it should be.</exception>
    internal static long Read(string folder, TableSpool spool, TablePrefix prefix, Action<TablesProgress> progress, CancellationToken cancellation)
    {
        var files = LegacyTable.All.Select(table => (Table: table, Path: Path.Combine(folder, prefix.NameOf(table) + ".csv"))).Where(file => File.Exists(file.Path)).ToList();
        var total = files.Sum(file => new FileInfo(file.Path).Length);
        long before = 0;
        foreach (var (table, path) in files)
        {
            using var stream = new SourceStream(
                File.OpenRead(path), total, read => progress(read with { Bytes = before + read.Bytes }), cancellation);
            try
            {
                ReadFile(stream, table, spool, prefix);
            }
            catch (CsvFormatException exception)
            {
                throw new LegacyTablesException(
                    $"{path} is damaged or cut off: {exception.Message.TrimEnd('.')}. Nothing was changed; every line must have as many values as the first, "
                    + "and values with quotes, commas or line breaks stand in quotes.",
                    exception);
            }

            before += stream.BytesRead;
        }

        foreach (var other in Directory.EnumerateFiles(folder, "*image.csv").Select(Path.GetFileNameWithoutExtension).OfType<string>())
        {
            prefix.Saw(other, other.EndsWith(LegacyTable.OldImage.Name, StringComparison.Ordinal) ? [] : [LegacyTable.Image.Needed]);
        }

        return before;
    }

    private static void ReadFile(Stream stream, LegacyTable table, TableSpool spool, TablePrefix prefix)
    {
        using var reader = CsvReader.Create(stream, options, leaveOpen: true);
        var columns = reader.Headers.Select(column => column.Trim()).ToArray();
        if (!table.Fits(columns))
        {
            throw new LegacyTablesException($"The first line of {prefix.NameOf(table)}.csv does not name the column {table.Needed}. Nothing was changed; write the column names there.");
        }

        prefix.Saw(prefix.NameOf(table), columns);
        spool.Found(table);
        var places = table.PlacesOf(columns);
        var row = new RowValues();
        while (reader.Read())
        {
            row.Clear();
            for (var i = 0; i < columns.Length; i++)
            {
                var value = reader.GetSpan(i);
                if (value.SequenceEqual("\\N"u8))
                {
                    row.AddNull();
                    continue;
                }

                row.Append(value);
                row.EndValue();
            }

            spool.Add(table, places, row);
        }
    }
}
