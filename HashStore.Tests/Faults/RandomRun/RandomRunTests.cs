using System.Diagnostics;
using System.Globalization;
using System.Text;
using HashStore.Tests.Http.Support;
using HashStore.Tests.Migrate.Conversion;
using HashStore.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace HashStore.Tests.Faults.RandomRun;

/// <summary>
/// Two servers and two commands work on one store: uploads, reverts, deletions, undeletions, hidings, conversions of a tree that a wiki goes on writing to, collections. One of the four is killed every few seconds.
/// At the end every acknowledged byte is there, nothing deleted is visible, and fsck and verify are content. HASHSTORE_RANDOM_SECONDS makes it longer (.ci/hour: an hour), HASHSTORE_RANDOM_SEED makes the same choices again.
/// </summary>
public sealed class RandomRunTests(ITestOutputHelper output)
{
    private const int Clients = 4;
    private const int SharedContents = 40;

    /// <summary>Longer than an upload takes between its claim and its rows, on a machine that does other things too.</summary>
    private const string Grace = "10s";

    [Fact]
    public async Task Four_processes_that_are_killed_every_few_seconds_lose_nothing_and_show_nothing_deleted()
    {
        var seed = Setting("HASHSTORE_RANDOM_SEED", Environment.TickCount);
        var length = TimeSpan.FromSeconds(Setting("HASHSTORE_RANDOM_SECONDS", 25));
        output.WriteLine($"HASHSTORE_RANDOM_SEED={seed}, {length}");
        var random = new Random(seed);
        using var tree = new LegacyTreeBuilder { WithTables = false };
        byte[][] shared = [.. Enumerable.Range(0, SharedContents).Select(at => Encoding.ASCII.GetBytes($"shared {at} of {seed} {new string('y', at * 300)}"))];
        string[] switches = Environment.IsPrivilegedProcess ? [] : ["--state", tree.Paths.State];
        ServerSlot[] servers = [new(tree.Tree, switches), new(tree.Tree, switches)];
        VerbSlot[] verbs = [new(random.Next(), _ => tree.RunArguments), new(random.Next(), choices => Verb(tree, choices))];
        RandomClient[] clients = [.. Enumerable.Range(0, Clients).Select(at => new RandomClient(at, random.Next(), servers, shared))];
        var wiki = new WikiSide(tree, random.Next(), servers, shared);
        try
        {
            wiki.Write();
            await servers[0].StartAsync();
            await servers[1].StartAsync();
            using var stop = new CancellationTokenSource();
            Task[] working = [.. clients.Select(client => client.RunAsync(stop.Token)), wiki.RunAsync(stop.Token), .. verbs.Select(verb => verb.RunAsync(stop.Token))];
            var kills = await KillAsync(servers, verbs, random, length, working);
            await stop.CancelAsync();
            await Task.WhenAll(working);
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{kills} kills, {clients.Sum(client => client.Acknowledged)} changes acknowledged, {clients.Sum(client => client.Unanswered)} not, {clients.Sum(client => client.Known.Count)} names, {wiki.Manifest.Count} legacy files, {verbs.Sum(verb => verb.Ended)} commands ended"));
            await new RandomRunCheck(tree, servers, clients, wiki, shared).RunAsync();
            Assert.True(kills > 0 && clients.All(client => client.Acknowledged > 0), "Nothing happened.");
        }
        catch (Exception exception)
        {
            throw new InvalidOperationException($"HASHSTORE_RANDOM_SEED={seed}: {exception.Message}", exception);
        }
        finally
        {
            foreach (var server in servers)
            {
                await server.DisposeAsync();
            }
        }
    }

    private static string[] Verb(LegacyTreeBuilder tree, Random choices) => choices.Next(4) switch
    {
        0 => ["fsck", .. tree.StoreArguments],
        1 => ["gc", .. tree.StoreArguments, "--grace", Grace, "--dry-run"],
        _ => ["gc", .. tree.StoreArguments, "--grace", Grace],
    };

    /// <summary>Kills one of the four every few seconds.</summary>
    /// <returns>The number of kills.</returns>
    private static async Task<int> KillAsync(ServerSlot[] servers, VerbSlot[] verbs, Random random, TimeSpan length, Task[] working)
    {
        var start = Stopwatch.GetTimestamp();
        var failed = Task.WhenAny(working); // none ends before it is told to, unless it fails
        var kills = 0;
        while (Stopwatch.GetElapsedTime(start) < length)
        {
            if (await Task.WhenAny(failed, Task.Delay(random.Next(1000, 4000))) == failed)
            {
                await await failed;
                throw new InvalidOperationException("Somebody stopped early.");
            }

            switch (random.Next(4))
            {
                case var at and < 2:
                    await servers[at].KillAsync();
                    await servers[at].StartAsync();
                    kills++;
                    break;
                case var at:
                    kills += await verbs[at - 2].KillAsync() ? 1 : 0;
                    break;
            }
        }

        return kills;
    }

    private static int Setting(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var number) ? number : otherwise;
}
