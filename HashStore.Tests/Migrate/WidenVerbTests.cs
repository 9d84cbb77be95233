using System.Text.Json;
using HashStore.Migrate;
using HashStore.Tests.Checking;
using HashStore.Tests.Migrate.Conversion;
using HashStore.Tests.Support;
using Xunit;

namespace HashStore.Tests.Migrate;

/// <summary>The command line of <c>widen</c>: what it prints and returns.</summary>
public sealed class WidenVerbTests
{
    [Fact]
    public async Task A_dry_run_changes_nothing_and_the_real_one_tells_what_it_did()
    {
        await using var store = await DamagedStore.MakeAsync();
        var keys = await store.PutManyAsync(3);
        var planned = await RunAsync(store, "--bits", "128", "--dry-run");
        Assert.Equal((0, "widen: 3 objects would get keys of 128 bits, 0 had them, 0 keep theirs; 27 B would be read.\n"), (planned.Exit, planned.Output));
        Assert.Equal(64, store.Store.Layout.KeyBits);

        var done = await RunAsync(store, "--bits", "128");
        Assert.True(done.Exit == 0 && done.Output.StartsWith("widen: 3 objects got keys of 128 bits, 0 had them, 0 keep theirs; 27 B read in ", StringComparison.Ordinal), done.ToString());
        Assert.Equal("widen: from 64 to 128 bits.\n", done.Error);
        Assert.Equal(128, (await store.Store.Objects.FindAsync(keys[0])).Found!.Key.Bits);
        var again = await RunAsync(store, "--bits", "128");
        Assert.True(again.Exit == 0 && again.Output.StartsWith("widen: 0 objects got", StringComparison.Ordinal), again.ToString());
    }

    [Fact]
    public async Task Objects_that_keep_their_key_are_named_and_it_stays_unfinished()
    {
        await using var store = await DamagedStore.MakeAsync();
        var keys = await store.PutManyAsync(3);
        store.Flip(keys[1]);
        var result = await RunAsync(store, "--bits", "128", "--json");
        Assert.Equal(ExitCode.Incomplete, result.Exit);
        var lines = result.Output.TrimEnd('\n').Split('\n').Select(line => JsonDocument.Parse(line).RootElement).ToArray();
        Assert.Equal((keys[1].ToString(), "left"), (lines[0].GetProperty("key").GetString(), lines[0].GetProperty("status").GetString()));
        Assert.Equal(("widen", 2, 0, 1, 27, 1), (
            lines[1].GetProperty("verb").GetString(), lines[1].GetProperty("converted").GetInt32(), lines[1].GetProperty("skipped").GetInt32(), lines[1].GetProperty("failed").GetInt32(),
            lines[1].GetProperty("bytes").GetInt32(), lines[1].GetProperty("exit").GetInt32()));
        var undo = await LegacyTreeBuilder.VerbAsync(["undo", .. store.Arguments]);
        Assert.True(undo.Exit == ExitCode.CouldNotWork && undo.Error.Contains("widen", StringComparison.Ordinal), undo.ToString());

        var back = await RunAsync(store, "--undo");
        Assert.Equal((ExitCode.Well, 64), (back.Exit, (await store.Store.Objects.FindAsync(keys[0])).Found!.Key.Bits));
    }

    [Theory]
    [InlineData(ExitCode.WrongUsage)]
    [InlineData(ExitCode.WrongUsage, "--bits", "128", "--undo")]
    [InlineData(ExitCode.WrongUsage, "--bits", "many")]
    [InlineData(ExitCode.WrongUsage, "--bits", "100")]
    [InlineData(ExitCode.WrongUsage, "--bits", "32")]
    [InlineData(ExitCode.WrongUsage, "--bits", "264")]
    [InlineData(ExitCode.WrongUsage, "--bits", "128", "--limit-rate", "-1")]
    [InlineData(ExitCode.CouldNotWork, "--undo")]
    public async Task What_cannot_be_is_refused(int exit, params string[] options)
    {
        await using var store = await DamagedStore.MakeAsync();
        var result = await RunAsync(store, options);
        Assert.True(result.Exit == exit && result.Error.Length > 0, result.ToString());
        Assert.Equal(64, store.Store.Layout.KeyBits);
    }

    [Fact]
    public async Task One_at_a_time_and_only_a_store()
    {
        await using var store = await DamagedStore.MakeAsync();
        await using (await store.Store.Leases.TryTakeWidenAsync())
        {
            var refused = await RunAsync(store, "--bits", "128");
            Assert.True(refused.Exit == ExitCode.CouldNotWork && refused.Error.Contains("Another process", StringComparison.Ordinal), refused.ToString());
        }

        using var folder = new TempFolder();
        var none = await LegacyTreeBuilder.VerbAsync("widen", "--root", folder["nothing"], "--bits", "128");
        Assert.True(none.Exit == ExitCode.CouldNotWork && !Directory.Exists(folder["nothing"]), none.ToString());
    }

    private static Task<VerbResult> RunAsync(DamagedStore store, params string[] options) => LegacyTreeBuilder.VerbAsync(["widen", .. store.Arguments, .. options]);
}
