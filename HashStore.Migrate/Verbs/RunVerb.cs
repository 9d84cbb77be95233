using System.CommandLine;
using System.Globalization;
using HashStore.Migrate.Conversion;
using HashStore.Migrate.Legacy;
using HashStore.Migrate.Legacy.Tables;
using HashStore.Schema.Tables;
using HashStore.Storage;
using HashStore.Storage.Catalog;
using HashStore.Storage.Durability;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;

namespace HashStore.Migrate.Verbs;

/// <summary><c>run</c>: converts a legacy tree.</summary>
internal sealed class RunVerb
{
    private const string Name = "run";

    private readonly CommandOutput output;
    private readonly ConversionArguments arguments;

    private RunVerb(Command command, CommandOutput output, Func<Stream> input)
    {
        this.output = output;
        arguments = new ConversionArguments(command, input);
    }

    internal static Command Create(CommandOutput output, Func<Stream> input)
    {
        var command = new Command(
            Name,
            "Converts everything that is left of a legacy upload tree: every file comes into the store once, and a link takes its place. It can be stopped at any time and run again, beside a wiki "
            + "that goes on. Exit: 0 all well, 1 some files are missing or failed (each is named), 2 wrong usage, 3 could not work, 130 interrupted.");
        var verb = new RunVerb(command, output, input);
        command.SetAction(verb.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        var asJson = arguments.IsJson(parsed);
        var run = new VerbRun(Name, output);
        var listener = new Listener(output, asJson);
        var exit = await run.RunAsync(() => ConvertAsync(parsed, listener, cancellation), "what is converted stays so, and running again does the rest.", cancellation);
        output.Bar?.Clear();
        if (asJson)
        {
            output.Line(new SummaryLine(Name, listener.Counts.Converted, listener.Skipped, listener.Counts.Failed + listener.Refused, listener.Bytes, run.Seconds, exit));
        }
        else if (exit is ExitCode.Well or ExitCode.Incomplete && !arguments.IsDryRun(parsed))
        {
            output.Line(listener.Sentence(run.Seconds));
        }

        return exit;
    }

    private async Task<int> ConvertAsync(ParseResult parsed, Listener listener, CancellationToken cancellation)
    {
        // 1. Can it work at all? Asked before anything is made.
        if (await arguments.BeginAsync(parsed, Name, output, cancellation) is not { } start)
        {
            return ExitCode.Well;
        }

        // 2. The store, the tables, the tree.
        await using var opened = await Store.OpenAsync(start.Store, NullLogger.Instance);
        using var turn = ConversionTurn.Share(start.Store.Paths);
        ConversionTurn.SwitchOn(start.Store.Paths);
        var source = arguments.Tables.Read(parsed);
        var importing = source is null ? Task.CompletedTask : Task.Run(() => ImportAsync(opened, source, listener.Refuse, cancellation), CancellationToken.None);

        var run = new ConversionRun(opened, start.Tree, start.Options, listener)
        {
            Reimport = source is null || source.IsStandardInput ? null : token => ImportAsync(opened, source, _ => { }, token), // its refused rows were told
            Preflight = start.Preflight, Probe = arguments.Probe(parsed) is { } url ? new WebProbe(url, start.Tree) : null,
        };
        var ended = false;
        try
        {
            await run.ConvertAsync(importing, cancellation);
            ended = true;
        }
        finally
        {
            await listener.CountAsync(opened, run);
            if (arguments.Report(parsed) is { } file)
            {
                try
                {
                    using var ledger = new StoreLedger(opened);
                    ConversionReport.Write(file, ledger, run.Run, run.Run);
                }
                catch (StoreException exception) when (!ended)
                {
                    output.Message($"{Name}: {exception.Message}"); // what ended the run says what to do
                }
            }
        }

        return listener.Counts.Failed > 0 || listener.Refused > 0 ? ExitCode.Incomplete : ExitCode.Well;
    }

    private async Task ImportAsync(Store opened, TablesSource source, Action<RefusedRow> refused, CancellationToken cancellation)
    {
        var imported = await LegacyTables.ImportAsync(opened, source, refused, progress => ImportVerb.Show(output, progress), cancellation, waits: true);
        if (imported.Note.Length > 0)
        {
            output.Message($"{Name}: {imported.Note}");
        }
    }

    /// <summary>Shows how a conversion goes, and counts.</summary>
    private sealed class Listener(CommandOutput output, bool asJson) : IConversionListener
    {
        private readonly ConversionLines lines = new(output, asJson);

        internal ConversionCounts Counts { get; } = new();

        /// <summary>Paths with which nothing was done in this run.</summary>
        internal long Skipped { get; private set; }

        /// <summary>Rows of the tables that were not imported.</summary>
        internal long Refused { get; private set; }

        /// <summary>Bytes read.</summary>
        internal long Bytes { get; private set; }

        public void Looking(long paths) => lines.Looking(paths);

        public void Converting(long paths, long total, long bytes) => lines.Converting(paths, total);

        public void Decided(LedgerRow row)
        {
            if (!ConversionLines.IsAsPlanned(row))
            {
                lines.Show(row);
            }
        }

        internal void Refuse(RefusedRow row)
        {
            Refused++;
            ImportVerb.Show(output, row, asJson);
        }

        /// <summary>Counts what the ledger says of the run.</summary>
        internal async Task CountAsync(Store store, ConversionRun run)
        {
            await using var context = store.Database.NewContext();
            var all = (await ConversionQueries.LedgerSums(context, null).ToListAsync()).Sum(sum => sum.Count);
            (await ConversionQueries.LedgerSums(context, run.Run).ToListAsync()).ForEach(sum => Counts.Add(sum.State, sum.Status, sum.Count));
            (Skipped, Bytes) = (all - Counts.Converted - Counts.Failed, run.Bytes);
        }

        internal string Sentence(double seconds)
        {
            var time = seconds.ToString("F1", CultureInfo.InvariantCulture);
            return $"{Name}: {ProgressBar.Count(Counts.Converted)} converted, {ProgressBar.Count(Skipped)} skipped or converted before, {ProgressBar.Count(Counts.Failed)} missing or failed; "
                + $"{ProgressBar.Bytes(Bytes)} read in {time} s.";
        }
    }
}
