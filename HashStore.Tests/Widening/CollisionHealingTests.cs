using System.Collections.Concurrent;
using System.Text;
using HashStore.Schema;
using HashStore.Storage;
using HashStore.Tests.Http.Support;
using HashStore.Tests.Migrate.Conversion;
using HashStore.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace HashStore.Tests.Widening;

/// <summary>
/// Keys so short that they do collide, by the hundreds: nothing is lost, nothing is served under another's name, the refusals say what happened, and longer keys heal them.
/// </summary>
public sealed class CollisionHealingTests(ITestOutputHelper output)
{
    private const int Pairs = 250;

    [Theory]
    [InlineData(16, 20_000)]
    [InlineData(24, 200_000)]
    public async Task What_collided_can_be_uploaded_after_widening(int bits, int pool)
    {
        var seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        await using var test = await TestStore.OpenAsync(DatabaseProvider.Sqlite, DigestAlgorithm.Sha256, bits);
        var other = await test.OpenAnotherAsync();
        var contents = PairsOf(test, pool, new Random(seed));

        // 1. Two programs upload at the same time; of each pair the second is refused with both digests, and nothing of it stays.
        var refused = new ConcurrentDictionary<int, string>();
        await Parallel.ForAsync(0, contents.Length, new ParallelOptions { MaxDegreeOfParallelism = 32 }, async (i, _) =>
        {
            try
            {
                await (i % 3 == 0 ? test.Store : other).PutBytesAsync($"Name{i}.txt", contents[i]);
            }
            catch (StoreException exception) when (exception.Fault == StoreFault.Collision)
            {
                refused[i] = exception.Message;
            }
        });
        Assert.Equal(Pairs, refused.Count);
        Assert.All(refused, pair => Assert.True(
            pair.Value.Contains(TestStore.Digest(contents[pair.Key]).ToString(), StringComparison.Ordinal) && pair.Value.Contains(TestStore.Digest(contents[pair.Key ^ 1]).ToString(), StringComparison.Ordinal)
            && pair.Value.Contains("hashstore-migrate widen", StringComparison.Ordinal), pair.Value));

        // 2. History goes on beside the collisions: new versions that collide are refused, reverts and undeletes bring back the right bytes.
        var stored = Enumerable.Range(0, contents.Length).Where(i => !refused.ContainsKey(i)).ToArray();
        foreach (var i in stored)
        {
            var name = $"Name{i}.txt";
            await Refusal.ExpectAsync(StoreFault.Collision, () => other.PutBytesAsync(name, contents[i ^ 1]));
            if (i % 4 == 0)
            {
                await other.DeleteAsync(name);
                await Refusal.ExpectAsync(StoreFault.Collision, () => other.PutBytesAsync($"Other{i}.txt", contents[i ^ 1]));
                await test.Store.UndeleteAsync(name);
            }
            else if (i % 4 == 1)
            {
                var first = (await test.Store.Names.FindAsync(name.Named())).File!.Current.Id;
                await test.PutAsync(name, contents[stored[0]]);
                await other.RevertAsync(name, first);
            }
        }

        await AssertAllAsync(test, contents, refused.ContainsKey);

        // 3. Longer keys: everything that was refused is taken, by both programs, and what was there is there.
        Assert.True((await test.Store.WidenAsync(64)).IsFinished);
        await Parallel.ForEachAsync(refused.Keys, async (i, _) => Assert.False((await (i % 3 == 0 ? test.Store : other).PutBytesAsync($"Name{i}.txt", contents[i])).IsDuplicate));
        await AssertAllAsync(test, contents, _ => false);
        await test.AssertCleanAsync();
    }

    /// <summary>Contents of which each two that follow each other have one key.</summary>
    private static byte[][] PairsOf(TestStore test, int pool, Random random)
    {
        var pairs = Enumerable.Range(0, pool).Select(i => Encoding.UTF8.GetBytes($"{i} {random.NextInt64():x16}"))
            .GroupBy(test.KeyOf).Where(group => group.Count() > 1).Take(Pairs).SelectMany(group => group.Take(2)).ToArray();
        Assert.Equal(2 * Pairs, pairs.Length);
        return pairs;
    }

