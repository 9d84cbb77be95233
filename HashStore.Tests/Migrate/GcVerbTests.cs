using System.Text.Json;
using HashStore.Migrate;
using HashStore.Migrate.Conversion;
using HashStore.Migrate.Verbs;
using HashStore.Storage.Objects;
using HashStore.Tests.Checking;
using HashStore.Tests.Collection;
using HashStore.Tests.Migrate.Conversion;
using HashStore.Tests.Support;
using HashStore.Tests.Thumbnails;
using Xunit;

namespace HashStore.Tests.Migrate;

public sealed class GcVerbTests
{
    [Fact]
    public async Task A_dry_run_lists_and_changes_nothing()
    {
        await using var store = await DamagedStore.MakeAsync(stateOutside: true);
        await store.PutAsync("A.txt", "a");
        var key = await store.Store.LeaveClaimAsync("claimed", Zone.Public);
        await store.CloseAsync();
        var before = store.Picture();

        var run = await RunAsync(["gc", .. store.Arguments, "--dry-run"], TimeSpan.FromHours(25));
        Assert.Equal((0, ""), (run.Exit, run.Error));
        Assert.Matches($@"^Claim {key} {ObjectPath.Of(key)}: Claimed 25\.\d hours ago by an upload that never finished, with its bytes\.\ngc: 1 would be collected \(7 B\); nothing was changed, in \S+ s\.\n$", run.Output);
        Assert.Equal(before, store.Picture());
    }

    [Fact]
    public async Task What_it_collects_is_printed_and_summed_up()
    {
        await using var store = await DamagedStore.MakeAsync();
        await store.PutAsync("A.txt", "a");
        var key = await store.Store.LeaveClaimAsync("claimed", Zone.Public);
        Assert.StartsWith("gc: 0 collected (0 B), 0 kept, 0 failed, in ", (await RunAsync(["gc", .. store.Arguments], TimeSpan.FromHours(23))).Output, StringComparison.Ordinal);

        var run = await RunAsync(["gc", .. store.Arguments, "--json"], TimeSpan.FromHours(25));
        Assert.Equal((0, ""), (run.Exit, run.Error));
        var lines = run.Output.TrimEnd('\n').Split('\n').Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Equal(["kind", "key", "path", "bytes", "detail"], lines[0].EnumerateObject().Select(property => property.Name));
        Assert.Equal(("claim", $"{key}", ObjectPath.Of(key), 7), (lines[0].GetProperty("kind").GetString(), lines[0].GetProperty("key").GetString(), lines[0].GetProperty("path").GetString(), lines[0].GetProperty("bytes").GetInt64()));
        Assert.Equal(["verb", "converted", "skipped", "failed", "bytes", "seconds", "exit"], lines[^1].EnumerateObject().Select(property => property.Name));
        Assert.Equal(("gc", 1, 0, 0, 7, 0), (
            lines[^1].GetProperty("verb").GetString(), lines[^1].GetProperty("converted").GetInt32(), lines[^1].GetProperty("skipped").GetInt32(), lines[^1].GetProperty("failed").GetInt32(),
            lines[^1].GetProperty("bytes").GetInt32(), lines[^1].GetProperty("exit").GetInt32()));
        Assert.False(File.Exists(store.PathOf(key)));
        Assert.Empty(await store.CheckAsync(full: true));
    }

    [Fact]
    public async Task A_shorter_grace_takes_what_is_younger()
    {
        await using var store = await DamagedStore.MakeAsync();
        await store.Store.LeaveClaimAsync("claimed", Zone.Public);
        string[] arguments = ["gc", .. store.Arguments, "--dry-run", "--grace"];
        Assert.Contains("gc: 0 would", (await RunAsync([.. arguments, "90m"], TimeSpan.FromHours(1))).Output, StringComparison.Ordinal);
        Assert.Contains("gc: 1 would", (await RunAsync([.. arguments, "30m"], TimeSpan.FromHours(1))).Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--grace", "24")]
    [InlineData("--grace", "-1h")]
    [InlineData("--grace", "soon")]
    [InlineData("--what", "ever")]
    public async Task Wrong_usage_exits_2(string option, string value)
    {
        var run = await RunAsync(["gc", "--root", "/nowhere", option, value], TimeSpan.Zero);
        Assert.Equal((2, ""), (run.Exit, run.Output));
    }

    [Fact]
    public async Task Where_no_store_is_it_exits_3_and_makes_none()
    {
        using var folder = new TempFolder();
        var run = await RunAsync(["gc", "--root", folder.Path], TimeSpan.Zero);
        Assert.Equal(3, run.Exit);
        Assert.Contains("is not a store", run.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder.Path));
    }

    [Fact]
    public async Task Beside_an_undo_it_waits_for_nobody_and_exits_3()
    {
        await using var store = await DamagedStore.MakeAsync();
        var key = await store.Store.LeaveClaimAsync("claimed", Zone.Public);
        using (ConversionTurn.Keep(store.Paths))
        {
            var run = await RunAsync(["gc", .. store.Arguments], TimeSpan.FromHours(25));
            Assert.Equal(3, run.Exit);
            Assert.Contains("An undo works on this store", run.Error, StringComparison.Ordinal);
        }

        Assert.True(File.Exists(store.PathOf(key)));
    }

    [Fact]
    public async Task An_interrupted_one_exits_130_and_the_next_goes_on()
    {
        await using var store = await DamagedStore.MakeAsync();
        await store.Store.LeaveClaimAsync("claimed", Zone.Public);
        using var stop = new CancellationTokenSource();
        await stop.CancelAsync();
        Assert.Equal(130, (await RunAsync(["gc", .. store.Arguments], TimeSpan.FromHours(25), stop.Token)).Exit);
        Assert.Contains("gc: 1 collected", (await RunAsync(["gc", .. store.Arguments], TimeSpan.FromHours(25))).Output, StringComparison.Ordinal);
    }

    /// <summary>Runs the verb with a clock ahead of the system's.</summary>
    private static async Task<VerbResult> RunAsync(string[] arguments, TimeSpan ahead, CancellationToken cancellation = default)
    {
        using StringWriter output = new(), error = new();
        var written = new CommandOutput(output, error, isTerminal: false);
        var exit = await global::HashStore.Migrate.Program.RunAsync(arguments, written, cancellation, clock: new ShiftedClock { Ahead = ahead });
        return new VerbResult(exit, output.ToString(), error.ToString());
    }
}
