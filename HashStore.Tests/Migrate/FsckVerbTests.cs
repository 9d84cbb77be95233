using System.Diagnostics;
using System.Text.Json;
using HashStore.Migrate;
using HashStore.Storage;
using HashStore.Storage.Objects;
using HashStore.Tests.Checking;
using Xunit;

namespace HashStore.Tests.Migrate;

public sealed class FsckVerbTests
{
    [Fact]
    public async Task A_clean_store_exits_0()
    {
        await using var store = await DamagedStore.MakeAsync();
        await store.PutManyAsync(3);

        var run = await RunAsync(["fsck", .. store.Arguments]);
        Assert.Equal((0, ""), (run.Exit, run.Error));
        Assert.Matches(@"^fsck: 3 objects checked in \S+ s: all well\.\n$", run.Output);
    }

    [Fact]
    public async Task Damage_exits_4_and_is_named()
    {
        await using var store = await DamagedStore.MakeAsync(stateOutside: true);
        var keys = await store.PutManyAsync(3);
        store.Flip(keys[1]);

        Assert.Equal(0, (await RunAsync(["fsck", .. store.Arguments])).Exit);
        var run = await RunAsync(["fsck", .. store.Arguments, "--full"]);
        Assert.Equal((4, ""), (run.Exit, run.Error));
        Assert.StartsWith($"WrongHash {keys[1]} {ObjectPath.Of(keys[1])}: ", run.Output, StringComparison.Ordinal);
        Assert.EndsWith(": 1 damaged.\n", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Leftovers_are_listed_and_exit_0()
    {
        await using var store = await DamagedStore.MakeAsync();
        var left = Path.Combine(store.Paths.Root, ".hs~selfcheck-1");
        File.WriteAllText(left, "");
        File.SetLastWriteTimeUtc(left, DateTime.UtcNow.AddHours(-1));

        var run = await RunAsync(["fsck", .. store.Arguments]);
        Assert.Equal(0, run.Exit);
        Assert.StartsWith("Leftover .hs~selfcheck-1: ", run.Output, StringComparison.Ordinal);
        Assert.EndsWith(": all well, 1 left over.\n", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Json_is_an_object_per_line_and_a_summary()
    {
        await using var store = await DamagedStore.MakeAsync();
        var keys = await store.PutManyAsync(3);
        File.Delete(store.PathOf(keys[1]));
        var stranger = ObjectPath.DirectoryOf(keys[2]) + "/\"Müll\"\n.jpg";
        File.WriteAllText(Path.Combine(store.Paths.Root, stranger), "");

        var run = await RunAsync(["fsck", .. store.Arguments, "--full", "--json"]);
        Assert.Equal((4, ""), (run.Exit, run.Error));
        var lines = run.Output.TrimEnd('\n').Split('\n').Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Equal(3, lines.Count);
        Assert.All(lines[..2], line => Assert.Equal(["kind", "key", "path", "detail", "damage"], line.EnumerateObject().Select(property => property.Name)));
        Assert.Equal(("missingObject", keys[1].ToString()), (lines[0].GetProperty("kind").GetString(), lines[0].GetProperty("key").GetString()));
        Assert.Equal(("stranger", stranger), (lines[1].GetProperty("kind").GetString(), lines[1].GetProperty("path").GetString()));
        Assert.Equal(JsonValueKind.Null, lines[1].GetProperty("key").ValueKind);
        Assert.True(lines[1].GetProperty("damage").GetBoolean());
        Assert.Contains("Müll", run.Output, StringComparison.Ordinal);
        Assert.Equal(["verb", "converted", "skipped", "failed", "bytes", "seconds", "exit"], lines[2].EnumerateObject().Select(property => property.Name));
        Assert.Equal("fsck", lines[2].GetProperty("verb").GetString());
        Assert.Equal([2, 18, 4], new[] { "failed", "bytes", "exit" }.Select(name => lines[2].GetProperty(name).GetInt32()));
    }

    [Theory]
    [InlineData]
    [InlineData("fsck")]
    [InlineData("fsck", "--root")]
    [InlineData("fsck", "--root", "")]
    [InlineData("fsck", "--root", "/tmp", "--fool")]
    [InlineData("fsck", "--root", "/tmp", "--provider", "Oracle")]
    [InlineData("fsck", "--root", "/tmp", "--provider", "SqlServer")]
    [InlineData("frobnicate")]
    public async Task Wrong_usage_exits_2_and_shows_the_usage(params string[] arguments)
    {
        var run = await RunAsync(arguments);
        Assert.Equal((2, ""), (run.Exit, run.Output));
        Assert.Contains("Usage:", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_exits_0()
    {
        var run = await RunAsync("fsck", "--help");
        Assert.Equal((0, ""), (run.Exit, run.Error));
        Assert.Contains("--full", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_that_is_no_store_exits_3_and_stays_as_it_is()
    {
        var folder = Directory.CreateTempSubdirectory("hashstore-fsck-").FullName;
        try
        {
            var run = await RunAsync("fsck", "--root", folder);
            Assert.Equal((3, ""), (run.Exit, run.Output));
            Assert.Contains("--root", run.Error, StringComparison.Ordinal);
            Assert.Empty(Directory.EnumerateFileSystemEntries(folder));
        }
        finally
        {
            Directory.Delete(folder);
        }
    }

    [Fact]
    public async Task A_lost_database_is_damage()
    {
        await using var store = await DamagedStore.MakeAsync(provider: DatabaseProvider.Sqlite);
        await store.CloseAsync();
        File.Delete(store.Paths.Database);

        var run = await RunAsync(["fsck", .. store.Arguments]);
        Assert.Equal(4, run.Exit);
        Assert.StartsWith("DatabaseDamage", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_interrupted_check_exits_130()
    {
        await using var store = await DamagedStore.MakeAsync();
        var run = await RunAsync(["fsck", .. store.Arguments, "--json"], new CancellationToken(canceled: true));
        Assert.Equal(130, run.Exit);
        Assert.Contains("\"exit\":130", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_terminal_shows_a_bar_that_leaves_the_lines_alone()
    {
        await using var store = await DamagedStore.MakeAsync();
        await store.PutManyAsync(3);
        using StringWriter output = new(), error = new();
        Assert.Equal(0, await global::HashStore.Migrate.Program.RunAsync(["fsck", .. store.Arguments, "--full"], new CommandOutput(output, error, isTerminal: true), default));
        Assert.Contains("\r", error.ToString(), StringComparison.Ordinal);
        Assert.EndsWith(" \r", error.ToString(), StringComparison.Ordinal);
        Assert.StartsWith("fsck: ", output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_program_itself_runs_as_a_process()
    {
        await using var store = await DamagedStore.MakeAsync();
        var keys = await store.PutManyAsync(3);
        DamagedStore.Replace(store.PathOf(keys[0]), []);

        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])[typeof(global::HashStore.Migrate.Program).Assembly.Location, "fsck", .. store.Arguments, "--json"])
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.Equal((4, ""), (process.ExitCode, await error));
        Assert.Contains($"\"key\":\"{keys[0]}\"", output, StringComparison.Ordinal);
    }

    private static Task<(int Exit, string Output, string Error)> RunAsync(params string[] arguments) => RunAsync(arguments, default);

    private static async Task<(int Exit, string Output, string Error)> RunAsync(string[] arguments, CancellationToken cancellation)
    {
        using StringWriter output = new(), error = new();
        var exit = await global::HashStore.Migrate.Program.RunAsync(arguments, new CommandOutput(output, error, isTerminal: false), cancellation);
        return (exit, output.ToString(), error.ToString());
    }
}
