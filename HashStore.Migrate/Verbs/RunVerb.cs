using System.CommandLine;
using System.CommandLine.Parsing;
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
    private readonly StoreArguments store;
    private readonly LegacyArguments legacy;
    private readonly TablesArguments tables;

    private readonly Option<int> jobs = new("--jobs")
    {
        Description = "Threads that read and hash", HelpName = "N", DefaultValueFactory = _ => Environment.ProcessorCount,
    };

    private readonly Option<string> links = new("--links") { Description = "How links say the way", DefaultValueFactory = _ => "absolute" };

    private readonly Option<string?> linkRoot = new("--link-root") { Description = "The path under which the wiki sees ROOT: absolute links begin with it", HelpName = "DIR" };

    private readonly Option<string?> report = new("--report") { Description = "Write a line for each legacy path", HelpName = "FILE.csv" };

    private readonly Option<long> limitRate = new("--limit-rate") { Description = "Bytes per second that may be read", HelpName = "BYTES" };

    private readonly Option<bool> quietTree = new("--quiet-tree") { Description = "Nothing writes to the tree: needed where the file system lacks leases or the atomic exchange" };

    private readonly Option<bool> dryRun = new("--dry-run") { Description = "Only find out what would be done, and whether it can be" };

    private readonly Option<string?> probe = new("--probe") { Description = "The tree's URL at the site: try one file through its web server first", HelpName = "URL" };

    private readonly Option<bool> json = new("--json") { Description = "One JSON object per line: what did not go as planned, then a summary" };

    private RunVerb(Command command, CommandOutput output, Func<Stream> input)
    {
        this.output = output;
        store = new StoreArguments(command);
        legacy = new LegacyArguments(command);
        tables = new TablesArguments(command, input, required: false);
        links.AcceptOnlyFromAmong("absolute", "relative");
        foreach (var option in new Option[] { jobs, links, linkRoot, report, limitRate, quietTree, dryRun, probe, json })
        {
            command.Add(option);
        }

        Check(jobs, text => !int.TryParse(text, out var count) || count is >= 1 and <= 1024, "must be from 1 to 1024.");
        Check(limitRate, text => !long.TryParse(text, out var rate) || rate >= 0, "must not be negative.");
        Check(linkRoot, text => text.StartsWith('/'), "must be an absolute path.");
        Check(report, text => text.Length > 0, "must not be empty.");
        Check(probe, text => Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https", "must be an http or https URL: that of the upload directory, $wgUploadPath.");
    }

    /// <summary>Checks an option by its words: reading a value that does not parse would throw before its own message is shown.</summary>
    private static void Check(Option option, Func<string, bool> isRight, string problem) => option.Validators.Add(result =>
    {
        if (result.Tokens.Any(token => !isRight(token.Value)))
        {
            result.AddError($"{option.Name} {problem}");
        }
    });

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
        var asJson = parsed.GetValue(json);
        var run = new VerbRun(Name, output);
        var listener = new Listener(output, asJson);
        var exit = await run.RunAsync(() => ConvertAsync(parsed, listener, cancellation), "what is converted stays so, and running again does the rest.", cancellation);
        output.Bar?.Clear();
        if (asJson)
        {
            output.Line(new SummaryLine(Name, listener.Counts.Converted, listener.Skipped, listener.Counts.Failed + listener.Refused, listener.Bytes, run.Seconds, exit));
        }
        else if (exit is ExitCode.Well or ExitCode.Incomplete && !parsed.GetValue(dryRun))
        {
            output.Line(listener.Sentence(run.Seconds));
        }

        return exit;
    }

    private async Task<int> ConvertAsync(ParseResult parsed, Listener listener, CancellationToken cancellation)
    {
        // 1. Can it work at all? Asked before anything is made.
        var options = Options(parsed);
        var storeOptions = store.Read(parsed) with { IsLegacyTree = legacy.Tree(parsed) is null };
        var paths = storeOptions.Paths;
        var tree = LegacyTree.Open(legacy.Tree(parsed), paths, legacy.Levels(parsed), options.LinkRoot);
        Preflight.CheckPlaces(paths, tree.Root);
        var preflight = new Preflight(tree, options);
        preflight.TryCalls(Nearest(paths.State));
        foreach (var warning in preflight.Warnings)
        {
            output.Message($"{Name}: warning: {warning}");
        }

        options = options with { WithoutExchange = preflight.WithoutExchange };
        if (parsed.GetValue(dryRun))
        {
            using var parts = File.Exists(paths.Layout) ? StoreOpening.OpenReadOnly(storeOptions) : null;
            await using var context = parts?.Database.NewContext();
            await new DryRun(tree, preflight, output, parsed.GetValue(json), context).RunAsync(options, cancellation);
            return ExitCode.Well;
        }

        if (!File.Exists(paths.Layout))
        {
            preflight.CheckRoom(new ConversionNeeds()); // for the store itself: half a database helps nobody
        }

        // 2. The store, the tables, the tree.
        await using var opened = await Store.OpenAsync(storeOptions, NullLogger.Instance);
        using var turn = ConversionTurn.Share(paths);
        ConversionTurn.SwitchOn(paths);
        var importing = tables.Read(parsed) is { } source ? Task.Run(() => ImportAsync(opened, source, listener, cancellation), CancellationToken.None) : Task.CompletedTask;

        var run = new ConversionRun(opened, tree, options, listener)
        {
            Preflight = preflight, Probe = parsed.GetValue(probe) is { } url ? new WebProbe(new Uri(url), tree) : null,
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
            if (parsed.GetValue(report) is { } file)
            {
                try
                {
                    using var ledger = new StoreLedger(opened);
                    ConversionReport.Write(file, ledger, run.Run);
                }
                catch (StoreException exception) when (!ended)
                {
                    output.Message($"{Name}: {exception.Message}"); // what ended the run says what to do
                }
            }
        }

        return listener.Counts.Failed > 0 || listener.Refused > 0 ? ExitCode.Incomplete : ExitCode.Well;
    }

    private async Task ImportAsync(Store opened, TablesSource source, Listener listener, CancellationToken cancellation)
    {
        var imported = await LegacyTables.ImportAsync(opened, source, listener.Refuse, progress => ImportVerb.Show(output, progress), cancellation, waits: true);
        if (imported.Note.Length > 0)
        {
            output.Message($"{Name}: {imported.Note}");
        }
    }

    private static IEnumerable<string> Words(CommandResult command, Option option) => command.GetResult(option)?.Tokens.Select(token => token.Value) ?? [];

    private ConversionOptions Options(ParseResult parsed) => new()
    {
        Jobs = parsed.GetValue(jobs),
        RelativeLinks = parsed.GetValue(links) == "relative",
        LinkRoot = parsed.GetValue(linkRoot) is { } root ? Path.TrimEndingDirectorySeparator(root) : null,
        QuietTree = parsed.GetValue(quietTree),
        BytesPerSecond = parsed.GetValue(limitRate),
    };

    private static string Nearest(string folder) => Directory.Exists(folder) ? folder : Nearest(Path.GetDirectoryName(folder)!);

    /// <summary>Shows how a conversion goes, and counts.</summary>
    private sealed class Listener(CommandOutput output, bool asJson) : IConversionListener
    {
        internal ConversionCounts Counts { get; } = new();

        /// <summary>Paths with which nothing was done in this run.</summary>
        internal long Skipped { get; private set; }

        /// <summary>Rows of the tables that were not imported.</summary>
        internal long Refused { get; private set; }

        /// <summary>Bytes read.</summary>
        internal long Bytes { get; private set; }

        public void Looking(long paths) => output.Bar?.Show("looking", paths, 0, ProgressBar.Count);

        public void Converting(long paths, long total, long bytes) => output.Bar?.Show("files", paths, total, ProgressBar.Count);

        public void Decided(LedgerRow row)
        {
            if (row is { Status: LedgerStatus.Converted or LedgerStatus.Duplicate or LedgerStatus.Thumb or LedgerStatus.Hidden, Detail: null })
            {
                return;
            }

            var status = row.Status.ToString().ToLowerInvariant();
            if (asJson)
            {
                output.Line(new PathLine(row.Path, status, row.Detail));
            }
            else
            {
                output.Line($"{status} {row.Path}: {row.Detail}");
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
