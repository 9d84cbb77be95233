using System.CommandLine;
using HashStore.Migrate.Conversion;
using HashStore.Storage;
using HashStore.Storage.Checking;
using HashStore.Storage.Collection;

namespace HashStore.Migrate.Verbs;

/// <summary><c>gc</c>: collects what nothing refers to. Each batch is planned, printed, then looked at again and removed, beside servers and conversions that go on.</summary>
internal sealed class GcVerb
{
    private const string Name = "gc";

    private static readonly TimeSpan defaultGrace = TimeSpan.FromHours(24);

    private readonly CommandOutput output;
    private readonly TimeProvider clock;
    private readonly StoreArguments store;

    private readonly Option<bool> dryRun = new("--dry-run") { Description = "Only list what would go" };

    private readonly Option<string?> grace = new("--grace") { Description = "What was touched in this time stays: 30m, 24h (the default), 7d", HelpName = "TIME" };

    private readonly Option<bool> json = new("--json") { Description = "One JSON object per line: what goes, what stays after all and why, then a summary" };

    private GcVerb(Command command, CommandOutput output, TimeProvider clock)
    {
        (this.output, this.clock) = (output, clock);
        store = new StoreArguments(command);
        foreach (var option in new Option[] { dryRun, grace, json })
        {
            command.Add(option);
        }

        ConversionArguments.Check(grace, text => Duration.TryParse(text, out var time) && time >= TimeSpan.Zero && time <= MaxGrace, "must be a time such as 30m, 24h or 7d.");
    }

    /// <summary>Longer makes no sense, and the clock knows no time so long ago.</summary>
    private static TimeSpan MaxGrace => TimeSpan.FromDays(36_500);

    internal static Command Create(CommandOutput output, TimeProvider? clock = null)
    {
        var command = new Command(
            Name,
            "Collects what nothing refers to: claims of uploads that never finished, content of which no version is left, second copies, thumbnails of what is not public, what interrupted processes left. Nothing that a "
            + "version refers to goes, however deleted, nor anything damaged, nor objects without a row (`fsck --repair` gives them one). May run beside servers and conversions, not beside an undo. "
            + "Exit: 0 all well, 1 some could not be removed (named), 2 wrong usage, 3 could not work, 130 interrupted.");
        var verb = new GcVerb(command, output, clock ?? TimeProvider.System);
        command.SetAction(verb.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        var tally = new GcTally(Name, parsed.GetValue(json), parsed.GetValue(dryRun), output);
        var run = new VerbRun(Name, output);
        var exit = await run.RunAsync(() => CollectAsync(parsed, tally, cancellation), "nothing is half done; the next one goes on.", cancellation);
        tally.Finish(exit, run.Seconds);
        return exit;
    }

    private async Task<int> CollectAsync(ParseResult parsed, GcTally tally, CancellationToken cancellation)
    {
        var options = store.Read(parsed) with { Clock = clock };
        var age = parsed.GetValue(grace) is { } text && Duration.TryParse(text, out var time) ? time : defaultGrace;
        using var look = StoreCheck.Open(options);
        var plan = new CollectionPlan(look.Parts, clock, age);
        await using var execution = new Execution(options, plan, output);
        var batch = new List<Garbage>(GarbageCollector.BatchItems);
        await foreach (var garbage in plan.FindAsync(cancellation))
        {
            tally.Add(garbage);
            batch.Add(garbage);
            if (batch.Count == GarbageCollector.BatchItems)
            {
                await ExecuteAsync();
            }
        }

        await ExecuteAsync();
        return tally.Failed > 0 ? ExitCode.Incomplete : ExitCode.Well;

        async Task ExecuteAsync()
        {
            cancellation.ThrowIfCancellationRequested();
            if (!parsed.GetValue(dryRun) && batch.Count > 0)
            {
                tally.Add(await execution.CollectAsync(batch));
            }

            batch.Clear();
        }
    }

    /// <summary>Opens the store for writing when there is something to collect, which also sweeps the staging area and finishes what interrupted processes left on its way.</summary>
    private sealed class Execution(StoreOptions options, CollectionPlan plan, CommandOutput output) : IAsyncDisposable
    {
        private IDisposable? turn;
        private Store? store;
        private GarbageCollector? collector;

        internal async Task<IReadOnlyList<Collected>> CollectAsync(IReadOnlyList<Garbage> batch)
        {
            turn ??= ConversionTurn.Share(options.Paths); // an undo removes the same rows, and wants to be alone
            store ??= await Store.OpenAsync(options, new OutputLogger(Name, output));
            collector ??= new GarbageCollector(store, plan);
            return await collector.CollectAsync(batch);
        }

        public async ValueTask DisposeAsync()
        {
            if (store is not null)
            {
                await store.DisposeAsync();
            }

            turn?.Dispose();
        }
    }
}
