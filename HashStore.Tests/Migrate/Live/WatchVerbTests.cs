using System.Text.Json;
using HashStore.Tests.Migrate.Conversion;
using HashStore.Migrate.Verbs;
using Xunit;

namespace HashStore.Tests.Migrate.Live;

/// <summary>The options of <c>watch</c>.</summary>
public sealed class WatchVerbTests : IDisposable
{
    private readonly LegacyTreeBuilder tree = new();

    public WatchVerbTests() => tree.Image("Name.jpg", "one");

    public void Dispose() => tree.Dispose();

    [Theory]
    [InlineData("30s", 30)]
    [InlineData("5m", 300)]
    [InlineData("1.5h", 5400)]
    [InlineData("24h", 86400)]
    [InlineData("7d", 604800)]
    [InlineData("0:05:00", 300)]
    [InlineData("1.00:00:00", 86400)]
    public void A_duration_is_read(string text, double seconds)
    {
        Assert.True(Duration.TryParse(text, out var duration));
        Assert.Equal(seconds, duration.TotalSeconds);
    }

    [Theory]
    [InlineData("")]
    [InlineData("5")]
    [InlineData("m")]
    [InlineData("5 m")]
    [InlineData("5M")]
    [InlineData("5min")]
    [InlineData("-5m")]
    [InlineData("1e3s")]
    [InlineData("1,5h")]
    [InlineData("NaNs")]
    [InlineData("99999999999999d")]
    [InlineData("a:b")]
    public void What_is_no_duration_is_refused(string text) => Assert.False(Duration.TryParse(text, out _));

    [Theory]
    [InlineData("--reconcile", "0s")]
    [InlineData("--reconcile", "5")]
    [InlineData("--reconcile", "-0:05:00")]
    [InlineData("--reconcile", "8d")]
    [InlineData("--reconcile", "")]
    [InlineData("--jobs", "0")]
    [InlineData("--links", "hard")]
    [InlineData("--limit-rate", "-1")]
    [InlineData("--probe", "ftp://example.org/")]
    [InlineData("--bits", "64")]
    public async Task What_makes_no_sense_exits_2(params string[] options)
    {
        var run = await WatchAsync(options);
        Assert.Equal((2, ""), (run.Exit, run.Output));
        Assert.Contains(options[0], run.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(tree.Paths.State));
    }

    [Fact]
    public async Task The_message_for_a_wrong_time_shows_right_ones()
    {
        var run = await WatchAsync("--reconcile", "5");
        Assert.Contains("30s, 5m, 1h", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Standard_input_is_no_source_that_can_be_read_again()
    {
        var run = await WatchAsync("--tables", "-");
        Assert.Equal(2, run.Exit);
        Assert.Contains("standard input", run.Error, StringComparison.Ordinal);
        Assert.Contains("watch", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tables_that_are_not_there_exit_3_before_anything_is_made()
    {
        var run = await WatchAsync("--tables", tree.Folder["nowhere"]);
        Assert.Equal(3, run.Exit);
        Assert.Contains("nowhere", run.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(tree.Paths.State));
    }

    [Fact]
    public async Task A_tree_that_is_not_there_exits_3()
    {
        var run = await LegacyTreeBuilder.VerbAsync("watch", "--root", tree.Folder["nowhere"]);
        Assert.Equal(3, run.Exit);
        Assert.Contains("--root", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData]
    [InlineData("--reconcile", "30s")]
    [InlineData("--reconcile", "0:05:00", "--jobs", "2", "--limit-rate", "1000", "--links", "relative", "--report", "r.csv", "--probe", "http://127.0.0.1:1/")]
    public async Task A_dry_run_says_what_run_would_say_and_ends(params string[] options)
    {
        var run = await WatchAsync([.. options, "--dry-run"]);
        Assert.Equal(0, run.Exit);
        Assert.Contains("current: 1 files", run.Output, StringComparison.Ordinal);
        Assert.Contains("Nothing was changed", run.Output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(tree.Paths.State));
    }

    [Fact]
    public async Task A_dry_run_with_json_ends_with_the_summary()
    {
        var run = await WatchAsync("--dry-run", "--json");
        using var last = JsonDocument.Parse(run.Output.TrimEnd('\n').Split('\n')[^1]);
        Assert.Equal(["verb", "converted", "skipped", "failed", "bytes", "seconds", "exit"], last.RootElement.EnumerateObject().Select(property => property.Name));
        Assert.Equal(("watch", 0), (last.RootElement.GetProperty("verb").GetString(), last.RootElement.GetProperty("exit").GetInt32()));
    }

    [Fact]
    public async Task It_has_all_options_of_run_and_is_in_the_help()
    {
        var (run, watch, all) = (await LegacyTreeBuilder.VerbAsync("run", "--help"), await LegacyTreeBuilder.VerbAsync("watch", "--help"), await LegacyTreeBuilder.VerbAsync("--help"));
        Assert.Equal((0, 0, 0), (run.Exit, watch.Exit, all.Exit));
        Assert.Equal([.. Options(run), "--reconcile"], Options(watch).Order(StringComparer.Ordinal).OrderBy(option => option == "--reconcile"));
        Assert.Contains("  watch ", all.Output, StringComparison.Ordinal);
    }

    private static IEnumerable<string> Options(VerbResult help) =>
        help.Output.Split('\n').Select(line => line.Trim().Split(' ', ',')[0]).Where(word => word.StartsWith("--", StringComparison.Ordinal)).Order(StringComparer.Ordinal);

    private Task<VerbResult> WatchAsync(params string[] options) => LegacyTreeBuilder.VerbAsync(["watch", .. tree.StoreArguments, .. options]);
}
