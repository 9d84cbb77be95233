using System.CommandLine;
using HashStore.Migrate.Legacy;
using HashStore.Migrate.Verification;
using HashStore.Schema;
using HashStore.Storage;
using HashStore.Storage.Catalog;
using HashStore.Storage.Checking;
using Microsoft.EntityFrameworkCore;

namespace HashStore.Migrate.Verbs;

/// <summary><c>fsck</c>: rows against objects against hashes, and links against the ledger. May run while servers write; changes nothing but marks of damage unless it is told to repair.</summary>
internal sealed class FsckVerb
{
    private const string Name = "fsck";

    /// <summary>Missing objects that are remembered, so that links to them are not told of too.</summary>
    private const int MaxRemembered = 100_000;

    private readonly CommandOutput output;
    private readonly StoreArguments store;
    private readonly LegacyArguments legacy;

    private readonly Option<bool> full = new("--full") { Description = "Also read and hash every object, and let the database check all of itself" };

    private readonly Option<bool> repair = new("--repair") { Description = "Mend what can be mended without guessing; without it, nothing but a list is made" };

    private readonly Option<bool> resume = new("--resume") { Description = "Go on reading where the last --full was interrupted (--time-limit does so by itself)" };

    private readonly Option<string?> timeLimit = new("--time-limit") { Description = "Stop reading after this time: 90m, 6h; the next one goes on", HelpName = "TIME" };

    private readonly Option<long> limitRate = new("--limit-rate") { Description = "Bytes per second that may be read", HelpName = "BYTES" };

    private readonly Option<string?> linkRoot = new("--link-root") { Description = "The path under which the wiki sees ROOT, if `run` was told one", HelpName = "DIR" };

    private readonly Option<bool> json = new("--json") { Description = "One JSON object per line: the findings, then a summary" };

    private FsckVerb(Command command, CommandOutput output)
    {
        this.output = output;
        store = new StoreArguments(command);
        legacy = new LegacyArguments(command);
        foreach (var option in new Option[] { full, repair, resume, timeLimit, limitRate, linkRoot, json })
        {
            command.Add(option);
        }

        ConversionArguments.Check(timeLimit, text => Duration.TryParse(text, out var time) && time > TimeSpan.Zero, "must be a time such as 90m or 6h.");
        ConversionArguments.Check(limitRate, text => !long.TryParse(text, out var rate) || rate >= 0, "must not be negative.");
        ConversionArguments.Check(linkRoot, text => text.StartsWith('/'), "must be an absolute path.");
        command.Validators.Add(result =>
        {
            if (result.GetResult(full) is null && (result.GetResult(resume) ?? result.GetResult(timeLimit)) is not null)
            {
                result.AddError("--resume and --time-limit go with --full: nothing else takes long.");
            }
        });
    }

