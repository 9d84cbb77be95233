using System.Text;
using HashStore.Schema;
using HashStore.Schema.Tables;
using HashStore.Storage;
using HashStore.Storage.Durability;
using HashStore.Storage.Objects;
using HashStore.Tests.Support;
using Xunit;

namespace HashStore.Tests.Widening;

/// <summary>Longer keys for a store with a history, beside a second program that has it open.</summary>
public sealed class WidenTests
{
    private const int Names = 150; // more than one batch

    [Theory]
    [ClassData(typeof(Databases))]
    public async Task All_objects_get_longer_keys_and_old_keys_lead_to_them(DatabaseProvider provider)
    {
        await using var test = await TestStore.OpenAsync(provider, DigestAlgorithm.Sha256, 24);
        var server = await test.OpenAnotherAsync();
        var contents = await FillAsync(test);
        var keys = contents.Select(test.KeyOf).ToArray();
        foreach (var key in keys)
        {
            _ = await server.Objects.FindAsync(key); // cached under the old key
        }

        // 1. Once, and again: the keys of 24 bits lead to those of 64.
        foreach (var bits in (int[])[48, 64])
        {
            var result = await test.Store.WidenAsync(bits);
            Assert.Equal((bits, true, 0), (result.To, result.IsFinished, result.Left));
            Assert.Equal(result.Changed, test.Contents().Files.Count);
            Assert.All(test.Contents().Files.Keys, hex => Assert.Equal(bits / 4, hex.Length));
            await test.AssertCleanAsync();
            await AssertAllAsync(test, server, contents, keys, bits);
        }

        // 2. What was deleted comes back under its old address too, past the program.
        await server.UndeleteAsync("Name3.txt");
        Assert.Equal(contents[3], await File.ReadAllBytesAsync(test.PlaceOf(await server.AssertLeadsAsync(keys[3], contents[3]))));
        await server.DeleteAsync("Name4.txt");
        Assert.True((await server.Objects.FindAsync(keys[4])).Gone);
        Assert.Throws<FileNotFoundException>(() => File.ReadAllBytes(test.PlaceOf(keys[4])));

        // 3. The other program has noticed without being opened anew.
        var put = await server.PutTextAsync("New.txt", "new");
        Assert.Equal(64, put.File.Current.Key.Bits);
        Assert.True((await server.PutBytesAsync("Again.txt", contents[0])).IsDuplicate);
        await test.AssertCleanAsync();
        await test.ReopenAsync();
        Assert.Equal((64, 3L, null), (test.Store.Layout.KeyBits, test.Store.Layout.Generation, test.Store.Layout.FromBits));
    }

    [Theory]
    [ClassData(typeof(Databases))]
    public async Task While_it_is_unfinished_everything_can_be_done(DatabaseProvider provider)
    {
        await using var test = await TestStore.OpenAsync(provider, DigestAlgorithm.Sha256, ContentKey.MinBits);
        var server = await test.OpenAnotherAsync();
        byte[] first = "first"u8.ToArray(), second = "second"u8.ToArray(), third = "third"u8.ToArray();
        var old = new[] { first, second, third }.Select(test.KeyOf).ToArray();
        var colliding = test.Colliding(first);
        await test.PutAsync("One.txt", first);
        await test.PutAsync("Two.txt", second);
        await test.PutAsync("Three.txt", third);
        await Refusal.ExpectAsync(StoreFault.Collision, () => server.PutBytesAsync("Refused.txt", colliding));
        await test.Store.BeginAsync(64);

        // 1. What was refused is taken, by a program that does not yet know; each is served as itself.
        var taken = await server.PutBytesAsync("Refused.txt", colliding);
        Assert.Equal(64, taken.File.Current.Key.Bits);
        Assert.Equal(old[0], await server.AssertLeadsAsync(old[0], first));
        Assert.Equal(taken.File.Current.Key, await server.AssertLeadsAsync(taken.File.Current.Key, colliding));

        // 2. The same content again brings its object along.
        Assert.True((await server.PutBytesAsync("One.txt", first)).IsUnchanged);
        Assert.True((await server.PutBytesAsync("Copy.txt", second)).IsDuplicate);
        Assert.Equal([4, 16, 16, 16], test.Contents().Files.Keys.Select(hex => hex.Length).Order());
        Assert.Equal(64, (await test.Store.AssertLeadsAsync(old[1], second)).Bits);
        Assert.Equal(64, (await test.Store.AssertLeadsAsync(old[0], first)).Bits);

        // 3. What still has its old key can be deleted and undeleted, and found by its hash.
        await server.DeleteAsync("Three.txt");
        Assert.True((await server.Objects.FindAsync(old[2])).Gone);
        await server.UndeleteAsync("Three.txt");
        Assert.Equal(old[2], await server.AssertLeadsAsync(old[2], third));
        Assert.Single(await server.Names.ListAsync(new(null, null, 10, TestStore.Digest(third), false)));
        Assert.Single(await server.Names.ListAsync(new(null, null, 10, TestStore.Digest(colliding), false)));
        await server.RecoverAsync();
        await test.AssertCleanAsync();

        // 4. A restart goes on with it; nothing else may be asked for.
        await test.ReopenAsync();
        Assert.Equal((64, 16), (test.Store.Layout.KeyBits, test.Store.Layout.FromBits));
        await Refusal.ExpectAsync(StoreFault.Unavailable, () => test.Store.WidenAsync(128));
        var result = await test.Store.WidenAsync(64);
        Assert.Equal((1, true), (result.Changed, result.IsFinished));
        await test.AssertCleanAsync();
        await Refusal.ExpectAsync(StoreFault.Unavailable, () => test.Store.WidenAsync(null));
        await Refusal.ExpectAsync(StoreFault.BadSetting, () => test.Store.WidenAsync(16));
        await Refusal.ExpectAsync(StoreFault.BadSetting, () => test.Store.WidenAsync(264));
        Assert.Equal(0, (await test.Store.WidenAsync(64)).Changed);
    }

