using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using HashStore.Tests.Http.Support;
using Xunit;

namespace HashStore.Tests.Http;

/// <summary>Settings that bound what callers may do, and the caches that are told of changes.</summary>
public sealed class LimitsTests
{
    [Fact]
    public async Task Where_reading_needs_a_token_nothing_is_public()
    {
        await using var server = await ServerProcess.StartAsync(
            null, ["--HashStore:ReadAccess=token", .. ServerWithRoles.Token(0, "reader", "read", ServerWithRoles.Reader)]);
        var content = Samples.Png();
        await server.Client.UploadAsync("Private.png", content);
        string[] targets =
        [
            Samples.ObjectUrl(content, "Private.png"), Samples.ObjectUrl(content), "/images/0/0/0/0000000000000", "/file/Private.png", "/api/files",
            "/api/files/Private.png", "/api/stats", "/metrics", "/openapi/v1.json",
        ];
        foreach (var target in targets)
        {
            var refused = await server.Client.GetAsync(target);
            refused.AssertProblem(401);
            Assert.Equal((target, "Bearer"), (target, refused["WWW-Authenticate"]));
            (await server.Client.SendAsync("GET", target, null, "wrong")).AssertProblem(401);
        }

        (await server.Client.GetAsync("/healthz")).AssertStatus(200);
        for (var time = 0; time < 2; time++)
        {
            var read = (await server.Client.SendAsync("GET", targets[0], null, ServerWithRoles.Reader)).AssertStatus(200);
            Assert.Equal(content, read.Body);
            Assert.Equal("private, max-age=31536000, immutable", read["Cache-Control"]);
            (await server.Client.GetAsync(targets[0])).AssertProblem(401);
        }

        var led = (await server.Client.SendAsync("GET", "/file/Private.png", null, ServerWithRoles.Reader)).AssertStatus(302);
        Assert.StartsWith("private", led["Cache-Control"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Too_many_requests_a_second_are_told_when_to_try_again()
    {
        await using var server = await ServerProcess.StartAsync(null, "--HashStore:Limits:RequestsPerSecond=2");
        Answer? refused = null;
        for (var at = 0; refused is null && at < 10_000; at++)
        {
            var answer = await server.Client.GetAsync("/images/0/0/0/0000000000000");
            refused = answer.Status == 429 ? answer : null;
        }

        refused!.AssertProblem(429);
        Assert.InRange(int.Parse(refused["Retry-After"]!, CultureInfo.InvariantCulture), 1, 60);
        await Until.TrueAsync("requests are taken again", async () => (await server.Client.GetAsync("/healthz")).Status == 200);
    }

    [Fact]
    public async Task Uploads_beyond_the_limit_wait_for_their_turn()
    {
        await using var server = await ServerProcess.StartAsync(null, "--HashStore:Limits:ConcurrentUploads=1");
        byte[] slow = Samples.Png(300_000), quick = Samples.Png();
        using var connection = await server.ConnectAsync();
        await connection.SendHeadAsync("PUT /api/files/Slow.png", server.AdminToken, $"Content-Length: {slow.Length}");
        await connection.SendAsync(slow[..200_000]);
        await Until.TrueAsync("the first is under way", () => HasMetricAsync(server, "hashstore_uploads_running 1"));
        var waiting = server.Client.PutAsync("Quick.png", quick);
        await Until.TrueAsync("the second waits", () => HasMetricAsync(server, "hashstore_uploads_waiting 1"));
        Assert.False(waiting.IsCompleted);
        await connection.SendAsync(slow[200_000..]);
        (await connection.ReadAnswerAsync())!.AssertStatus(201);
        (await waiting).AssertStatus(201);
        Assert.Equal(quick, (await server.Client.GetAsync(Samples.ObjectUrl(quick))).AssertStatus(200).Body);
        await Until.TrueAsync("nothing is left", () => HasMetricAsync(server, "hashstore_uploads_running 0"));
    }

    [Fact]
    public async Task A_client_that_sends_too_slowly_is_cut_off()
    {
        await using var server = await ServerProcess.StartAsync(
            null, "--HashStore:Limits:MinBytesPerSecond=10000", "--HashStore:Limits:SlowGraceSeconds=2", "--HashStore:Limits:HeaderSeconds=3");
        var before = await Kept.LookAsync(server);
        using var connection = await server.ConnectAsync();
        await connection.SendHeadAsync("PUT /api/files/Slow.png", server.AdminToken, "Content-Length: 1000000");
        await connection.SendAsync("a");
        (await connection.ReadAnswerAsync())?.AssertStatus(408);
        Assert.Null(await connection.ReadAnswerAsync());
        await Until.TrueAsync("the staged bytes are removed", () => Kept.Staged(server).Count == 0);
        Assert.Equal(before, await Kept.LookAsync(server));

        using var silent = await server.ConnectAsync();
        await silent.SendAsync("GET /healthz HTTP/1.1\r\nHo");
        (await silent.ReadAnswerAsync())?.AssertStatus(408);
        Assert.Null(await silent.ReadAnswerAsync());
    }

    [Fact]
    public async Task Caches_are_told_what_changed_and_what_was_deleted()
    {
        using var cache = new PurgedCache();
        await using var server = await ServerProcess.StartAsync(
            null, $"--HashStore:Purge:Targets:0={cache.Url}", "--HashStore:Purge:Targets:1=http://127.0.0.1:1/");
        byte[] first = Samples.Png(), second = Samples.Png();
        await server.Client.UploadAsync("Purged ä.png", first);
        Assert.Equal("PURGE /file/Purged_%C3%A4.png", await cache.NextAsync());
        await server.Client.UploadAsync("Purged ä.png", second);
        Assert.Equal("PURGE /file/Purged_%C3%A4.png", await cache.NextAsync());
        (await server.Client.DeleteAsync("/api/files/Purged_%C3%A4.png")).AssertStatus(200);
        string[] expected =
        [
            "PURGE /file/Purged_%C3%A4.png", $"PURGE {Samples.ObjectUrl(first)}", $"PURGE {Samples.ObjectUrl(first, "Purged_ä.png")}",
            $"PURGE {Samples.ObjectUrl(second)}", $"PURGE {Samples.ObjectUrl(second, "Purged_ä.png")}",
        ];
        var told = new List<string>();
        while (told.Count < expected.Length)
        {
            told.Add(await cache.NextAsync());
        }

        Assert.Equal(expected.Order(StringComparer.Ordinal), told.Order(StringComparer.Ordinal));
        await Until.TrueAsync("the other cache's failures are counted", () => HasMetricAsync(server, "hashstore_purge_failures_total 7"));
    }

    private static async Task<bool> HasMetricAsync(ServerProcess server, string line) =>
        (await server.Client.GetAsync("/metrics")).Text.Split('\n').Contains(line);
}