    [Fact]
    public async Task A_server_says_409_and_takes_it_after_widening_without_a_restart()
    {
        await using var server = await ServerProcess.StartAsync(null, "--HashStore:KeyBits=16");
        byte[] first = "first"u8.ToArray();
        var key = TestStore.Digest(first).ToKey(16);
        var second = Enumerable.Range(0, int.MaxValue).Select(i => Encoding.UTF8.GetBytes($"second {i}")).First(content => TestStore.Digest(content).ToKey(16) == key);
        var url = (await server.Client.UploadAsync("One.txt", first)).GetProperty("url").GetString()!;
        var refusal = (await server.Client.PutAsync("Two.txt", second)).AssertProblem(409);
        Assert.Contains("widen", refusal, StringComparison.Ordinal);
        Assert.Contains(TestStore.Digest(second).ToString(), refusal, StringComparison.Ordinal);
        Assert.Equal(404, (await server.Client.GetAsync("/api/files/Two.txt")).Status);
        Assert.Equal(first, (await server.Client.GetAsync(url)).AssertStatus(200).Body);

        string[] arguments =
        [
            "widen", "--root", server.Root, "--bits", "64",
            .. server.Store.ConnectionString is { } text ? (string[])["--provider", $"{server.Store.Provider}", "--connection-string", text] : [],
        ];
        var widened = await LegacyTreeBuilder.VerbAsync(arguments);
        Assert.True(widened is { Exit: 0 } && widened.Output.Contains("1 objects got keys of 64 bits", StringComparison.Ordinal), widened.ToString());
        var taken = await server.Client.UploadAsync("Two.txt", second);
        Assert.Equal(second, (await server.Client.GetAsync(taken.GetProperty("url").GetString()!)).AssertStatus(200).Body);
        var moved = (await server.Client.HeadAsync(url)).AssertStatus(301);
        Assert.Equal(first, (await server.Client.GetAsync(moved["Location"]!)).AssertStatus(200).Body);
        Assert.Equal(404, (await server.Client.GetAsync("/images/0/0/0/0/One.txt")).Status);
    }

    [Fact]
    public async Task A_name_that_collides_stays_a_file_and_is_converted_after_widening()
    {
        using var tree = new LegacyTreeBuilder();
        await using (await Store.OpenAsync(tree.Options with { KeyBits = 16, IsLegacyTree = true }, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance))
        {
        }

        // 700 contents in 65,536 keys: three or four pairs collide by themselves, and one is made to.
        var contents = Enumerable.Range(0, 700).Select(i => $"content {i}").ToList();
        var key = Key(contents[0]);
        contents.Add(Enumerable.Range(0, int.MaxValue).Select(i => $"other {i}").First(content => Key(content) == key));
        var collisions = contents.Count - contents.Select(Key).Distinct().Count();
        for (var i = 0; i < contents.Count; i++)
        {
            tree.Image($"Name_{i}.jpg", contents[i]);
        }

        tree.WriteTables();
        var before = tree.TakeManifest();
        var run = await LegacyTreeBuilder.VerbAsync(tree.RunArguments);
        Assert.True(run.Exit == 1, run.ToString());
        tree.CheckAnswers(before);
        var failed = ReportLine.Read(tree.Folder["report.csv"]).Values.Where(line => line.Status == "failed").ToList();
        Assert.Equal(collisions, failed.Count);
        Assert.All(failed, line => Assert.Contains("widen", line.Detail, StringComparison.Ordinal));
        tree.CheckUnlinked([.. failed.Select(line => line.Path)]);

        var widened = await LegacyTreeBuilder.VerbAsync(["widen", .. tree.StoreArguments, "--bits", "64"]);
        Assert.True(widened.Exit == 0, widened.ToString());
        tree.CheckAnswers(before);
        var again = await LegacyTreeBuilder.VerbAsync(tree.RunArguments);
        Assert.True(again.Exit == 0 && again.Output.StartsWith($"run: {collisions} converted", StringComparison.Ordinal), again.ToString());
        tree.CheckLinked([.. failed.Select(line => line.Path)]);
        tree.CheckAnswers(before);
        var verified = await LegacyTreeBuilder.VerbAsync(["verify", .. tree.StoreArguments]);
        Assert.True(verified is { Exit: 0, Error: "" }, verified.ToString());

        static ContentKey Key(string content) => TestStore.Digest(Encoding.UTF8.GetBytes(content)).ToKey(16);
    }

    private static async Task AssertAllAsync(TestStore test, byte[][] contents, Func<int, bool> isRefused)
    {
        for (var i = 0; i < contents.Length; i++)
        {
            var found = await test.Store.Names.FindCurrentAsync($"Name{i}.txt".Named());
            Assert.Equal(isRefused(i), found is null);
            if (found is not null)
            {
                Assert.Equal(contents[i], (await test.Store.Objects.FindAsync(found.Current.Key)).Found!.Body);
            }
        }
    }
}
