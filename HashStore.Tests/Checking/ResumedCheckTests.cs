using System.Globalization;
using HashStore.Schema;
using HashStore.Storage.Checking;
using HashStore.Tests.Http.Support;
using HashStore.Tests.Migrate.Conversion;
using HashStore.Tests.Support;
using Xunit;
using LegacyTreeBuilder = HashStore.Tests.Migrate.Verify.LegacyTreeBuilder;

namespace HashStore.Tests.Checking;

/// <summary>Reading everything can be interrupted at any moment and goes on; it keeps to its time and its pace.</summary>
public sealed class ResumedCheckTests
{
    private const int Objects = 60, Size = 100_000;

    [Fact]
    public async Task A_check_whose_time_is_over_says_so_and_the_next_one_goes_on()
    {
        await using var store = await MakeAsync();
        long bytes = 0;
        var runs = 0;
        FsckRun run;
        do
        {
            run = await FsckRun.RunAsync([.. store.Arguments, "--full", "--time-limit", "1.5s", "--limit-rate", "1500000"]);
            Assert.Equal((0, 0), (run.Exit, run.Findings.Count));
            bytes += run.Sum("bytes");
            runs++;
        }
        while (run.Error.Contains("--resume", StringComparison.Ordinal));

        Assert.True(runs > 2, $"{runs} runs");
        Assert.Equal((long)Objects * Size, bytes); // each object once
        Assert.False(File.Exists(store.Paths.CheckPosition));
        Assert.Contains("continued the check of", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_resume_everything_is_read_again()
    {
        await using var store = await MakeAsync();
        using var interrupt = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        Assert.Equal(130, (await FsckRun.RunAsync([.. store.Arguments, "--full", "--limit-rate", "2000000"], interrupt.Token)).Exit);
        Assert.True(File.Exists(store.Paths.CheckPosition));
        foreach (var key in Keys(store).Take(2))
        {
            store.Flip(key);
        }

        Assert.Equal(2, (await FsckRun.RunAsync([.. store.Arguments, "--full"])).Findings.Count);
    }

    [Fact]
    public async Task A_killed_check_goes_on_and_what_it_found_is_told_again()
    {
        await using var store = await MakeAsync();
        var keys = Keys(store);
        store.Flip(keys[0]);
        using var killed = new MigrateProcess(["fsck", .. store.Arguments, "--full", "--json", "--limit-rate", "500000"]);
        await Until.TrueAsync("it has written down where it is", () => CheckPosition.TryRead(store.Paths.CheckPosition) is { Objects: > 3 } || killed.HasExited);
        await killed.KillAsync();
        var position = CheckPosition.TryRead(store.Paths.CheckPosition)!;
        store.Flip(keys[^1]);

        var run = await FsckRun.RunAsync([.. store.Arguments, "--full", "--resume"]);
        Assert.Equal([keys[0].ToString(), keys[^1].ToString()], run.Findings.Select(finding => finding.Key).Order(StringComparer.Ordinal));
        Assert.Equal(4, run.Exit);
        Assert.Equal((Objects - position.Objects + 1) * Size, run.Sum("bytes")); // the marked one too
        Assert.False(File.Exists(store.Paths.CheckPosition));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{ \"begun\": ")]
    [InlineData("{ \"begun\": \"2020-01-01T00:00:00Z\", \"after\": \"xyz\" }")]
    public async Task A_position_that_makes_no_sense_is_none(string text)
    {
        await using var store = await MakeAsync();
        File.WriteAllText(store.Paths.CheckPosition, text);
        var run = await FsckRun.RunAsync([.. store.Arguments, "--full", "--resume"]);
        Assert.Equal((0, (long)Objects * Size), (run.Exit, run.Sum("bytes")));
    }

    [Fact]
    public async Task Only_one_process_reads_everything_at_a_time()
    {
        await using var store = await MakeAsync();
        using var first = new MigrateProcess(["fsck", .. store.Arguments, "--full", "--limit-rate", "200000"]);
        await Until.TrueAsync("the first reads", () => File.Exists(store.Paths.CheckPosition) || first.HasExited);
        var second = await LegacyTreeBuilder.RunAsync(["fsck", .. store.Arguments, "--full"]);
        Assert.Equal(3, second.Exit);
        Assert.Contains("Another fsck --full", second.Error, StringComparison.Ordinal);
        Assert.Equal(0, (await LegacyTreeBuilder.RunAsync(["fsck", .. store.Arguments])).Exit);
        await first.KillAsync();
        Assert.Equal(0, (await LegacyTreeBuilder.RunAsync(["fsck", .. store.Arguments, "--full"])).Exit);
    }

    [Theory]
    [InlineData("--resume")]
    [InlineData("--time-limit", "5m")]
    [InlineData("--full", "--time-limit", "5")]
    [InlineData("--full", "--time-limit", "0s")]
    [InlineData("--full", "--limit-rate", "-1")]
    [InlineData("--link-root", "relative")]
    public async Task Options_that_make_no_sense_are_wrong_usage(params string[] options)
    {
        var run = await LegacyTreeBuilder.RunAsync(["fsck", "--root", "/tmp", .. options]);
        Assert.Equal((2, ""), (run.Exit, run.Output));
    }

    private static async Task<DamagedStore> MakeAsync()
    {
        var store = await DamagedStore.MakeAsync();
        var random = new Random(5);
        foreach (var i in Enumerable.Range(0, Objects))
        {
            var content = new byte[Size];
            random.NextBytes(content);
            await store.Store.PutBytesAsync(string.Create(CultureInfo.InvariantCulture, $"File{i}.bin"), content);
        }

        return store;
    }

    private static List<ContentKey> Keys(DamagedStore store) =>
        [.. RawDatabase.Rows(store.Options, $"SELECT file_hash FROM \"file\" ORDER BY file_hash").Select(row => new ContentKey((byte[])row[0]))];
}
