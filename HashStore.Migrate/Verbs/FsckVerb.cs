using System.CommandLine;
using System.Globalization;
using HashStore.Storage;
using HashStore.Storage.Checking;

namespace HashStore.Migrate.Verbs;

/// <summary><c>fsck</c>: rows against objects against hashes. Changes nothing, and may run while servers write.</summary>
internal sealed class FsckVerb
{
    private const string Name = "fsck";

    private readonly CommandOutput output;
    private readonly StoreArguments store;

    private readonly Option<bool> full = new("--full") { Description = "Also read and hash every object, and let the database check all of itself" };

    private readonly Option<bool> json = new("--json") { Description = "One JSON object per line: the findings, then a summary" };

    private FsckVerb(Command command, CommandOutput output)
    {
        this.output = output;
        store = new StoreArguments(command);
        command.Add(full);
        command.Add(json);
    }

    internal static Command Create(CommandOutput output)
    {
        var command = new Command(
            Name,
            "Checks a store: rows against objects, reference counts, names, and with --full every hash. Changes nothing and may run beside the server. "
            + "Each finding is a line with the key or the path. Exit: 0 all well (what interrupted processes left is listed, but no damage), 2 wrong usage, "
            + "3 could not work, 4 damage found, 130 interrupted.");
        var verb = new FsckVerb(command, output);
        command.SetAction(verb.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        var tally = new Tally(parsed.GetValue(json), output);
        var run = new VerbRun(Name, output);
        var exit = await run.RunAsync(() => CheckAsync(parsed, tally, cancellation), "what is listed was found, the rest was not checked.", cancellation);
        tally.Finish(exit, run.Seconds);
        return exit;
    }

    private async Task<int> CheckAsync(ParseResult parsed, Tally tally, CancellationToken cancellation)
    {
        try
        {
            using var check = StoreCheck.Open(store.Read(parsed));
            await foreach (var finding in check.RunAsync(new CheckOptions(parsed.GetValue(full)), tally, cancellation))
            {
                tally.Add(finding);
            }

            return tally.Damaged > 0 ? ExitCode.Damage : ExitCode.Well;
        }
        catch (StoreException exception) when (exception.Fault == StoreFault.Damaged)
        {
            // A database that is gone or unreadable is what this verb is there to find.
            tally.Add(new Finding(FindingKind.DatabaseDamage, null, store.Read(parsed).Paths.Database, exception.Message));
            return ExitCode.Damage;
        }
    }

    /// <summary>Prints findings as they come and counts them.</summary>
    private sealed class Tally(bool asJson, CommandOutput output) : IProgress<CheckProgress>
    {
        private long others, objects, bytes;

        internal long Damaged { get; private set; }

        internal void Add(Finding finding)
        {
            _ = finding.IsDamage ? Damaged++ : others++;
            if (asJson)
            {
                output.Line(new FindingLine(finding.Kind, finding.Key?.ToString(), finding.Path, finding.Detail, finding.IsDamage));
                return;
            }

            var place = string.Join(' ', new[] { finding.Key?.ToString(), finding.Path }.Where(part => part is not null));
            output.Line($"{finding.Kind}{(place.Length > 0 ? " " : "")}{place}: {finding.Detail}");
        }

        /// <summary>Called by the checker's thread, for every row and piece of bytes.</summary>
        public void Report(CheckProgress value)
        {
            Volatile.Write(ref bytes, value.Bytes);
            if (value.Stage == CheckStage.Rows)
            {
                Volatile.Write(ref objects, value.Done);
            }

            if (output.Bar is not { } bar)
            {
                return;
            }

            if (value.Stage == CheckStage.Rows && value.TotalBytes > 0)
            {
                bar.Show("objects", value.Bytes, value.TotalBytes, ProgressBar.Bytes);
            }
            else
            {
                bar.Show(value.Stage.ToString().ToLowerInvariant(), value.Done, value.Total, ProgressBar.Count);
            }
        }

        internal void Finish(int exit, double seconds)
        {
            output.Bar?.Clear();
            if (asJson)
            {
                output.Line(new SummaryLine(Name, 0, 0, Damaged, Volatile.Read(ref bytes), seconds, exit));
            }
            else if (exit is ExitCode.Well or ExitCode.Damage)
            {
                var read = bytes > 0 ? $", {ProgressBar.Bytes(bytes)} read" : "";
                var found = (Damaged == 0 ? "all well" : $"{Damaged} damaged") + (others > 0 ? $", {others} left over" : "");
                var time = seconds.ToString("F1", CultureInfo.InvariantCulture);
                output.Line($"{Name}: {ProgressBar.Count(objects)} objects checked{read} in {time} s: {found}.");
            }
        }
    }
}
