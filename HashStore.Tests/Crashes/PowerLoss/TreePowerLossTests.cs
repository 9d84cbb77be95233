using System.Globalization;
using HashStore.Storage;
using HashStore.Storage.Durability;
using HashStore.Tests.Migrate.Conversion;
using HashStore.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace HashStore.Tests.Crashes.PowerLoss;

/// <summary>
/// A power loss at random moments of a conversion and of its undo: every path of before answers with its bytes, and the next run completes it. Only over SQLite, whose files are part of what remains.
/// A failure is repeated with HASHSTORE_POWER_SEED; HASHSTORE_POWER_ROUNDS makes more.
/// </summary>
public sealed class TreePowerLossTests(ITestOutputHelper output)
{
    public static TheoryData<string> Scenarios => [nameof(TreeScenario.Convert), nameof(TreeScenario.Undo), nameof(TreeScenario.Follow)];

    [Theory]
    [MemberData(nameof(Scenarios))]
    public async Task What_a_power_loss_leaves_of_a_run_answers_and_is_completed(string name)
    {
        var scenario = name switch { nameof(TreeScenario.Convert) => TreeScenario.Convert, nameof(TreeScenario.Undo) => TreeScenario.Undo, _ => TreeScenario.Follow };
        var seed = Setting("HASHSTORE_POWER_SEED", Environment.TickCount & 0xFFFFFF);
        var calls = await RunAsync(scenario, seed, int.MaxValue);
        for (var round = 0; Databases.OfPrograms == DatabaseProvider.Sqlite && round < Setting("HASHSTORE_POWER_ROUNDS", 5); round++, seed++)
        {
            var moment = new Random(seed).Next(1, calls + 1);
            output.WriteLine($"HASHSTORE_POWER_SEED={seed}, call {moment} of {calls}");
            try
            {
                await RunAsync(scenario, seed, moment);
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException($"HASHSTORE_POWER_SEED={seed}, call {moment} of {calls}: {exception.Message}", exception);
            }
        }
    }

    /// <summary>Runs it until the power goes at a call.</summary>
    /// <returns>The calls of the run.</returns>
    private static async Task<int> RunAsync(TreeScenario scenario, int seed, int moment)
    {
        using var tree = new LegacyTree();
        await scenario.Prepare(tree);
        var before = tree.Builder.TakeManifest();
        var top = tree.Builder.Folder.Path;
        using var elsewhere = new TempFolder();
        int calls;
        using (var disk = new RecordedDisk(top))
        {
            disk.Moment = number =>
            {
                if (number == moment)
                {
                    disk.WriteRemains(new Random(seed), elsewhere["remains"]);
                    PowerLossTests.CopyDatabase(tree.Builder.Paths, StorePaths.For(Path.Combine(elsewhere["remains"], Path.GetRelativePath(top, tree.Builder.Paths.Root)), null));
                }

                return number >= moment ? Posix.Eio : 0; // there is no disk any more
            };
            try
            {
                await LegacyTreeBuilder.VerbAsync([.. scenario.Arguments(tree), .. scenario == TreeScenario.Undo ? [] : (string[])["--jobs", "1"]]);
            }
            catch (IOException exception) when (exception.HResult == Posix.Eio)
            {
                // The power is off: how the program ends does not matter.
            }

            calls = disk.Calls;
        }

        if (calls >= moment)
        {
            foreach (var entry in new DirectoryInfo(top).EnumerateDirectories())
            {
                entry.Delete(recursive: true);
            }

            foreach (var entry in new DirectoryInfo(elsewhere["remains"]).EnumerateDirectories())
            {
                entry.MoveTo(Path.Combine(top, entry.Name));
            }
        }

        await scenario.Check(tree, before);
        return calls;
    }

    private static int Setting(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var number) ? number : otherwise;
}
