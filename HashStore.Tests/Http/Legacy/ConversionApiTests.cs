using System.Text.Json;
using HashStore.Tests.Http.Support;
using HashStore.Tests.Migrate.Conversion;
using Xunit;

namespace HashStore.Tests.Http.Legacy;

/// <summary>The conversion that the server does in the background, and what it tells of it.</summary>
public sealed class ConversionApiTests
{
    private const string Status = "/api/conversion";

    private static readonly string[] names = [.. Enumerable.Range(1, 12).Select(at => $"File_{at}.txt")];

    [Fact]
    public async Task It_says_exactly_what_the_contract_names()
    {
        await using var server = await ServerProcess.StartAsync();
        var answer = (await server.Client.GetAsync(Status)).AssertStatus(200);
        Assert.Equal("""{"state":"idle","total":0,"converted":0,"failed":0,"bytes":0,"filesPerSecond":0,"etaSeconds":null}""", answer.Text);
        Assert.Equal("no-store", answer["Cache-Control"]);
    }

    [Fact]
    public async Task It_converts_everything_when_it_is_asked_and_remembers_it()
    {
        await using var server = await LegacyServer.StartAsync(Tree());
        var before = (await server.Client.GetAsync(Status)).Json;
        Assert.Equal(("idle", 2 * names.Length, 0), (State(before), Number(before, "total"), Number(before, "converted")));
        var started = (await server.Client.PostAsync(Status, """{"action":"start"}""")).AssertStatus(200).Json;
        Assert.Contains(State(started), (string[])["running", "done"]);
        await DoneAsync(server.Client);
        var done = await server.Client.GetAsync(Status);
        AssertAll(done.Json);
        server.Tree.CheckLinked([.. names.Select(server.Tree.Current)]);
        await Until.TrueAsync("its end is told", () => server.Process.StandardOutput.Contains("conversion ended: ", StringComparison.Ordinal));
        Assert.Contains("conversion of ", server.Process.StandardOutput, StringComparison.Ordinal);
        Assert.Contains(" files/s", server.Process.StandardOutput, StringComparison.Ordinal);
        var metrics = (await server.Client.GetAsync("/metrics")).Text.Split('\n');
        Assert.Contains($"hashstore_conversion_converted_files {2 * names.Length}", metrics);
        Assert.Contains("hashstore_conversion_running 0", metrics);
        Assert.Contains("hashstore_conversion_failures_total 0", metrics);
        Assert.Equal(0, await server.Process.StopAsync());

        await using var second = await LegacyServer.ServeAsync(server.Tree);
        AssertAll((await second.Client.GetAsync(Status)).Json);
    }

    [Fact]
    public async Task It_converts_from_the_start_where_that_is_set()
    {
        await using var server = await LegacyServer.StartAsync(Tree(), "--HashStore:Conversion:Background=true", "--HashStore:Conversion:Jobs=2");
        await DoneAsync(server.Client);
        AssertAll((await server.Client.GetAsync(Status)).Json);
        foreach (var name in names)
        {
            Assert.Equal($"{name} now", (await server.Client.GetAsync(LegacyServer.Url(server.Tree.Current(name)))).AssertStatus(200).Text);
        }
    }

    [Fact]
    public async Task A_pause_stops_it_and_a_start_goes_on()
    {
        // A thousand bytes a second and a few batches of files that are finished when a pause comes: most of these would take minutes.
        var tree = Tree();
        var large = Enumerable.Range(0, 1000).Select(at => $"Large_{at}.txt").ToList();
        foreach (var name in large)
        {
            tree.File(tree.Current(name), new string('a', 3000) + name);
        }

        await using var server = await LegacyServer.StartAsync(tree, "--HashStore:Conversion:Background=true", "--HashStore:Conversion:BytesPerSecond=1000");
        await Until.TrueAsync("it looks at the tree", async () => Number((await server.Client.GetAsync(Status)).Json, "total") > large.Count);
        Assert.Equal("running", State((await server.Client.GetAsync(Status)).Json));
        Assert.Equal("paused", State((await server.Client.PostAsync(Status, """{"action":"pause"}""")).AssertStatus(200).Json));
        await Until.TrueAsync("the pause is told", () => server.Process.StandardOutput.Contains("conversion paused: ", StringComparison.Ordinal));
        Assert.Equal("paused", State((await server.Client.GetAsync(Status)).Json));
        Assert.Equal($"{names[0]} now", (await server.Client.GetAsync(LegacyServer.Url(tree.Current(names[0])))).AssertStatus(200).Text);
        Assert.Equal("running", State((await server.Client.PostAsync(Status, """{"action":"start"}""")).AssertStatus(200).Json));
        Assert.Equal(0, await server.Process.StopAsync());

        await using var quick = await LegacyServer.ServeAsync(tree, "--HashStore:Conversion:Background=true");
        await DoneAsync(quick.Client);
        tree.CheckLinked([.. large.Select(tree.Current)]);
        tree.CheckNothingIsLeft();
    }

