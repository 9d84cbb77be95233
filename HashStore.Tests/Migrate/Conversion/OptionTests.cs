using System.Globalization;
using System.Text.Json;
using Mono.Unix.Native;
using Xunit;
using static HashStore.Tests.Migrate.Conversion.LegacyTreeBuilder;

namespace HashStore.Tests.Migrate.Conversion;

/// <summary>The options of <c>run</c>, its lines, and what it says before it begins.</summary>
public sealed class OptionTests : IDisposable
{
    private const string Name = "Name.jpg", First = "20180101000000", Now = "20200101000000";

    private readonly LegacyTreeBuilder tree = new();

    public OptionTests()
    {
        tree.Image(Name, "two");
        tree.Old(Name, First, "one");
        tree.File(tree.Thumb(Name, $"120px-{Name}"), "small");
        tree.Image("Other.jpg", "one");
    }

    public void Dispose() => tree.Dispose();

    [Theory]
    [InlineData("--jobs", "1")]
    [InlineData("--jobs", "64")]
    [InlineData("--limit-rate", "1000000")]
    [InlineData("--quiet-tree")]
    [InlineData("--quiet-tree", "--jobs", "1")]
    public async Task It_converts_all_the_same(params string[] options)
    {
        await tree.RunAsync(0, options);
        tree.CheckLinked([.. tree.Report.Keys]);
        Assert.Equal([Line(Name, Now, "two", " *"), Line(Name, First, "one")], await tree.HistoryAsync(Name));
        await tree.RunAsync(0, options);
        Assert.All(tree.Report.Values, line => Assert.Equal("already", line.Status));
    }

    [Theory]
    [InlineData("--jobs", "0")]
    [InlineData("--jobs", "x")]
    [InlineData("--limit-rate", "-1")]
    [InlineData("--links", "hard")]
    [InlineData("--legacy", "")]
    [InlineData("--probe", "ftp://example.org/")]
    public async Task What_makes_no_sense_exits_2(params string[] options)
    {
        var run = await VerbAsync([.. tree.RunArguments, .. options]);
        Assert.Equal((2, ""), (run.Exit, run.Output));
        Assert.False(Directory.Exists(tree.Paths.State));
    }

    [Fact]
    public async Task A_tree_that_is_not_there_exits_3()
    {
        var run = await VerbAsync("run", "--root", tree.Folder["nowhere"]);
        Assert.Equal(3, run.Exit);
        Assert.Contains("--root", run.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(tree.Folder["nowhere"]));
    }

