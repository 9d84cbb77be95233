using System.Text;
using HashStore.Schema;
using HashStore.Storage.Objects;
using HashStore.Tests.Checking;
using Xunit;

namespace HashStore.Tests.Crashes;

/// <summary>
/// <c>fsck --full --repair</c> of a store with every damage that it mends: an object with a good copy in the other zone, one without any, one without a row. It dies on its way and is run again.
/// </summary>
internal static class RepairScenario
{
    internal static async Task RunAsync(Func<string[], Task> die)
    {
        await using var store = await DamagedStore.MakeAsync();
        var keys = await store.PutManyAsync(4);
        Damage(store, keys);
        await die([CrashChild.Migrate, "fsck", .. store.Arguments, "--full", "--repair"]);

        // What was right somewhere is right somewhere, and damaged bytes are not thrown away.
        foreach (var i in (int[])[0, 2, 3])
        {
            Assert.Contains(Enum.GetValues<Zone>(), zone => File.Exists(store.PathOf(keys[i], zone)) && File.ReadAllText(store.PathOf(keys[i], zone)) == $"content {i}");
        }

        Assert.Contains(
            (string[])[store.PathOf(keys[1]), .. Directory.Exists(store.Paths.Quarantine) ? Directory.EnumerateFiles(store.Paths.Quarantine, $"{keys[1]}-*") : []],
            path => File.Exists(path) && File.ReadAllBytes(path) is [('c' ^ 1), ..]);

        // The next one goes on, and the one after it has nothing to do but to name what no copy was found of.
        _ = await FsckRun.RunAsync([.. store.Arguments, "--full", "--repair"]);
        var last = await FsckRun.RunAsync([.. store.Arguments, "--full"]);
        Assert.Equal([("missingObject", (string?)keys[1].ToString())], last.Findings.Where(finding => finding.Kind != "leftover"));
        foreach (var i in (int[])[0, 2, 3])
        {
            Assert.Equal($"content {i}", Encoding.UTF8.GetString((await store.Store.Objects.FindAsync(keys[i])).Found!.Body!));
        }

        // An upload of the same content heals the last one.
        await store.PutAsync("Healed.txt", "content 1");
        Assert.Equal(0, (await FsckRun.RunAsync([.. store.Arguments, "--full"])).Exit);
    }

    private static void Damage(DamagedStore store, List<ContentKey> keys)
    {
        DamagedStore.Replace(store.PathOf(keys[0], Zone.Deleted), Encoding.UTF8.GetBytes("content 0"));
        store.Flip(keys[0]);
        store.Flip(keys[1]);
        store.Sql($"DELETE FROM \"file\" WHERE file_hash = {keys[2]}");
    }
}
