using HashStore.Storage;
using HashStore.Storage.Durability;
using HashStore.Tests.Checking;
using HashStore.Tests.Support;
using Xunit;

namespace HashStore.Tests.Crashes;

/// <summary>
/// A process dies at each crash point, by SIGKILL and by an exit without clean-up: what was acknowledged is there, what was not is whole or absent, nothing deleted is visible, doing it again completes it,
/// and <c>fsck --full</c> finds nothing then. Further places of a point die in one of the two ways.
/// </summary>
public sealed class CrashTests
{
    public static TheoryData<string, int, CrashWay> StoreCases => CasesOf(CrashScenarios.Store.Select(line => line.Point));

    public static TheoryData<string, int, CrashWay> TreeCases => CasesOf(CrashScenarios.Tree.Select(line => line.Point));

    public static TheoryData<string, int, CrashWay> RepairCases => CasesOf(CrashScenarios.Repair.Select(line => line.Point));

    [Fact]
    public void Every_crash_point_has_a_test() => Assert.Empty(
        Enum.GetValues<CrashPoint>()
            .Except(CrashScenarios.Store.Select(line => line.Point))
            .Except(CrashScenarios.Tree.Select(line => line.Point))
            .Except(CrashScenarios.Repair.Select(line => line.Point)));

    [Theory]
    [MemberData(nameof(StoreCases))]
    public async Task What_dies_in_a_change_of_a_store_is_done_or_not_done(string what, int line, CrashWay way)
    {
        var (point, scenario, pass) = CrashScenarios.Store[line];
        Assert.NotEmpty(what);
        await using var twin = await TestStore.OpenAsync(Databases.OfPrograms);
        await scenario.Prepare(twin.Store, "0");
        var before = await StoreView.OfAsync(twin);
        await scenario.Act(twin.Store, "0");
        var after = await StoreView.OfAsync(twin);

        await using var test = await TestStore.OpenAsync(Databases.OfPrograms);
        if (scenario.IsOpening)
        {
            test.Options = test.Options with { Paths = StorePaths.For(test.Paths.Root + "-new", null), ConnectionString = StoreDatabases.ConnectionString(Databases.OfPrograms, test.Paths.Root + "-new") };
        }
        else
        {
            await scenario.Prepare(test.Store, "0");
        }

        await test.CloseAsync();
        await CrashProcess.DieAsync(point, pass, way, scenario, test.Options);

        await test.ReopenAsync();
        var left = await StoreView.OfAsync(test);
        Assert.True(left == before || left == after, $"Neither as before nor done:\n{left}\nbefore:\n{before}\ndone:\n{after}");
        Assert.Empty(test.Contents().Staged);

        await scenario.Act(test.Store, "0");
        Assert.Equal(after, await StoreView.OfAsync(test));
        StoreView.CheckSettled(test);
        Assert.Empty(await DamagedStore.CheckAsync(HashStore.Storage.Checking.StoreCheck.Open(test.Options), full: true));
    }

    [Theory]
    [MemberData(nameof(TreeCases))]
    public async Task What_dies_in_a_run_on_a_legacy_tree_is_completed_by_the_next(string what, int line, CrashWay way)
    {
        var (point, scenario, pass) = CrashScenarios.Tree[line];
        Assert.NotEmpty(what);
        using var tree = new LegacyTree();
        await scenario.Prepare(tree);
        var before = tree.Builder.TakeManifest();
        await CrashProcess.DieAsync(point, pass, way, [CrashChild.Migrate, .. scenario.Arguments(tree)]);
        await scenario.Check(tree, before);
    }

    [Theory]
    [MemberData(nameof(RepairCases))]
    public async Task What_dies_in_a_repair_is_completed_by_the_next(string what, int line, CrashWay way)
    {
        var (point, pass) = CrashScenarios.Repair[line];
        Assert.NotEmpty(what);
        await RepairScenario.RunAsync(arguments => CrashProcess.DieAsync(point, pass, way, arguments));
    }

    /// <summary>Each line of a table with its ways: both at the first line of a point, by turns at others.</summary>
    private static TheoryData<string, int, CrashWay> CasesOf(IEnumerable<CrashPoint> points)
    {
        var cases = new TheoryData<string, int, CrashWay>();
        var seen = new HashSet<CrashPoint>();
        foreach (var (line, point) in points.Index())
        {
            var isFirst = seen.Add(point);
            foreach (var way in Enum.GetValues<CrashWay>().Where(way => isFirst || (int)way == line % 2))
            {
                cases.Add($"{point}", line, way);
            }
        }

        return cases;
    }
}
