using System.Text;
using HashStore.Tests.Http.Support;
using HashStore.Tests.Migrate.Conversion;
using Xunit;

namespace HashStore.Tests.Http.Legacy;

/// <summary>Requests that want out of the tree, or into STATE: refused, whatever is written.</summary>
public sealed class HostilePathTests : IAsyncLifetime
{
    private const string Secret = "nobody may read this";

    private LegacyServer server = null!;

    public async Task InitializeAsync()
    {
        var tree = new LegacyTreeBuilder();
        tree.File(tree.Current("A.txt"), "A.txt now");
        _ = tree.Folder.Write("secret.txt", Encoding.UTF8.GetBytes(Secret));
        _ = tree.Folder.Write("outside/B.txt", Encoding.UTF8.GetBytes(Secret));

        // Links of somebody who may write to the tree: to a file, to a folder, to STATE.
        File.CreateSymbolicLink(Made(tree, tree.Current("Link.txt")), tree.Folder["secret.txt"]);
        var folder = Path.GetDirectoryName(tree.Current("B.txt"))!;
        Directory.CreateDirectory(tree.FullPath(Path.GetDirectoryName(folder)!));
        if (!Directory.Exists(tree.FullPath(folder)))
        {
            Directory.CreateSymbolicLink(tree.FullPath(folder), tree.Folder["outside"]);
        }

        File.CreateSymbolicLink(Made(tree, tree.Current("Token.txt")), Path.Combine(tree.Paths.State, "admin-token"));
        File.CreateSymbolicLink(Made(tree, tree.Thumb("A.txt", "120px-A.txt")), tree.Folder["secret.txt"]);
        server = await LegacyServer.StartAsync(tree);
    }

    public async Task DisposeAsync() => await server.DisposeAsync();

    [Theory]
    [InlineData("/images/../secret.txt")]
    [InlineData("/images/1/../../secret.txt")]
    [InlineData("/images/%2e%2e/secret.txt")]
    [InlineData("/images/%2E%2e%2Fsecret.txt")]
    [InlineData("/images/..%2fsecret.txt")]
    [InlineData("/images/..%5csecret.txt")]
    [InlineData("/images/..\\secret.txt")]
    [InlineData("/images/1/12/..%252f..%252fsecret.txt")]
    [InlineData("/images/%252e%252e/secret.txt")]
    [InlineData("/images//etc/passwd")]
    [InlineData("/images/%2Fetc/passwd")]
    [InlineData("/images/archive/../../secret.txt")]
    [InlineData("/images/thumb/../../secret.txt")]
    [InlineData("/images/thumb/1/12/../secret.txt/120px-secret.txt")]
    [InlineData("/images/.hashstore/admin-token")]
    [InlineData("/images/%2ehashstore/admin-token")]
    [InlineData("/images/.hashstore%2fadmin-token")]
    [InlineData("/images/thumb/.hashstore/admin-token")]
    [InlineData("/images/deleted/a/b/c/abc.txt")]
    [InlineData("/images/A.txt%00.jpg")]
    [InlineData("/images/%c0%ae%c0%ae/secret.txt")]
    [InlineData("/images/%ff%fe.txt")]
    [InlineData("/images/%")]
    [InlineData("/images/%zz")]
    [InlineData("http://other/images/../secret.txt")]
    public async Task A_way_out_is_refused(string target) => await RefuseAsync(target);

    [Fact]
    public async Task Links_are_not_followed_out_of_the_tree()
    {
        var tree = server.Tree;
        foreach (var path in (string[])[tree.Current("Link.txt"), tree.Current("B.txt"), tree.Current("Token.txt"), tree.Thumb("A.txt", "120px-A.txt")])
        {
            await RefuseAsync(LegacyServer.Url(path));
        }
    }

    [Fact]
    public async Task A_path_without_end_is_refused()
    {
        await RefuseAsync("/images/" + new string('a', 5000));
        await RefuseAsync("/images/" + string.Concat(Enumerable.Repeat("a/", 2500)) + "a.txt");
        await RefuseAsync("/images/1/12/" + string.Concat(Enumerable.Repeat("e%CC%81", 500)) + ".txt");
    }

    [Fact]
    public async Task The_tree_still_answers() =>
        Assert.Equal("A.txt now", (await server.Client.GetAsync(LegacyServer.Url(server.Tree.Current("A.txt")))).AssertStatus(200).Text);

    private static string Made(LegacyTreeBuilder tree, string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(tree.FullPath(path))!);
        return tree.FullPath(path);
    }

    private async Task RefuseAsync(string target)
    {
        using var connection = await server.Process.ConnectAsync();
        await connection.SendHeadAsync($"GET {target}", null);
        var answer = (await connection.ReadAnswerAsync())!;
        Assert.True(answer.Status is 400 or 404, $"{target}: {answer.Status} {answer.Text}");
        Assert.DoesNotContain(Secret, answer.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(server.Process.AdminToken, answer.Text, StringComparison.Ordinal);
    }
}
