using System.Diagnostics;
using System.Globalization;
using HashStore.Tests.Http.Support;
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
        }

        Assert.True(killed > 3, "The kills came too late.");
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
    public async Task Too_little_room_is_refused_before_anything_is_made()
    {
        using var disk = new MemoryFileSystem(24);
        using var tree = new LegacyTreeBuilder(2, disk.Path);
        Fill(tree, new Random(1));
        tree.WriteTables();
        var before = tree.TakeManifest();
        _ = Fill(disk, 1 << 20);
        var run = await LegacyTreeBuilder.VerbAsync(tree.RunArguments);
        Assert.Equal((3, ""), (run.Exit, run.Output));
        Assert.Contains("make room", run.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(tree.Paths.Layout));
        tree.CheckAnswers(before);
    }

    [NeedsFact("root")]
    public async Task A_disk_that_fills_up_under_a_conversion_stops_it_and_with_room_it_goes_on()
    {
        using var disk = new MemoryFileSystem(24);
        using var tree = new LegacyTreeBuilder(2, disk.Path);
        Fill(tree, new Random(1));
        tree.WriteTables();
        var before = tree.TakeManifest();
        var running = Task.Run(() => LegacyTreeBuilder.VerbAsync([.. tree.RunArguments, "--limit-rate", "60000"]));
        await Until.TrueAsync("a link", () => Links(tree) > 0 || running.IsCompleted);
        var filler = Fill(disk, 0);
        var run = await running;
        output.WriteLine($"exit {run.Exit}, {Links(tree)} links: {run.Error}");
        Assert.True(run.Exit == 3, run.Error + run.Output);
        Assert.Matches("(?i)room|full", run.Error);
        tree.CheckAnswers(before);

        File.Delete(filler);
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

    /// <summary>Takes all room but so many bytes.</summary>
    private static string Fill(MemoryFileSystem disk, long left)
    {
        var path = Path.Combine(disk.Path, "filler");
        using var file = File.OpenHandle(path, FileMode.Create, FileAccess.Write);
        for (var (length, piece) = (0L, new byte[64 << 10]); piece.Length > 0;)
        {
            Assert.Equal(0, Mono.Unix.Native.Syscall.statvfs(disk.Path, out var room));
            if ((long)(room.f_bavail * room.f_frsize) < left + piece.Length && left > 0)
            {
                break;
            }

            try
            {
                RandomAccess.Write(file, piece, length);
                length += piece.Length;
            }
            catch (IOException)
            {
                piece = new byte[piece.Length / 2];
            }
        }

        return path;
    }

    private static int Setting(string name, int otherwise) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
}
