using System.Text;
using HashStore.Schema;
using HashStore.Schema.Tables;
using HashStore.Storage;
using HashStore.Storage.Catalog;
using HashStore.Storage.Durability;
using HashStore.Storage.Objects;
using HashStore.Storage.Staging;
using HashStore.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace HashStore.Tests.Faults;

/// <summary>States that a kill or a power loss leaves between two steps, made by hand.</summary>
public sealed class InterruptedTests
{
    private static readonly byte[] content = "content"u8.ToArray();

    /// <summary>Where the bytes of an object on its way can be, and how the two places can be one file.</summary>
    public enum Place
    {
        /// <summary>Not yet moved, or moved already.</summary>
        Public,

        /// <summary>Not yet moved, or moved already.</summary>
        Deleted,

        /// <summary>A second file with the same bytes, which an upload placed meanwhile.</summary>
        BothCopied,

        /// <summary>Two names of one file: the new name was durable and the old one's removal was not.</summary>
        BothLinked,
    }

    public static TheoryData<DatabaseProvider, bool, Place> OnTheirWay
    {
        get
        {
            var cases = new TheoryData<DatabaseProvider, bool, Place>();
            foreach (var provider in Databases.Available)
            {
                foreach (var place in Enum.GetValues<Place>())
                {
                    cases.Add(provider, true, place);
                    cases.Add(provider, false, place);
                }
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(OnTheirWay))]
    public async Task An_object_on_its_way_is_settled_where_its_count_says_at_the_next_open(DatabaseProvider provider, bool wanted, Place place)
    {
        await using var test = await TestStore.OpenAsync(provider);
        var key = (await test.PutAsync("One.txt", content)).File.Current.Key;
        await test.PutAsync("Two.txt", "bystander");
        if (!wanted)
        {
            await test.Store.DeleteAsync("One.txt");
        }

        await test.CloseAsync();
        SetState(test, key, FileState.Collecting);
        Put(place, PathOf(test, key, wanted ? Zone.Public : Zone.Deleted), PathOf(test, key, Zone.Public), PathOf(test, key, Zone.Deleted));

        await test.ReopenAsync();
        Assert.Equal(wanted ? (FileState.Public, 1, true, false) : (FileState.Deleted, 0, false, true), test.Contents().Of(key));
        test.Contents().CheckSettled();
        var lookup = await test.Store.Objects.FindAsync(key);
        Assert.Equal((wanted, !wanted), (lookup.Found is not null, lookup.Gone));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_object_on_its_way_whose_bytes_are_lost_does_not_keep_the_store_shut(bool wanted)
    {
        await using var test = await TestStore.OpenAsync(Databases.OfPrograms);
        var key = (await test.PutAsync("One.txt", content)).File.Current.Key;
        var bystander = (await test.PutAsync("Two.txt", "bystander")).File.Current.Key;
        if (!wanted)
        {
            await test.Store.DeleteAsync("One.txt");
        }

        await test.CloseAsync();
        SetState(test, key, FileState.Collecting);
        SetState(test, bystander, FileState.Collecting);
        File.Delete(PathOf(test, key, wanted ? Zone.Public : Zone.Deleted));

        await test.ReopenAsync();
        Assert.Equal((FileState.Public, 1, true, false), test.Contents().Of(bystander));
        Assert.Null((await test.Store.Objects.FindAsync(key)).Found);

        // The next upload of the content brings the bytes back.
        await test.PutAsync("Three.txt", content);
        Assert.Equal((FileState.Public, wanted ? 2 : 1, true, false), test.Contents().Of(key));
        test.Contents().CheckSettled();
    }

    [Theory]
    [ClassData(typeof(Databases))]
    public async Task What_died_after_claim_and_bytes_uploads_again_as_if_it_were_new(DatabaseProvider provider)
    {
        foreach (var (hasRow, hasBytes) in ((bool, bool)[])[(true, true), (true, false), (false, true)])
        {
            await using var test = await TestStore.OpenAsync(provider);
            var key = (await test.PutAsync("One.txt", content)).File.Current.Key;
            await ForgetUploadsAsync(test, keepRow: hasRow);
            if (!hasBytes)
            {
                File.Delete(PathOf(test, key, Zone.Public));
            }

            await test.ReopenAsync();
            Assert.Null((await test.Store.Objects.FindAsync(key)).Found);
            var put = await test.PutAsync("One.txt", content);
            Assert.True(put is { IsNew: true, IsDuplicate: false });
            Assert.Equal((FileState.Public, 1, true, false), test.Contents().Of(key));
            Assert.NotNull((await test.Store.Objects.FindAsync(key)).Found);
            test.Contents().CheckSettled();
        }
    }

    [Theory]
    [InlineData("One.txt")]
    [InlineData("Two.txt")]
    public async Task A_missing_object_is_healed_by_the_next_upload_of_its_content(string name)
    {
        await using var test = await TestStore.OpenAsync(Databases.OfPrograms);
        var key = (await test.PutAsync("One.txt", content)).File.Current.Key;
        File.Delete(PathOf(test, key, Zone.Public));
        await Refusal.ExpectAsync(StoreFault.Damaged, async () => await test.Store.Objects.FindAsync(key));
        Assert.True((await test.PutAsync(name, content)).IsDuplicate);
        Assert.NotNull((await test.Store.Objects.FindAsync(key)).Found);
        test.Contents().CheckSettled();
    }

    [Fact]
    public async Task A_deleted_object_that_is_missing_is_healed_by_the_next_upload_of_its_content()
    {
        await using var test = await TestStore.OpenAsync(Databases.OfPrograms);
        var key = (await test.PutAsync("One.txt", content)).File.Current.Key;
        await test.Store.DeleteAsync("One.txt");
        File.Delete(PathOf(test, key, Zone.Deleted));
        Assert.True((await test.PutAsync("Two.txt", content)).IsDuplicate);
        Assert.Equal((FileState.Public, 1, true, false), test.Contents().Of(key));
        test.Contents().CheckSettled();
    }

    [Fact]
    public async Task A_deleted_object_that_lies_in_the_public_tree_comes_back_from_there()
    {
        await using var test = await TestStore.OpenAsync(Databases.OfPrograms);
        var key = (await test.PutAsync("One.txt", content)).File.Current.Key;
        await test.Store.DeleteAsync("One.txt");
        File.Move(PathOf(test, key, Zone.Deleted), PathOf(test, key, Zone.Public));
        await test.Store.UndeleteAsync("One.txt");
        Assert.Equal((FileState.Public, 1, true, false), test.Contents().Of(key));
        test.Contents().CheckSettled();
    }

    [Fact]
    public async Task The_staging_folder_of_a_dead_program_is_swept_and_that_of_a_living_one_kept()
    {
        await using var test = await TestStore.OpenAsync(Databases.OfPrograms);
        using var living = await test.Store.StageAsync(content);
        foreach (var (path, text) in ((string, string)[])[("dead/1", "bytes"), ("dead/lock", ""), ("without-lock/1", "bytes"), ("empty/lock", "")])
        {
            var full = Path.Combine(test.Paths.Staging, path);
            Directory.CreateDirectory(Path.GetDirectoryName(full)!);
            await File.WriteAllTextAsync(full, text);
            File.SetUnixFileMode(full, UnixFileMode.UserRead);
        }

        var other = await test.OpenAnotherAsync();
        Assert.Equal(2, Directory.EnumerateDirectories(test.Paths.Staging).Count());
        Assert.Equal([living.Path], test.Contents().Staged);
        await test.Store.PutAsync(living, new PutRequest("One.txt".Named(), StoreSteps.User, "", default));
        Assert.Equal(content, (await other.Objects.FindAsync(test.KeyOf(content))).Found!.Body);

        await test.CloseAsync();
        Assert.Empty(Directory.EnumerateDirectories(test.Paths.Staging));
    }

    [Theory]
    [InlineData(false, "foreign")]
    [InlineData(false, "of another length")]
    [InlineData(false, "")]
    [InlineData(true, "foreign")]
    [InlineData(true, "of another length")]
    public async Task Foreign_bytes_in_the_place_of_a_key_are_refused_and_left_alone(bool claimed, string foreign)
    {
        await using var test = await TestStore.OpenAsync(Databases.OfPrograms);
        var key = (await test.PutAsync("One.txt", content)).File.Current.Key;
        await ForgetUploadsAsync(test, keepRow: claimed);
        var path = PathOf(test, key, Zone.Public);
        File.Delete(path);
        await File.WriteAllTextAsync(path, foreign);

        await test.ReopenAsync();
        await Refusal.ExpectAsync(StoreFault.Damaged, () => test.PutAsync("One.txt", content));
        Assert.Equal(foreign, await File.ReadAllTextAsync(path));
        Assert.Empty(test.Contents().Names);
        Assert.Empty(test.Contents().Staged);
    }

    [Fact]
    public async Task A_stored_object_of_another_length_is_brought_back_by_an_upload_and_what_lay_there_is_kept()
    {
        await using var test = await TestStore.OpenAsync(Databases.OfPrograms);
        var key = (await test.PutAsync("One.txt", content)).File.Current.Key;
        var path = PathOf(test, key, Zone.Public);
        File.Delete(path);
        await File.WriteAllTextAsync(path, "of another length");
        Assert.True((await test.PutAsync("Two.txt", content)).IsDuplicate);
        Assert.Equal(content, await File.ReadAllBytesAsync(path));
        Assert.Equal("of another length", await File.ReadAllTextAsync(Directory.GetFiles(test.Paths.Quarantine, $"{key}-*").Single(kept => !kept.EndsWith(".json", StringComparison.Ordinal))));
        Assert.Empty(test.Contents().Staged);
        test.Contents().CheckSettled();
    }

    [Fact]
    public async Task A_file_in_the_place_of_a_directory_is_a_refusal_of_the_store()
    {
        await using var test = await TestStore.OpenAsync(Databases.OfPrograms);
        var blocked = Path.Combine(test.Paths.Root, test.KeyOf(content).ToString()[..1]);
        await File.WriteAllTextAsync(blocked, "in the way");
        await Assert.ThrowsAsync<StoreException>(() => test.PutAsync("One.txt", content));
        Assert.Equal("in the way", await File.ReadAllTextAsync(blocked));
        Assert.Empty(test.Contents().Staged);
        File.Delete(blocked);
        Assert.True((await test.PutAsync("One.txt", content)).IsNew);
        test.Contents().CheckSettled();
    }

    [Fact]
    public async Task An_upload_whose_claim_and_bytes_are_collected_under_way_is_never_acknowledged_without_bytes()
    {
        await using var test = await TestStore.OpenAsync(Databases.OfPrograms);
        await test.CloseAsync();
        var database = StoreDatabase.Open(test.Options);
        var syncs = new SyncQueue(test.Paths.SyncAnchor);
        var collecting = new CollectingBackend(new LocalObjects(test.Paths.Root, test.Paths.Deleted, syncs), () =>
        {
            using var tables = database.NewContext();
            tables.Files.RemoveRange(tables.Files);
            tables.SaveChanges();
        });
        var parts = new StoreParts(test.Paths, StoreLayout.TryRead(test.Paths)!, database, syncs, collecting, new DurableTree(test.Paths.Root, syncs));
        var staging = new StagingArea(test.Paths, syncs, DigestAlgorithm.Sha256);
        var store = new Store(parts, staging, new RemovalCounter(test.Paths.Removals), test.Options, NullLogger.Instance);
        try
        {
            await store.PutBytesAsync("One.txt", content);
        }
        catch (StoreException refusal)
        {
            Assert.Equal(StoreFault.Unavailable, refusal.Fault);
        }

        var acknowledged = await store.Names.FindCurrentAsync("One.txt".Named()) is not null;
        Assert.Equal(acknowledged, (await store.Objects.FindAsync(TestStore.Digest(content).ToKey(64))).Found is not null);
        await store.DisposeAsync();
    }

    private static string PathOf(TestStore test, ContentKey key, Zone zone) =>
        Path.Combine(zone == Zone.Public ? test.Paths.Root : test.Paths.Deleted, ObjectPath.Of(key));

    private static void SetState(TestStore test, ContentKey key, FileState state)
    {
        using var tables = test.Tables();
        tables.Files.Find(key.ToArray())!.State = state;
        tables.SaveChanges();
    }

    private static async Task ForgetUploadsAsync(TestStore test, bool keepRow)
    {
        await test.CloseAsync();
        using var tables = test.Tables();
        tables.Uploads.RemoveRange(tables.Uploads);
        tables.Filenames.RemoveRange(tables.Filenames);
        foreach (var file in tables.Files)
        {
            (file.State, file.RefCount) = (FileState.Claimed, 0);
        }

        if (!keepRow)
        {
            tables.Files.RemoveRange(tables.Files);
        }

        await tables.SaveChangesAsync();
    }

    private static void Put(Place place, string now, string publicPath, string deletedPath)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(publicPath)!);
        Directory.CreateDirectory(Path.GetDirectoryName(deletedPath)!);
        switch (place)
        {
            case Place.Public:
                File.Move(now, publicPath, overwrite: true);
                break;
            case Place.Deleted:
                File.Move(now, deletedPath, overwrite: true);
                break;
            case Place.BothCopied:
                File.Copy(now, now == publicPath ? deletedPath : publicPath);
                break;
            case Place.BothLinked:
                Posix.Link(now, now == publicPath ? deletedPath : publicPath);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(place));
        }
    }

    /// <summary>A collector strikes once, between an upload's bytes and its row.</summary>
    private sealed class CollectingBackend(IObjectBackend inner, Action removeRows) : IObjectBackend
    {
        private bool done;

        public async ValueTask<bool> AddAsync(ContentKey key, string stagedPath, Zone zone)
        {
            var added = await inner.AddAsync(key, stagedPath, zone);
            if (!done)
            {
                done = true;
                removeRows();
                await inner.RemoveAsync(key, Zone.Public);
            }

            return added;
        }

        public ValueTask<ObjectBytes?> OpenAsync(ContentKey key, Zone zone) => inner.OpenAsync(key, zone);

        public ValueTask<ObjectStat?> StatAsync(ContentKey key, Zone zone) => inner.StatAsync(key, zone);

        public ValueTask<bool> MoveAsync(ContentKey key, Zone from) => inner.MoveAsync(key, from);

        public ValueTask<bool> RemoveAsync(ContentKey key, Zone zone) => inner.RemoveAsync(key, zone);
    }
}
