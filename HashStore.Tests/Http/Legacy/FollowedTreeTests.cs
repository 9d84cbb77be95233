using HashStore.Tests.Http.Support;
using HashStore.Tests.Migrate.Conversion;
using Xunit;

namespace HashStore.Tests.Http.Legacy;

/// <summary>A tree that the server follows (Conversion:Watch).</summary>
public sealed class FollowedTreeTests
{
    [Fact]
    public async Task What_the_wiki_does_is_done_here_without_a_request()
    {
        var tree = new LegacyTreeBuilder();
        tree.Image("First.txt", "First.txt now");
        await using var server = await LegacyServer.StartAsync(tree, "--HashStore:Conversion:Watch=true");
        await Until.TrueAsync("what was there is converted", async () => await StateAsync(server) == "done");
        tree.CheckLinked(tree.Current("First.txt"));

        tree.File(tree.Current("Second.txt"), "Second.txt now");
        await Until.TrueAsync("a new file is converted", () => new FileInfo(tree.FullPath(tree.Current("Second.txt"))).LinkTarget is not null);
        Assert.Equal("Second.txt now", (await server.Client.GetAsync((await server.Client.GetAsync("/file/Second.txt")).AssertStatus(302)["Location"]!)).Text);
        Assert.Equal("done", await StateAsync(server));

        // A pause ends the following, a start begins it anew.
        (await server.Client.PostAsync("/api/conversion", """{"action":"pause"}""")).AssertStatus(200);
        tree.File(tree.Current("Third.txt"), "Third.txt now");
        (await server.Client.PostAsync("/api/conversion", """{"action":"start"}""")).AssertStatus(200);
        await Until.TrueAsync("what came in the pause is converted", () => new FileInfo(tree.FullPath(tree.Current("Third.txt"))).LinkTarget is not null);
        (await server.Client.PostAsync("/api/conversion", """{"action":"start"}""")).AssertStatus(200);
        await Until.TrueAsync("it is done again", async () => await StateAsync(server) == "done");
        Assert.Equal(0, await server.Process.StopAsync());
    }

    private static async Task<string> StateAsync(LegacyServer server) => (await server.Client.GetAsync("/api/conversion")).AssertStatus(200).Json.GetProperty("state").GetString()!;
}
