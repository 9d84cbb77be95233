using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using HashStore.Tests.Http.Support;
using HashStore.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace HashStore.Tests.Faults;

/// <summary>
/// Invariant 2: after <c>kill -9</c> at any instant the store opens, every acknowledged upload is there, and nothing is half visible. One store goes
/// through all rounds; the number of rounds can be raised with HASHSTORE_KILL_ROUNDS, a failure repeated with HASHSTORE_KILL_SEED.
/// </summary>
public sealed class KillTests(ITestOutputHelper output) : IDisposable
{
    private const int Uploads = 100;
    private const string Busy = "Busy.bin";

    private readonly TempFolder folder = new();
    private readonly ConcurrentDictionary<string, ConcurrentBag<(long Id, string Sha256)>> acknowledged = new();
    private readonly ConcurrentDictionary<string, byte> deleted = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Every_acknowledged_upload_survives_a_kill_at_any_moment()
    {
        var seed = Setting("HASHSTORE_KILL_SEED", Environment.TickCount);
        output.WriteLine($"HASHSTORE_KILL_SEED={seed}");
        var random = new Random(seed);
        for (var round = 0; round < Setting("HASHSTORE_KILL_ROUNDS", 10); round++)
        {
            await using var server = await ServerProcess.StartAsync(folder.Path);
            try
            {
                await CheckAsync(server);
                output.WriteLine($"round {round}: {await UploadUntilKilledAsync(server, random, round)} acknowledged");
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException($"seed {seed}, round {round}; the server said {server.StandardOutput}{server.StandardError}", exception);
            }
        }

        await using var last = await ServerProcess.StartAsync(folder.Path);
        await CheckAsync(last);
        Assert.Equal(0, await last.StopAsync());
        Assert.NotEmpty(acknowledged);
    }

    /// <summary>Uploads from all sides, one after the other from each, and kills the server in the midst of it.</summary>
    private async Task<int> UploadUntilKilledAsync(ServerProcess server, Random random, int round)
    {
        var killAfter = random.Next(Uploads * 2);
        var seeds = Enumerable.Range(0, Uploads).Select(_ => random.Next()).ToList();
        var shared = Content(new Random(random.Next()));
        var count = 0;
        await Task.WhenAll(Enumerable.Range(0, Uploads).Select(async at =>
        {
            var own = new Random(seeds[at]);
            try
            {
                for (var number = 0; ; number++)
                {
                    await ChangeAsync(server, own, shared, string.Create(CultureInfo.InvariantCulture, $"R{round}_{at}_{number}.bin"));
                    if (Interlocked.Increment(ref count) > killAfter)
                    {
                        await server.KillAsync();
                    }
                }
            }
            catch (HttpRequestException)
            {
                // Killed before it answered: what was asked for may have happened or not.
            }
        }));
        return count;
    }

    /// <summary>Mostly new content under a new name; at times a new version of one name, content that others bring too, or a deletion.</summary>
    private async Task ChangeAsync(ServerProcess server, Random random, byte[] shared, string newName)
    {
        var kind = random.Next(20);
        if (kind == 0 && acknowledged.Keys.FirstOrDefault(known => known != Busy && !deleted.ContainsKey(known)) is { } victim)
        {
            deleted[victim] = 0;
            await server.Client.DeleteAsync($"/api/files/{victim}");
            return;
        }

        var name = kind < 4 ? Busy : newName;
        var content = kind is > 3 and < 7 ? shared : Content(random);
        var file = await server.Client.UploadAsync(name, content);
        var mine = file.GetProperty("versions").EnumerateArray().First(version => version.GetProperty("sha256").GetString() == Samples.Sha256(content));
        acknowledged.GetOrAdd(name, _ => []).Add((mine.GetProperty("id").GetInt64(), Samples.Sha256(content)));
    }

