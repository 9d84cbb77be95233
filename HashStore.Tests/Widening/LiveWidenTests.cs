using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using HashStore.Schema;
using HashStore.Storage;
using HashStore.Storage.Objects;
using HashStore.Tests.Http.Support;
using HashStore.Tests.Migrate.Conversion;
using HashStore.Tests.Migrate.Live;
using HashStore.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace HashStore.Tests.Widening;

/// <summary>
/// Longer keys for a converted tree while a server, a web server that serves the tree itself, readers and an uploader are at work, and <c>widen</c> is killed again and again. A failure can be repeated with
/// HASHSTORE_KILL_SEED.
/// </summary>
public sealed class LiveWidenTests(ITestOutputHelper output)
{
    private const int Names = 120, Kills = 30;

    [NeedsFact("nginx")]
    public async Task No_address_fails_while_keys_become_longer()
    {
        var seed = Environment.GetEnvironmentVariable("HASHSTORE_KILL_SEED") is { Length: > 0 } given ? int.Parse(given, CultureInfo.InvariantCulture) : Environment.TickCount;
        output.WriteLine($"HASHSTORE_KILL_SEED={seed}");
        using var tree = new LargeTree(Names);
        await using (await Store.OpenAsync(tree.Tree.Options with { KeyBits = 32, IsLegacyTree = true }, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance))
        {
        }

        var run = await LegacyTreeBuilder.VerbAsync(tree.Tree.RunArguments);
        Assert.True(run.Exit == 0, run.ToString());
        var objects = Objects(tree);
        await using var server = await ServerProcess.StartAsync(tree.Tree.Tree, tree.ServerSwitches);
        using var nginx = await Nginx.StartAsync(tree.Tree.Folder.Path, tree.Tree.Tree);
        using HttpClient direct = nginx.Client(), through = new(new SocketsHttpHandler { AllowAutoRedirect = true, UseProxy = false }) { BaseAddress = server.Url };
        LegacyReaders legacy = new(tree.Public, seed), named = new(objects.ToDictionary(pair => $"{pair.Key}/{pair.Value.Name}", pair => pair.Value.Bytes), seed);
        var places = new LegacyReaders(objects.ToDictionary(pair => pair.Key, pair => pair.Value.Bytes), seed);
        legacy.Start("nginx", direct, 1);
        legacy.Start("the server", through, 1);
        named.Start("the server, by key", through, 2);
        places.Start("nginx, by key", direct, 1);
        using var uploader = new Uploader(server, seed);

        // 1. From 32 bits on, killed at random; then the whole digest in one go.
        await WidenWithKillsAsync(tree, new Random(seed));
        await EndWidenAsync(tree, 256);

        // 2. Not one wrong answer, not one lost upload; old addresses redirect.
        output.WriteLine(string.Join("; ", await legacy.EndAsync(), await named.EndAsync(), await places.EndAsync(), await uploader.EndAsync()));
        foreach (var (path, (name, bytes)) in objects)
        {
            var moved = (await server.Client.GetAsync(LegacyReaders.UrlOf($"{path}/{name}") + "?a=b")).AssertStatus(301);
            Assert.Equal("public, max-age=31536000, immutable", moved["Cache-Control"]);
            Assert.EndsWith("?a=b", moved["Location"], StringComparison.Ordinal);
            Assert.Equal(bytes, (await server.Client.GetAsync(moved["Location"]!)).AssertStatus(200).Body);
        }

        // 3. Everything is well, nothing is left to do, and the way back is open.
        tree.Tree.CheckAnswers(tree.Before);
        foreach (string[] verb in new[] { ["verify"], (string[])["fsck", "--full"] })
        {
            var checkedBy = await LegacyTreeBuilder.VerbAsync([verb[0], .. tree.Tree.StoreArguments, .. verb[1..]]);
            Assert.True(checkedBy is { Exit: 0, Error: "" }, checkedBy.ToString());
        }

        var again = await LegacyTreeBuilder.VerbAsync(tree.Tree.RunArguments);
        Assert.True(again.Exit == 0 && again.Output.StartsWith("run: 0 converted", StringComparison.Ordinal),
            $"{again} {string.Join('\n', ReportLine.Read(tree.Tree.Folder["report.csv"]).Values.Where(line => line.Status is "missing" or "failed"))}");
        Assert.Equal(0, await server.StopAsync());
        var undone = await LegacyTreeBuilder.VerbAsync(["undo", .. tree.Tree.StoreArguments]);
        Assert.True(undone.Exit == 0, undone.ToString());
        tree.Tree.CheckAnswers(tree.Before);
        tree.Tree.CheckUnlinked([.. tree.Public.Keys]);
        Assert.DoesNotContain(Links(tree), path => !File.Exists(File.ResolveLinkTarget(path, returnFinalTarget: true)!.FullName));
        var last = await LegacyTreeBuilder.VerbAsync(["fsck", .. tree.Tree.StoreArguments, "--full"]);
        Assert.True(last is { Exit: 0, Error: "" }, last.ToString());
    }

