using HashStore.Schema;
using HashStore.Schema.Tables;
using HashStore.Storage.Objects;
using HashStore.Tests.Collection;
using Xunit;
using static HashStore.Tests.Migrate.Conversion.LegacyTreeBuilder;

namespace HashStore.Tests.Migrate.Conversion;

/// <summary>What is hidden or deleted must not come out (docs/MIGRATION.md, traps 10 to 12).</summary>
public sealed class HiddenTrapTests : IDisposable
{
    private const string Name = "Name.jpg", First = "20180101000000", Second = "20190101000000", Now = "20200101000000";

    private readonly LegacyTreeBuilder tree = new();

    public void Dispose() => tree.Dispose();

    [Fact] // trap 10
    public async Task A_hidden_version_comes_from_the_deleted_zone_and_stays_there()
    {
        tree.Image(Name, "two");
        tree.OldRow(Name, First, "secret", ("oi_deleted", "1"));
        tree.File(tree.InZone(Name, "secret"), "secret");
        await tree.RunAsync(0);
        Assert.Equal([Line(Name, Now, "two", " *"), Line(Name, First, "secret", " hidden")], await tree.HistoryAsync(Name));
        Assert.Equal("hidden", tree.Report[tree.InZone(Name, "secret")].Status);
        tree.CheckSecret("secret", tree.InZone(Name, "secret"));
        tree.CheckUnlinked(tree.InZone(Name, "secret"));
        await tree.RunAsync(0);
        Assert.Equal("already", tree.Report[tree.InZone(Name, "secret")].Status);
    }

    [Fact] // trap 10
    public async Task Bytes_that_a_killed_upload_left_in_public_go_with_the_hidden_version_that_has_them()
    {
        tree.Image(Name, "two");
        tree.OldRow(Name, First, "secret", ("oi_deleted", "1"));
        tree.File(tree.InZone(Name, "secret"), "secret");
        await using (var store = await tree.OpenStoreAsync())
        {
            await store.LeaveClaimAsync("secret", Zone.Public);
        }

        await tree.RunAsync(0);
        tree.CheckSecret("secret", tree.InZone(Name, "secret"));
    }

    [Fact] // trap 10: the wiki failed to move it
    public async Task A_hidden_version_whose_file_lies_in_the_archive_is_told_and_not_published_anew()
    {
        tree.Image(Name, "two");
        tree.Old(Name, First, "secret", ("oi_deleted", "9"));
        var run = await tree.RunAsync(0);
        Assert.Equal("hidden", tree.Report[tree.Archived(Name, First)].Status);
        Assert.Contains($"hidden {tree.Archived(Name, First)}: ", run.Output, StringComparison.Ordinal);
        tree.CheckSecret("secret", tree.Archived(Name, First));
        tree.CheckUnlinked(tree.Archived(Name, First));
    }

    [Fact] // bits 2 and 4 hide the comment and the user, not the content
    public async Task A_version_with_only_its_comment_hidden_stays_public()
    {
        tree.Image(Name, "two");
        tree.Old(Name, First, "one", ("oi_deleted", "6"));
        await tree.RunAsync(0);
        tree.CheckLinked(tree.Archived(Name, First));
        await using var store = await tree.OpenStoreAsync();
        var old = (await store.Names.FindAsync(FileName.FromStored(Name))).File!.Versions[1];
        Assert.Equal(HiddenParts.Description | HiddenParts.User, old.Hidden);
    }

    [Fact]
    public async Task Content_that_is_hidden_here_and_shown_there_is_public()
    {
        tree.Image(Name, "two");
        tree.OldRow(Name, First, "shared", ("oi_deleted", "1"));
        tree.File(tree.InZone(Name, "shared"), "shared");
        tree.Image("Other.jpg", "shared");
        await tree.RunAsync(0);
        Assert.Equal([Line("Other.jpg", Now, "shared", " *")], await tree.HistoryAsync("Other.jpg"));
        Assert.Equal([Line(Name, Now, "two", " *"), Line(Name, First, "shared", " hidden")], await tree.HistoryAsync(Name));
        tree.CheckLinked(tree.Current("Other.jpg"));
        tree.CheckUnlinked(tree.InZone(Name, "shared"));
    }

    [Fact]
    public async Task A_fully_deleted_name_is_deleted_with_its_history()
    {
        tree.Deleted(Name, First, "one");
        tree.Deleted(Name, Second, "two");
        tree.Image("Other.jpg", "other");
        await tree.RunAsync(0);
        Assert.Equal(["deleted", Line(Name, Second, "two", " *"), Line(Name, First, "one")], await tree.HistoryAsync(Name));
        tree.CheckSecret("one", tree.InZone(Name, "one"));
        tree.CheckSecret("two", tree.InZone(Name, "two"));
        Assert.Equal("hidden", tree.Report[tree.InZone(Name, "one")].Status);
    }

