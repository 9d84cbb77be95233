using System.Globalization;
using System.Text;
using CsvHelper;
using HashStore.Migrate.Legacy;
using HashStore.Schema;
using HashStore.Schema.Tables;
using HashStore.Storage.Catalog;

namespace HashStore.Migrate.Conversion;

/// <summary>The report of a run: a line per legacy path, read from the ledger.</summary>
internal static class ConversionReport
{
    /// <summary>Writes it, beside its place first, so that an interrupted run leaves no half of it.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    internal static void Write(string path, StoreLedger ledger, long run)
    {
        var written = path + ".new";
        using (var writer = new CsvWriter(new StreamWriter(written, append: false, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)) { NewLine = "\n" }, CultureInfo.InvariantCulture))
        {
            foreach (var column in new[] { "path", "status", "key", "sha256", "size", "detail" })
            {
                writer.WriteField(column);
            }

            writer.NextRecord();
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

    private static void WriteLine(CsvWriter writer, LedgerRow row, long run)
    {
        writer.WriteField(row.Path);
        writer.WriteField(StatusOf(row, run));
        writer.WriteField(row.Key is { } key ? new ContentKey(key).ToString() : "");
        writer.WriteField(row.Sha256 is { } sha256 ? new ContentDigest(sha256).ToString() : "");
        writer.WriteField(row.Size.ToString(CultureInfo.InvariantCulture));
        writer.WriteField(row.Detail ?? "");
        writer.NextRecord();
    }
}
