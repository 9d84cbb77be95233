using HashStore.Tests.Http.Support;
using HashStore.Tests.Migrate.Conversion;
using Xunit;

namespace HashStore.Tests.Http.Legacy;

/// <summary><c>POST /api/files/{name}/reconcile</c>: what the wiki did to a name takes effect before the answer.</summary>
public sealed class ReconcileTests
{
    private const string Uploaded = "Uploaded.txt";

    [Fact]
    public async Task A_new_version_of_the_wiki_is_a_version_here()
    {
        await using var server = await LegacyServer.StartAsync(Tree());
        var tree = server.Tree;
        Assert.Equal($"{Uploaded} first", (await server.Client.GetAsync(LegacyServer.Url(tree.Current(Uploaded)))).AssertStatus(200).Text);
        tree.CheckLinked(tree.Current(Uploaded));

        // As a wiki does it: the link goes to the archive, the new file comes to its place.
        Directory.CreateDirectory(Path.GetDirectoryName(tree.FullPath(tree.Archived(Uploaded, "20210101000000")))!);
        File.Move(tree.FullPath(tree.Current(Uploaded)), tree.FullPath(tree.Archived(Uploaded, "20210101000000")));
        tree.File(tree.Current(Uploaded), $"{Uploaded} second");
        var json = (await server.Client.PostAsync($"/api/files/{Uploaded}/reconcile")).AssertStatus(200).Json;
        Assert.Equal(Uploaded, json.GetProperty("name").GetString());
        Assert.Equal(2, json.GetProperty("versions").GetArrayLength());
        Assert.Equal($"{Uploaded} second", (await server.Client.GetAsync(json.GetProperty("url").GetString()!)).AssertStatus(200).Text);
        Assert.Equal($"{Uploaded} first", (await server.Client.GetAsync(LegacyServer.Url(tree.Archived(Uploaded, "20210101000000")))).AssertStatus(200).Text);
    }

    [Fact]
    public async Task A_takedown_in_the_wiki_takes_effect_at_once()
    {
        using var cache = new PurgedCache();
        await using var server = await LegacyServer.StartAsync(Tree(), $"--HashStore:Purge:Targets:0={cache.Url}");
        var tree = server.Tree;
        var url = LegacyServer.Url(tree.Current(Uploaded));
        var led = (await server.Client.GetAsync("/file/" + Uploaded)).AssertStatus(302)["Location"]!;
        (await server.Client.GetAsync(led)).AssertStatus(200);

        // As a wiki does it: the link goes to the deleted zone.
        var zone = tree.FullPath(tree.InZone(Uploaded, $"{Uploaded} first"));
        Directory.CreateDirectory(Path.GetDirectoryName(zone)!);
        File.Move(tree.FullPath(tree.Current(Uploaded)), zone);
        Assert.True((await server.Client.PostAsync($"/api/files/{Uploaded}/reconcile")).AssertStatus(200).Json.GetProperty("deleted").GetBoolean());
        (await server.Client.GetAsync(led)).AssertProblem(410);
        (await server.Client.GetAsync(url)).AssertProblem(410);
        (await server.Client.GetAsync("/file/" + Uploaded)).AssertProblem(410);
        tree.CheckUnlinked(tree.InZone(Uploaded, $"{Uploaded} first"));
        string[] purged = [await cache.NextAsync(), await cache.NextAsync(), await cache.NextAsync(), await cache.NextAsync()];
        Assert.Equal(["/file/" + Uploaded, url, led[..led.LastIndexOf('/')], led], purged.Select(line => line["PURGE ".Length..]));
    }

    [Fact]
    public async Task A_name_that_nobody_asked_for_before_is_brought_in()
    {
        await using var server = await LegacyServer.StartAsync(Tree());
        (await server.Client.PostAsync($"/api/files/{Uploaded}/reconcile")).AssertStatus(200);
        server.Tree.CheckLinked(server.Tree.Current(Uploaded));
        (await server.Client.PostAsync("/api/files/Nobody.txt/reconcile")).AssertProblem(404);
        (await server.Client.PostAsync("/api/files/a%7Cb.txt/reconcile")).AssertProblem(400);
        (await server.Client.SendAsync("POST", $"/api/files/{Uploaded}/reconcile", null, ServerClient.Nobody)).AssertProblem(401);
    }

    private static LegacyTreeBuilder Tree()
    {
        var tree = new LegacyTreeBuilder();
        tree.Image(Uploaded, $"{Uploaded} first");
        return tree;
    }
}