    private async Task WidenWithKillsAsync(LargeTree tree, Random random)
    {
        var bits = 40;
        var log = new List<string>();
        while (log.Count < Kills)
        {
            // Read slowly, so that a walk is longer than it takes to start.
            using var widen = new MigrateProcess(["widen", .. tree.Tree.StoreArguments, "--bits", $"{bits}", "--limit-rate", "60000"]);
            await Until.TrueAsync("it works", () => widen.HasExited || RawDatabase.Number(tree.Tree.Options, $"SELECT COUNT(*) FROM lease WHERE lease_kind = 3") > 0);
            if (!await widen.KillAfterAsync(TimeSpan.FromMilliseconds(random.Next(1000))))
            {
                var ended = await widen.EndAsync();
                Assert.True(ended.Exit == 0, ended.ToString());
                bits += 8;
                continue;
            }

            var done = RawDatabase.Rows(tree.Tree.Options, $"SELECT file_hash FROM \"file\"").Count(row => ((byte[])row[0]).Length == bits / 8);
            log.Add(string.Create(CultureInfo.InvariantCulture, $"{done} of {bits} bits"));
        }

        output.WriteLine($"killed with so many objects done: {string.Join(", ", log)}");
        await EndWidenAsync(tree, bits);
    }

    private async Task EndWidenAsync(LargeTree tree, int bits)
    {
        var ended = await LegacyTreeBuilder.VerbAsync(["widen", .. tree.Tree.StoreArguments, "--bits", $"{bits}", "--json"]);
        Assert.True(ended.Exit == 0, ended.ToString());
        output.WriteLine(ended.Output.TrimEnd());
    }

    /// <summary>Public objects: place, a name under which it is stored, bytes.</summary>
    private static Dictionary<string, (string Name, byte[] Bytes)> Objects(LargeTree tree) =>
        RawDatabase.Rows(tree.Tree.Options, $"SELECT f.file_hash, MIN(fn.fn_name) FROM \"file\" f JOIN \"upload\" u ON u.upload_hash = f.file_hash JOIN \"filename\" fn ON fn.fn_id = u.upload_name_id WHERE f.file_state = 1 AND fn.fn_deleted = 0 GROUP BY f.file_hash")
            .Select(row => (Place: ObjectPath.Of(new ContentKey((byte[])row[0])), Name: (string)row[1]))
            .ToDictionary(row => row.Place, row => (row.Name, File.ReadAllBytes(tree.Tree.FullPath(row.Place))));

    private static IEnumerable<string> Links(LargeTree tree) => Directory
        .EnumerateFileSystemEntries(tree.Tree.Tree, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 }).Where(path => new FileInfo(path).LinkTarget is not null);

    /// <summary>Uploads, deletes and undeletes over HTTP until it is told to end; everything acknowledged has to be there.</summary>
    private sealed class Uploader : IDisposable
    {
        private readonly ConcurrentDictionary<string, (string Url, byte[] Bytes)> stored = [];
        private readonly CancellationTokenSource end = new();
        private readonly ServerProcess server;
        private readonly Task work;

        internal Uploader(ServerProcess server, int seed)
        {
            this.server = server;
            work = Task.Run(() => WorkAsync(new Random(seed)));
        }

        internal async Task<string> EndAsync()
        {
            await end.CancelAsync();
            await work;
            foreach (var (url, bytes) in stored.Values)
            {
                var answer = await server.Client.GetAsync(url);
                answer = answer.Status == 301 ? await server.Client.GetAsync(answer["Location"]!) : answer;
                Assert.Equal(bytes, answer.AssertStatus(200).Body);
            }

            return $"{stored.Count} uploads";
        }

        public void Dispose() => end.Dispose();

        private async Task WorkAsync(Random random)
        {
            for (var i = 0; !end.IsCancellationRequested; i++)
            {
                var bytes = Encoding.UTF8.GetBytes($"upload {i} {random.Next()}");
                var name = $"Upload{i}.txt";
                var url = (await server.Client.UploadAsync(name, bytes)).GetProperty("url").GetString()!;
                if (i % 3 == 0)
                {
                    (await server.Client.DeleteAsync($"/api/files/{name}")).AssertStatus(200);
                    Assert.Equal(410, (await server.Client.GetAsync(url)).Status);
                    (await server.Client.PostAsync($"/api/files/{name}/undelete")).AssertStatus(200);
                }

                if (i % 3 == 1)
                {
                    Assert.True((await server.Client.UploadAsync($"Copy{i}.txt", bytes)).GetProperty("duplicate").GetBoolean());
                }

                stored[name] = (url, bytes);
            }
        }
    }
}