    [Fact]
    public async Task A_failure_is_told_and_a_later_pass_does_the_rest()
    {
        var tree = Tree();
        tree.WriteTables();
        await using var server = await LegacyServer.StartAsync(tree, $"--HashStore:Conversion:Tables={tree.Folder["tables"]}");
        Directory.Move(tree.Folder["tables"], tree.Folder["away"]);
        (await server.Client.PostAsync(Status, """{"action":"start"}""")).AssertStatus(200);
        await Until.TrueAsync("it failed", async () => (await server.Client.GetAsync("/metrics")).Text.Contains("hashstore_conversion_failures_total 1", StringComparison.Ordinal));
        Assert.Equal("paused", State((await server.Client.GetAsync(Status)).Json));
        await Until.TrueAsync("it is told", () => server.Process.StandardOutput.Contains("conversion failed, and is tried again: ", StringComparison.Ordinal));
        Assert.Equal("ok", (await server.Client.GetAsync("/healthz")).Json.GetProperty("status").GetString());
        Directory.Move(tree.Folder["away"], tree.Folder["tables"]);
        (await server.Client.PostAsync(Status, """{"action":"start"}""")).AssertStatus(200);
        await DoneAsync(server.Client);
    }

    [Fact]
    public async Task Only_an_administrator_starts_and_pauses()
    {
        await using var server = await ServerProcess.StartAsync(null, ServerWithRoles.Token(0, "uploader", "upload", ServerWithRoles.Uploader));
        foreach (var body in (string[])["""{"action":"start"}""", """{"action":"pause"}"""])
        {
            (await server.Client.SendAsync("POST", Status, new StringContent(body, null, "application/json"), ServerClient.Nobody)).AssertProblem(401);
            (await server.Client.SendAsync("POST", Status, new StringContent(body, null, "application/json"), ServerWithRoles.Uploader)).AssertProblem(403);
        }

        foreach (var body in (string[])["""{"action":"stop"}""", """{"action":null}""", "{}", """{"action":7}""", "start", ""])
        {
            (await server.Client.PostAsync(Status, body)).AssertProblem(400);
        }

        (await server.Client.GetAsync(Status)).AssertStatus(200);
    }

    [Fact]
    public async Task Every_route_is_described()
    {
        await using var server = await ServerProcess.StartAsync();
        var paths = (await server.Client.GetAsync("/openapi/v1.json")).AssertStatus(200).Json.GetProperty("paths");
        Assert.All(
            (string[])["/api/conversion get", "/api/conversion post", "/api/files/{name}/reconcile post"],
            route => Assert.NotEqual("", paths.GetProperty(route.Split(' ')[0]).GetProperty(route.Split(' ')[1]).GetProperty("description").GetString()));
    }

    private static LegacyTreeBuilder Tree()
    {
        var tree = new LegacyTreeBuilder();
        foreach (var name in names)
        {
            tree.Image(name, $"{name} now");
            tree.Old(name, "20200101000000", $"{name} before");
        }

        return tree;
    }

    private static Task DoneAsync(ServerClient client) => Until.TrueAsync("it is done", async () => State((await client.GetAsync(Status)).Json) == "done");

    private static void AssertAll(JsonElement status)
    {
        Assert.Equal(["state", "total", "converted", "failed", "bytes", "filesPerSecond", "etaSeconds"], status.EnumerateObject().Select(property => property.Name));
        var bytes = names.Sum(name => $"{name} now".Length + $"{name} before".Length);
        Assert.Equal(
            ("done", 2 * names.Length, 2 * names.Length, 0, bytes),
            (State(status), Number(status, "total"), Number(status, "converted"), Number(status, "failed"), Number(status, "bytes")));
        Assert.Equal(JsonValueKind.Null, status.GetProperty("etaSeconds").ValueKind);
    }

    private static string State(JsonElement status) => status.GetProperty("state").GetString()!;

    private static long Number(JsonElement status, string field) => status.GetProperty(field).GetInt64();
}
