using HashStore.Schema;
using HashStore.Tests.Migrate.Conversion;
using Xunit;
using static HashStore.Tests.Migrate.Conversion.LegacyTreeBuilder;

namespace HashStore.Tests.Migrate.Live;

/// <summary>What MediaWiki does to the links of converted files, played with the same calls on a real tree: the next run follows it. The real wiki is in Wiki/.</summary>
public sealed class FollowTests : IDisposable
{
    private const string Name = "Name.jpg", Other = "Other.jpg", First = "20180101000000", Second = "20190101000000", Now = "20200101000000", Later = "20230101000000";

    private readonly LegacyTreeBuilder tree = new();

    public void Dispose() => tree.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_moved_file_keeps_its_history(bool freshTables)
    {
        tree.Image(Name, "two");
        tree.Old(Name, First, "one");
        await tree.RunAsync(0);

        Move(tree.Current(Name), tree.Current(Other));
        Move(tree.Archived(Name, First), tree.Archived(Other, First));
        if (freshTables)
        {
            Forget(Name);
            tree.ImageRow(Other, "two");
            tree.OldRow(Other, First, "one");
        }

        tree.WithTables = freshTables;
        await tree.RunAsync(0);
        Assert.Equal(2, (await tree.HistoryAsync(Other)).Count);
        Assert.All(await tree.HistoryAsync(Other), line => Assert.Contains(User, line, StringComparison.Ordinal));
        Assert.Equal(FileName.FromStored(Other), await RenamedToAsync(Name));
        tree.CheckLinked(tree.Current(Other), tree.Archived(Other, First));
        await VerifiedAsync();
    }

    [Theory] // MediaWiki 1.39 moves a converted file by copying what its link shows
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task A_file_moved_by_copying_leaves_nothing_under_its_old_name(bool tablesLater, bool comesBack)
    {
        tree.Image(Name, "two");
        tree.Old(Name, First, "one");
        tree.Image("Twin.jpg", "two"); // the same content, time and user, and a row of its own
        await tree.RunAsync(0);

        Forget(Name);
        foreach (var (from, to, content) in new[] { (tree.Current(Name), tree.Current(Other), "two"), (tree.Archived(Name, First), tree.Archived(Other, First), "one") })
        {
            tree.File(to, content);
            File.Delete(tree.FullPath(from));
        }

        if (tablesLater)
        {
            tree.WithTables = false;
            await tree.RunWithoutAsync([], 0);
            tree.WithTables = true;
        }

        tree.ImageRow(Other, "two");
        tree.OldRow(Other, First, "one");
        if (comesBack)
        {
            tree.Image(Name, "new", ("img_timestamp", Later));
        }

        await tree.RunAsync(0);
        Assert.Equal([Line(Other, Now, "two", " *"), Line(Other, First, "one")], await tree.HistoryAsync(Other));
        Assert.Equal([Line("Twin.jpg", Now, "two", " *")], await tree.HistoryAsync("Twin.jpg"));
        if (comesBack)
        {
            Assert.Equal([Line(Name, Later, "new", " *")], await tree.HistoryAsync(Name));
        }
        else
        {
            Assert.Equal(FileName.FromStored(Other), await RenamedToAsync(Name));
        }

        tree.CheckLinked(tree.Current(Other), tree.Archived(Other, First));
        await VerifiedAsync();
        await tree.RunAsync(0);
        Assert.Equal(2, (await tree.HistoryAsync(Other)).Count);
    }

    [Fact]
    public async Task A_file_moved_twice_between_two_runs_keeps_its_history()
    {
        tree.Image(Name, "two");
        tree.Old(Name, First, "one");
        await tree.RunAsync(0);
        Move(tree.Current(Name), tree.Current(Other));
        Move(tree.Current(Other), tree.Current("Third.jpg"));
        Move(tree.Archived(Name, First), tree.Archived("Third.jpg", First));
        tree.WithTables = false;
        await tree.RunAsync(0);
        Assert.Equal(2, (await tree.HistoryAsync("Third.jpg")).Count);
        await VerifiedAsync();
    }

