using HashStore.Storage;
using HashStore.Storage.Checking;
using HashStore.Storage.Durability;
using HashStore.Tests.Checking;
using HashStore.Tests.Migrate.Conversion;
using HashStore.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace HashStore.Tests.Crashes;

/// <summary>
/// Every call that changes a file, in every change of a store and in a conversion and its undo, fails with every error in turn: the error is told in words, nothing is lost or half visible, nothing stays in staging,
/// and doing it again completes it in the same process. (Errors of the database come from full disks: Faults/.)
/// </summary>
public sealed class FaultTests(ITestOutputHelper output)
{
    /// <summary>No change of a store makes more calls.</summary>
    private const int MaxCalls = 100;

    private static readonly int[] errors = [Posix.Enospc, Posix.Eio, Posix.Edquot, Posix.Emfile, Posix.Enoent];

    public static TheoryData<StoreScenario, int> StoreCases
    {
        get
        {
            var cases = new TheoryData<StoreScenario, int>();
            foreach (var scenario in StoreScenario.All.Where(scenario => !scenario.IsOpening))
            {
                foreach (var errno in errors)
                {
                    cases.Add(scenario, errno);
                }
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(StoreCases))]
    public async Task A_change_whose_files_fail_is_refused_in_words_and_can_be_made_again(StoreScenario scenario, int errno)
    {
        await using var test = await TestStore.OpenAsync(Databases.OfPrograms);
        for (var call = 1; call < MaxCalls; call++)
        {
            var own = $"{call}x";
            await scenario.Prepare(test.Store, own);
            var before = await StoreView.OfAsync(test, $"-{own}");
            var failing = new FailingCalls(test.Paths.Root, call, errno);
            StoreException? refusal = null;
            using (failing)
            {
                try
                {
                    await scenario.Act(test.Store, own);
                }
                catch (StoreException exception)
                {
                    refusal = exception;
                }
            }

            var where = $"call {call}, {failing.Failed}: {refusal?.Message}";
            Assert.True(refusal is null or { Fault: StoreFault.NoSpace or StoreFault.Unavailable, Message.Length: > 20 }, $"{refusal}");
            if (failing.Failed is { Kind: FileCallKind.Unlink } removal && test.Contents().Staged is [var stuck])
            {
                Assert.Equal(removal.Path, stuck);
                await test.ReopenAsync(); // what could not be removed goes when the process ends
            }

            Assert.True(test.Contents().Staged is [], where);

            await test.Store.RecoverAsync(); // as servers do now and then
            var left = await StoreView.OfAsync(test, $"-{own}");
            await scenario.Act(test.Store, own);
            var after = await StoreView.OfAsync(test, $"-{own}");
            Assert.True(refusal is null ? left == after : left == before || left == after, $"{where}\n{left}\nbefore:\n{before}\ndone:\n{after}");
            StoreView.CheckSettled(test);
            if (failing.Failed is null)
            {
                output.WriteLine($"{call - 1} calls");
                Assert.True(call > 1 || scenario == StoreScenario.Revert || scenario == StoreScenario.Rename, "It changes no file.");
                Assert.Empty(await DamagedStore.CheckAsync(StoreCheck.Open(test.Options), full: true));
                return;
            }
        }

        Assert.Fail($"More than {MaxCalls} calls.");
    }

    /// <summary>Each call fails once, with the errors by turns.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task A_store_whose_files_fail_is_made_by_the_next_opening(int turn)
    {
        for (var call = 1; call < MaxCalls; call++)
        {
            var errno = errors[(call + turn) % errors.Length];
            using var folder = new TempFolder();
            var options = new StoreOptions { Paths = StorePaths.For(folder["root"], null), Provider = Databases.OfPrograms, ConnectionString = StoreDatabases.ConnectionString(Databases.OfPrograms, folder["root"]) };
            var failing = new FailingCalls(folder.Path, call, errno);
            using (failing)
            {
                try
                {
                    await using var store = await Store.OpenAsync(options, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
                }
                catch (StoreException exception)
                {
                    Assert.True(exception.Message.Length > 20, exception.Message);
                }
            }

            await using (var store = await Store.OpenAsync(options, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance))
            {
                await store.PutTextAsync("After.txt", "after");
            }

            if (failing.Failed is null)
            {
                Assert.True(call > 10, "It makes more calls than that.");
                return;
            }
        }

        Assert.Fail($"More than {MaxCalls} calls.");
    }

    /// <summary>
    /// A conversion and its undo: every other and every third call fails once, with the errors by turns. Whatever becomes of the run, every path answers, and the next one completes it. The steps of an exchange fail for
    /// want of space only: with other errors the path is reported as failed, stays a file, and the next run takes the links of its thumbnails away as if the wiki had given it new content.
    /// </summary>
    [Theory]
    [InlineData(nameof(TreeScenario.Convert), 1)]
    [InlineData(nameof(TreeScenario.Convert), 3)]
    [InlineData(nameof(TreeScenario.Undo), 2)]
    public async Task A_run_on_a_legacy_tree_whose_files_fail_is_completed_by_the_next(string name, int first)
    {
        var scenario = name == nameof(TreeScenario.Convert) ? TreeScenario.Convert : TreeScenario.Undo;
        for (var call = first; call < 10 * MaxCalls; call += scenario == TreeScenario.Convert ? 4 : 3)
        {
            var errno = errors[call % errors.Length];
            using var tree = new LegacyTree();
            await scenario.Prepare(tree);
            var before = tree.Builder.TakeManifest();
            var failing = new FailingCalls(tree.Builder.Folder.Path, call, errno, spared: made => scenario == TreeScenario.Convert && IsExchange(made) && errno is not (Posix.Enospc or Posix.Edquot));
            VerbResult run;
            using (failing)
            {
                run = await LegacyTreeBuilder.VerbAsync(scenario.Arguments(tree));
            }

            var where = $"call {call}, errno {errno}, {failing.Failed}: exit {run.Exit}, {run.Error}";
            Assert.True(run.Exit == 0 || run.Error.Length + run.Output.Length > 20, where);
            try
            {
                await scenario.Check(tree, before);
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException(where, exception);
            }

            if (failing.Failed is null)
            {
                output.WriteLine($"{call} calls");
                Assert.True(call > 10, "It makes more calls than that.");
                return;
            }
        }
    }

    private static bool IsExchange(FileCall call) =>
        call.Path.Contains("/.hs~", StringComparison.Ordinal) && !call.Path.Contains("/.hs~probe-", StringComparison.Ordinal) && !call.Path.Contains("/.hs~selfcheck-", StringComparison.Ordinal);
}
