using System.Diagnostics;
using HashStore.Tests.Support;
using Mono.Unix.Native;
using Xunit;
using static HashStore.Tests.Migrate.Conversion.LegacyTreeBuilder;

namespace HashStore.Tests.Migrate.Conversion;

/// <summary>Shapes of trees, and where links and copies go (docs/MIGRATION.md, traps 23, 26, 28).</summary>
public sealed class TreeTrapTests
{
    private const string Name = "Name.jpg", First = "20180101000000", Now = "20200101000000";

    [Theory] // trap 23
    [InlineData(0, true)]
    [InlineData(1, true)]
    [InlineData(2, true)]
    [InlineData(3, true)]
    [InlineData(0, false)]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(3, false)]
    public async Task Trees_of_any_depth_are_converted_in_place(int levels, bool withTables)
    {
        using var tree = new LegacyTreeBuilder(levels) { WithTables = withTables };
        foreach (var name in Enumerable.Range(0, 20).Select(i => $"Name{i}.jpg"))
        {
            tree.Image(name, "two " + name);
            tree.Old(name, First, "one " + name);
            tree.File(tree.Thumb(name, $"120px-{name}"), "small " + name);
        }

        if (withTables)
        {
            tree.OldRow("Name1.jpg", "20170101000000", "secret", ("oi_deleted", "1"));
            tree.File(tree.InZone("Name1.jpg", "secret"), "secret");
        }

        var run = await tree.RunAsync(0, "--dry-run");
        Assert.Contains($"{levels} hash levels", run.Output, StringComparison.Ordinal);
        await tree.RunAsync(0);
        Assert.Equal(2, (await tree.HistoryAsync("Name7.jpg")).Count);
        Assert.Equal(20, tree.Report.Values.Count(line => line.Status == "thumb"));
        Assert.Equal(40, tree.Report.Values.Count(line => line.Status == "converted"));
        await tree.RunAsync(0);
        Assert.All(tree.Report.Values, line => Assert.Equal("already", line.Status));
    }

    [Fact] // trap 23
    public async Task Files_of_several_depths_in_one_tree_are_found()
    {
        using var tree = new LegacyTreeBuilder();
        tree.Image(Name, "one");
        foreach (var (name, levels) in new[] { ("Flat.jpg", 0), ("One.jpg", 1) })
        {
            tree.ImageRow(name, "content of " + name);
            tree.File(HashFolder(name, levels) + name, "content of " + name);
        }

        await tree.RunAsync(0);
        Assert.All(tree.Report.Values, line => Assert.Equal("converted", line.Status));
        Assert.Single(await tree.HistoryAsync("Flat.jpg"));
        Assert.Single(await tree.HistoryAsync("One.jpg"));
        await tree.RunAsync(0);
    }

    [Fact] // trap 23: the place of its depth wins
    public async Task Of_two_files_of_one_name_one_is_the_current_version()
    {
        using var tree = new LegacyTreeBuilder();
        tree.Image(Name, "one");
        tree.File(Name, "forgotten");
        await tree.RunAsync(0);
        Assert.Equal(("converted", "orphan"), (tree.Report[tree.Current(Name)].Status, tree.Report[Name].Status));
        Assert.Equal([Line(Name, Now, "one", " *")], await tree.HistoryAsync(Name));
    }

    [Fact]
    public async Task Levels_can_be_given()
    {
        using var tree = new LegacyTreeBuilder(0);
        tree.Image(Name, "one");
        Assert.Contains("3 hash levels", (await tree.RunAsync(0, "--dry-run", "--levels", "3")).Output, StringComparison.Ordinal);
        await tree.RunAsync(0, "--levels", "0");
        Assert.Equal("converted", tree.Report[Name].Status);
        await VerbFailsAsync(tree, "--levels", "33");
    }

    [Fact] // trap 23: a file called "a" where the folder of objects must be
    public async Task A_flat_tree_with_a_file_of_one_digit_is_refused_in_place_and_converted_elsewhere()
    {
        using var tree = new LegacyTreeBuilder(0);
        tree.Image("a", "one");
        tree.Image(Name, "two");
        var refused = await tree.RunAsync(3);
        Assert.Contains("--legacy", refused.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(tree.Tree, ".hashstore")));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public async Task Root_can_lie_elsewhere(int levels)
    {
        using var place = new TempFolder();
        using var tree = new LegacyTreeBuilder(levels) { Root = place["root"] };
        tree.Image("a", "one"); // a file where objects would lie
        tree.Image(Name, "two");
        tree.Old(Name, First, "one");
        tree.File(tree.Thumb(Name, $"120px-{Name}"), "small");
        var inode = Inode(tree.FullPath(tree.Current(Name)));
        await tree.RunAsync(0);
        tree.CheckLinked([.. tree.Report.Keys]);
        Assert.Equal(inode, Inode(tree.FullPath(tree.Current(Name)))); // hard-linked, not copied
        Assert.StartsWith(place["root"] + "/", new FileInfo(tree.FullPath(tree.Current(Name))).LinkTarget, StringComparison.Ordinal);
        await tree.RunAsync(0);
        Assert.All(tree.Report.Values, line => Assert.Equal("already", line.Status));
    }

    [Theory] // trap 28: EXDEV, in either direction
    [InlineData(true)]
    [InlineData(false)]
    public async Task From_another_file_system_bytes_are_copied(bool rootInMemory)
    {
        using TempFolder memory = new("/dev/shm"), place = new();
        using var tree = new LegacyTreeBuilder(2, rootInMemory ? null : memory.Path) { Root = rootInMemory ? memory["root"] : place["root"] };
        tree.Image(Name, "two");
        tree.Old(Name, First, "one");
        tree.File(tree.Thumb(Name, $"120px-{Name}"), "small");
        tree.OldRow(Name, "20170101000000", "secret", ("oi_deleted", "1"));
        tree.File(tree.InZone(Name, "secret"), "secret");
        Assert.Contains("so every file is copied", (await tree.RunAsync(0, "--dry-run")).Output, StringComparison.Ordinal);
        await tree.RunAsync(0);
        tree.CheckLinked(tree.Current(Name), tree.Archived(Name, First), tree.Thumb(Name, $"120px-{Name}"));
        tree.CheckUnlinked(tree.InZone(Name, "secret"));
        Assert.Equal(3, (await tree.HistoryAsync(Name)).Count);
        await tree.RunAsync(0);
    }

    [NeedsFact("root")] // trap 28: another mount of the same device
    public async Task From_another_mount_of_the_same_device_bytes_are_copied()
    {
        using var place = new TempFolder();
        using var tree = new LegacyTreeBuilder { Root = place["root"] };
        tree.Image(Name, "two");
        Run("mount", "--bind", tree.Tree, tree.Tree);
        try
        {
            await tree.RunAsync(0);
            tree.CheckLinked(tree.Current(Name));
        }
        finally
        {
            Run("umount", tree.Tree);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Links_can_be_relative(bool elsewhere)
    {
        using var place = new TempFolder();
        using var tree = new LegacyTreeBuilder { Root = elsewhere ? place["root"] : null };
        tree.Image(Name, "two");
        tree.Old(Name, First, "one");
        tree.File(tree.Thumb(Name, $"120px-{Name}"), "small");
        await tree.RunAsync(0, "--links", "relative");
        Assert.All(tree.Report.Keys, path => Assert.StartsWith("../", new FileInfo(tree.FullPath(path)).LinkTarget, StringComparison.Ordinal));
        await tree.RunAsync(0, "--links", "relative");
        Assert.All(tree.Report.Values, line => Assert.Equal("already", line.Status));
        await tree.RunAsync(0); // and links made before stay as they are
        Assert.All(tree.Report.Values, line => Assert.Equal("already", line.Status));
    }

    [Fact]
    public async Task Links_can_begin_with_the_path_that_the_wiki_sees()
    {
        using var place = new TempFolder();
        using var tree = new LegacyTreeBuilder();
        tree.Image(Name, "one");
        Directory.CreateSymbolicLink(place["seen"], tree.Tree);
        await tree.RunAsync(0, "--link-root", place["seen"] + "/");
        Assert.StartsWith(place["seen"] + "/", new FileInfo(tree.FullPath(tree.Current(Name))).LinkTarget, StringComparison.Ordinal);
        Assert.DoesNotContain("//", new FileInfo(tree.FullPath(tree.Current(Name))).LinkTarget, StringComparison.Ordinal);
        await tree.RunAsync(0, "--link-root", place["seen"]);
        Assert.Equal("already", tree.Report[tree.Current(Name)].Status);
        await VerbFailsAsync(tree, "--link-root", "relative/path");
    }

    [Fact] // trap 28
    public async Task A_root_that_is_a_symbolic_link_is_converted_where_it_leads()
    {
        using var place = new TempFolder();
        using var tree = new LegacyTreeBuilder();
        tree.Image(Name, "one");
        Directory.CreateSymbolicLink(place["link"], tree.Tree);
        tree.WriteTables();
        var before = tree.TakeManifest();
        string[] arguments = ["run", "--root", place["link"], "--tables", tree.Folder["tables"], .. Environment.IsPrivilegedProcess ? [] : (string[])["--state", tree.Folder["state"]]];
        Assert.Equal(0, (await VerbAsync(arguments)).Exit);
        tree.CheckAnswers(before);
        tree.CheckLinked(tree.Current(Name));
        Assert.Matches("^run: 0 converted, 1 skipped", (await VerbAsync(arguments)).Output);
    }

    [Fact] // trap 28
    public async Task A_file_with_further_hard_links_is_copied()
    {
        using var tree = new LegacyTreeBuilder();
        tree.Image(Name, "one");
        var other = tree.Folder["other"];
        Assert.Equal(0, Syscall.link(tree.FullPath(tree.Current(Name)), other));
        await tree.RunAsync(0);
        tree.CheckLinked(tree.Current(Name));
        Assert.NotEqual(Inode(other), Inode(tree.FullPath(tree.Current(Name))));
        await File.WriteAllTextAsync(other, "changed"); // writable as before, and the object is not changed through it
        Assert.Equal("one", await File.ReadAllTextAsync(tree.FullPath(tree.Current(Name))));
    }

    [Fact]
    public async Task Two_names_that_are_one_file_on_disk_are_two_names()
    {
        using var tree = new LegacyTreeBuilder();
        tree.Image("A.jpg", "one");
        tree.ImageRow("B.jpg", "one");
        Directory.CreateDirectory(Path.GetDirectoryName(tree.FullPath(tree.Current("B.jpg")))!);
        Assert.Equal(0, Syscall.link(tree.FullPath(tree.Current("A.jpg")), tree.FullPath(tree.Current("B.jpg"))));
        await tree.RunAsync(0);
        Assert.Equal(["converted", "duplicate"], tree.Report.Values.Select(line => line.Status).Order());
        tree.CheckLinked(tree.Current("A.jpg"), tree.Current("B.jpg"));
    }

    [NeedsFact("root")] // trap 28
    public async Task Another_owners_file_becomes_the_stores_and_the_ledger_knows_whose_it_was()
    {
        using var tree = new LegacyTreeBuilder();
        tree.Image(Name, "one");
        Assert.Equal(0, Syscall.chown(tree.FullPath(tree.Current(Name)), 65534, 65534));
        Assert.Equal(0, Syscall.chmod(tree.FullPath(tree.Current(Name)), FilePermissions.S_IRUSR | FilePermissions.S_IWUSR));
        await tree.RunAsync(0);
        Assert.Equal(0, Syscall.stat(tree.FullPath(tree.Current(Name)), out var stat));
        Assert.Equal((0u, 0x124u), (stat.st_uid, (uint)stat.st_mode & 0xFFF));
        Assert.Equal([65534L, 0x180L], RawDatabase.Rows(tree.Options, $"SELECT ledger_owner, ledger_mode & 4095 FROM ledger WHERE ledger_kind = 1").Single());
    }

    [NeedsFact("root")] // trap 28
    public async Task A_read_only_tree_is_refused()
    {
        using var disk = new MemoryFileSystem(24);
        Directory.CreateDirectory(Path.Combine(disk.Path, "1", "12"));
        await File.WriteAllTextAsync(Path.Combine(disk.Path, "1", "12", Name), "one");
        disk.MakeReadOnly();
        var run = await VerbAsync("run", "--root", disk.Path);
        Assert.Equal(3, run.Exit);
        Assert.Contains("cannot be converted by this user", run.Error, StringComparison.Ordinal);
    }

    [Fact] // trap 26
    public async Task What_programs_and_people_left_behind_stays()
    {
        using var tree = new LegacyTreeBuilder();
        tree.Image(Name, "one");
        var folder = HashFolder(Name, 2);
        string[] left = ["README", ".htaccess", "index.html", ".DS_Store", "Thumbs.db", folder + ".DS_Store", folder + "Thumbs.db", folder + ".0123456789_abc_def.tmpfsfile",
            "deleted/.htaccess", "deleted/index.html", "archive/.htaccess", "thumb/index.html"];
        Assert.All(left, path => tree.File(path, "left " + path));
        await tree.RunAsync(0);
        tree.CheckUnlinked(left);
        Assert.All(left, path => Assert.Contains(tree.Report[path].Status, (string[])["skipped", "orphan"]));
        tree.WithTables = false;
        await tree.RunAsync(0);
        tree.CheckUnlinked(left);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public async Task Without_tables_what_was_left_behind_is_no_upload(int levels)
    {
        using var tree = new LegacyTreeBuilder(levels) { WithTables = false };
        tree.Image(Name, "one");
        string[] left = ["README", ".htaccess", "index.html", "Thumbs.db"];
        Assert.All(left, path => tree.File(path, "left " + path));
        await tree.RunAsync(0);
        tree.CheckUnlinked(left);
        tree.CheckLinked(tree.Current(Name));
    }

    private static async Task VerbFailsAsync(LegacyTreeBuilder tree, params string[] more) => Assert.Equal(2, (await VerbAsync([.. tree.RunArguments, .. more])).Exit);

    private static ulong Inode(string path)
    {
        Assert.Equal(0, Syscall.stat(path, out var stat));
        return stat.st_ino;
    }

    private static void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }
}
