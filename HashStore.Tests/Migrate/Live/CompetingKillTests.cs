using System.Diagnostics;
using System.Globalization;
using HashStore.Schema.Tables;
using HashStore.Tests.Http.Support;
using HashStore.Tests.Migrate.Conversion;
using HashStore.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace HashStore.Tests.Migrate.Live;

/// <summary>
/// Two runs and a server convert one tree together and are killed at random: the others go on with what the killed one held, and in the end everything is there once. A failure can be repeated with
/// HASHSTORE_KILL_SEED.
/// </summary>
public sealed class CompetingKillTests(ITestOutputHelper output)
{
    private const int Kills = 30, KillsInRound = 3, Names = 150;

    [Fact]
    public async Task Whoever_is_killed_the_others_complete_the_conversion()
    {
        var seed = Environment.GetEnvironmentVariable("HASHSTORE_KILL_SEED") is { Length: > 0 } given ? int.Parse(given, CultureInfo.InvariantCulture) : Environment.TickCount;
        output.WriteLine($"HASHSTORE_KILL_SEED={seed}");
        var random = new Random(seed);
        for (var (kills, round) = (0, 1); kills < Kills; round++)
        {
            try
            {
                kills += await ConvertAsync(random, round);
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException($"seed {seed}, round {round}: {exception.Message}", exception);
            }
        }
    }

    /// <summary>Converts a tree, with kills at moments between the first file and the last.</summary>
    /// <returns>The number of kills.</returns>
    private async Task<int> ConvertAsync(Random random, int round)
    {
        using var tree = new LargeTree(Names);
        var import = await LegacyTreeBuilder.VerbAsync(["import", .. tree.Tree.StoreArguments, "--tables", tree.Tree.Folder["tables"]]);
        Assert.True(import.Exit == 0, import.ToString());
        var moments = Enumerable.Range(0, KillsInRound).Select(_ => random.Next(tree.Before.Count)).Order().ToArray();
        var start = Stopwatch.GetTimestamp();
        var log = new List<string>();
        var killed = new List<int>();
        var server = await ServerProcess.StartAsync(tree.Tree.Tree, tree.ServerSwitches);
        MigrateProcess[] runs = [tree.StartRun(1), tree.StartRun(2)];
        try
        {
            foreach (var moment in moments)
            {
                await Until.TrueAsync($"{moment} paths are converted", () => CountDone(tree) >= moment);
                await Task.Delay(random.Next(15)); // a moment within a batch
                var victim = random.Next(3);
                if (victim < 2 && !runs[victim].HasExited)
                {
                    killed.Add(runs[victim].Pid);
                    await runs[victim].KillAsync();
                    runs[victim].Dispose();
                    runs[victim] = tree.StartRun(victim + 1);
                    log.Add($"run {victim + 1} at {CountDone(tree)}");
                }
                else
                {
                    killed.Add(server.Pid);
                    await server.DisposeAsync();
                    server = await ServerProcess.StartAsync(tree.Tree.Tree, tree.ServerSwitches);
                    log.Add($"server at {CountDone(tree)}");
                }

                tree.Tree.CheckAnswers(tree.Before);
            }

            foreach (var run in runs)
            {
                var ended = await run.EndAsync();
                Assert.True(ended.Exit == 0, ended.ToString());
            }

            await Until.TrueAsync("everything is converted", () => CountDone(tree) == tree.Before.Count);
            Assert.Equal(0, await server.StopAsync());

            // Who ends gives back what it had; of the dead a row may stay, which goes when somebody wants the same: BOOT/PIDNS/PID/START.
            var holders = RawDatabase.Rows(tree.Tree.Options, $"SELECT lease_holder FROM lease WHERE lease_kind <= {(byte)LeaseKind.Tree}").Select(row => int.Parse(((string)row[0]).Split('/')[2], CultureInfo.InvariantCulture));
            Assert.All(holders, holder => Assert.Contains(holder, killed));
        }
        finally
        {
            Array.ForEach(runs, run => run.Dispose());
            await server.DisposeAsync();
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"round {round}: killed {string.Join(", ", log)} of {tree.Before.Count}; {Stopwatch.GetElapsedTime(start).TotalSeconds:F1} s"));
        await tree.CheckConvertedAsync();
        return KillsInRound;
    }

    private static long CountDone(LargeTree tree) =>
        RawDatabase.Number(tree.Tree.Options, $"SELECT COUNT(*) FROM ledger WHERE ledger_kind <> 0 AND ledger_kind <> 6 AND ledger_state IN (2, 3)");
}
