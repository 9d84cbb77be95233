using System.Globalization;
using HashStore.Tests.Http.Support;
using HashStore.Tests.Support;
using Xunit;

namespace HashStore.Tests.Http;

/// <summary>What an operator sees: health, numbers, the greeting, the end, and several servers on one ROOT.</summary>
public sealed class OperationsTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private readonly ServerProcess server = fixture.Server;
    private readonly ServerClient client = fixture.Server.Client;

    [Fact]
    public async Task Health_is_told_to_everybody()
    {
        var answer = (await client.GetAsync("/healthz")).AssertStatus(200);
        Assert.Equal("no-store", answer["Cache-Control"]);
        Assert.Equal("ok", answer.Json.GetProperty("status").GetString());
    }

    [Fact]
    public async Task Health_fails_where_the_store_is_gone()
    {
        await using var lost = await ServerProcess.StartAsync();
        File.Move(Path.Combine(lost.State, "layout.json"), Path.Combine(lost.State, "layout.away"));
        (await lost.Client.GetAsync("/healthz")).AssertStatus(503);
        File.Move(Path.Combine(lost.State, "layout.away"), Path.Combine(lost.State, "layout.json"));
        (await lost.Client.GetAsync("/healthz")).AssertStatus(200);
    }

    [Fact]
    public async Task Metrics_count()
    {
        var content = Samples.Png(3000);
        var before = await MetricsAsync(server);
        await client.UploadAsync("Counted.png", content);
        await client.UploadAsync("Counted too.png", content);
        (await client.GetAsync(Samples.ObjectUrl(content))).AssertStatus(200);
        (await client.GetAsync(Samples.ObjectUrl(content))).AssertStatus(200);
        (await client.GetAsync("/images/0/0/0/0000000000000")).AssertStatus(404);
        (await client.GetAsync("/file/Counted.png")).AssertStatus(302);

        // A request is counted when it is over, which may be a moment after its answer has arrived.
        await Until.TrueAsync("all requests are counted", async () => (await MetricsAsync(server))["hashstore_requests_running"] == 1);
        var after = await MetricsAsync(server);
        double More(string name) => after[name] - before[name];
        Assert.Equal(2, More("hashstore_uploads_total"));
        Assert.Equal(2 * content.Length, More("hashstore_uploaded_bytes_total"));
        Assert.Equal(1, More("hashstore_duplicate_uploads_total"));
        Assert.Equal(1, More("hashstore_cache_hits_total"));
        Assert.Equal(2, More("hashstore_cache_misses_total"));
        Assert.Equal(2, More("hashstore_requests_total{part=\"object\",status=\"2xx\"}"));
        Assert.Equal(1, More("hashstore_requests_total{part=\"object\",status=\"4xx\"}"));
        Assert.Equal(1, More("hashstore_requests_total{part=\"file\",status=\"3xx\"}"));
        Assert.Equal(2, More("hashstore_requests_total{part=\"api\",status=\"2xx\"}"));
        Assert.Equal(3, More("hashstore_request_seconds_count{part=\"object\"}"));
        Assert.Equal(3, More("hashstore_request_seconds_bucket{part=\"object\",le=\"+Inf\"}"));
        Assert.True(More("hashstore_response_bytes_total{part=\"object\"}") >= 2 * content.Length);
        string[] gauges =
        [
            "hashstore_cache_objects", "hashstore_cache_bytes", "hashstore_sync_queue_depth", "hashstore_write_queue_depth", "hashstore_uploads_running",
            "hashstore_uploads_waiting", "hashstore_purge_queue_depth", "process_resident_memory_bytes", "hashstore_collisions_total",
            "hashstore_purge_failures_total",
        ];
        Assert.All(gauges, name => Assert.True(after[name] >= 0));
    }

    [Fact]
    public async Task Metrics_are_well_formed()
    {
        var answer = (await client.GetAsync("/metrics")).AssertStatus(200);
        Assert.StartsWith("text/plain; version=0.0.4", answer["Content-Type"], StringComparison.Ordinal);
        var lines = answer.Text.Split('\n');
        var kinds = lines.Where(line => line.StartsWith("# TYPE ", StringComparison.Ordinal)).Select(line => line.Split(' '))
            .ToDictionary(words => words[2], words => words[3]);
        foreach (var line in lines.Where(line => line.Length > 0 && line[0] != '#'))
        {
            var name = line.Split('{', ' ')[0];
            Assert.Contains(kinds, kind => name == kind.Key || (kind.Value == "histogram" && name.StartsWith(kind.Key + "_", StringComparison.Ordinal)));
        }
    }

    [Fact]
    public void The_greeting_says_where_everything_is_and_what_to_try()
    {
        var said = server.StandardOutput;
        Assert.Contains(server.Url.GetLeftPart(UriPartial.Authority), said, StringComparison.Ordinal);
        Assert.Contains(server.Root, said, StringComparison.Ordinal);
        Assert.Contains(Path.Combine(server.State, "admin-token"), said, StringComparison.Ordinal);
        Assert.Contains("curl -T photo.jpg", said, StringComparison.Ordinal);
        Assert.DoesNotContain(server.AdminToken, said, StringComparison.Ordinal);
    }

    [Fact]
    public void State_and_token_are_private()
    {
        const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
            | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;
        Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(server.State) & Others);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(server.State, "admin-token")));
    }

    [Fact]
    public async Task SIGTERM_lets_an_upload_under_way_finish()
    {
        await using var ending = await ServerProcess.StartAsync();
        var content = Samples.Png(300_000);
        using var connection = await ending.ConnectAsync();
        await connection.SendHeadAsync("PUT /api/files/Late.png", ending.AdminToken, $"Content-Length: {content.Length}");
        await connection.SendAsync(content[..200_000]);
        await Until.TrueAsync("the upload is under way", () => Kept.Staged(ending).Count == 1);
        ending.Terminate();
        await Until.TrueAsync("nobody is let in any more", () => RefusesAsync(ending));
        await connection.SendAsync(content[200_000..]);
        var answer = (await connection.ReadAnswerAsync())!.AssertStatus(201);
        Assert.Equal(Samples.Sha256(content), answer.Json.GetProperty("current").GetProperty("sha256").GetString());
        Assert.Equal(0, await ending.ExitAsync());
        Assert.Equal(content, await File.ReadAllBytesAsync(Path.Combine(ending.Root, Samples.ObjectPath(content))));
        Assert.Empty(Directory.EnumerateDirectories(Path.Combine(ending.State, "staging")));
    }

    [Fact]
    public async Task A_store_outlives_its_server()
    {
        byte[] content = Samples.Png(), deleted = Samples.Png();
        await using var first = await ServerProcess.StartAsync();
        await first.Client.UploadAsync("Stays.png", content);
        await first.Client.UploadAsync("Goes.png", deleted);
        (await first.Client.DeleteAsync("/api/files/Goes.png")).AssertStatus(200);
        Assert.Equal(0, await first.StopAsync());
        await using var second = await ServerProcess.StartAsync(first.Root);
        Assert.Equal(first.AdminToken, second.AdminToken);
        Assert.Equal(content, (await second.Client.GetAsync(Samples.ObjectUrl(content, "Stays.png"))).AssertStatus(200).Body);
        (await second.Client.GetAsync(Samples.ObjectUrl(deleted))).AssertProblem(410);
    }

    [Theory]
    [InlineData(1000)]
    [InlineData(200_000)]
    public async Task A_second_server_on_the_same_root_sees_changes_at_once(int size)
    {
        await using var second = await ServerProcess.StartAsync(server.Root);
        for (var round = 0; round < 20; round++)
        {
            var content = Samples.Png(size);
            var name = $"Both_{size}_{round}.png";
            await client.UploadAsync(name, content);
            Assert.Equal(content, (await second.Client.GetAsync(Samples.ObjectUrl(content))).AssertStatus(200).Body);
            Assert.Equal(content, (await second.Client.GetAsync(Samples.ObjectUrl(content))).AssertStatus(200).Body);
            (await client.DeleteAsync($"/api/files/{name}")).AssertStatus(200);
            (await second.Client.GetAsync(Samples.ObjectUrl(content))).AssertProblem(410);
            (await second.Client.GetAsync($"/file/{name}")).AssertProblem(410);
            (await second.Client.PostAsync($"/api/files/{name}/undelete")).AssertStatus(200);
            Assert.Equal(content, (await client.GetAsync(Samples.ObjectUrl(content))).AssertStatus(200).Body);
        }
    }

    [Fact]
    public async Task Two_servers_started_at_the_same_moment_share_the_new_store()
    {
        using var folder = new TempFolder();
        var both = await Task.WhenAll(ServerProcess.StartAsync(folder.Path), ServerProcess.StartAsync(folder.Path));
        await using var one = both[0];
        await using var other = both[1];
        Assert.Equal(one.AdminToken, other.AdminToken);
        var uploads = await Task.WhenAll(Enumerable.Range(0, 40).Select(at => both[at % 2].Client.PutAsync($"{at / 2}.png", Samples.Png())));
        Assert.Equal(20, uploads.Count(answer => answer.Status == 201));
        Assert.Equal(20, uploads.Count(answer => answer.Status == 200));
        Assert.Equal((await one.Client.GetAsync("/api/stats")).Text, (await other.Client.GetAsync("/api/stats")).Text);
    }

    private static async Task<bool> RefusesAsync(ServerProcess ending)
    {
        try
        {
            using var connection = await ending.ConnectAsync();
            return false;
        }
        catch (System.Net.Sockets.SocketException)
        {
            return true;
        }
    }

    private static async Task<Dictionary<string, double>> MetricsAsync(ServerProcess server) =>
        (await server.Client.GetAsync("/metrics")).AssertStatus(200).Text.Split('\n').Where(line => line.Length > 0 && line[0] != '#')
        .ToDictionary(line => line[..line.LastIndexOf(' ')], line => double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture));
}
