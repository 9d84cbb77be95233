using System.Globalization;
using HashStore.Schema;
using HashStore.Storage;
using HashStore.Storage.Objects;
using HashStore.Tests.Checking;
using HashStore.Tests.Http.Support;
using HashStore.Tests.Support;
using Xunit;

namespace HashStore.Tests.Http;

/// <summary>A damaged object is never served as good: from the moment that it is found until it is repaired.</summary>
public sealed class DamageTests
{
    private const int Large = 300_000;

    [Fact]
    public async Task Once_found_a_damaged_object_is_refused_until_its_content_is_uploaded_again()
    {
        await using var server = await ServerProcess.StartAsync();
        var content = Samples.Png(Large);
        await server.Client.UploadAsync("Large.png", content);
        (await server.Client.GetAsync(Samples.ObjectUrl(content))).AssertStatus(200); // it is in the cache now
        var path = Flip(server, content);

        var run = await FsckRun.RunAsync([.. Arguments(server), "--full"]);
        Assert.Equal((4, "wrongHash"), (run.Exit, Assert.Single(run.Findings).Kind));
        foreach (var method in new[] { "GET", "HEAD" })
        {
            var refused = (await server.Client.SendAsync(method, Samples.ObjectUrl(content), null)).AssertStatus(500);
            Assert.Equal("application/problem+json", refused["Content-Type"]);
        }

        // Found once, it is told of by the quick check too.
        Assert.Equal("wrongHash", Assert.Single((await FsckRun.RunAsync(Arguments(server))).Findings).Kind);
        Assert.Equal(1, await MetricAsync(server, "hashstore_objects_marked_damaged"));

        await server.Client.UploadAsync("Large.png", content);
        Assert.Equal(content, (await server.Client.GetAsync(Samples.ObjectUrl(content))).AssertStatus(200).Body);
        Assert.Equal(content, File.ReadAllBytes(path));
        Assert.Equal(0, (await FsckRun.RunAsync([.. Arguments(server), "--full"])).Exit);
        Assert.Equal(0, await MetricAsync(server, "hashstore_objects_marked_damaged"));
        Assert.NotEqual(content, File.ReadAllBytes(Assert.Single(Quarantined(server))));
    }

    [Fact]
    public async Task A_small_object_is_never_served_damaged_even_before_anybody_has_found_it()
    {
        using var folder = new TempFolder();
        var content = Samples.Png(3000);
        await using (var first = await ServerProcess.StartAsync(folder.Path))
        {
            await first.Client.UploadAsync("Small.png", content);
            Flip(first, content);
        }

        await using var second = await ServerProcess.StartAsync(folder.Path);
        (await second.Client.GetAsync(Samples.ObjectUrl(content))).AssertStatus(500);
        (await second.Client.GetAsync(Samples.ObjectUrl(content))).AssertStatus(500);
    }

    [Fact]
    public async Task An_object_that_was_put_back_by_hand_is_served_again_after_a_check()
    {
        await using var server = await ServerProcess.StartAsync();
        var content = Samples.Png(Large);
        await server.Client.UploadAsync("Large.png", content);
        var path = Flip(server, content);
        Assert.Equal(4, (await FsckRun.RunAsync([.. Arguments(server), "--full"])).Exit);
        DamagedStore.Replace(path, content);

        Assert.Equal(0, (await FsckRun.RunAsync(Arguments(server))).Exit);
        Assert.Equal(content, (await server.Client.GetAsync(Samples.ObjectUrl(content))).AssertStatus(200).Body);
    }

    [Fact]
    public async Task A_truncated_object_is_brought_back_by_an_upload()
    {
        await using var server = await ServerProcess.StartAsync();
        var content = Samples.Png(Large);
        await server.Client.UploadAsync("Large.png", content);
        var path = PathOf(server, content);
        DamagedStore.Replace(path, content[..1000]);

        (await server.Client.GetAsync(Samples.ObjectUrl(content))).AssertStatus(500);
        await server.Client.UploadAsync("Other.png", content);
        Assert.Equal(content, (await server.Client.GetAsync(Samples.ObjectUrl(content))).AssertStatus(200).Body);
        Assert.Single(Quarantined(server));
    }

