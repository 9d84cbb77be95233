using HashStore.Tests.Http.Support;
using HashStore.Tests.Migrate.Conversion;
using HashStore.Tests.Support;
using Xunit;

namespace HashStore.Tests.Http.Legacy;

/// <summary>Settings of the legacy tree: those that make no sense, where it lies, and a tree that cannot be worked with.</summary>
public sealed class LegacySettingsTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("LegacyTree", "/nowhere/at/all")]
    [InlineData("LegacyLevels", "-1")]
    [InlineData("LegacyLevels", "33")]
    [InlineData("LegacyLevels", "two")]
    [InlineData("LinkRoot", "relative/path")]
    [InlineData("Conversion:Background", "perhaps")]
    [InlineData("Conversion:Tables", "/nowhere/dump.sql")]
    [InlineData("Conversion:BytesPerSecond", "-1")]
    [InlineData("Conversion:Jobs", "0")]
    [InlineData("Conversion:Jobs", "1025")]
    [InlineData("Conversion:Reconcile", "00:00:00")]
    [InlineData("Conversion:Reconcile", "soon")]
    [InlineData("Conversion:Prefix", "0123456789012345678901234567890123456789012345678901234567890123456789")]
    public async Task A_setting_that_makes_no_sense_is_refused_by_its_name(string setting, string value)
    {
        var (exitCode, logged, said) = await ServerProcess.RunToEndAsync(folder["root"], $"--HashStore:{setting}={value}");
        Assert.Equal((3, ""), (exitCode, logged));
        Assert.StartsWith("HashStore cannot start: ", said, StringComparison.Ordinal);
        Assert.Contains(setting.Split(':')[^1], said, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(folder["root"], ".hashstore", "layout.json")));
    }

    [Fact]
    public async Task A_tree_inside_ROOT_is_refused()
    {
        _ = folder.Write("root/1/12/A.txt", "text"u8);
        var (exitCode, _, said) = await ServerProcess.RunToEndAsync(folder["root"], $"--HashStore:LegacyTree={folder["root", "1"]}");
        Assert.Equal(3, exitCode);
        Assert.Contains("lie inside each other", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_tree_that_lies_elsewhere_is_served_and_links_lead_where_they_are_told_to()
    {
        using var tree = new LegacyTreeBuilder { Root = folder["root"] };
        tree.File(tree.Current("A.txt"), "A.txt now");
        await using var server = await LegacyServer.ServeAsync(tree, $"--HashStore:LegacyTree={tree.Tree}", "--link-root", "/srv/wiki/");
        Assert.Equal("A.txt now", (await server.Client.GetAsync(LegacyServer.Url(tree.Current("A.txt")))).AssertStatus(200).Text);
        Assert.StartsWith("/srv/wiki/", new FileInfo(tree.FullPath(tree.Current("A.txt"))).LinkTarget, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_tree_with_other_files_becomes_a_store_only_where_the_operator_says_so()
    {
        _ = folder.Write("root/A.txt", "A.txt now"u8);
        Assert.Equal(3, (await ServerProcess.RunToEndAsync(folder["root"])).ExitCode);
        await using var server = await ServerProcess.StartAsync(folder["root"], $"--HashStore:LegacyTree={folder["root"]}", "--HashStore:LegacyLevels=0");
        Assert.Equal("A.txt now", (await server.Client.GetAsync("/images/A.txt")).AssertStatus(200).Text);
        Assert.Equal("A.txt now", (await server.Client.GetAsync((await server.Client.GetAsync("/file/A.txt")).AssertStatus(302)["Location"]!)).AssertStatus(200).Text);
    }

    [Fact]
    public async Task Where_reading_needs_a_token_legacy_addresses_do_too()
    {
        var tree = new LegacyTreeBuilder();
        tree.File(tree.Current("A.txt"), "A.txt now");
        await using var server = await LegacyServer.StartAsync(
            tree, ["--HashStore:ReadAccess=token", .. ServerWithRoles.Token(0, "reader", "read", ServerWithRoles.Reader)]);
        foreach (var target in (string[])[LegacyServer.Url(tree.Current("A.txt")), LegacyServer.Url(tree.Current("Nobody.txt")), "/api/conversion"])
        {
            (await server.Client.GetAsync(target)).AssertProblem(401);
        }

        var read = (await server.Client.SendAsync("GET", LegacyServer.Url(tree.Current("A.txt")), null, ServerWithRoles.Reader)).AssertStatus(200);
        Assert.Equal("private, max-age=60, must-revalidate", read["Cache-Control"]);
    }

    [NeedsFact("root")]
    public async Task A_tree_that_cannot_be_worked_with_keeps_nobody_from_serving()
    {
        using var memory = new MemoryFileSystem(4);
        Directory.CreateDirectory(Path.Combine(memory.Path, "1", "12"));
        memory.MakeReadOnly();
        await using var server = await ServerProcess.StartAsync(folder["root"], $"--HashStore:LegacyTree={memory.Path}", "--HashStore:Conversion:Background=true");
        await Until.TrueAsync("the warning is there", () => server.StandardOutput.Contains("legacy files are not converted: ", StringComparison.Ordinal));
        var content = Samples.Text();
        await server.Client.UploadAsync("A.txt", content);
        var path = LegacyTreeBuilder.HashFolder("A.txt", 2) + "A.txt";
        Assert.Equal(content, (await server.Client.GetAsync(LegacyServer.Url(path))).AssertStatus(200).Body);
        (await server.Client.GetAsync(LegacyServer.Url("0/00/A.txt"))).AssertProblem(404);
        (await server.Client.DeleteAsync("/api/files/A.txt")).AssertStatus(200);
        (await server.Client.GetAsync(LegacyServer.Url(path))).AssertProblem(410);
        (await server.Client.PostAsync("/api/conversion", """{"action":"start"}""")).AssertProblem(503);
        (await server.Client.PostAsync("/api/files/A.txt/reconcile")).AssertProblem(503);
        Assert.Equal("idle", (await server.Client.GetAsync("/api/conversion")).AssertStatus(200).Json.GetProperty("state").GetString());
    }
}