    [Fact]
    public async Task A_live_name_keeps_its_deleted_versions_hidden()
    {
        tree.Image(Name, "three");
        tree.Deleted(Name, First, "one");
        tree.Deleted(Name, Second, "two", ("fa_deleted", "1"));
        await tree.RunAsync(0);
        Assert.Equal([Line(Name, Now, "three", " *"), Line(Name, Second, "two", " hidden"), Line(Name, First, "one", " hidden")], await tree.HistoryAsync(Name));
        tree.CheckSecret("one", tree.InZone(Name, "one"));
        tree.CheckSecret("two", tree.InZone(Name, "two"));
    }

    [Fact]
    public async Task A_file_left_at_a_deleted_name_stays_a_file()
    {
        tree.Deleted(Name, First, "one");
        tree.File(tree.Current(Name), "left");
        await tree.RunAsync(0);
        Assert.Equal("orphan", tree.Report[tree.Current(Name)].Status);
        tree.CheckUnlinked(tree.Current(Name));
        tree.CheckSecretStays("left", tree.Current(Name));
    }

    [Theory] // trap 11: what stands in fa_storage_key, and what the file is called; {0} is the SHA-1 in base 36
    [InlineData(null, "{0}.jpg", true)]
    [InlineData("", "{0}.jpg", true)]
    [InlineData("{0}", "{0}", true)]
    [InlineData("0{0}.jpg", "0{0}.jpg", true)]
    [InlineData("{0}.jpg\0\0\0", "{0}.jpg", true)]
    [InlineData("{0}.jpg   ", "{0}.jpg", true)]
    [InlineData("", "{0}", true)]
    [InlineData("0{0}.jpg", "{0}.jpg", true)]
    [InlineData("", "", false)]
    public async Task A_deleted_version_is_found_however_its_key_is_written(string? key, string file, bool found)
    {
        string? Filled(string? text) => text?.Replace("{0}", Base36("one"), StringComparison.Ordinal);
        tree.DeletedRow(Name, First, "one", ("fa_storage_key", Filled(key)));
        if (file.Length > 0)
        {
            tree.File(tree.InZone(Filled(file)!), "one");
        }

        await tree.RunAsync(found ? 0 : 1);
        Assert.Equal(found ? ["deleted", Line(Name, First, "one", " *")] : [], await tree.HistoryAsync(Name));
        Assert.Equal(found ? "hidden" : "missing", Assert.Single(tree.Report.Values).Status);
    }

    [Fact] // trap 11: neither key nor SHA-1
    public async Task A_deleted_version_without_key_and_hash_is_missing()
    {
        tree.DeletedRow(Name, First, "one", ("fa_storage_key", null), ("fa_sha1", ""));
        tree.Image("Other.jpg", "other");
        await tree.RunAsync(1);
        Assert.Equal("missing", Assert.Single(tree.Report.Values, line => line.Path.StartsWith("deleted/", StringComparison.Ordinal)).Status);
    }

    [Theory]
    [InlineData("Scan.jpeg", "jpg")]
    [InlineData("Scan.TIFF", "tif")]
    [InlineData("Page.htm", "html")]
    [InlineData("Film.mpeg", "mpg")]
    public async Task A_hidden_version_is_found_under_the_extension_that_the_zone_uses(string name, string extension)
    {
        tree.Image(name, "two");
        tree.OldRow(name, First, "secret", ("oi_deleted", "1"));
        var place = tree.InZone($"{Base36("secret")}.{extension}");
        tree.File(place, "secret");
        await tree.RunAsync(0);
        Assert.Equal("hidden", tree.Report[place].Status);
        tree.CheckSecret("secret", place);
    }

    [Fact] // trap 12
    public async Task One_deleted_blob_serves_many_rows_and_hidden_versions()
    {
        var place = tree.InZone(Name, "shared");
        tree.Deleted(Name, First, "shared");
        tree.DeletedRow(Name, Second, "shared");
        tree.DeletedRow("Other.jpg", First, "shared");
        tree.Image("Third.jpg", "three");
        tree.OldRow("Third.jpg", First, "shared", ("oi_deleted", "1"));
        tree.DeletedRow("Third.jpg", Second, "shared");
        await tree.RunAsync(0);
        Assert.Equal(["deleted", Line(Name, Second, "shared", " *"), Line(Name, First, "shared")], await tree.HistoryAsync(Name));
        Assert.Equal(["deleted", Line("Other.jpg", First, "shared", " *")], await tree.HistoryAsync("Other.jpg"));
        Assert.Equal(
            [Line("Third.jpg", Now, "three", " *"), Line("Third.jpg", Second, "shared", " hidden"), Line("Third.jpg", First, "shared", " hidden")], await tree.HistoryAsync("Third.jpg"));
        Assert.Equal("hidden", tree.Report[place].Status);
        tree.CheckSecret("shared", place);

        // More rows of the same content later: more versions, none in another's place.
        tree.DeletedRow(Name, Now, "shared");
        tree.DeletedRow("Fourth.jpg", Now, "shared");
        await tree.RunAsync(0);
        Assert.Equal(
            ["deleted", Line(Name, Now, "shared", " *"), Line(Name, Second, "shared"), Line(Name, First, "shared")], await tree.HistoryAsync(Name));
        Assert.Equal(["deleted", Line("Fourth.jpg", Now, "shared", " *")], await tree.HistoryAsync("Fourth.jpg"));
        tree.CheckSecret("shared", place);
    }