    [Fact]
    public async Task The_scrub_finds_marks_and_tells_of_damage()
    {
        await using var server = await ServerProcess.StartAsync(null, "--HashStore:Scrub:Days=0.00003");
        var contents = Enumerable.Range(0, 10).Select(i => Samples.Png(Large + i)).ToList();
        foreach (var (content, i) in contents.Select((content, i) => (content, i)))
        {
            await server.Client.UploadAsync(string.Create(CultureInfo.InvariantCulture, $"Large{i}.png"), content);
        }

        await Until.TrueAsync("a round is over", async () => await MetricAsync(server, "hashstore_scrub_last_round_timestamp_seconds") > 0);
        Flip(server, contents[4]);
        await Until.TrueAsync("the damage is found", async () => await MetricAsync(server, "hashstore_objects_marked_damaged") == 1);
        (await server.Client.GetAsync(Samples.ObjectUrl(contents[4]))).AssertStatus(500);
        (await server.Client.GetAsync(Samples.ObjectUrl(contents[5]))).AssertStatus(200);
        Assert.True(await MetricAsync(server, "hashstore_scrub_damaged_total") > 0);
        Assert.Contains($"scrub: damage (WrongHash) of object {KeyOf(contents[4])}", server.StandardOutput, StringComparison.Ordinal);

        // With a copy to take it from, fsck repairs it beside the server.
        DamagedStore.Replace(server.Store.Paths.ObjectPathOf(KeyOf(contents[4]), Zone.Deleted), contents[4]);
        Assert.Equal(0, (await FsckRun.RunAsync([.. Arguments(server), "--repair"])).Exit);
        Assert.Equal(contents[4], (await server.Client.GetAsync(Samples.ObjectUrl(contents[4]))).AssertStatus(200).Body);
        Assert.Equal(0, await server.StopAsync());
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("NaN")]
    [InlineData("99999")]
    [InlineData("often")]
    public async Task A_period_that_makes_no_sense_is_refused(string days)
    {
        var ended = await ServerProcess.RunToEndAsync(null, $"--HashStore:Scrub:Days={days}");
        Assert.Equal(3, ended.ExitCode);
        Assert.Contains("Days", ended.StandardError, StringComparison.Ordinal);
    }

    private static string[] Arguments(ServerProcess server) =>
    [
        "--root", server.Root,
        .. server.Store.ConnectionString is { } text ? (string[])["--provider", $"{server.Store.Provider}", "--connection-string", text] : [],
    ];

    private static ContentKey KeyOf(byte[] content) => TestStore.Digest(content).ToKey(ContentKey.DefaultBits);

    private static string PathOf(ServerProcess server, byte[] content) => server.Store.Paths.ObjectPathOf(KeyOf(content), Zone.Public);

    /// <summary>Flips a bit of the object's file; where it lies.</summary>
    private static string Flip(ServerProcess server, byte[] content)
    {
        var path = PathOf(server, content);
        var bytes = File.ReadAllBytes(path);
        bytes[bytes.Length / 2] ^= 4;
        DamagedStore.Replace(path, bytes);
        return path;
    }

    private static List<string> Quarantined(ServerProcess server) =>
        [.. Directory.GetFiles(server.Store.Paths.Quarantine).Where(path => !path.EndsWith(".json", StringComparison.Ordinal))];

    private static async Task<double> MetricAsync(ServerProcess server, string name)
    {
        var line = (await server.Client.GetAsync("/metrics")).AssertStatus(200).Text.Split('\n').Single(line => line.StartsWith(name + " ", StringComparison.Ordinal));
        return double.Parse(line[(name.Length + 1)..], CultureInfo.InvariantCulture);
    }
}