    [Fact]
    public async Task A_file_moved_away_makes_room_for_another()
    {
        tree.Image(Name, "one");
        await tree.RunAsync(0);
        Move(tree.Current(Name), tree.Current(Other));
        Forget(Name);
        tree.ImageRow(Other, "one");
        tree.Image(Name, "new", ("img_timestamp", Later));
        await tree.RunAsync(0);
        Assert.Equal([Line(Other, Now, "one", " *")], await tree.HistoryAsync(Other));
        Assert.Equal([Line(Name, Later, "new", " *")], await tree.HistoryAsync(Name));
        await VerifiedAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_deleted_file_leaves_the_public_and_a_file_takes_its_links_place(bool freshTables)
    {
        tree.Image(Name, "two");
        tree.Old(Name, First, "one");
        tree.File(tree.Thumb(Name, "120px-Name.jpg"), "small");
        await tree.RunAsync(0);

        Move(tree.Current(Name), tree.InZone(Name, "two"));
        Move(tree.Archived(Name, First), tree.InZone(Name, "one"));
        if (freshTables)
        {
            Forget(Name);
            tree.DeletedRow(Name, Now, "two");
            tree.DeletedRow(Name, First, "one");
        }

        await tree.RunWithoutAsync([tree.Thumb(Name, "120px-Name.jpg")], 0);
        tree.CheckUnlinked(tree.InZone(Name, "two"), tree.InZone(Name, "one"));
        Assert.Equal("two", await File.ReadAllTextAsync(tree.FullPath(tree.InZone(Name, "two"))));
        Assert.True(await IsDeletedAsync(Name));
        tree.CheckSecret("two", tree.InZone(Name, "two"));
        tree.CheckSecret("one", tree.InZone(Name, "one"));
        tree.CheckSecretStays("small");
        await VerifiedAsync();
    }

    [Fact]
    public async Task Content_that_another_name_shows_stays_public()
    {
        tree.Image(Name, "one");
        tree.Image(Other, "one");
        await tree.RunAsync(0);
        Move(tree.Current(Name), tree.InZone(Name, "one"));
        await tree.RunAsync(0);
        Assert.True(await IsDeletedAsync(Name));
        Assert.False(await IsDeletedAsync(Other));
        tree.CheckLinked(tree.Current(Other));
        Assert.Equal("one", await File.ReadAllTextAsync(tree.FullPath(tree.Current(Other))));
        await VerifiedAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_undeleted_file_is_there_again_with_its_history(bool freshTables)
    {
        tree.Image(Name, "two");
        tree.Old(Name, First, "one");
        await tree.RunAsync(0);
        var before = await tree.HistoryAsync(Name);
        Move(tree.Current(Name), tree.InZone(Name, "two"));
        Move(tree.Archived(Name, First), tree.InZone(Name, "one"));
        if (freshTables)
        {
            Forget(Name);
            tree.DeletedRow(Name, Now, "two");
            tree.DeletedRow(Name, First, "one");
        }

        await tree.RunAsync(0);

        // MediaWiki copies, then removes what nothing refers to.
        CopyBack(tree.InZone(Name, "two"), tree.Current(Name));
        CopyBack(tree.InZone(Name, "one"), tree.Archived(Name, First));
        if (freshTables)
        {
            tree.RemoveRows("filearchive", "fa_name", Name);
            tree.ImageRow(Name, "two");
            tree.OldRow(Name, First, "one");
        }

        await tree.RunAsync(0);
        Assert.False(await IsDeletedAsync(Name));
        Assert.Equal(before, await tree.HistoryAsync(Name));
        tree.CheckLinked(tree.Current(Name), tree.Archived(Name, First));
        await VerifiedAsync();
    }

    [Fact]
    public async Task Only_the_versions_that_the_wiki_restored_are_shown_again()
    {
        tree.Image(Name, "two");
        tree.Old(Name, First, "one");
        await tree.RunAsync(0);
        Move(tree.Current(Name), tree.InZone(Name, "two"));
        Move(tree.Archived(Name, First), tree.InZone(Name, "one"));
        await tree.RunAsync(0);
        CopyBack(tree.InZone(Name, "two"), tree.Current(Name));
        await tree.RunAsync(0);
        Assert.Equal([Line(Name, Now, "two", " *")], (await tree.HistoryAsync(Name)).Where(line => line.EndsWith('*')));
        tree.CheckSecret("one", tree.InZone(Name, "one"));
        await VerifiedAsync();
    }

    [Fact]
    public async Task A_hidden_version_leaves_the_public_and_comes_back()
    {
        tree.Image(Name, "two");
        tree.Old(Name, First, "one");
        tree.File(tree.ArchiveThumb(Name, First, "120px-Name.jpg"), "small");
        await tree.RunAsync(0);
        var before = await tree.HistoryAsync(Name);
        Move(tree.Archived(Name, First), tree.InZone(Name, "one"));
        await tree.RunWithoutAsync([tree.ArchiveThumb(Name, First, "120px-Name.jpg")], 0);
        tree.CheckSecret("one", tree.InZone(Name, "one"));
        tree.CheckSecretStays("small");
        await VerifiedAsync();

        Move(tree.InZone(Name, "one"), tree.Archived(Name, First));
        await tree.RunAsync(0);
        Assert.Equal(before, await tree.HistoryAsync(Name));
        tree.CheckLinked(tree.Archived(Name, First));
        await VerifiedAsync();
    }

    [Fact]
    public async Task An_archived_copy_is_the_version_that_it_is()
    {
        tree.Image(Name, "one");
        await tree.RunAsync(0);
        tree.File(tree.Archived(Name, Later), "one");
        tree.File(tree.Current(Name), "two");
        await tree.RunAsync(0);
        var history = await tree.HistoryAsync(Name);
        Assert.Equal(2, history.Count);
        Assert.EndsWith("[two] *", history[0], StringComparison.Ordinal);
        Assert.Equal(Line(Name, Now, "one"), history[1]);
        tree.CheckLinked(tree.Current(Name), tree.Archived(Name, Later));
        await VerifiedAsync();
    }

    [Fact] // MediaWiki cannot purge a thumbnail that is a link, and would go on showing it
    public async Task Thumbnails_of_replaced_content_go_and_those_of_the_new_one_come()
    {
        tree.Image(Name, "one");
        var thumb = tree.Thumb(Name, "120px-Name.jpg");
        tree.File(thumb, "small one");
        await tree.RunAsync(0);
        tree.File(tree.Archived(Name, Later), "one");
        tree.File(tree.Current(Name), "two");
        await tree.RunWithoutAsync([thumb], 0);
        tree.File(thumb, "small two");
        await tree.RunAsync(0);
        tree.CheckLinked(thumb);
        Assert.Equal("small two", await File.ReadAllTextAsync(tree.FullPath(thumb)));
        await VerifiedAsync();
    }

    [Fact]
    public async Task A_link_that_vanished_without_a_trace_is_a_deletion()
    {
        tree.Image(Name, "one");
        tree.Image(Other, "two");
        await tree.RunAsync(0);
        File.Delete(tree.FullPath(tree.Current(Name)));
        await tree.RunAsync(0);
        Assert.True(await IsDeletedAsync(Name));
        tree.CheckSecret("one");
        await VerifiedAsync();
    }

    [Fact]
    public async Task After_living_together_undo_gives_the_tree_of_today()
    {
        tree.Image(Name, "two");
        tree.Old(Name, First, "one");
        tree.Image(Other, "gone");
        await tree.RunAsync(0);
        Move(tree.Current(Name), tree.Current("New.jpg"));
        Move(tree.Archived(Name, First), tree.Archived("New.jpg", First));
        Move(tree.Current(Other), tree.InZone(Other, "gone"));
        await tree.RunAsync(0);
        var undone = await VerbAsync(["undo", .. tree.StoreArguments]);
        Assert.True(undone.Exit == 0, undone.Output + undone.Error);
        tree.CheckUnlinked(tree.Current("New.jpg"), tree.Archived("New.jpg", First), tree.InZone(Other, "gone"));
        Assert.Equal("two", await File.ReadAllTextAsync(tree.FullPath(tree.Current("New.jpg"))));
        Assert.Equal("gone", await File.ReadAllTextAsync(tree.FullPath(tree.InZone(Other, "gone"))));
        Assert.False(File.Exists(tree.FullPath(tree.Current(Name))));
        tree.CheckNothingIsLeft();
    }

    [Fact]
    public async Task A_tree_that_is_not_mounted_deletes_nothing()
    {
        tree.WithTables = false;
        for (var i = 0; i < 1100; i++)
        {
            tree.File(tree.Current($"File{i}.txt"), $"content {i}");
        }

        await tree.RunAsync(0);
        foreach (var path in Enumerable.Range(0, 1100).Select(i => tree.FullPath(tree.Current($"File{i}.txt"))))
        {
            File.Delete(path);
        }

        var run = await tree.RunAsync(3);
        Assert.Contains("mounted", run.Error, StringComparison.Ordinal);
        Assert.False(await IsDeletedAsync("File1.txt"));
    }

    private void Move(string from, string to)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(tree.FullPath(to))!);
        File.Move(tree.FullPath(from), tree.FullPath(to));
    }

    private void CopyBack(string from, string to)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(tree.FullPath(to))!);
        File.WriteAllBytes(tree.FullPath(to), File.ReadAllBytes(tree.FullPath(from)));
        File.Delete(tree.FullPath(from));
    }

    private void Forget(string name)
    {
        tree.RemoveRows("image", "img_name", name);
        tree.RemoveRows("oldimage", "oi_name", name);
    }

    private async Task<bool> IsDeletedAsync(string name)
    {
        await using var store = await tree.OpenStoreAsync();
        return (await store.Names.FindAsync(FileName.FromStored(name))).File is { Deleted: true };
    }

    private async Task<FileName?> RenamedToAsync(string name)
    {
        await using var store = await tree.OpenStoreAsync();
        return (await store.Names.FindAsync(FileName.FromStored(name))).RenamedTo;
    }

    private async Task VerifiedAsync()
    {
        foreach (var verb in new[] { "verify", "fsck" })
        {
            var result = await VerbAsync([verb, .. tree.StoreArguments]);
            Assert.True(result.Exit == 0, $"{verb}: {result.Output}{result.Error}");
        }

        await tree.RunAsync(0);
    }
}
