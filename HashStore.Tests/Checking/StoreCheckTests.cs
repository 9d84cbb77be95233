using HashStore.Schema;
using HashStore.Storage;
using HashStore.Storage.Checking;
using HashStore.Storage.Objects;
using HashStore.Tests.Support;
using Xunit;

namespace HashStore.Tests.Checking;

public sealed class StoreCheckTests
{
    [Theory]
    [InlineData(false, DigestAlgorithm.Sha256)]
    [InlineData(true, DigestAlgorithm.Md5)]
    public async Task A_clean_store_has_no_findings_and_stays_as_it_is(bool stateOutside, DigestAlgorithm algorithm)
    {
        await using var store = await DamagedStore.MakeAsync(stateOutside, algorithm);
        await LiveALifeAsync(store);

        var before = store.Picture();
        Assert.Empty(await store.CheckAsync());
        Assert.Empty(await store.CheckAsync(full: true));
        Assert.Equal(before, store.Picture());
    }

    [Theory]
    [InlineData(DigestAlgorithm.Sha256)]
    [InlineData(DigestAlgorithm.Md5)]
    public async Task A_flipped_bit_is_found_by_the_full_check_only(DigestAlgorithm algorithm)
    {
        await using var store = await DamagedStore.MakeAsync(algorithm: algorithm);
        var keys = await store.PutManyAsync(10);
        store.Flip(keys[3]);

        Assert.Empty(await store.CheckAsync());
        var finding = Assert.Single(await store.CheckAsync(full: true));
        Assert.Equal((FindingKind.WrongHash, keys[3], ObjectPath.Of(keys[3]), true), (finding.Kind, finding.Key, finding.Path, finding.IsDamage));
    }

