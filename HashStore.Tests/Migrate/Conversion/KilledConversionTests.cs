using System.Diagnostics;
using System.Globalization;
using HashStore.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace HashStore.Tests.Migrate.Conversion;

/// <summary>
/// Invariants 2 and 5: whatever stops a conversion, every legacy path answers with its bytes, and running again completes it. One tree goes through all kills; their number can be raised with
/// HASHSTORE_KILL_ROUNDS, a failure repeated with HASHSTORE_KILL_SEED.
/// </summary>
public sealed class KilledConversionTests(ITestOutputHelper output)
{
    private const int Names = 300;

    [Fact]
    public async Task A_killed_conversion_loses_nothing_and_is_completed_by_the_next()
    {
        var seed = Setting("HASHSTORE_KILL_SEED", Environment.TickCount);
        output.WriteLine($"HASHSTORE_KILL_SEED={seed}");
        var random = new Random(seed);
        var whole = await MeasureAsync(seed);

        using var tree = new LegacyTreeBuilder();
        Fill(tree, new Random(seed));
        tree.WriteTables();
        var before = tree.TakeManifest();
        var killed = 0;
        for (var round = 0; round < Setting("HASHSTORE_KILL_ROUNDS", 15); round++)
        {
            var time = whole * random.NextDouble();
            using var process = new MigrateProcess(tree.RunArguments);
            var wasKilled = await process.KillAfterAsync(time);
            killed += wasKilled ? 1 : 0;
            output.WriteLine($"round {round}: {(wasKilled ? "killed" : "ended")} after {time.TotalMilliseconds:F0} ms, {Links(tree)} links");
            try
            {
                tree.CheckAnswers(before);
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException($"seed {seed}, round {round}, killed after {time}", exception);
            }

            if (!wasKilled)
            {
                break; // all is converted
            }
        }

        Assert.True(killed > 0);
        await tree.RunAsync(0);
        tree.CheckAnswers(before);
        var last = await tree.RunAsync(0);
        Assert.StartsWith("run: 0 converted", last.Output, StringComparison.Ordinal);
        Assert.All(tree.Report.Values, line => Assert.Equal("already", line.Status));
        Assert.Equal(before.Count, tree.Report.Count);
        for (var i = 0; i < Names; i += 37)
        {
            Assert.Equal(3, (await tree.HistoryAsync(Name(i))).Count);
        }
    }

    [NeedsFact("root")]
    public async Task On_a_full_disk_a_conversion_says_so_and_goes_on_when_there_is_room()
    {
        using var disk = new MemoryFileSystem(24);
        using var tree = new LegacyTreeBuilder(2, disk.Path);
        Fill(tree, new Random(1));
        tree.WriteTables();
        var before = tree.TakeManifest();
        foreach (var free in new[] { 100, 900, 2_000, 3_500, 5_000 })
        {
            var filler = LeaveFree(disk, free << 10);
            var run = await LegacyTreeBuilder.VerbAsync(tree.RunArguments);
            output.WriteLine($"{free} KB free: exit {run.Exit}, {Links(tree)} links: {run.Error}");
            Assert.True(run.Exit == 3 || (run.Exit == 0 && free > 2_000), run.Error + run.Output);
            Assert.True(run.Exit == 0 || run.Error.Contains("make room", StringComparison.OrdinalIgnoreCase), run.Error);
            tree.CheckAnswers(before);
            File.Delete(filler);
        }

        await tree.RunAsync(0);
        tree.CheckAnswers(before);
        Assert.All(tree.Report.Values, line => Assert.NotEqual("failed", line.Status));
    }

    /// <summary>How long a run takes that nobody kills.</summary>
    private static async Task<TimeSpan> MeasureAsync(int seed)
    {
        using var tree = new LegacyTreeBuilder();
        Fill(tree, new Random(seed));
        tree.WriteTables();
        var start = Stopwatch.GetTimestamp();
        using var process = new MigrateProcess(tree.RunArguments);
        var run = await process.EndAsync();
        Assert.True(run.Exit == 0, run.Error + run.Output);
        return Stopwatch.GetElapsedTime(start);
    }

    /// <summary>Names with an old version, a hidden one in the deleted zone, a thumbnail, and contents that are shared: 1,500 small files.</summary>
    private static void Fill(LegacyTreeBuilder tree, Random random)
    {
        for (var i = 0; i < Names; i++)
        {
            var name = Name(i);
            var content = string.Create(CultureInfo.InvariantCulture, $"{i % 200} {new string('x', random.Next(500))}");
            tree.Image(name, $"new {i % 250}");
            tree.Old(name, "20180101000000", "old " + content);
            tree.OldRow(name, "20170101000000", $"secret {i}", ("oi_deleted", "1"));
            tree.File(tree.InZone(name, $"secret {i}"), $"secret {i}");
            tree.File(tree.Thumb(name, $"120px-{name}"), $"small {i % 250}");
            tree.File(tree.ArchiveThumb(name, "20180101000000", $"120px-20180101000000!{name}"), "small old " + content);
        }
    }

    private static string Name(int i) => string.Create(CultureInfo.InvariantCulture, $"Name{i}.jpg");

    private static int Links(LegacyTreeBuilder tree) => LegacyTreeBuilder.Walk(tree.Tree).Count(path => new FileInfo(path).LinkTarget is not null);

    private static string LeaveFree(MemoryFileSystem disk, long bytes)
    {
        var path = Path.Combine(disk.Path, "filler");
        Assert.Equal(0, Mono.Unix.Native.Syscall.statvfs(disk.Path, out var room));
        File.WriteAllBytes(path, new byte[Math.Max(0, (long)(room.f_bavail * room.f_frsize) - bytes)]);
        return path;
    }

    private static int Setting(string name, int otherwise) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
}
