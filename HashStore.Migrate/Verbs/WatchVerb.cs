using System.CommandLine;
using System.Globalization;
using HashStore.Migrate.Conversion;
using HashStore.Migrate.Legacy;
using HashStore.Migrate.Legacy.Tables;
using HashStore.Migrate.Live;
using HashStore.Schema.Tables;
using HashStore.Storage;
using HashStore.Storage.Catalog;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;

namespace HashStore.Migrate.Verbs;

/// <summary><c>watch</c>: converts a legacy tree, stays, and follows what the wiki does in it.</summary>
internal sealed class WatchVerb
{
    private const string Name = "watch";

    private static readonly TimeSpan shortest = TimeSpan.FromSeconds(1), longest = TimeSpan.FromDays(7);

    private readonly CommandOutput output;
    private readonly ConversionArguments arguments;

    private readonly Option<string> reconcile = new("--reconcile")
    {
        Description = "How long after a pass over the whole tree the next one begins: 30s, 5m, 1h", HelpName = "TIME", DefaultValueFactory = _ => "5m",
    };

    private WatchVerb(Command command, CommandOutput output)
    {
        this.output = output;
        arguments = new ConversionArguments(command, input: null);
        command.Add(reconcile);
        ConversionArguments.Check(reconcile, text => Duration.TryParse(text, out var time) && time >= shortest && time <= longest, "must be a time from one second to seven days with its unit: 30s, 5m, 1h.");
    }

