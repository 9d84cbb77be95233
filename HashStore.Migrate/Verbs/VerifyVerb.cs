using System.CommandLine;
using System.Globalization;
using HashStore.Migrate.Legacy;
using HashStore.Migrate.Verification;
using HashStore.Storage.Checking;

namespace HashStore.Migrate.Verbs;

/// <summary><c>verify</c>: every legacy path answers with the bytes that the ledger recorded. Changes nothing, and may run while servers write.</summary>
internal sealed class VerifyVerb
{
    private const string Name = "verify";

    private readonly CommandOutput output;
    private readonly StoreArguments store;
    private readonly LegacyArguments legacy;

    private readonly Option<int> jobs = new("--jobs")
    {
        Description = "Threads that read and hash", HelpName = "N", DefaultValueFactory = _ => Environment.ProcessorCount,
    };

    private readonly Option<string?> linkRoot = new("--link-root") { Description = "The path under which the wiki sees ROOT, if `run` was told one", HelpName = "DIR" };

    private readonly Option<bool> json = new("--json") { Description = "One JSON object per line: the findings, then a summary" };

    private VerifyVerb(Command command, CommandOutput output)
    {
        this.output = output;
        store = new StoreArguments(command);
        legacy = new LegacyArguments(command);
        foreach (var option in new Option[] { jobs, linkRoot, json })
        {
            command.Add(option);
        }

        Check(jobs, text => !int.TryParse(text, out var count) || count is >= 1 and <= 1024, "must be from 1 to 1024.");
        Check(linkRoot, text => text.StartsWith('/'), "must be an absolute path.");
    }

    /// <summary>Checks an option by its words: reading a value that does not parse would throw before its own message is shown.</summary>
    private static void Check(Option option, Func<string, bool> isRight, string problem) => option.Validators.Add(result =>
    {
        if (result.Tokens.Any(token => !isRight(token.Value)))
        {
            result.AddError($"{option.Name} {problem}");
        }
    });

    internal static Command Create(CommandOutput output)
    {
        var command = new Command(
            Name,
            "Verifies a conversion: every legacy path answers with the bytes that were recorded, every row of the tables has its version, every version its object. Changes nothing and may run beside "
            + "the server. Each finding is a line with the path or the key. Exit: 0 all well (what was missing before is listed, but no damage), 2 wrong usage, 3 could not work, 4 damage found, "
            + "130 interrupted.");
        var verb = new VerifyVerb(command, output);
        command.SetAction(verb.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        var tally = new Tally(parsed.GetValue(json), output);
        var run = new VerbRun(Name, output);
        var exit = await run.RunAsync(() => VerifyAsync(parsed, tally, cancellation), "what is listed was found, the rest was not looked at.", cancellation);
        tally.Finish(exit, run.Seconds);
        return exit;
    }

    private async Task<int> VerifyAsync(ParseResult parsed, Tally tally, CancellationToken cancellation)
    {
        var options = store.Read(parsed);
        using var check = StoreCheck.Open(options);
        var theirs = parsed.GetValue(linkRoot) is { } root ? Path.TrimEndingDirectorySeparator(root) : null;
        tally.Result = await Verification.Verification.RunAsync(
            check,
            () => LegacyTree.Open(legacy.Tree(parsed), options.Paths, legacy.Levels(parsed)),
            new VerifyOptions(parsed.GetValue(jobs), theirs),
            tally,
            bytes => tally.Bytes = bytes,
            cancellation);
        return tally.Damaged > 0 ? ExitCode.Damage : ExitCode.Well;
    }

    /// <summary>Writes findings and progress, and counts them.</summary>
    private sealed class Tally(bool asJson, CommandOutput output) : IVerifyListener
    {
        private long notes;

        internal long Damaged { get; private set; }

        internal long Bytes { get; set; }

        internal VerifyResult Result { get; set; }

        public void Found(VerifyFinding finding)
        {
            _ = finding.IsDamage ? Damaged++ : notes++;
            if (asJson)
            {
                output.Line(new VerifyLine(finding.Kind, finding.Path, finding.Key?.ToString(), finding.Detail, finding.IsDamage));
                return;
            }

            var place = string.Join(' ', new[] { finding.Path, finding.Key?.ToString() }.Where(part => part is not null));
            output.Line($"{finding.Kind}{(place.Length > 0 ? " " : "")}{place}: {finding.Detail}");
        }

        public void Show(string stage, long done, long total, bool areBytes) => output.Bar?.Show(stage, done, total, areBytes ? ProgressBar.Bytes : ProgressBar.Count);

        internal void Finish(int exit, double seconds)
        {
            output.Bar?.Clear();
            if (asJson)
            {
                output.Line(new SummaryLine(Name, Result.Verified, Result.Left, Damaged, Bytes, seconds, exit));
            }
            else if (exit is ExitCode.Well or ExitCode.Damage)
            {
                var left = Result.Left > 0 ? $", {ProgressBar.Count(Result.Left)} not yet converted" : "";
                var found = (Damaged == 0 ? "all well" : $"{Damaged} damaged") + (notes > 0 ? $", {notes} to know of" : "");
                var time = seconds.ToString("F1", CultureInfo.InvariantCulture);
                output.Line($"{Name}: {ProgressBar.Count(Result.Verified)} paths answer{left}; {ProgressBar.Bytes(Bytes)} read in {time} s: {found}.");
            }
        }
    }
}