    internal static Command Create(CommandOutput output)
    {
        var command = new Command(
            Name,
            "Checks a store: rows against objects, reference counts, names, links, and with --full every hash. Objects found damaged are marked, and not served until they are repaired; --repair mends, everything else "
            + "stays as it is. May run beside the server. Each finding is a line with the key or the path. Exit: 0 all well, or all mended (what interrupted processes left is listed, but no damage), 2 wrong usage, "
            + "3 could not work, 4 damage found that is still there, 130 interrupted.");
        var verb = new FsckVerb(command, output);
        command.SetAction(verb.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        var tally = new FsckTally(Name, parsed.GetValue(json), output);
        var run = new VerbRun(Name, output);
        var exit = await run.RunAsync(() => CheckAsync(parsed, tally, cancellation), "what is listed was found, the rest was not checked.", cancellation);
        tally.Finish(exit, run.Seconds);
        return exit;
    }

    private async Task<int> CheckAsync(ParseResult parsed, FsckTally tally, CancellationToken cancellation)
    {
        var options = store.Read(parsed);
        try
        {
            using var check = StoreCheck.Open(options);
            var tree = await TreeAsync(parsed, check.Parts, cancellation);
            await using var mending = parsed.GetValue(repair) ? new Mending(options, output, new LegacyCopies(check.Parts, tree)) : null;
            try
            {
                await FindAsync(parsed, check, tree, tally, mending, cancellation);
            }
            finally
            {
                if (check.Reach is { } reach)
                {
                    tally.Show(reach);
                }
            }

            return tally.Left > 0 ? ExitCode.Damage : ExitCode.Well;
        }
        catch (StoreException exception) when (exception.Fault == StoreFault.Damaged)
        {
            // A database that is gone or unreadable is what this verb is there to find.
            tally.Add(new Finding(FindingKind.DatabaseDamage, null, options.Paths.Database, exception.Message));
            return ExitCode.Damage;
        }
    }

    private async Task FindAsync(ParseResult parsed, StoreCheck check, LegacyTree? tree, FsckTally tally, Mending? mending, CancellationToken cancellation)
    {
        var missing = new HashSet<ContentKey>();
        var limit = parsed.GetValue(timeLimit) is { } text && Duration.TryParse(text, out var time) ? time : (TimeSpan?)null;
        var options = new CheckOptions(parsed.GetValue(full))
        {
            Resume = parsed.GetValue(resume) || limit is not null, TimeLimit = limit, BytesPerSecond = parsed.GetValue(limitRate),
        };
        await foreach (var finding in check.RunAsync(options, tally, cancellation))
        {
            if (finding is { Kind: FindingKind.MissingObject or FindingKind.WrongZone, Key: { } key } && missing.Count < MaxRemembered)
            {
                missing.Add(key);
            }

            await TakeAsync(finding);
        }

        if (tree is not null)
        {
            var theirs = parsed.GetValue(linkRoot) is { } root ? Path.TrimEndingDirectorySeparator(root) : null;
            await foreach (var finding in new LinkCheck(check.Parts, tree, theirs, missing.Contains, cancellation).RunAsync())
            {
                await TakeAsync(finding);
            }
        }

        async Task TakeAsync(Finding finding)
        {
            tally.Add(finding);
            if (mending is not null)
            {
                tally.Add(finding, await mending.MendAsync(finding, cancellation));
            }
        }
    }

    /// <summary>The tree that was converted into the store; null: none was, or it is not known where it is.</summary>
    private async Task<LegacyTree?> TreeAsync(ParseResult parsed, StoreParts parts, CancellationToken cancellation)
    {
        try
        {
            await using var context = parts.Database.NewContext();
            if (!await VerifyQueries.Paths(context, long.MinValue, 1).AnyAsync(cancellation))
            {
                return null;
            }

            var tree = LegacyTree.Open(legacy.Tree(parsed), parts.Paths, legacy.Levels(parsed));
            if (await Verification.Verification.IsTreeAsync(parts, tree, cancellation))
            {
                return tree;
            }
        }
        catch (Exception exception) when (StoreCheck.IsDatabaseDamage(exception))
        {
            return null; // the check tells of it
        }

        output.Message($"{Name}: the links of the legacy tree are not checked: give the tree that was converted as --legacy.");
        return null;
    }

    /// <summary>Opens the store for writing when there is something to mend, which also finishes what interrupted processes left.</summary>
    private sealed class Mending(StoreOptions options, CommandOutput output, LegacyCopies copies) : IAsyncDisposable
    {
        private Store? store;
        private StoreRepair? repair;

        internal async Task<RepairOutcome?> MendAsync(Finding finding, CancellationToken cancellation)
        {
            store ??= await Store.OpenAsync(options, new OutputLogger(Name, output));
            repair ??= new StoreRepair(store, copies.FindAsync);
            return await repair.MendAsync(finding, cancellation);
        }

        public async ValueTask DisposeAsync()
        {
            if (store is not null)
            {
                await store.DisposeAsync();
            }
        }
    }
}
