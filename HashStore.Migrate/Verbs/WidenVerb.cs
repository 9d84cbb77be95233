using System.CommandLine;
using System.Globalization;
using HashStore.Migrate.Conversion;
using HashStore.Schema;
using HashStore.Storage;
using HashStore.Storage.Widening;
using Microsoft.Extensions.Logging.Abstractions;

namespace HashStore.Migrate.Verbs;

/// <summary><c>widen</c>: longer keys for all objects of a live store.</summary>
internal sealed class WidenVerb
{
    private const string Name = "widen";

    private readonly CommandOutput output;
    private readonly StoreArguments store;

    private readonly Option<int?> bits = new("--bits") { Description = "The length that keys shall have: a multiple of 8, more than they have now", HelpName = "N" };

    private readonly Option<bool> undo = new("--undo") { Description = "Take an unfinished change back: the keys become what they were" };

    private readonly Option<bool> dryRun = new("--dry-run") { Description = "Only say what would be done" };

    private readonly Option<long> limitRate = new("--limit-rate") { Description = "Bytes per second that may be read", HelpName = "BYTES" };

    private readonly Option<bool> json = new("--json") { Description = "One JSON object per line: objects that keep their key, then a summary" };

    private WidenVerb(Command command, CommandOutput output)
    {
        this.output = output;
        store = new StoreArguments(command);
        foreach (var option in new Option[] { bits, undo, dryRun, limitRate, json })
        {
            command.Add(option);
        }

        ConversionArguments.Check(limitRate, text => !long.TryParse(text, CultureInfo.InvariantCulture, out var rate) || rate >= 0, "must not be negative.");
        command.Validators.Add(result =>
        {
            if ((result.GetResult(bits) is null) == (result.GetResult(undo) is null))
            {
                result.AddError("Give --bits N, or --undo.");
            }
        });
    }

    internal static Command Create(CommandOutput output)
    {
        var command = new Command(
            Name,
            "Gives all objects longer keys while servers run: each is read, compared with its hash and renamed. Addresses with the old keys redirect for ever, links in the legacy tree go on answering. It can be stopped at "
            + "any time and run again, and undone until it is finished. Exit: 0 all well, 1 some objects keep their keys (each is named; the change stays unfinished), 2 wrong usage, 3 could not work, 130 interrupted.");
        var verb = new WidenVerb(command, output);
        command.SetAction(verb.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        var run = new VerbRun(Name, output);
        var listener = new Listener(output, parsed.GetValue(json));
        WidenResult? result = null;
        var exit = await run.RunAsync(
            async () =>
            {
                var options = store.Read(parsed);
                if (!File.Exists(options.Paths.Layout))
                {
                    throw new StoreException(StoreFault.NotAStore, $"{options.Paths.Root} is not a store: give the --root (and --state) that the server uses.");
                }

                await using var opened = await Store.OpenAsync(options, NullLogger.Instance);
                using var turn = ConversionTurn.Share(options.Paths);
                var asked = new WidenOptions { Bits = parsed.GetValue(undo) ? null : parsed.GetValue(bits), DryRun = parsed.GetValue(dryRun), BytesPerSecond = parsed.GetValue(limitRate) };
                result = await new Widener(opened, asked, listener).RunAsync(cancellation);
                return result.IsFinished || asked.DryRun ? ExitCode.Well : ExitCode.Incomplete;
            },
            "what has its new key keeps it, everything is served, and running it again does the rest.",
            cancellation);
        output.Bar?.Clear();
        if (parsed.GetValue(json))
        {
            output.Line(new SummaryLine(Name, result?.Changed ?? 0, result?.Already ?? 0, result?.Left ?? 0, result?.Bytes ?? 0, run.Seconds, exit));
        }
        else if (result is not null && exit is ExitCode.Well or ExitCode.Incomplete)
        {
            output.Line(Summary(result!, parsed.GetValue(dryRun), run.Seconds));
        }

        return exit;
    }

    private static string Summary(WidenResult result, bool isDry, double seconds)
    {
        var time = seconds.ToString("F1", CultureInfo.InvariantCulture);
        var what = $"{ProgressBar.Count(result.Changed)} objects {(isDry ? "would get" : "got")} keys of {result.To} bits, {ProgressBar.Count(result.Already)} had them, {ProgressBar.Count(result.Left)} keep theirs";
        var end = isDry ? $"{ProgressBar.Bytes(result.Bytes)} would be read"
            : result.IsFinished ? $"{ProgressBar.Bytes(result.Bytes)} read in {time} s; finished"
            : $"{ProgressBar.Bytes(result.Bytes)} read in {time} s; unfinished: mend what is named and run it again, or take it back with --undo";
        return $"{Name}: {what}; {end}.";
    }

    private sealed class Listener(CommandOutput output, bool asJson) : IWidenListener
    {
        public void Begun(int from, int to, bool isResumed)
        {
            if (from != to)
            {
                output.Message($"{Name}: {(isResumed ? "going on from" : "from")} {from} to {to} bits.");
            }
        }

        public void Progress(long objects, long total, long bytes) => output.Bar?.Show("objects", objects, total, ProgressBar.Count);

        public void Left(ContentKey key, string reason)
        {
            if (asJson)
            {
                output.Line(new KeyLine(key.ToString(), "left", reason));
            }
            else
            {
                output.Line($"left {key}: {reason}");
            }
        }
    }
}
