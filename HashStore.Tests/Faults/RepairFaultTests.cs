using System.Globalization;
using System.Text;
using HashStore.Migrate;
using HashStore.Schema;
using HashStore.Storage;
using HashStore.Storage.Objects;
using HashStore.Tests.Checking;
using HashStore.Tests.Migrate.Conversion;
using HashStore.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace HashStore.Tests.Faults;

/// <summary>
/// A repair that is killed, or runs out of space, has lost nothing, and the next one finishes it. The number of kills can be raised with HASHSTORE_KILL_ROUNDS, a failure repeated with HASHSTORE_KILL_SEED.
/// </summary>
public sealed class RepairFaultTests(ITestOutputHelper output)
{
    private const int Objects = 400;
    private const int DiskMebibytes = 24;

    [Fact]
    public async Task A_killed_repair_loses_nothing_and_is_completed_by_the_next()
    {
        var seed = Setting("HASHSTORE_KILL_SEED", Environment.TickCount);
        output.WriteLine($"HASHSTORE_KILL_SEED={seed}");
        var random = new Random(seed);
        await using var store = await DamagedStore.MakeAsync();
        var keys = await store.PutManyAsync(Objects);
        Damage(store, keys, random);
        int killed = 0, left = int.MaxValue;
        for (var round = 0; round < Setting("HASHSTORE_KILL_ROUNDS", 8); round++)
        {
            using var process = new MigrateProcess(["fsck", .. store.Arguments, "--full", "--repair", "--json"]);
            var wasKilled = await process.KillAfterAsync(TimeSpan.FromMilliseconds(random.Next(600, 2500)));
            killed += wasKilled ? 1 : 0;
            CheckNothingLost(store, keys, $"seed {seed}, round {round}");
            left = (await FsckRun.RunAsync([.. store.Arguments, "--full"])).Findings.Count;
            output.WriteLine($"round {round}: {(wasKilled ? "killed" : "ended")}, {left} findings left");
            if (left == 0)
            {
                Damage(store, keys, random);
            }
        }

        Assert.True(killed > 0, "The kills came too late.");
        Assert.Equal(0, (await FsckRun.RunAsync([.. store.Arguments, "--full", "--repair"])).Exit);
        var last = await FsckRun.RunAsync([.. store.Arguments, "--full"]);
        Assert.Equal((0, 0), (last.Exit, last.Findings.Count(finding => finding.Kind != "leftover")));
        for (var i = 0; i < Objects; i++)
        {
            Assert.Equal($"content {i}", Encoding.UTF8.GetString((await store.Store.Objects.FindAsync(keys[i])).Found!.Body!));
        }
    }

    [NeedsFact("root")]
    public async Task A_repair_that_runs_out_of_space_changes_nothing_and_goes_on_when_there_is_room()
    {
        using var disk = new MemoryFileSystem(DiskMebibytes);
        await using var test = await TestStore.OpenAsync(Databases.OfPrograms, parent: disk.Path);
        await test.PutAsync("Before.txt", "before");
        var orphan = new byte[6 << 20];
        new Random(3).NextBytes(orphan);
        var key = test.KeyOf(orphan);
        var path = test.Paths.ObjectPathOf(key, Zone.Public);
        DamagedStore.Replace(path, orphan);
        var filler = Path.Combine(disk.Path, "filler");
        File.WriteAllBytes(filler, new byte[new DriveInfo(disk.Path).AvailableFreeSpace - (4 << 20)]);
        string[] arguments = ["--root", test.Paths.Root, .. test.Options.ConnectionString is { } text ? (string[])["--provider", $"{test.Options.Provider}", "--connection-string", text] : []];

        var full = await FsckRun.RunAsync([.. arguments, "--full", "--repair"]);
        Assert.Equal(ExitCode.CouldNotWork, full.Exit);
        Assert.Equal(("orphanObject", key.ToString()), Assert.Single(full.Findings));
        Assert.Contains("No space", full.Error, StringComparison.Ordinal);
        Assert.Equal(orphan, File.ReadAllBytes(path));
        Assert.Empty(test.Contents().Staged);

        File.Delete(filler);
        Assert.Equal(0, (await FsckRun.RunAsync([.. arguments, "--full", "--repair"])).Exit);
        Assert.Equal(orphan, File.ReadAllBytes(test.Paths.ObjectPathOf(key, Zone.Deleted)));
        Assert.Equal(0, (await FsckRun.RunAsync([.. arguments, "--full"])).Exit);
    }

    [NeedsFact("root")]
    public async Task On_a_full_disk_damage_is_found_and_marked_all_the_same()
    {
        using var disk = new MemoryFileSystem(DiskMebibytes);
        await using var test = await TestStore.OpenAsync(Databases.OfPrograms, parent: disk.Path);
        var content = new byte[200_000];
        var key = (await test.PutAsync("Large.bin", content)).File.Current.Key;
        content[7] ^= 1;
        DamagedStore.Replace(test.Paths.ObjectPathOf(key, Zone.Public), content);
        Directory.CreateDirectory(test.Paths.Damaged);
        _ = disk.Fill();

        string[] arguments = ["--root", test.Paths.Root, .. test.Options.ConnectionString is { } text ? (string[])["--provider", $"{test.Options.Provider}", "--connection-string", text] : []];
        var run = await FsckRun.RunAsync([.. arguments, "--full"]);
        Assert.Equal((4, ("wrongHash", key.ToString())), (run.Exit, Assert.Single(run.Findings)));
        await Assert.ThrowsAsync<StoreException>(async () => await test.Store.Objects.FindAsync(key));
    }

    /// <summary>Everything is damaged in a way that can be mended: a good copy is left in one of the zones.</summary>
    private static void Damage(DamagedStore store, List<ContentKey> keys, Random random)
    {
        for (var i = 0; i < keys.Count; i++)
        {
            var (open, hidden) = (store.PathOf(keys[i]), store.PathOf(keys[i], Zone.Deleted));
            switch (random.Next(5))
            {
                case 0:
                    DamagedStore.Replace(hidden, File.ReadAllBytes(open));
                    store.Flip(keys[i]);
                    break;
                case 1:
                    DamagedStore.Replace(hidden, File.ReadAllBytes(open));
                    File.Delete(open);
                    break;
                case 2:
                    DamagedStore.Replace(hidden, "rubbish"u8.ToArray());
                    break;
                case 3:
                    store.Sql($"UPDATE \"file\" SET file_refcount = {random.Next(2, 9)} WHERE file_hash = {keys[i]}");
                    break;
                default:
                    store.Sql($"DELETE FROM \"file\" WHERE file_hash = {keys[i]}");
                    break;
            }
        }
    }

    private static void CheckNothingLost(DamagedStore store, List<ContentKey> keys, string when)
    {
        for (var i = 0; i < keys.Count; i++)
        {
            var expected = string.Create(CultureInfo.InvariantCulture, $"content {i}");
            Assert.True(
                Enum.GetValues<Zone>().Any(zone => File.Exists(store.PathOf(keys[i], zone)) && File.ReadAllText(store.PathOf(keys[i], zone)) == expected), $"{when}: content {i} is lost");
        }
    }

    private static int Setting(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var value) ? value : otherwise;
}