    internal static Command Create(CommandOutput output)
    {
        var command = new Command(
            Name,
            "Converts everything that is left of a legacy upload tree like run, stays, and follows what the wiki does: new files and versions, deletions, renames. The tables are read again when they "
            + "change. Ends when it is interrupted. Exit: 2 wrong usage, 3 could not work, 130 interrupted.");
        var verb = new WatchVerb(command, output);
        command.SetAction(verb.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        var asJson = arguments.IsJson(parsed);
        var run = new VerbRun(Name, output);
        var listener = new Listener(output, asJson);
        var exit = await run.RunAsync(() => WatchAsync(parsed, listener, cancellation), "what is converted stays so, and watching again goes on.", cancellation);
        output.Bar?.Clear();
        if (asJson)
        {
            output.Line(new SummaryLine(Name, listener.Converted, listener.Skipped, listener.Failed, listener.Bytes, run.Seconds, exit));
        }

        return exit;
    }

    private async Task<int> WatchAsync(ParseResult parsed, Listener listener, CancellationToken cancellation)
    {
        // 1. Can it work at all? Asked before anything is made.
        var tables = arguments.Tables.Read(parsed);
        if (tables is not null)
        {
            LegacyTables.CheckThere(tables);
        }

        if (await arguments.BeginAsync(parsed, Name, output, cancellation) is not { } start)
        {
            return ExitCode.Well;
        }

        // 2. The store and the site, until somebody interrupts.
        await using var opened = await Store.OpenAsync(start.Store, NullLogger.Instance);
        var began = opened.Clock.GetUtcNow().ToUnixTimeMilliseconds();
        await using var site = await LegacySite.OpenAsync(opened, SiteOptions(parsed, start, tables), new OutputLogger(Name, output));
        site.SwitchOn();
        var options = new FollowOptions { Interval = Interval(parsed), Tables = tables?.Path, EndsWhenFirstPassFails = true };
        var follower = new TreeFollower(Tree, options, token => PassAsync(site, listener, token), (names, token) => ReconcileAsync(site, names, token), listener, opened.Clock);
        try
        {
            await follower.RunAsync(cancellation);
        }
        finally
        {
            await listener.CountAsync(opened, began);
            if (arguments.Report(parsed) is { } file)
            {
                WriteReport(opened, file, began);
            }
        }

        return ExitCode.Well;

        LegacyTree Tree() => start.Tree.Levels > 0 ? start.Tree : LegacyTree.Open(arguments.Tree(parsed), start.Store.Paths, arguments.Levels(parsed), start.Options.LinkRoot);
    }

    private static async Task PassAsync(LegacySite site, Listener listener, CancellationToken cancellation)
    {
        if (!await site.PassAsync(listener, () => false, cancellation))
        {
            throw new StoreException(StoreFault.Conflict, "An undo has put the tree back: nothing is converted or followed until run or watch is started again.");
        }
    }

    /// <summary>After an undo nothing is followed: the passes say so.</summary>
    private static Task ReconcileAsync(LegacySite site, IReadOnlyCollection<string> names, CancellationToken cancellation) =>
        site.IsOn ? site.ReconcileAsync(names, cancellation) : Task.CompletedTask;

    private LegacySiteOptions SiteOptions(ParseResult parsed, ConversionStart start, TablesSource? tables) => new()
    {
        Tree = arguments.Tree(parsed),
        Levels = arguments.Levels(parsed),
        LinkRoot = start.Options.LinkRoot,
        RelativeLinks = start.Options.RelativeLinks,
        Tables = tables?.Path,
        Prefix = tables?.Prefix ?? "",
        Jobs = start.Options.Jobs,
        BytesPerSecond = start.Options.BytesPerSecond,
        QuietTree = start.Options.QuietTree,
        Probe = arguments.Probe(parsed),
    };

    private TimeSpan Interval(ParseResult parsed) =>
        Duration.TryParse(parsed.GetRequiredValue(reconcile), out var time) ? time : throw new StoreException(StoreFault.BadSetting, $"{reconcile.Name} is no time.");

    private void WriteReport(Store opened, string file, long began)
    {
        try
        {
            using var ledger = new StoreLedger(opened);
            ConversionReport.Write(file, ledger, began, long.MaxValue);
        }
        catch (StoreException exception)
        {
            output.Message($"{Name}: {exception.Message}"); // why it ended stays the exit code
        }
    }

    /// <summary>Shows how it goes, and counts. Passes and names are followed at the same time.</summary>
    private sealed class Listener(CommandOutput output, bool asJson) : IConversionListener, IFollowListener
    {
        /// <summary>Paths whose trouble is remembered, so that each pass does not tell it again.</summary>
        private const int MaxTold = 100_000;

        private readonly Lock gate = new();
        private readonly ConversionLines lines = new(output, asJson);
        private readonly Dictionary<string, (LedgerStatus Status, string? Detail)> told = new(StringComparer.Ordinal);
        private ConversionCounts pass = new();
        private long bytes;

        /// <summary>Paths converted, by passes and one by one.</summary>
        internal long Converted { get; private set; }

        /// <summary>Bytes read by passes.</summary>
        internal long Bytes { get; private set; }

        /// <summary>Paths that are missing or failed in the end.</summary>
        internal long Failed { get; private set; }

        /// <summary>All other paths.</summary>
        internal long Skipped { get; private set; }

        public void Looking(long paths) => lines.Looking(paths);

        public void Converting(long paths, long total, long bytes)
        {
            lock (gate)
            {
                this.bytes = bytes;
            }

            lines.Converting(paths, total);
        }

        public void Decided(LedgerRow row)
        {
            lock (gate)
            {
                pass.Add(row.State, row.Status, 1);
                if (ConversionLines.IsAsPlanned(row))
                {
                    told.Remove(row.Path);
                    return;
                }

                if (told.TryGetValue(row.Path, out var before) && before == (row.Status, row.Detail))
                {
                    return;
                }

                if (told.Count == MaxTold)
                {
                    told.Clear();
                }

                told[row.Path] = (row.Status, row.Detail);
                lines.Show(row);
            }
        }

        public void Watching(int folders)
        {
            if (!asJson)
            {
                output.Line($"{Name}: {ProgressBar.Count(folders)} folders are watched.");
            }
        }

        public void Passed(PassCause cause, TimeSpan time)
        {
            lock (gate)
            {
                output.Bar?.Clear();
                if (asJson)
                {
                    output.Line(new PassLine(Name, cause, pass.Converted, pass.Failed, bytes, Math.Round(time.TotalSeconds, 3)));
                }
                else if (cause != PassCause.Interval || pass.Converted > 0)
                {
                    var seconds = time.TotalSeconds.ToString("F1", CultureInfo.InvariantCulture);
                    output.Line(
                        $"{Name}: pass ({cause.ToString().ToLowerInvariant()}): {ProgressBar.Count(pass.Converted)} converted, {ProgressBar.Count(pass.Failed)} missing or failed, "
                        + $"{ProgressBar.Bytes(bytes)} read in {seconds} s.");
                }

                EndPass();
            }
        }

        public void Reconciled(IReadOnlyCollection<string> names) => output.Bar?.Clear();

        public void Problem(string message) => output.Message($"{Name}: {message}");

        /// <summary>Counts what the ledger says in the end.</summary>
        internal async Task CountAsync(Store store, long began)
        {
            await using var context = store.Database.NewContext();
            var (all, since) = (new ConversionCounts(), new ConversionCounts());
            (await ConversionQueries.LedgerSums(context, null).ToListAsync()).ForEach(sum => all.Add(sum.State, sum.Status, sum.Count));
            (await ConversionQueries.LedgerSumsSince(context, began).ToListAsync()).ForEach(sum => since.Add(sum.State, sum.Status, sum.Count));
            (Converted, Failed, Skipped) = (since.Converted, all.Failed, all.Converted - since.Converted + all.Skipped);
            lock (gate)
            {
                EndPass(); // one that was interrupted
            }
        }

        private void EndPass()
        {
            Bytes += bytes;
            (pass, bytes) = (new ConversionCounts(), 0);
        }
    }
}