    private async Task CheckAsync(ServerProcess server)
    {
        // What the dead process was staging is swept: one folder is left, this server's.
        Assert.Single(Directory.EnumerateDirectories(Path.Combine(server.State, "staging")));
        Assert.Empty(Kept.Staged(server));

        var checkedObjects = new ConcurrentDictionary<string, byte>();
        var histories = new ConcurrentDictionary<string, HashSet<(long, string)>>();
        await Parallel.ForEachAsync(NamesAsync(server), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (name, _) =>
        {
            var file = (await server.Client.SendAsync("GET", $"/api/files/{name}", null)).AssertStatus(200).Json;
            var versions = file.GetProperty("versions").EnumerateArray().ToList();
            histories[name] = [.. versions.Select(version => (version.GetProperty("id").GetInt64(), version.GetProperty("sha256").GetString()!))];
            foreach (var version in versions.Where(version => checkedObjects.TryAdd(version.GetProperty("sha256").GetString()!, 0)))
            {
                await CheckObjectAsync(server, version);
            }
        });

        foreach (var (name, uploads) in acknowledged.Where(pair => !deleted.ContainsKey(pair.Key)))
        {
            Assert.True(histories.TryGetValue(name, out var history), $"{name} was acknowledged and is gone");
            Assert.All(uploads, upload => Assert.Contains(upload, history));
        }

        CheckRows(server);
    }

    private static async Task CheckObjectAsync(ServerProcess server, JsonElement version)
    {
        var answer = (await server.Client.GetAsync(version.GetProperty("url").GetString()!)).AssertStatus(200);
        Assert.Equal(version.GetProperty("size").GetInt64(), answer.Body.Length);
        Assert.Equal(version.GetProperty("sha256").GetString(), Samples.Sha256(answer.Body));
    }

    /// <summary>No public row without bytes, no bytes in the public tree whose row says that they are deleted, and reference counts that are right.</summary>
    private static void CheckRows(ServerProcess server)
    {
        foreach (var row in RawDatabase.Rows(server.Store, $"""
            SELECT file_hash, file_size, file_state, file_refcount,
                (SELECT count(*) FROM upload JOIN filename ON fn_id = upload_name_id
                    WHERE upload_hash = file_hash AND upload_deleted & 1 = 0 AND fn_deleted = 0)
            FROM "file"
            """))
        {
            var key = Convert.ToHexStringLower((byte[])row[0]);
            var path = $"{key[0]}/{key[1]}/{key[2]}/{key[3..]}";
            var bytes = new FileInfo(Path.Combine(server.Root, path));
            switch ((long)row[2])
            {
                case 0: // claimed: promises nothing, and nothing refers to it
                    Assert.Equal((key, 0L), (key, (long)row[4]));
                    break;
                case 1: // public
                    Assert.True(bytes.Exists && bytes.Length == (long)row[1], $"the row of {path} says public, the bytes are missing");
                    Assert.Equal((key, (long)row[3]), (key, (long)row[4]));
                    break;
                case 3: // deleted
                    Assert.False(bytes.Exists, $"the row of {path} says deleted, and the bytes are public");
                    Assert.True(File.Exists(Path.Combine(server.State, "deleted", path)), $"the deleted bytes of {path} are missing");
                    Assert.Equal((key, 0L, 0L), (key, (long)row[3], (long)row[4]));
                    break;
                default:
                    Assert.Fail($"{path} was left on its way, in state {row[2]}");
                    break;
            }
        }
    }

    private static async IAsyncEnumerable<string> NamesAsync(ServerProcess server)
    {
        for (string? after = ""; after is not null;)
        {
            var page = (await server.Client.GetAsync($"/api/files?limit=1000&after={after}")).AssertStatus(200).Json;
            foreach (var file in page.GetProperty("files").EnumerateArray())
            {
                yield return file.GetProperty("name").GetString()!;
            }

            after = page.GetProperty("next").GetString();
        }
    }

    /// <summary>Mostly small, some larger than what the cache keeps, few larger than what shares a sync.</summary>
    private static byte[] Content(Random random)
    {
        var size = random.Next(50) switch
        {
            0 => 5 << 20,
            < 6 => random.Next(100_000, 1_000_000),
            _ => random.Next(1, 60_000),
        };
        var content = new byte[size + 16];
        random.NextBytes(content);
        RandomNumberGenerator.Fill(content.AsSpan(0, 16)); // unlike every content of earlier rounds, whatever the seed
        return content;
    }

    private static int Setting(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var number) ? number : otherwise;
}
