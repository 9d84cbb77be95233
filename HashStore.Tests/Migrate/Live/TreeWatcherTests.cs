using HashStore.Migrate.Legacy;
using HashStore.Storage.Durability;
using Xunit;

namespace HashStore.Tests.Migrate.Live;

/// <summary>What the watcher tells of real operations in a real tree.</summary>
public sealed class TreeWatcherTests
{
    private const string Name = "Name.jpg", Other = "Other.jpg", Old = "20200101000000", Temporary = ".hs~7";

    public static TheoryData<string, string[]> Operations => new()
    {
        { "a new file", [Name] },
        { "a file written in place", [Name] },
        { "a rename over the file", [Name] },
        { "a hard link", [Name] },
        { "a symbolic link", [Name] },
        { "a file moved in from outside", [Name] },
        { "a file moved out", [Name] },
        { "a removed file", [Name] },
        { "a file moved into deleted/", [Name] },
        { "a rename to another name", [Name, Other] },
        { "two files exchanged", [Name, Other] },
        { "an old version", [Name] },
        { "an old version renamed with its file", [Name, Other] },
        { "a removed old version", [Name] },
        { "an upload as a wiki does it", [Name] },
    };

    [Theory]
    [MemberData(nameof(Operations))]
    public async Task An_operation_tells_its_names_together(string operation, string[] names)
    {
        using var tree = new WatchedTree();
        var (name, other, old) = (tree.Current(Name), tree.Current(Other), tree.Archived(Name, Old));
        var otherOld = tree.Archived(Other, Old);
        if (operation is not ("a new file" or "a hard link" or "a symbolic link" or "a file moved in from outside"))
        {
            tree.File(name);
            tree.File(old);
        }

        if (operation == "two files exchanged")
        {
            tree.File(other);
        }

        tree.File(tree.Outside("elsewhere"));
        Directory.CreateDirectory(tree["deleted/a/b/c"]);
        tree.Watched();
        Action act = operation switch
        {
            "a new file" or "a file written in place" => () => tree.File(name, "new"),
            "a rename over the file" => () =>
            {
                tree.File(tree[Path.GetDirectoryName(LegacyPath.OfCurrent(Name, 2)) + "/.1234_5_6.tmpfsfile"]);
                File.Move(Path.Combine(Path.GetDirectoryName(name)!, ".1234_5_6.tmpfsfile"), name, overwrite: true);
            },
            "a hard link" => () => Posix.Link(tree.Outside("elsewhere"), name),
            "a symbolic link" => () => File.CreateSymbolicLink(name, "/nowhere"),
            "a file moved in from outside" => () => File.Move(tree.Outside("elsewhere"), name),
            "a file moved out" => () => File.Move(name, tree.Outside("away")),
            "a removed file" => () => File.Delete(name),
            "a file moved into deleted/" => () => File.Move(name, tree["deleted/a/b/c/abc.jpg"]),
            "a rename to another name" => () => File.Move(name, other),
            "two files exchanged" => () => Posix.Exchange(name, other),
            "an old version" => () => tree.File(tree.Archived(Name, "20210101000000")),
            "an old version renamed with its file" => () =>
            {
                File.Move(old, otherOld);
                File.Move(name, other);
            },
            "a removed old version" => () => File.Delete(old),
            "an upload as a wiki does it" => () =>
            {
                File.Copy(name, tree.Archived(Name, "20210101000000"));
                tree.File(name + ".new");
                File.Move(name + ".new", name, overwrite: true);
            },
            _ => throw new ArgumentOutOfRangeException(nameof(operation)),
        };
        act();
        var expected = operation == "an upload as a wiki does it" ? [.. names, $"{Name}.new"] : names;
        await tree.ExpectAsync(expected);
        await tree.ExpectNothingAsync();
    }

    [Fact]
    public async Task Our_own_exchange_tells_nothing()
    {
        using var tree = new WatchedTree();
        var name = tree.Current(Name);
        tree.File(name);
        tree.File(tree.Current("Marker.jpg"));
        tree.Watched();
        Exchange(name);
        Assert.NotNull(Posix.ReadLink(name));
        await tree.ExpectNothingAsync();
    }

    [Fact]
    public async Task A_file_of_the_wikis_is_told_beside_our_own_exchange()
    {
        using var tree = new WatchedTree();
        var name = tree.Current(Name);
        tree.File(name);
        tree.Watched();
        tree.File(name, "newer");
        Exchange(name);
        await tree.ExpectAsync(Name);
        await tree.ExpectNothingAsync();
    }

    [Fact]
    public async Task What_no_upload_of_a_wikis_is_is_not_told()
    {
        using var tree = new WatchedTree();
        _ = tree.Current("Marker.jpg");
        tree.File("thumb/1/12/Name.jpg/120px-Name.jpg");
        tree.Watched();
        tree.File(".htaccess");
        tree.File("thumb/1/12/Name.jpg/240px-Name.jpg");
        tree.File("deleted/a/b/c/abc.jpg");
        tree.File("temp/1/12/20200101000000!Name.jpg");
        tree.File("1/2/3/456789abcdef0");
        tree.File(".hashstore/layout.json");
        tree.File(Path.Combine(Path.GetDirectoryName(tree.Current("Marker.jpg"))!, Temporary));
        Directory.CreateDirectory(tree.Current("Marker.jpg") + ".folder");
        var noUtf8 = "\"$(printf '" + LegacyPath.DirectoryOf("Marker.jpg", 2) + "B\\377d.jpg')\"";
        tree.Shell($"printf x > {noUtf8} && rm {noUtf8}"); // .NET could not remove it
        await tree.ExpectNothingAsync();
    }