    [Fact] // trap 12: the second row must not take the place of the first
    public async Task A_deleted_blob_gets_one_more_version_with_one_more_row()
    {
        tree.Deleted(Name, First, "shared");
        await tree.RunAsync(0);
        tree.DeletedRow(Name, Second, "shared");
        await tree.RunAsync(0);
        Assert.Equal(["deleted", Line(Name, Second, "shared", " *"), Line(Name, First, "shared")], await tree.HistoryAsync(Name));
    }

    [Fact]
    public async Task A_deleted_file_that_no_row_speaks_of_is_left_alone()
    {
        tree.Image(Name, "one");
        var place = tree.InZone(Name, "unknown");
        tree.File(place, "unknown");
        await tree.RunAsync(0);
        Assert.Equal("orphan", tree.Report[place].Status);
        tree.CheckSecretStays("unknown", place);
        await tree.RunAsync(0);
    }

    [Fact]
    public async Task Deletions_keep_who_when_and_why()
    {
        tree.Deleted(Name, First, "one");
        await tree.RunAsync(0);
        var row = Assert.Single(Support.RawDatabase.Rows(
            tree.Options, $"""SELECT upload_deletion_user_text, upload_deletion_reason, upload_deletion_timestamp FROM "upload" """));
        Assert.Equal((User, "Deleted."), (row[0], row[1]));
        Assert.StartsWith("2022-02-02", $"{row[2]:yyyy-MM-dd}", StringComparison.Ordinal);
    }

    [Fact] // a name of hidden versions only has nothing to show
    public async Task A_name_with_only_hidden_versions_is_deleted()
    {
        tree.OldRow(Name, First, "secret", ("oi_deleted", "1"));
        tree.File(tree.InZone(Name, "secret"), "secret");
        await tree.RunAsync(0);
        Assert.Equal(["deleted", Line(Name, First, "secret", " hidden *")], await tree.HistoryAsync(Name));
        tree.CheckSecret("secret", tree.InZone(Name, "secret"));
    }

    [Fact]
    public async Task A_version_that_becomes_hidden_leaves_the_public_tree_with_its_link_and_thumbnail()
    {
        var (archive, thumb) = (tree.Archived(Name, First), tree.ArchiveThumb(Name, First, $"120px-{First}!{Name}"));
        tree.Image(Name, "two");
        tree.Old(Name, First, "secret");
        tree.File(thumb, "small secret");
        await tree.RunAsync(0);
        tree.CheckLinked(archive, thumb);

        tree.RemoveRows("oldimage", "oi_name", Name);
        tree.OldRow(Name, First, "secret", ("oi_deleted", "1"));
        await tree.RunWithoutAsync([archive, thumb], 0);
        Assert.Equal([Line(Name, Now, "two", " *"), Line(Name, First, "secret", " hidden")], await tree.HistoryAsync(Name));
        Assert.Equal("hidden", tree.Report[archive].Status);
        Assert.NotEqual("", tree.Report[archive].Detail);
        tree.CheckSecret("secret");
        tree.CheckSecretStays("small secret");
        await tree.RunAsync(0);
    }

    [Fact]
    public async Task A_version_that_becomes_hidden_leaves_its_content_to_others()
    {
        tree.Image(Name, "two");
        tree.Old(Name, First, "shared");
        tree.Image("Other.jpg", "shared");
        await tree.RunAsync(0);
        tree.RemoveRows("oldimage", "oi_name", Name);
        tree.OldRow(Name, First, "shared", ("oi_deleted", "1"));
        await tree.RunWithoutAsync([tree.Archived(Name, First)], 0);
        Assert.Equal([Line("Other.jpg", Now, "shared", " *")], await tree.HistoryAsync("Other.jpg"));
        tree.CheckLinked(tree.Current("Other.jpg"));
    }

    [Fact]
    public async Task A_version_that_is_shown_again_is_public_again()
    {
        tree.Image(Name, "two");
        tree.OldRow(Name, First, "one", ("oi_deleted", "1"));
        tree.File(tree.InZone(Name, "one"), "one");
        await tree.RunAsync(0);

        tree.RemoveRows("oldimage", "oi_name", Name);
        tree.Old(Name, First, "one"); // the wiki copied it back
        await tree.RunAsync(0);
        Assert.Equal([Line(Name, Now, "two", " *"), Line(Name, First, "one")], await tree.HistoryAsync(Name));
        tree.CheckLinked(tree.Archived(Name, First));
    }
}
