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
    /// <exception cref="StoreException">It cannot be written.</exception>
    internal static void Write(string path, StoreLedger ledger, long run)
    {
        try
        {
            WriteFile(path, ledger, run);
        }
        catch (Exception exception) when (StorageErrors.Knows(exception))
        {
            throw new StoreException(
                StoreFault.NotWritable,
                $"The report {path} cannot be written ({exception.Message}); what was converted stays so. Make room, or give another --report, and run again for it.", exception);
        }
    }

    private static void WriteFile(string path, StoreLedger ledger, long run)
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
                        WriteLine(writer, row, run);
                    }

                    return true;
                },
                "");
        }

        File.Move(written, path, overwrite: true);
    }

    /// <summary>The word for what became of a path in a run.</summary>
    internal static string StatusOf(LedgerRow row, long run) => row.Status switch
    {
        LedgerStatus.None => "skipped",
        _ when row.Run != run && row.State == LedgerState.Linked => "already",
        _ when row.Run != run && row is { Status: LedgerStatus.Hidden, Key: not null } => "already",
        _ => row.Status.ToString().ToLowerInvariant(),
    };

    private static void WriteLine(CsvWriter writer, LedgerRow row, long run) => writer.WriteRecord(
    [
        row.Path,
        StatusOf(row, run),
        row.Key is { } key ? new ContentKey(key).ToString() : "",
        row.Sha256 is { } sha256 ? new ContentDigest(sha256).ToString() : "",
        row.Size.ToString(CultureInfo.InvariantCulture),
        row.Detail ?? "",
    ]);
}