    [Fact]
    public async Task A_flipped_bit_in_the_deleted_zone_is_found()
    {
        await using var store = await DamagedStore.MakeAsync(stateOutside: true);
        var keys = await store.PutManyAsync(3);
        await store.Store.DeleteAsync("File1.txt");
        store.Flip(keys[1], Zone.Deleted);

        var finding = Assert.Single(await store.CheckAsync(full: true));
        Assert.Equal((FindingKind.WrongHash, keys[1], "../state/deleted/" + ObjectPath.Of(keys[1])), (finding.Kind, finding.Key, finding.Path));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_truncated_object_has_the_wrong_size(bool full) => await FindsAsync(FindingKind.WrongSize, full, (store, keys) =>
    {
        DamagedStore.Replace(store.PathOf(keys[2]), [1, 2, 3]);
        return (keys[2], ObjectPath.Of(keys[2]));
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_removed_object_is_missing(bool full) => await FindsAsync(FindingKind.MissingObject, full, (store, keys) =>
    {
        File.Delete(store.PathOf(keys[2]));
        return (keys[2], ObjectPath.Of(keys[2]));
    });

    [Fact]
    public async Task A_removed_object_of_the_deleted_zone_is_missing()
    {
        await using var store = await DamagedStore.MakeAsync();
        var keys = await store.PutManyAsync(3);
        await store.Store.DeleteAsync("File1.txt");
        File.Delete(store.PathOf(keys[1], Zone.Deleted));

        var finding = Assert.Single(await store.CheckAsync(full: true));
        Assert.Equal((FindingKind.MissingObject, keys[1], ".hashstore/deleted/" + ObjectPath.Of(keys[1])), (finding.Kind, finding.Key, finding.Path));
    }

    [Theory]
    [InlineData(Zone.Public)]
    [InlineData(Zone.Deleted)]
    public async Task An_object_without_a_row_is_an_orphan(Zone zone) => await FindsAsync(FindingKind.OrphanObject, true, (store, keys) =>
    {
        _ = ContentKey.TryParse("00112233445566ff", out var key);
        DamagedStore.Replace(store.PathOf(key, zone), [1]);
        return (key, (zone == Zone.Public ? "" : ".hashstore/deleted/") + "0/0/1/12233445566ff");
    });

    [Fact]
    public async Task A_public_object_in_the_deleted_zone_is_in_the_wrong_zone() => await FindsAsync(FindingKind.WrongZone, false, (store, keys) =>
    {
        Move(store, keys[2], Zone.Public);
        return (keys[2], ".hashstore/deleted/" + ObjectPath.Of(keys[2]));
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_deleted_object_in_the_public_tree_is_in_the_wrong_zone(bool inBoth)
    {
        await using var store = await DamagedStore.MakeAsync();
        var keys = await store.PutManyAsync(3);
        await store.Store.DeleteAsync("File1.txt");
        Move(store, keys[1], Zone.Deleted);
        if (inBoth)
        {
            File.Copy(store.PathOf(keys[1]), store.PathOf(keys[1], Zone.Deleted));
        }

        var finding = Assert.Single(await store.CheckAsync());
        Assert.Equal((FindingKind.WrongZone, keys[1], ObjectPath.Of(keys[1])), (finding.Kind, finding.Key, finding.Path));
    }

    [Fact]
    public async Task Whatever_is_no_object_among_the_objects_is_a_stranger()
    {
        await using var store = await DamagedStore.MakeAsync();
        var keys = await store.PutManyAsync(3);
        var leaf = Path.GetDirectoryName(store.PathOf(keys[0]))!;
        var names = new[] { "Name.jpg", "ABCDEF0123456", "folder", "line\nbreak" };
        File.WriteAllText(Path.Combine(leaf, names[0]), "x");
        File.WriteAllText(Path.Combine(leaf, names[1]), "x");
        Directory.CreateDirectory(Path.Combine(leaf, names[2]));
        File.WriteAllText(Path.Combine(leaf, names[3]), "x");

        // What MediaWiki keeps in the same ROOT is none.
        Directory.CreateDirectory(Path.Combine(store.Paths.Root, "1", "12"));
        File.WriteAllText(Path.Combine(store.Paths.Root, "1", "12", "Name.jpg"), "x");
        File.WriteAllText(Path.Combine(store.Paths.Root, "1", "Name.jpg"), "x");

        var findings = await store.CheckAsync(full: true);
        Assert.All(findings, finding => Assert.Equal(FindingKind.Stranger, finding.Kind));
        Assert.Equal(
            names.Select(name => ObjectPath.DirectoryOf(keys[0]) + "/" + name).Order(StringComparer.Ordinal),
            findings.Select(finding => finding.Path).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(-1)]
    public async Task A_wrong_reference_count_is_found(int count) => await FindsAsync(FindingKind.WrongRefCount, false, (store, keys) =>
    {
        store.Sql($"UPDATE \"file\" SET file_refcount = {count} WHERE file_hash = {keys[2]}");
        return (keys[2], null);
    });

    [Fact]
    public async Task A_public_object_that_nobody_refers_to_has_the_wrong_state() => await FindsAsync(FindingKind.WrongState, false, (store, keys) =>
    {
        store.Sql($"UPDATE upload SET upload_deleted = 1 WHERE upload_hash = {keys[2]}");
        store.Sql($"UPDATE \"file\" SET file_refcount = 0 WHERE file_hash = {keys[2]}");
        return (keys[2], null);
    });

    [Fact]
    public async Task A_key_of_another_digest_is_found() => await FindsAsync(FindingKind.WrongKey, false, (store, keys) =>
    {
        store.Sql($"UPDATE \"file\" SET file_sha256 = {new byte[32]} WHERE file_hash = {keys[2]}");
        return (keys[2], null);
    });

    [Fact]
    public async Task A_digest_that_this_store_does_not_have_is_found() => await FindsAsync(FindingKind.WrongKey, false, (store, keys) =>
    {
        store.Sql($"UPDATE \"file\" SET file_digest = file_sha256 WHERE file_hash = {keys[2]}");
        return (keys[2], null);
    });

    [Theory]
    [InlineData("999999")]
    [InlineData("NULL")]
    [InlineData("(SELECT MAX(upload_id) FROM upload)")]
    public async Task A_current_version_that_is_none_is_found(string latest) => await FindsAsync(FindingKind.DanglingLatest, false, (store, keys) =>
    {
        store.Sql($"UPDATE filename SET fn_latest = {latest} WHERE fn_latest = (SELECT MIN(upload_id) FROM upload)");
        return (null, null);
    });

    [Fact]
    public async Task A_redirect_to_nowhere_is_found()
    {
        await using var store = await DamagedStore.MakeAsync();
        await store.PutManyAsync(3);
        await store.Store.RenameAsync("File1.txt", "Other.txt");
        store.Sql($"UPDATE filename SET fn_redirect = 999999 WHERE fn_name = 'File1.txt'");

        var finding = Assert.Single(await store.CheckAsync());
        Assert.Equal(FindingKind.DanglingRedirect, finding.Kind);
        Assert.Contains("File1.txt", finding.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_upload_without_a_name_is_found() => await FindsAsync(FindingKind.DanglingUpload, false, (store, keys) =>
    {
        store.Sql($"DELETE FROM filename WHERE fn_name = 'File2.txt'");
        return (keys[2], null);
    });

    [Fact]
    public async Task An_upload_without_a_row_of_its_object_is_found_and_its_object_is_an_orphan()
    {
        await using var store = await DamagedStore.MakeAsync();
        var keys = await store.PutManyAsync(3);
        store.Sql($"DELETE FROM \"file\" WHERE file_hash = {keys[1]}");

        Assert.Equal(
            [(FindingKind.DanglingUpload, keys[1]), (FindingKind.OrphanObject, keys[1])],
            (await store.CheckAsync()).Select(finding => (finding.Kind, finding.Key!.Value)));
    }

    [Fact]
    public async Task What_interrupted_processes_left_is_listed_but_no_damage()
    {
        await using var store = await DamagedStore.MakeAsync();
        var keys = await store.PutManyAsync(4);
        var staged = Path.Combine(store.Paths.Staging, "00ff");
        string[] left =
        [
            Path.Combine(store.Paths.Root, ".hs~selfcheck-1"), Path.Combine(store.Paths.State, ".hs~selfcheck-2"),
            Path.Combine(staged, "lock"), Path.Combine(staged, "1"),
        ];
        Directory.CreateDirectory(staged);
        foreach (var path in left)
        {
            File.WriteAllText(path, "");
        }

        // Young ones may belong to a server that is just starting.
        Assert.Empty(await store.CheckAsync());
        foreach (var path in left)
        {
            File.SetLastWriteTimeUtc(path, DateTime.UtcNow.AddHours(-1));
        }

        // A claim an hour old, a younger one, and a move that never ended.
        store.Sql($"UPDATE upload SET upload_deleted = 1 WHERE upload_hash IN ({keys[0]}, {keys[1]})");
        store.Sql($"UPDATE \"file\" SET file_state = 0, file_refcount = 0, file_touched = '2020-01-01 00:00:00' WHERE file_hash = {keys[0]}");
        store.Sql($"UPDATE \"file\" SET file_state = 0, file_refcount = 0 WHERE file_hash = {keys[1]}");
        store.Sql($"UPDATE \"file\" SET file_state = 2, file_touched = '2020-01-01 00:00:00' WHERE file_hash = {keys[2]}");
        File.Copy(store.PathOf(keys[3]), MakeParent(store.PathOf(keys[3], Zone.Deleted)));

        var findings = await store.CheckAsync(full: true);
        Assert.All(findings, finding => Assert.Equal((FindingKind.Leftover, false), (finding.Kind, finding.IsDamage)));
        Assert.Equal(
            new[] { keys[0], keys[2], keys[3] }.Select(key => key.ToString()).Order(),
            findings.Where(finding => finding.Key is not null).Select(finding => finding.Key.ToString()).Order());
        Assert.Equal(
            [".hashstore/.hs~selfcheck-2", ".hashstore/staging/00ff", ".hs~selfcheck-1"],
            findings.Where(finding => finding.Key is null).Select(finding => finding.Path).Order(StringComparer.Ordinal));
        Assert.True(Directory.Exists(staged));
    }

    [Fact]
    public async Task All_that_is_damaged_is_found_and_nothing_else()
    {
        const int Seed = 20260401;
        await using var store = await DamagedStore.MakeAsync();
        var keys = await store.PutManyAsync(1200);
        new Random(Seed).Shuffle(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(keys));
        var expected = new List<(FindingKind, string)>();
        foreach (var key in keys[..20])
        {
            store.Flip(key);
            expected.Add((FindingKind.WrongHash, key.ToString()));
        }

        foreach (var key in keys[20..25])
        {
            File.Delete(store.PathOf(key));
            expected.Add((FindingKind.MissingObject, key.ToString()));
        }

        foreach (var key in keys[25..30])
        {
            store.Sql($"UPDATE \"file\" SET file_refcount = file_refcount + 1 WHERE file_hash = {key}");
            expected.Add((FindingKind.WrongRefCount, key.ToString()));
        }

        for (var i = 0; i < 5; i++)
        {
            _ = ContentKey.TryParse($"ffffffffffffff0{i}", out var key);
            DamagedStore.Replace(store.PathOf(key), [1, 2]);
            expected.Add((FindingKind.OrphanObject, key.ToString()));
        }

        var found = (await store.CheckAsync(full: true)).Select(finding => (finding.Kind, finding.Key!.Value.ToString()));
        Assert.Equal(expected.Order(), found.Order());
    }

    private static async Task FindsAsync(FindingKind kind, bool full, Func<DamagedStore, List<ContentKey>, (ContentKey? Key, string? Path)> damage)
    {
        await using var store = await DamagedStore.MakeAsync();
        var (key, path) = damage(store, await store.PutManyAsync(5));

        var finding = Assert.Single(await store.CheckAsync(full));
        Assert.Equal((kind, path, true), (finding.Kind, finding.Path, finding.IsDamage));
        if (key is not null)
        {
            Assert.Equal(key, finding.Key);
        }
    }

    /// <summary>Uploads, versions, duplicates, hidden versions, renames, deletions and returns.</summary>
    private static async Task LiveALifeAsync(DamagedStore store)
    {
        await store.PutManyAsync(20);
        await store.PutAsync("File1.txt", "content 2");
        await store.PutAsync("File3.txt", "second of 3");
        var hidden = (await store.Store.Names.FindAsync("File3.txt".Named())).File!.Versions[^1].Id;
        await store.Store.HideAsync("File3.txt", hidden);
        await store.Store.RenameAsync("File4.txt", "Four.txt");
        await store.Store.DeleteAsync("File5.txt");
        await store.Store.DeleteAsync("File6.txt");
        await store.Store.UndeleteAsync("File6.txt");
        await store.Store.DeleteAsync("File7.txt");
        await store.PutAsync("File7.txt", "another 7");
        await store.Store.RenameAsync("Four.txt", "File5.txt");
        await store.PutAsync("Empty.txt", "");
    }

    private static void Move(DamagedStore store, ContentKey key, Zone from)
    {
        File.Move(store.PathOf(key, from), MakeParent(store.PathOf(key, from == Zone.Public ? Zone.Deleted : Zone.Public)));
    }

    private static string MakeParent(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        return path;
    }
}