    [Fact]
    public async Task A_new_hash_directory_loses_no_file_that_follows_at_once()
    {
        using var tree = new WatchedTree();
        tree.Watched();
        var names = new List<string>();
        foreach (var top in new[] { "", "archive/" })
        {
            foreach (var digits in Enumerable.Range(0, 256).Select(number => number.ToString("x2", null)))
            {
                var (name, path) = ($"In{digits}.jpg", top.Length == 0 ? $"In{digits}.jpg" : $"{Old}!In{digits}.jpg");
                tree.File(tree[$"{top}{digits[0]}/{digits}/{path}"]);
                names.Add(name);
            }
        }

        await tree.UntilAsync([.. names]);
        Assert.Equal(2 + (2 * (16 + 256)), tree.Watcher.Folders);
    }

    [Fact]
    public async Task A_hash_directory_that_is_moved_in_is_told_with_its_files()
    {
        using var tree = new WatchedTree();
        tree.File(tree.Outside("other/12/Name.jpg"));
        tree.File(tree.Outside("other/12/Other.jpg"));
        tree.Watched();
        Directory.Move(tree.Outside("other"), tree["1"]);
        await tree.ExpectAsync(Name, Other);
        tree.File("1/12/Third.jpg");
        await tree.ExpectAsync("Third.jpg");
    }

    [Fact]
    public async Task A_hash_directory_that_is_moved_away_is_a_loss_and_is_watched_no_more()
    {
        using var tree = new WatchedTree();
        tree.File("1/12/Name.jpg");
        tree.Watched();
        Directory.Move(tree["1/12"], tree.Outside("12"));
        Assert.Contains("moved away", (await tree.NextAsync()).Lost, StringComparison.Ordinal);
        tree.File(tree.Outside("12/Other.jpg"));
        await tree.ExpectNothingAsync();
    }

    [Fact]
    public async Task A_hash_directory_that_is_removed_and_made_again_is_watched_again()
    {
        using var tree = new WatchedTree();
        tree.File("1/12/Name.jpg");
        tree.Watched();
        Directory.Delete(tree["1"], recursive: true);
        await tree.ExpectAsync(Name);
        tree.File("1/12/Other.jpg");
        await tree.ExpectAsync(Other);
    }

    [Theory]
    [InlineData(0, "Name.jpg", "archive/20200101000000!Name.jpg")]
    [InlineData(1, "1/Name.jpg", "archive/1/20200101000000!Name.jpg")]
    [InlineData(3, "1/12/123/Name.jpg", "archive/1/12/123/20200101000000!Name.jpg")]
    public async Task Trees_of_other_depths_are_watched_too(int levels, string current, string archived)
    {
        using var tree = new WatchedTree(levels);
        tree.Watched();
        tree.File(current);
        await tree.ExpectAsync(Name);
        tree.File(archived);
        await tree.ExpectAsync(Name);
        tree.File(archived, "again");
        await tree.ExpectAsync(Name);
    }

    [Fact]
    public async Task A_file_at_another_depth_is_told_by_its_name()
    {
        using var tree = new WatchedTree();
        tree.File("1/12/Name.jpg");
        tree.Watched();
        tree.File("1/Upper.jpg");
        tree.File("Top.jpg");
        await tree.UntilAsync("Upper.jpg", "Top.jpg");
    }

    [Fact]
    public async Task The_root_may_be_a_link_and_no_other_folder()
    {
        using var tree = new WatchedTree();
        Directory.CreateDirectory(tree.Outside("2/23"));
        Directory.CreateSymbolicLink(tree["2"], tree.Outside("2"));
        Directory.CreateDirectory(tree["1"]);
        Directory.Move(tree.Root, tree.Outside("real"));
        Directory.CreateSymbolicLink(tree.Root, tree.Outside("real"));
        tree.Watched();
        tree.File(tree.Outside("2/23/Strange.jpg"));
        tree.File("1/12/Name.jpg");
        await tree.ExpectAsync(Name);
        Assert.True(tree.Watcher.HasSameRoot());
    }

    [Fact]
    public async Task Waiting_ends_at_once_when_it_is_cancelled_and_watching_when_it_is_disposed()
    {
        using var tree = new WatchedTree();
        tree.Watched();
        using var end = new CancellationTokenSource();
        var next = tree.Watcher.NextAsync(end.Token);
        Assert.False(next.IsCompleted);
        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => next);
    }

    /// <summary>What a conversion does with a file (LinkExchange).</summary>
    private static void Exchange(string path)
    {
        var beside = Path.Combine(Path.GetDirectoryName(path)!, Temporary);
        Posix.MakeLink("/objects/1/2/3/456", beside);
        Posix.Exchange(beside, path);
        Assert.True(Posix.Unlink(beside));
    }
}