    [Theory]
    [ClassData(typeof(Databases))]
    public async Task Half_way_it_can_be_undone(DatabaseProvider provider)
    {
        await using var test = await TestStore.OpenAsync(provider, DigestAlgorithm.Sha256, 24);
        var server = await test.OpenAnotherAsync();
        var contents = await FillAsync(test);
        var keys = contents.Select(test.KeyOf).ToArray();
        using var stop = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => test.Store.WidenAsync(64, new Widened.Listener { Done = done => { if (done > Names / 2) { stop.Cancel(); } } }, stop.Token));
        Assert.Equal([6, 16], test.Contents().Files.Keys.Select(hex => hex.Length).Distinct().Order());
        var given = (await server.PutTextAsync("New.txt", "new")).File.Current.Key;
        Assert.Equal(64, given.Bits);

        var result = await test.Store.WidenAsync(null);
        Assert.True(result.IsFinished);
        Assert.All(test.Contents().Files.Keys, hex => Assert.Equal(6, hex.Length));
        await test.AssertCleanAsync();
        await AssertAllAsync(test, server, contents, keys, 24);
        Assert.Equal(24, (await server.AssertLeadsAsync(given, "new"u8.ToArray())).Bits); // addresses that were given out meanwhile

        // And now for good.
        Assert.True((await test.Store.WidenAsync(64)).IsFinished);
        await test.AssertCleanAsync();
        await AssertAllAsync(test, server, contents, keys, 64);
        Assert.Equal(given, await server.AssertLeadsAsync(given, "new"u8.ToArray()));
    }

    [Fact]
    public async Task What_the_shorter_keys_could_not_tell_apart_keeps_it_from_being_undone()
    {
        await using var test = await TestStore.OpenAsync(DatabaseProvider.Sqlite, DigestAlgorithm.Sha256, ContentKey.MinBits);
        var first = "first"u8.ToArray();
        var colliding = test.Colliding(first);
        await test.PutAsync("One.txt", first);
        await test.Store.BeginAsync(32);
        await test.PutAsync("Two.txt", colliding);
        await Refusal.ExpectAsync(StoreFault.Collision, () => test.Store.WidenAsync(null));
        Assert.Equal(32, test.Store.Layout.KeyBits);
        Assert.True((await test.Store.WidenAsync(32)).IsFinished);
        await test.AssertCleanAsync();
    }

    [Fact]
    public async Task A_damaged_object_gets_no_new_name_before_it_is_mended()
    {
        await using var test = await TestStore.OpenAsync(DatabaseProvider.Sqlite, DigestAlgorithm.Sha256, 24);
        byte[] good = "good"u8.ToArray(), bad = "damaged"u8.ToArray(), lost = "lost"u8.ToArray();
        foreach (var (name, content) in new[] { ("Good.txt", good), ("Bad.txt", bad), ("Lost.txt", lost) })
        {
            await test.PutAsync(name, content);
        }

        byte[][] contents = [good, bad, lost];
        var keys = contents.Select(test.KeyOf).ToArray();
        Replace(test.PlaceOf(keys[1]), "DAMAGED"u8.ToArray());
        File.Delete(test.PlaceOf(keys[2]));
        var listener = new Widened.Listener();
        var result = await test.Store.WidenAsync(64, listener);
        Assert.Equal((1, 2, false), (result.Changed, result.Left, result.IsFinished));
        Assert.Equal(keys[1..].Order(Comparer<ContentKey>.Create((one, other) => one.Span.SequenceCompareTo(other.Span))), listener.Kept.Select(kept => kept.Key));
        Assert.True(test.Store.Parts.Marks.Has(keys[1]));
        await Refusal.ExpectAsync(StoreFault.Damaged, async () => await test.Store.Objects.FindAsync(keys[1]));

        // An upload of the same content comes in under a key of its own, and the old row joins it when it is mended.
        Assert.Equal(64, (await test.PutAsync("Mended.txt", bad)).File.Current.Key.Bits);
        Replace(test.PlaceOf(keys[1]), bad);
        Replace(test.PlaceOf(keys[2]), lost);
        var again = await test.Store.WidenAsync(64);
        Assert.Equal((2, 0, true), (again.Changed, again.Left, again.IsFinished));
        Assert.Equal(2, test.Contents().Files[TestStore.Digest(bad).ToKey(64).ToString()].RefCount);
        Assert.Equal(64, (await test.Store.AssertLeadsAsync(keys[1], bad)).Bits);
        await test.AssertCleanAsync();
    }

    [Fact]
    public async Task What_a_process_leaves_that_dies_before_its_rows_shows_nothing_deleted()
    {
        await using var test = await TestStore.OpenAsync(DatabaseProvider.Sqlite, DigestAlgorithm.Sha256, 24);
        byte[][] contents = ["one"u8.ToArray(), "two"u8.ToArray(), "three"u8.ToArray()];
        for (var i = 0; i < contents.Length; i++)
        {
            await test.PutAsync($"{i}.txt", contents[i]);
        }

        await test.Store.BeginAsync(64);
        var strays = contents.Select(content => test.PlaceOf(TestStore.Digest(content).ToKey(64))).ToArray();
        for (var i = 0; i < contents.Length; i++)
        {
            Posix.Link(test.PlaceOf(TestStore.Digest(contents[i]).ToKey(24)), strays[i]);
        }

        await test.Store.DeleteAsync("0.txt");
        Assert.False(File.Exists(strays[0]));
        Assert.True((await test.PutAsync("1.txt", contents[1])).IsUnchanged); // brought along
        await test.Store.WidenAsync(null);
        Assert.False(File.Exists(strays[2]));
        await test.AssertCleanAsync();
    }

    [Fact]
    public async Task Thumbnails_move_and_leave_a_link_only_where_the_legacy_tree_needs_it()
    {
        await using var test = await TestStore.OpenAsync(DatabaseProvider.Sqlite, DigestAlgorithm.Sha256, 24);
        var content = "shown"u8.ToArray();
        var key = (await test.PutAsync("Shown.txt", content)).File.Current.Key;
        var now = TestStore.Digest(content).ToKey(64);
        string linked = new ThumbPath(key, "120px", "png").ToString(), free = new ThumbPath(key, "500px", "png").ToString();
        foreach (var place in new[] { linked, free })
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(test.Paths.Root, place))!);
            await File.WriteAllTextAsync(Path.Combine(test.Paths.Root, place), place);
        }

        using (var tables = test.Tables())
        {
            tables.Ledger.Add(new LedgerRow { Path = "thumb/a/ab/Shown.png/120px-Shown.png", Kind = LedgerKind.Thumb, State = LedgerState.Linked, Key = key.ToArray(), Place = linked });
            await tables.SaveChangesAsync();
        }

        Assert.True((await test.Store.WidenAsync(64)).IsFinished);
        var moved = new ThumbPath(now, "120px", "png").ToString();
        Assert.Equal(linked, await File.ReadAllTextAsync(Path.Combine(test.Paths.Root, linked))); // through the link
        Assert.Equal(Path.GetFileName(moved), new FileInfo(Path.Combine(test.Paths.Root, linked)).LinkTarget);
        Assert.Equal(free, await File.ReadAllTextAsync(Path.Combine(test.Paths.Root, new ThumbPath(now, "500px", "png").ToString())));
        Assert.False(Path.Exists(Path.Combine(test.Paths.Root, free)));
        using (var tables = test.Tables())
        {
            var row = Assert.Single(tables.Ledger);
            Assert.Equal((moved, now), (row.Place, new ContentKey(row.Key!)));
        }

        await test.Store.DeleteAsync("Shown.txt");
        Assert.False(File.Exists(Path.Combine(test.Paths.Root, moved)));
    }

    [Fact]
    public async Task Two_at_once_are_refused()
    {
        await using var test = await TestStore.OpenAsync(DatabaseProvider.Sqlite, DigestAlgorithm.Sha256, 24);
        await using var lease = await test.Store.Leases.TryTakeWidenAsync();
        var other = await test.OpenAnotherAsync();
        await Refusal.ExpectAsync(StoreFault.Unavailable, () => other.WidenAsync(64));
        Assert.Equal(24, other.Layout.KeyBits);
    }

    [Fact]
    public async Task Stores_by_another_algorithm_are_widened_by_their_own_digest()
    {
        await using var test = await TestStore.OpenAsync(DatabaseProvider.Sqlite, DigestAlgorithm.Sha512, 24);
        var content = "content"u8.ToArray();
        var old = (await test.PutAsync("One.txt", content)).File.Current.Key;
        Assert.True((await test.Store.WidenAsync(512)).IsFinished);
        Assert.Equal(TestStore.Digest(content, DigestAlgorithm.Sha512).ToKey(512), await test.Store.AssertLeadsAsync(old, content));
        await test.AssertCleanAsync();
    }

    [Fact]
    public async Task Where_the_layout_was_not_written_the_rows_tell_and_an_older_database_is_refused()
    {
        await using var test = await TestStore.OpenAsync(DatabaseProvider.Sqlite, DigestAlgorithm.Sha256, 24);
        await test.PutAsync("One.txt", "one"u8.ToArray());
        var before = await File.ReadAllBytesAsync(test.Paths.Layout);
        await test.CloseAsync();
        var copy = test.Paths.Database + ".old";
        File.Copy(test.Paths.Database, copy);
        await test.ReopenAsync();
        await test.Store.WidenAsync(64);
        await test.CloseAsync();

        // The process that began it died between the transaction and the file.
        await File.WriteAllBytesAsync(test.Paths.Layout, before);
        await test.ReopenAsync();
        Assert.Equal(64, StoreLayout.TryRead(test.Paths)!.KeyBits);
        await test.AssertCleanAsync();
        await test.CloseAsync();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        foreach (var file in Directory.GetFiles(test.Paths.State, "hashstore.db*").Where(file => file != copy))
        {
            File.Delete(file);
        }

        File.Move(copy, test.Paths.Database);
        Assert.Contains("older than the store", (await Assert.ThrowsAsync<StoreException>(test.ReopenAsync)).Message, StringComparison.Ordinal);
    }

    /// <summary>Names with one or two versions, one in five reverted, and of the first ten: 3 deleted, 5 renamed, 8 with a hidden version.</summary>
    private static async Task<byte[][]> FillAsync(TestStore test)
    {
        var contents = Enumerable.Range(0, Names).Select(i => Encoding.UTF8.GetBytes($"content {i}")).ToArray();
        Assert.Equal(Names, contents.Select(test.KeyOf).Distinct().Count());
        for (var i = 0; i < Names; i++)
        {
            var put = await test.PutAsync($"Name{i}.txt", contents[i]);
            if (i % 5 == 2)
            {
                await test.PutAsync($"Name{i}.txt", contents[(i + 3) % Names]);
                await test.Store.RevertAsync($"Name{i}.txt", put.File.Current.Id);
            }
        }

        await test.Store.DeleteAsync("Name3.txt");
        await test.Store.RenameAsync("Name5.txt", "Renamed5.txt");
        var current = await test.PutAsync("Name8.txt", "shown"u8.ToArray());
        await test.Store.HideAsync("Name8.txt", current.File.Versions.Single(version => version.Key == test.KeyOf(contents[8])).Id);
        return contents;
    }

    private static async Task AssertAllAsync(TestStore test, Store server, byte[][] contents, ContentKey[] keys, int bits)
    {
        for (var i = 0; i < keys.Length; i++)
        {
            var now = TestStore.Digest(contents[i]).ToKey(bits);
            var (found, gone) = await server.Objects.FindAsync(keys[i]);
            if (test.Contents().Files[now.ToString()].State == FileState.Deleted)
            {
                Assert.True(gone && found is null && !File.Exists(test.PlaceOf(keys[i])));
                continue;
            }

            Assert.Equal(now, await server.AssertLeadsAsync(keys[i], contents[i]));
            Assert.Equal(contents[i], await File.ReadAllBytesAsync(test.PlaceOf(keys[i]))); // as nginx reads it
            Assert.Equal(keys[i] == now, new FileInfo(test.PlaceOf(keys[i])).LinkTarget is null);
        }
    }

    private static void Replace(string path, byte[] content)
    {
        File.Delete(path);
        File.WriteAllBytes(path, content);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
    }
}