    [Fact]
    public async Task Root_and_tree_must_not_lie_inside_each_other()
    {
        var run = await VerbAsync("run", "--root", tree.Folder["images", "store"], "--legacy", tree.Tree);
        Assert.Equal(2, run.Exit);
        Assert.Contains("inside each other", run.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(tree.Folder["images", "store"]));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_dry_run_changes_nothing_and_tells(bool quiet)
    {
        tree.File("transcoded/x.webm", "x");
        tree.File("math/1.png", "x");
        Directory.CreateSymbolicLink(tree.FullPath("0"), "/");
        Assert.Equal(0, Syscall.link(tree.FullPath(tree.Current(Name)), tree.Folder["other"]));
        var before = Everything();
        var run = await tree.RunAsync(0, quiet ? ["--dry-run", "--quiet-tree"] : ["--dry-run"]);
        Assert.Equal(before, Everything());
        Assert.False(Directory.Exists(tree.Paths.State));
        Assert.Empty(tree.Report);
        Assert.Contains("2 hash levels", run.Output, StringComparison.Ordinal);
        Assert.Contains("current: 2 files", run.Output, StringComparison.Ordinal);
        Assert.Contains("archive: 1 files", run.Output, StringComparison.Ordinal);
        Assert.Contains("thumb: 1 files", run.Output, StringComparison.Ordinal);
        Assert.Matches($"Owners: 4 files of user {Syscall.geteuid()}", run.Output);
        Assert.Matches(quiet ? "Space: 14 B to copy, .* free" : "Space: 3 B to copy, .* free", run.Output);
        Assert.Matches(@"Inodes: \d+ needed, \d+ free", run.Output);
        Assert.Matches("Stay untouched: (math, transcoded|transcoded, math)", run.Output);
        Assert.Contains("failed 0: ", run.Output, StringComparison.Ordinal);
        Assert.Contains("Atomic exchange: works", run.Output, StringComparison.Ordinal);
        Assert.Contains("Nothing was changed", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_dry_run_over_a_converted_tree_finds_nothing_wrong()
    {
        await tree.RunAsync(0);
        tree.Image("New.jpg", "new");
        var before = Everything();
        var run = await tree.RunAsync(0, "--dry-run");
        Assert.DoesNotContain("failed ", run.Output, StringComparison.Ordinal);
        Assert.Contains("current: 1 files", run.Output, StringComparison.Ordinal);
        Assert.Equal(before, Everything());
    }

    [Fact]
    public async Task Json_is_a_line_per_path_that_needs_a_look_and_a_summary()
    {
        tree.ImageRow("Lost.jpg", "lost");
        tree.Image("Wrong.jpg", "wrong", ("img_size", "7"));
        var run = await tree.RunAsync(1, "--json");
        var lines = run.Output.TrimEnd('\n').Split('\n').Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Equal(3, lines.Count);
        Assert.All(lines[..2], line => Assert.Equal(["path", "status", "detail"], line.EnumerateObject().Select(property => property.Name)));
        Assert.Equal(["mismatch", "missing"], lines[..2].Select(line => line.GetProperty("status").GetString()).Order());
        Assert.Equal(["verb", "converted", "skipped", "failed", "bytes", "seconds", "exit"], lines[2].EnumerateObject().Select(property => property.Name));
        Assert.Equal(["run", "5", "0", "1", "19", "1"], new[] { "verb", "converted", "skipped", "failed", "bytes", "exit" }.Select(name => $"{lines[2].GetProperty(name)}"));

        var again = await tree.RunAsync(1, "--json");
        var summary = JsonDocument.Parse(again.Output.TrimEnd('\n').Split('\n')[^1]).RootElement;
        Assert.Equal(["0", "5", "1", "0"], new[] { "converted", "skipped", "failed", "bytes" }.Select(name => $"{summary.GetProperty(name)}"));
    }

    [Fact]
    public async Task A_dry_run_with_json_speaks_json()
    {
        var run = await tree.RunAsync(0, "--dry-run", "--json");
        Assert.All(run.Output.TrimEnd('\n').Split('\n'), line => JsonDocument.Parse(line).Dispose());
    }

    [Fact]
    public async Task The_report_has_a_line_per_path_in_their_order()
    {
        tree.File(tree.Current("Quoted, \"name\".jpg"), "quoted");
        await tree.RunAsync(0);
        Assert.Equal("path,status,key,sha256,size,detail", (await File.ReadAllLinesAsync(tree.Folder["report.csv"]))[0]);
        Assert.Equal(tree.Report.Keys.Order(StringComparer.Ordinal), tree.Report.Keys);
        Assert.Equal(5, tree.Report.Count);
        Assert.Equal("orphan", tree.Report[tree.Current("Quoted, \"name\".jpg")].Status);
    }

    [Fact]
    public async Task An_interrupted_run_exits_130_and_goes_on()
    {
        tree.WriteTables();
        var before = tree.TakeManifest();
        using StringWriter output = new(), error = new();
        var exit = await global::HashStore.Migrate.Program.RunAsync(
            tree.RunArguments, new global::HashStore.Migrate.CommandOutput(output, error, isTerminal: false), new CancellationToken(canceled: true));
        Assert.Equal(130, exit);
        tree.CheckAnswers(before);
        await tree.RunAsync(0);
    }

    /// <summary>All that lies in the tree, with types, modes, times and inodes.</summary>
    private List<string> Everything() =>
    [
        .. Walk(tree.Tree).Append(tree.Tree).Order(StringComparer.Ordinal)
            .Where(path => !path.StartsWith(tree.Paths.State, StringComparison.Ordinal))
            .Select(path => Syscall.lstat(path, out var stat) == 0
                ? string.Create(CultureInfo.InvariantCulture, $"{path} {stat.st_mode} {stat.st_uid} {stat.st_ino} {stat.st_nlink} {stat.st_size} {stat.st_mtime} {stat.st_mtime_nsec}")
                : throw new IOException(path)),
    ];
}
