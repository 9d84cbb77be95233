using System.CommandLine;
using System.Globalization;
using HashStore.Migrate.Conversion;
using HashStore.Migrate.Legacy;
using HashStore.Migrate.Undo;
using HashStore.Storage;
using HashStore.Storage.Durability;
using Microsoft.Extensions.Logging.Abstractions;

namespace HashStore.Migrate.Verbs;

/// <summary><c>undo</c>: puts the legacy tree back.</summary>
internal sealed class UndoVerb
{
    private const string Name = "undo";

    private readonly CommandOutput output;
    private readonly StoreArguments store;
    private readonly LegacyArguments legacy;

    private readonly Option<bool> dryRun = new("--dry-run") { Description = "Only say what would be done" };

    private readonly Option<bool> json = new("--json") { Description = "One JSON object per line: what is not as it was, then a summary" };

    private UndoVerb(Command command, CommandOutput output)
    {
        this.output = output;
        store = new StoreArguments(command);
        legacy = new LegacyArguments(command);
        command.Add(dryRun);
        command.Add(json);
    }

    internal static Command Create(CommandOutput output)
    {
        var command = new Command(
            Name,
            "Puts the legacy tree back with modes, owners and times, in today's state: what was uploaded only through the store is written out as files and listed, deletions stay deletions. Then the "
            + "store forgets what lives on as files. It can be stopped at any time and run again. Exit: 0 all well, 1 some paths could not be restored (each is named; the store keeps them), "
            + "2 wrong usage, 3 could not work, 130 interrupted.");
        var verb = new UndoVerb(command, output);
        command.SetAction(verb.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        var asJson = parsed.GetValue(json);
        var run = new VerbRun(Name, output);
        UndoRun? undo = null;
        var exit = await run.RunAsync(
            async () =>
            {
                var options = store.Read(parsed);
                if (!File.Exists(options.Paths.Layout))
                {
                    throw new StoreException(StoreFault.NotAStore, $"{options.Paths.Root} is not a store: give the --root (and --state) that the conversion had.");
                }

                var tree = LegacyTree.Open(legacy.Tree(parsed), options.Paths, legacy.Levels(parsed));
                await using var opened = await Store.OpenAsync(options, NullLogger.Instance);
                if (opened.Layout.FromBits is not null)
                {
                    throw new StoreException(StoreFault.Unavailable, "The keys of this store are being changed: let `hashstore-migrate widen` end first, or take it back with widen --undo.");
                }

                using var turn = ConversionTurn.Keep(options.Paths);
                if (!parsed.GetValue(dryRun))
                {
                    ConversionTurn.SwitchOff(options.Paths);
                }

                using var ledger = new StoreLedger(opened);
                undo = new UndoRun(opened, ledger, tree, new Listener(output, asJson), parsed.GetValue(dryRun));
                await undo.UndoAsync(cancellation);
                return undo.Failed > 0 ? ExitCode.Incomplete : ExitCode.Well;
            },
            "what is restored stays so, and running again does the rest.",
            cancellation);
        output.Bar?.Clear();
        if (asJson)
        {
            output.Line(new SummaryLine(Name, undo?.Restored ?? 0, undo?.Left ?? 0, undo?.Failed ?? 0, undo?.Bytes ?? 0, run.Seconds, exit));
        }
        else if (undo is not null && exit is ExitCode.Well or ExitCode.Incomplete)
        {
            var time = run.Seconds.ToString("F1", CultureInfo.InvariantCulture);
            output.Line(
                $"{Name}: {ProgressBar.Count(undo!.Restored)} files {(parsed.GetValue(dryRun) ? "would be restored" : "restored")}, {ProgressBar.Count(undo.Left)} left as they are, "
                + $"{ProgressBar.Count(undo.Failed)} failed; {ProgressBar.Bytes(undo.Bytes)} in {time} s.");
        }

        return exit;
    }

    private sealed class Listener(CommandOutput output, bool asJson) : IUndoListener
    {
        public void Restored(long paths, long total) => output.Bar?.Show("paths", paths, total, ProgressBar.Count);

        public void Tell(string path, string status, string detail)
        {
            if (asJson)
            {
                output.Line(new PathLine(path, status, detail));
            }
            else
            {
                output.Line($"{status} {path}: {detail}");
            }
        }
    }
}
