using System.Text.Json;
using HashStore.Tests.Migrate.Verify;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;
using static HashStore.Tests.Migrate.Verify.LegacyTreeBuilder;

namespace HashStore.Tests.Migrate;

public sealed class StatusVerbTests : IDisposable
{
    private readonly LegacyTreeBuilder tree = new();

    [Fact]
    public async Task A_converted_tree_exits_0_with_a_table()
    {
        tree.AddSample();
        tree.AddCurrent("Same.txt", "other");
        tree.Write("README", "no upload");
        await tree.ConvertAsync();

        var status = await tree.RunAsync("status");
        Assert.Equal((0, ""), (status.Exit, status.Error));
        var lines = status.Output.TrimEnd('\n').Split('\n');
        Assert.Equal(["status", "converted", "duplicate", "thumb", "hidden", "skipped", "rows:", "last", "status:"], lines.Select(line => line.Split(' ')[0]));
        Assert.Matches(@"^converted +3 +15 B$", lines[1]);
        Assert.Equal("rows: 6 converted", lines[^3]);
        Assert.Matches(@"^last run: 2\d{3}-\d\d-\d\d \d\d:\d\d:\d\d UTC$", lines[^2]);
        Assert.Equal("status: 7 converted (38 B), 1 left or left alone, 0 missing or failed.", lines[^1]);
    }

    [Fact]
    public async Task What_is_missing_or_failed_is_named_and_exits_1()
    {
        tree.AddSample();
        var lost = tree.AddLost("Lost.txt");
        var link = tree.AddCurrent("Link.txt", "link");
        File.Delete(tree[link]);
        File.CreateSymbolicLink(tree[link], "/nowhere");
        await tree.ConvertAsync(expected: 1);

        var status = await tree.RunAsync("status");
        Assert.Equal((1, ""), (status.Exit, status.Error));
        Assert.Contains($"\nmissing {lost}: ", status.Output, StringComparison.Ordinal);
        Assert.Contains($"\nfailed {link}: ", status.Output, StringComparison.Ordinal);
        Assert.EndsWith(" 2 missing or failed.\n", status.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_long_list_is_cut_for_people_only()
    {
        for (var i = 0; i < 103; i++)
        {
            tree.AddLost($"Lost{i}.txt");
        }

        tree.AddCurrent("A.txt", "a");
        await tree.ConvertAsync(expected: 1);

        var status = await tree.RunAsync("status");
        Assert.Equal(100, status.Findings.Count(line => line.StartsWith("missing ", StringComparison.Ordinal) && line.Contains('/', StringComparison.Ordinal)));
        Assert.Equal("and 3 more: --json or the report of `run` lists them.", status.Findings[^1]);

        var json = await tree.RunAsync("status", "--json");
        Assert.Equal(1, json.Exit);
        Assert.Equal(103, json.Findings.Length);
        Assert.All(json.Findings, line => Assert.Equal("missing", JsonDocument.Parse(line).RootElement.GetProperty("status").GetString()));
        var summary = JsonDocument.Parse(json.Output.TrimEnd('\n').Split('\n')[^1]).RootElement;
        Assert.Equal(["verb", "converted", "skipped", "failed", "bytes", "seconds", "exit"], summary.EnumerateObject().Select(property => property.Name));
        Assert.Equal("status", summary.GetProperty("verb").GetString());
        Assert.Equal([1, 0, 103, 1, 1], new[] { "converted", "skipped", "failed", "bytes", "exit" }.Select(name => summary.GetProperty(name).GetInt32()));
    }

    [Fact]
    public async Task What_is_left_is_counted()
    {
        tree.AddCurrent("A.txt", "a");
        tree.AddCurrent("B.txt", "bb");
        await tree.ConvertAsync();
        tree.Sql($"UPDATE \"ledger\" SET ledger_state = 0, ledger_status = 0 WHERE ledger_path LIKE '%B.txt'");
        tree.Sql($"UPDATE \"legacy\" SET legacy_state = 0 WHERE legacy_name = 'B.txt'");

        var status = await tree.RunAsync("status");
        Assert.Equal(0, status.Exit);
        Assert.Matches(@"\nleft +1 +2 B\n|^left", status.Output);
        Assert.Contains("\nrows: 1 pending, 1 converted\n", status.Output, StringComparison.Ordinal);
        Assert.EndsWith("Run `hashstore-migrate run` to convert what is left.\n", status.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_store_exits_3_and_one_without_a_conversion_says_so()
    {
        Directory.CreateDirectory(tree.Root);
        var unknown = await tree.RunAsync("status");
        Assert.Equal((3, ""), (unknown.Exit, unknown.Output));
        Assert.Contains("--root", unknown.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(tree.Root));

        await using (await HashStore.Storage.Store.OpenAsync(tree.Options, NullLogger.Instance))
        {
        }

        var never = await tree.RunAsync("status");
        Assert.Equal((0, ""), (never.Exit, never.Error));
        Assert.StartsWith("Nothing was converted yet, and no tables were imported.\n", never.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("status")]
    [InlineData("status", "--root", "/tmp", "--full")]
    public async Task Wrong_usage_exits_2(params string[] arguments) => Assert.Equal(2, (await RunAsync(arguments)).Exit);

    [Fact]
    public async Task Interrupted_it_exits_130()
    {
        tree.AddCurrent("A.txt", "a");
        await tree.ConvertAsync();
        Assert.Equal(130, (await RunAsync(["status", .. tree.Arguments, "--json"], new CancellationToken(canceled: true))).Exit);
    }

    public void Dispose() => tree.Dispose();
}
