using HashStore.Schema;
using Xunit;
using static HashStore.Tests.Migrate.Conversion.LegacyTreeBuilder;

namespace HashStore.Tests.Migrate.Conversion;

/// <summary>A wiki goes on while and after its tree is converted (docs/MIGRATION.md, trap 29): running again brings in what changed, and nothing twice.</summary>
public sealed class RunAgainTests : IDisposable
{
    private const string Name = "Name.jpg", First = "20180101000000", Second = "20190101000000", Now = "20200101000000", Later = "20230101000000";

    private readonly LegacyTreeBuilder tree = new();

    public void Dispose() => tree.Dispose();

    [Fact]
    public async Task A_changed_row_changes_its_version()
    {
        tree.Image(Name, "two");
        tree.Old(Name, First, "one");
        await tree.RunAsync(0);
        tree.RemoveRows("image", "img_name", Name);
        tree.RemoveRows("oldimage", "oi_name", Name);
        tree.ImageRow(Name, "two", ("img_timestamp", Later), ("img_description_id", "0"), ("img_description", "Another comment."), ("img_actor", "0"), ("img_user_text", "Bob"));
        tree.OldRow(Name, First, "one", ("oi_actor", "0"), ("oi_user_text", "Carol"), ("oi_timestamp", "20170101000000"));
        await tree.RunAsync(0);
        Assert.Equal([$"{Later} Bob: Another comment. [two] *", $"20170101000000 Carol: one of {Name} [one]"], await tree.HistoryAsync(Name));
        Assert.All(tree.Report.Values, line => Assert.Equal("already", line.Status));
    }

    [Fact] // as MediaWiki does it: the content of the link is copied to the archive, the link is replaced by a file
    public async Task A_new_version_that_the_wiki_uploads_is_absorbed()
    {
        tree.Image(Name, "two");
        tree.Old(Name, First, "one");
        await tree.RunAsync(0);
        var key = tree.Report[tree.Current(Name)].Key;

        tree.RemoveRows("image", "img_name", Name);
        tree.File(tree.Archived(Name, Later), "two");
        tree.OldRow(Name, Later, "two", ("oi_timestamp", Now));
        tree.Image(Name, "three", ("img_timestamp", Later));
        await tree.RunAsync(0);
        Assert.Equal([Line(Name, Later, "three", " *"), Line(Name, Now, "two"), Line(Name, First, "one")], await tree.HistoryAsync(Name));
        Assert.Equal(("duplicate", key), (tree.Report[tree.Archived(Name, Later)].Status, tree.Report[tree.Archived(Name, Later)].Key));
        Assert.Equal("converted", tree.Report[tree.Current(Name)].Status);
        tree.CheckLinked(tree.Current(Name), tree.Archived(Name, Later));
        await tree.RunAsync(0);
        Assert.All(tree.Report.Values, line => Assert.Equal("already", line.Status));
    }

    [Fact] // the tables are older than the tree
    public async Task A_new_version_whose_row_is_not_imported_yet_is_absorbed_and_completed_later()
    {
        tree.Image(Name, "two");
        await tree.RunAsync(0);
        tree.File(tree.Archived(Name, Later), "two");
        tree.File(tree.Current(Name), "three");
        await tree.RunAsync(0);
        Assert.Equal("mismatch", tree.Report[tree.Current(Name)].Status);
        Assert.Contains("[three] *", (await tree.HistoryAsync(Name))[0], StringComparison.Ordinal);

        tree.RemoveRows("image", "img_name", Name);
        tree.ImageRow(Name, "three", ("img_timestamp", Later));
        tree.OldRow(Name, Later, "two", ("oi_timestamp", Now));
        await tree.RunAsync(0);
        Assert.Equal([Line(Name, Later, "three", " *"), Line(Name, Now, "two")], await tree.HistoryAsync(Name));
    }

    [Fact]
    public async Task A_new_name_a_revert_and_a_duplicate_are_absorbed()
    {
        tree.Image(Name, "two");
        tree.Old(Name, First, "one");
        await tree.RunAsync(0);
        tree.RemoveRows("image", "img_name", Name);
        tree.File(tree.Archived(Name, Later), "two");
        tree.OldRow(Name, Later, "two", ("oi_timestamp", Now));
        tree.Image(Name, "one", ("img_timestamp", Later));
        tree.Image("New.jpg", "two", ("img_timestamp", Later));
        await tree.RunAsync(0);
        Assert.Equal([Line(Name, Later, "one", " *"), Line(Name, Now, "two"), Line(Name, First, "one")], await tree.HistoryAsync(Name));
        Assert.Equal([Line("New.jpg", Later, "two", " *")], await tree.HistoryAsync("New.jpg"));
    }

    [Fact] // trap 29: same second
    public async Task A_file_replaced_within_its_second_is_seen()
    {
        tree.Image(Name, "two");
        await tree.RunAsync(0);
        tree.File(tree.Current(Name), "six"); // as long as before
        File.SetLastWriteTimeUtc(tree.FullPath(tree.Current(Name)), File.GetLastWriteTimeUtc(tree.FullPath(tree.Report[tree.Current(Name)].Path)));
        await tree.RunAsync(0);
        Assert.Equal(Sha256("six"), tree.Report[tree.Current(Name)].Sha256);
    }

    [Fact]
    public async Task An_upload_through_the_store_stays_the_current_one()
    {
        tree.Image("Name.txt", "two");
        await tree.RunAsync(0);
        await using (var store = await tree.OpenStoreAsync())
        {
            using var staged = await store.StageAsync(new MemoryStream("own"u8.ToArray()), new Storage.Staging.StageLimits(100, null, []), default);
            await store.PutAsync(staged, new Storage.PutRequest(FileName.FromStored("Name.txt"), "Dora", "Own.", default));
        }

        tree.RemoveRows("image", "img_name", "Name.txt");
        tree.ImageRow("Name.txt", "two", ("img_description_id", "0"), ("img_description", "Changed."));
        await tree.RunAsync(0);
        var history = await tree.HistoryAsync("Name.txt");
        Assert.Equal(2, history.Count);
        Assert.EndsWith("Dora: Own. [?] *", history[0], StringComparison.Ordinal);
        Assert.Equal($"{Now} {User}: Changed. [two]", history[1]);
    }

    [Fact]
    public async Task A_file_that_was_deleted_and_restored_is_one_name()
    {
        tree.Deleted(Name, First, "one");
        await tree.RunAsync(0);
        tree.RemoveRows("filearchive", "fa_name", Name);
        tree.Image(Name, "one", ("img_timestamp", First));
        await tree.RunAsync(0);
        Assert.Equal([Line(Name, First, "one", " *")], await tree.HistoryAsync(Name));
        tree.CheckLinked(tree.Current(Name));
    }
}
