using System.CommandLine;
using System.Globalization;
using HashStore.Migrate.Legacy.Tables;
using HashStore.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace HashStore.Migrate.Verbs;

/// <summary><c>import</c>: reads the legacy tables into the store's database. Moves no file.</summary>
internal sealed class ImportVerb
{
    private const string Name = "import";

    private readonly CommandOutput output;
    private readonly StoreArguments store;
    private readonly TablesArguments tables;

    private readonly Option<bool> json = new("--json") { Description = "One JSON object per line: the rows that were refused, then a summary" };

    private ImportVerb(Command command, CommandOutput output, Func<Stream> input)
    {
        this.output = output;
        tables = new TablesArguments(command, input, required: true);
        store = new StoreArguments(command);
        command.Add(json);
    }

    internal static Command Create(CommandOutput output, Func<Stream> input)
    {
        var command = new Command(
            Name,
            "Reads a MediaWiki's tables of files into the store's database, and makes the store if there is none. Moves no file; may run again at any time, and beside the server: rows that "
            + "changed are converted anew by the next run, rows that are gone are dropped. Exit: 0 all well, 1 some rows were refused (each is named), 2 wrong usage, 3 could not work, 130 interrupted.");
        var verb = new ImportVerb(command, output, input);
        command.SetAction(verb.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        var asJson = parsed.GetValue(json);
        var run = new VerbRun(Name, output);
        var result = default(TablesImported);
        long refused = 0;
        var exit = await run.RunAsync(
            async () =>
            {
                result = await ImportAsync(parsed, row =>
                {
                    refused++;
                    Show(output, row, asJson);
                }, cancellation);
                return refused > 0 ? ExitCode.Incomplete : ExitCode.Well;
            },
            "what was written stays, and importing again does the rest.",
            cancellation);
        output.Bar?.Clear();
        var counts = result.Counts;
        if (asJson)
        {
            output.Line(new SummaryLine(Name, counts.New + counts.Changed, counts.Unchanged + counts.Duplicates, refused, result.Bytes, run.Seconds, exit));
        }
        else if (exit is ExitCode.Well or ExitCode.Incomplete)
        {
            output.Line(Sentence(result, run.Seconds));
        }

        return exit;
    }

    /// <summary>A row that was not imported, as a line.</summary>
    internal static void Show(CommandOutput output, RefusedRow row, bool asJson)
    {
        if (asJson)
        {
            output.Line(new RefusedLine("refused", row.Table, row.Row, row.Reason));
        }
        else
        {
            output.Line($"refused {row.Table} {row.Row}: {row.Reason}");
        }
    }

    /// <summary>How far an import is, on the bar.</summary>
    internal static void Show(CommandOutput output, TablesProgress progress)
    {
        if (output.Bar is not { } bar)
        {
            return;
        }

        if (progress.TotalRows > 0)
        {
            bar.Show("rows", progress.Rows, progress.TotalRows, ProgressBar.Count);
        }
        else
        {
            bar.Show("tables", progress.Bytes, progress.TotalBytes, ProgressBar.Bytes);
        }
    }

    private async Task<TablesImported> ImportAsync(ParseResult parsed, Action<RefusedRow> refused, CancellationToken cancellation)
    {
        var source = tables.Read(parsed)!;
        LegacyTables.CheckThere(source);
        await using var opened = await Store.OpenAsync(store.Read(parsed) with { IsLegacyTree = true }, NullLogger.Instance);
        var result = await LegacyTables.ImportAsync(opened, source, refused, progress => Show(output, progress), cancellation);
        if (result.Note.Length > 0)
        {
            output.Message($"{Name}: {result.Note}");
        }

        return result;
    }

    private static string Sentence(TablesImported result, double seconds)
    {
        var counts = result.Counts;
        var parts = new (long Count, string What)[]
        {
            (counts.New, "new"), (counts.Changed, "changed"), (counts.Unchanged, "unchanged"), (counts.Removed, "gone"), (counts.Duplicates, "duplicate"), (result.Refused, "refused"),
        };
        var shown = string.Join(", ", parts.Where(part => part.Count > 0).Select(part => $"{ProgressBar.Count(part.Count)} {part.What}"));
        var time = seconds.ToString("F1", CultureInfo.InvariantCulture);
        return $"{Name}: {ProgressBar.Count(counts.Read + result.Refused)} rows read in {time} s: {(shown.Length > 0 ? shown : "nothing to do")}.";
    }
}
