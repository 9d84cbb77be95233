using HashStore.Storage.Objects;
using HashStore.Tests.Checking;
using HashStore.Tests.Migrate.Verify;
using Xunit;
using static HashStore.Tests.Migrate.Verify.LegacyTreeBuilder;

namespace HashStore.Tests.Migrate;

/// <summary><c>fsck</c> on a converted tree: links against the ledger, both ways, and files of the tree as sources of a repair.</summary>
public sealed class FsckLinksTests : IDisposable
{
    private readonly LegacyTreeBuilder tree = new();

    [Fact]
    public async Task A_converted_tree_is_well()
    {
        await ConvertAsync();
        Assert.Equal((0, 0), await FindAsync("--full"));
    }

    [Fact]
    public async Task A_lost_ledger_row_is_found()
    {
        var sample = await ConvertAsync();
        Assert.Equal(2, tree.Sql($"DELETE FROM \"ledger\" WHERE ledger_path IN ({Text(sample.Current)}, {Text(sample.Old)})"));

        var run = await FsckRun.RunAsync(tree.Arguments);
        Assert.Equal(4, run.Exit);
        Assert.Equal([("lostLedgerRow", KeyOf("current").ToString()), ("lostLedgerRow", KeyOf("old").ToString())], run.Findings.OrderBy(finding => finding.Key != KeyOf("current").ToString()));
        Assert.Equal([sample.Current, sample.Old], Paths(run).OrderBy(path => path != sample.Current));
    }

    [Fact]
    public async Task A_ledger_that_is_lost_as_a_whole_leaves_nothing_to_compare_with()
    {
        await ConvertAsync();
        tree.Sql($"DELETE FROM \"ledger\" WHERE ledger_kind = 1");
        Assert.Equal((4, 2), await FindAsync());
    }

    [Fact]
    public async Task A_link_that_leads_elsewhere_is_found()
    {
        var sample = await ConvertAsync();
        Relink(sample.Other, tree.ObjectOf("current"));
        var run = await FsckRun.RunAsync(tree.Arguments);
        Assert.Equal((4, ("wrongLink", KeyOf("other").ToString())), (run.Exit, Assert.Single(run.Findings)));
        Assert.Equal([sample.Other], Paths(run));
    }

    [Fact]
    public async Task A_link_whose_object_and_row_are_gone_dangles_and_a_missing_object_is_told_once()
    {
        var sample = await ConvertAsync();
        File.Delete(tree.ObjectOf("current"));
        Assert.Equal(("missingObject", KeyOf("current").ToString()), Assert.Single((await FsckRun.RunAsync(tree.Arguments)).Findings));

        tree.Sql($"DELETE FROM \"file\" WHERE file_hash = {KeyOf("current")}");
        tree.Sql($"DELETE FROM \"upload\" WHERE upload_hash = {KeyOf("current")}");
        var run = await FsckRun.RunAsync(tree.Arguments);
        Assert.Contains(("danglingLink", KeyOf("current").ToString()), run.Findings);
        Assert.Contains(sample.Current, Paths(run));
    }

    [Fact]
    public async Task What_a_site_does_to_its_tree_is_no_damage()
    {
        var sample = await ConvertAsync();
        Directory.CreateDirectory(tree["a/ab"]);
        File.Move(tree[sample.Current], tree["a/ab/Moved.txt"]);
        File.Delete(tree[sample.Old]);
        tree.Replace(sample.Other, "a new version");
        Assert.Equal((0, 0), await FindAsync());
    }

    [Fact]
    public async Task A_tree_that_the_wiki_sees_elsewhere_is_well()
    {
        var sample = await ConvertAsync();
        Relink(sample.Current, $"/wiki/images/{ObjectPath.Of(KeyOf("current"))}");
        Relink(sample.Other, Path.GetRelativePath(Path.GetDirectoryName(tree[sample.Other])!, tree.ObjectOf("other")));
        Assert.Equal((0, 0), await FindAsync());
        Assert.Equal((0, 0), await FindAsync("--link-root", "/wiki/images"));
    }

    [Fact]
    public async Task A_damaged_object_comes_back_from_an_equal_file_of_the_tree()
    {
        var sample = await ConvertAsync();
        var path = tree.ObjectOf("deleted", Zone.Deleted);
        DamagedStore.Replace(path, "delete?"u8.ToArray());

        var run = await FsckRun.RunAsync([.. tree.Arguments, "--full", "--repair"]);
        Assert.Equal((0, ("wrongHash", KeyOf("deleted").ToString())), (run.Exit, Assert.Single(run.Findings)));
        Assert.Contains(sample.Deleted, run.Lines[1].GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal("deleted", File.ReadAllText(path));
        Assert.Equal("deleted", File.ReadAllText(tree[sample.Deleted]));
        Assert.Equal((0, 0), await FindAsync("--full"));
    }

    [Fact]
    public async Task A_missing_object_comes_back_from_a_file_that_is_not_yet_converted_and_a_file_of_its_size_alone_does_not()
    {
        var sample = await ConvertAsync();
        File.Delete(tree.ObjectOf("other"));
        tree.Replace(sample.Current, "OTHER");
        Assert.Equal((4, 1), await FindAsync("--repair"));

        tree.Replace(sample.Other, "other"); // put back by hand where the link was
        var run = await FsckRun.RunAsync([.. tree.Arguments, "--repair"]);
        Assert.Equal((0, "missingObject"), (run.Exit, Assert.Single(run.Findings).Kind));
        Assert.Equal("other", File.ReadAllText(tree.ObjectOf("other")));
    }

    [Fact]
    public async Task A_store_beside_its_tree_says_that_it_needs_to_know_it()
    {
        await ConvertAsync();
        var moved = tree.Root + "-moved";
        Directory.Move(tree.Root, moved);
        Directory.CreateDirectory(tree.Root);
        foreach (var digit in "0123456789abcdef")
        {
            var objects = Path.Combine(moved, digit.ToString());
            foreach (var second in Directory.Exists(objects) ? Directory.GetDirectories(objects).Where(folder => Path.GetFileName(folder).Length == 1) : [])
            {
                Directory.CreateDirectory(Path.Combine(tree.Root, digit.ToString()));
                Directory.Move(second, Path.Combine(tree.Root, digit.ToString(), Path.GetFileName(second)));
            }
        }

        var run = await FsckRun.RunAsync(tree.Arguments);
        Assert.Equal((0, 0), (run.Exit, run.Findings.Count));
        Assert.Contains("--legacy", run.Error, StringComparison.Ordinal);
    }

    public void Dispose() => tree.Dispose();

    private async Task<Sample> ConvertAsync()
    {
        var sample = tree.AddSample();
        await tree.ConvertAsync();
        return sample;
    }

    private async Task<(int Exit, int Findings)> FindAsync(params string[] more)
    {
        var run = await FsckRun.RunAsync([.. tree.Arguments, .. more]);
        return (run.Exit, run.Findings.Count);
    }

    private void Relink(string path, string target)
    {
        File.Delete(tree[path]);
        File.CreateSymbolicLink(tree[path], target);
    }

    private static IEnumerable<string?> Paths(FsckRun run) =>
        run.Lines.Where(line => line.TryGetProperty("kind", out var kind) && kind.GetString()!.Contains("Li", StringComparison.Ordinal) | kind.GetString()!.Contains("Ledger", StringComparison.Ordinal))
            .Select(line => line.GetProperty("path").GetString());

    private static string Text(string value) => $"'{value.Replace("'", "''", StringComparison.Ordinal)}'";
}
