using System.Text;
using HashStore.Storage.Durability;
using HashStore.Storage.Objects;
using HashStore.Tests.Support;
using Xunit;

namespace HashStore.Tests.Objects;

/// <summary>The contract on a disk, and what only a disk can do. The staged files lie on the same file system, in another folder.</summary>
public sealed class LocalObjectsTests : ObjectBackendContract
{
    private readonly TempFolder folder = new();
    private readonly SyncQueue syncs;
    private readonly LocalObjects objects;

    public LocalObjectsTests()
    {
        Directory.CreateDirectory(Root);
        Directory.CreateDirectory(folder["state", "deleted"]); // opening a store makes it
        syncs = new SyncQueue(folder["sync.anchor"]);
        objects = new LocalObjects(Root, DeletedRoot, syncs);
    }

    private protected override IObjectBackend Backend => objects;

    private string Root => folder["root"];

    private string DeletedRoot => folder["state", "deleted"];

    [Fact]
    public async Task Objects_lie_where_the_format_says_for_everybody_to_read_and_nobody_to_write()
    {
        await objects.AddAsync(Key("123456789abcdef0"), Stage([1]), Zone.Public);
        var path = Path.Combine(Root, "1/2/3/456789abcdef0");
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead, File.GetUnixFileMode(path));
        foreach (var directory in (string[])["1", "1/2", "1/2/3"])
        {
            Assert.Equal(0b111_101_101, (int)File.GetUnixFileMode(Path.Combine(Root, directory)));
        }

        await objects.MoveAsync(Key("123456789abcdef0"), Zone.Public);
        Assert.True(File.Exists(Path.Combine(DeletedRoot, "1/2/3/456789abcdef0")));
    }

    [Fact]
    public async Task An_added_object_is_the_staged_file_itself()
    {
        var path = Stage([1, 2, 3]);
        using var open = File.OpenRead(path);
        await objects.AddAsync(Key("1234"), path, Zone.Public);
        File.SetUnixFileMode(open.SafeFileHandle, UnixFileMode.UserRead);
        Assert.Equal(UnixFileMode.UserRead, File.GetUnixFileMode(Path.Combine(Root, "1/2/3/4")));
    }

    [Fact]
    public async Task An_object_that_a_power_loss_left_under_both_names_leaves_the_zone_that_it_is_moved_from()
    {
        // The new name was synced and the old one's removal was not: both are names of one file, for which rename does nothing.
        await objects.AddAsync(Key("1234"), Stage([1]), Zone.Public);
        Directory.CreateDirectory(Path.Combine(DeletedRoot, "1/2/3"));
        Posix.Link(Path.Combine(Root, "1/2/3/4"), Path.Combine(DeletedRoot, "1/2/3/4"));

        Assert.True(await objects.MoveAsync(Key("1234"), Zone.Public));
        Assert.Null(await objects.StatAsync(Key("1234"), Zone.Public));
        Assert.Equal(new byte[] { 1 }, await ReadAllAsync(Key("1234"), Zone.Deleted));
    }

    [Fact]
    public async Task Directories_that_were_tidied_away_are_made_again()
    {
        await objects.AddAsync(Key("1234"), Stage([1]), Zone.Public);
        await objects.RemoveAsync(Key("1234"), Zone.Public);
        Directory.Delete(Path.Combine(Root, "1"), recursive: true);
        Assert.True(await objects.AddAsync(Key("1234"), Stage([2]), Zone.Public));
        Assert.Equal(new byte[] { 2 }, await ReadAllAsync(Key("1234"), Zone.Public));
    }

    [Fact]
    public async Task A_staged_file_that_is_not_there_is_an_error_and_no_false() =>
        await Assert.ThrowsAnyAsync<IOException>(async () => await objects.AddAsync(Key("1234"), folder["nothing"], Zone.Public));

    [Fact]
    public async Task A_legacy_tree_in_the_same_root_is_never_listed_nor_touched()
    {
        string[] legacy =
        [
            "1/12/Name.jpg", "archive/1/12/20200101000000!Name.jpg", "thumb/1/12/Name.jpg/120px-Name.jpg", "thumb/1/2/3/4-500px.jpg",
            "deleted/1/2/3/123.jpg", "README",
        ];
        foreach (var path in legacy)
        {
            folder.Write($"root/{path}", Encoding.UTF8.GetBytes(path));
        }

        await objects.AddAsync(Key("1234"), Stage([1]), Zone.Public);
        Assert.Equal("1/2/3/4", Assert.Single(objects.List(Zone.Public)).Path);
        Assert.All(legacy, path => Assert.Equal(path, File.ReadAllText(Path.Combine(Root, path))));
    }

    [Fact]
    public async Task What_lies_among_the_objects_and_is_none_is_listed_without_a_key()
    {
        await objects.AddAsync(Key("123456"), Stage([1]), Zone.Public);
        folder.Write("root/1/2/3/NAME", [1, 2]);
        folder.Write("root/1/2/3/45", [1]);
        folder.Write("root/1/2/3/4/inside", [1]);
        File.CreateSymbolicLink(Path.Combine(Root, "1/2/3/4567"), Path.Combine(Root, "1/2/3/456"));
        Directory.CreateSymbolicLink(Path.Combine(Root, "2"), Path.Combine(Root, "1"));

        var found = objects.List(Zone.Public).OrderBy(entry => entry.Path, StringComparer.Ordinal).Select(entry => (entry.Path, entry.Key)).ToList();
        Assert.Equal(["1/2/3/4", "1/2/3/45", "1/2/3/456", "1/2/3/4567", "1/2/3/NAME"], found.Select(entry => entry.Path));
        Assert.Equal([Key("123456")], found.Select(entry => entry.Key).OfType<HashStore.Schema.ContentKey>());
    }

    protected override void Dispose(bool disposing)
    {
        syncs.Dispose();
        folder.Dispose();
        base.Dispose(disposing);
    }
}
