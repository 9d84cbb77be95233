using System.Globalization;
using CsvHelper;
using HashStore.Migrate.Legacy;
using HashStore.Schema;
using HashStore.Schema.Tables;
using HashStore.Storage;
using HashStore.Storage.Catalog;
using HashStore.Storage.Durability;

namespace HashStore.Migrate.Conversion;

/// <summary>The report of a run: a line per legacy path, read from the ledger.</summary>
internal static class ConversionReport
{
    /// <summary>Writes it, beside its place first, so that an interrupted run leaves no half of it.</summary>
    /// <param name="path">Where.</param>
    /// <param name="ledger">What it is read from.</param>
    /// <param name="first">The first run that it reports on; what was converted before is there already.</param>
    /// <param name="last">The last one.</param>
    /// <exception cref="StoreException">It cannot be written.</exception>
    internal static void Write(string path, StoreLedger ledger, long first, long last)
    {
        try
        {
            WriteFile(path, ledger, first, last);
        }
        catch (Exception exception) when (StorageErrors.Knows(exception))
        {
            throw new StoreException(
                StoreFault.NotWritable,
                $"The report {path} cannot be written ({exception.Message}); what was converted stays so. Make room, or give another --report, and run again for it.", exception);
        }
    }

    private static void WriteFile(string path, StoreLedger ledger, long first, long last)
    {
        var written = path + ".new";
        using (var file = File.Create(written))
        using (var writer = CsvWriter.Create(file, new CsvWriterOptions { NewLine = "\n" }, leaveOpen: true))
        {
            writer.WriteRecord(["path", "status", "key", "sha256", "size", "detail"]);
            ledger.Reading.ForEach(
                ConversionStatements.ReadLedgerAfter,
                reader =>
                {
                    var row = ConversionRows.ReadLedger(reader);
                    if (row.Kind != LedgerKind.Folder)
                    {
                        WriteLine(writer, row, isBefore: row.Run < first || row.Run > last);
                    }

                    return true;
                },
                "");
        }

        File.Move(written, path, overwrite: true);
    }

    /// <summary>The word for what became of a path.</summary>
    private static string StatusOf(LedgerRow row, bool isBefore) => row.Status switch
    {
        LedgerStatus.None => "skipped",
        _ when isBefore && row.State == LedgerState.Linked => "already",
        _ when isBefore && row is { Status: LedgerStatus.Hidden, Key: not null } => "already",
        _ => row.Status.ToString().ToLowerInvariant(),
    };

    private static void WriteLine(CsvWriter writer, LedgerRow row, bool isBefore) => writer.WriteRecord(
    [
        row.Path,
        StatusOf(row, isBefore),
        row.Key is { } key ? new ContentKey(key).ToString() : "",
        row.Sha256 is { } sha256 ? new ContentDigest(sha256).ToString() : "",
        row.Size.ToString(CultureInfo.InvariantCulture),
        row.Detail ?? "",
    ]);
}
