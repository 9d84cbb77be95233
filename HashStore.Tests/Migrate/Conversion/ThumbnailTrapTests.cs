using Xunit;
using static HashStore.Tests.Migrate.Conversion.LegacyTreeBuilder;

namespace HashStore.Tests.Migrate.Conversion;

/// <summary>Thumbnails move into the new layout where their place is clear, and stay files where not (docs/MIGRATION.md, traps 24, 25, 32).</summary>
public sealed class ThumbnailTrapTests : IDisposable
{
    private const string Name = "Name.jpg", First = "20180101000000";

    private readonly LegacyTreeBuilder tree = new();

    public void Dispose() => tree.Dispose();

    [Theory]
    [InlineData("Name.jpg", "120px-Name.jpg", "120px.jpg")]
    [InlineData("Name.svg", "120px-Name.svg.png", "120px.png")]
    [InlineData("Name.svg", "langde-120px-Name.svg.png", "langde-120px.png")]
    [InlineData("Name.pdf", "page2-120px-Name.pdf.jpg", "page2-120px.jpg")]
    [InlineData("Name.tif", "lossy-page1-120px-Name.tif.jpg", "lossy-page1-120px.jpg")]
    [InlineData("Name.jpg", "qlow-120px-Name.jpg", "qlow-120px.jpg")]
    [InlineData("Name.ogv", "120px--Name.ogv.jpg", "120px-.jpg")]
    [InlineData("Name.jpg", "120px-thumbnail.jpg", "120px.jpg")]
    public async Task A_thumbnail_becomes_a_link_to_its_place(string name, string thumb, string place)
    {
        tree.Image(name, "one");
        tree.File(tree.Thumb(name, thumb), "small");
        await tree.RunAsync(0);
        var line = tree.Report[tree.Thumb(name, thumb)];
        Assert.Equal("thumb", line.Status);
        Assert.Equal(tree.Report[tree.Current(name)].Key, line.Key);
        Assert.Equal(
            Path.Combine(tree.Tree, "thumb", $"{line.Key[0]}/{line.Key[1]}/{line.Key[2]}/{line.Key[3..]}-{place}"), new FileInfo(tree.FullPath(tree.Thumb(name, thumb))).LinkTarget);
        await tree.RunAsync(0);
        Assert.Equal("already", tree.Report[tree.Thumb(name, thumb)].Status);
    }

    [Theory]
    [InlineData("Name.jpg", "readme.txt")]
    [InlineData("Name.jpg", "120px-Other.jpg")]
    [InlineData("Name.jpg", "-Name.jpg")]
    [InlineData("Name.jpg", ".nfs0001")]
    public async Task What_is_not_called_like_a_thumbnail_stays_a_file(string name, string file)
    {
        tree.Image(name, "one");
        tree.File(tree.Thumb(name, file), "small");
        await tree.RunAsync(0);
        Assert.Equal("skipped", tree.Report[tree.Thumb(name, file)].Status);
        tree.CheckUnlinked(tree.Thumb(name, file));
    }

    [Fact]
    public async Task A_thumbnail_of_an_old_version_is_a_link_too()
    {
        var thumb = tree.ArchiveThumb(Name, First, $"120px-{First}!{Name}");
        tree.Image(Name, "two");
        tree.Old(Name, First, "one");
        tree.File(thumb, "small");
        await tree.RunAsync(0);
        Assert.Equal(("thumb", tree.Report[tree.Archived(Name, First)].Key), (tree.Report[thumb].Status, tree.Report[thumb].Key));
        tree.CheckLinked(thumb);
    }

    [Fact] // trap 24: wikis before 1.4 had no folder per file
    public async Task A_thumbnail_without_a_folder_of_its_own_is_a_link_too()
    {
        var thumb = $"thumb/{HashFolder(Name, 2)}120px-{Name}";
        tree.Image(Name, "one");
        tree.File(thumb, "small");
        await tree.RunAsync(0);
        Assert.Equal("thumb", tree.Report[thumb].Status);
        tree.CheckLinked(thumb);
    }

    [Fact] // trap 24
    public async Task A_file_called_like_a_thumbnail_can_be_an_original()
    {
        tree.Image("120px-Name.jpg", "one");
        tree.File(tree.Thumb("120px-Name.jpg", "60px-120px-Name.jpg"), "small");
        await tree.RunAsync(0);
        Assert.Single(await tree.HistoryAsync("120px-Name.jpg"));
        Assert.Equal(["converted", "thumb"], tree.Report.Values.Select(line => line.Status).Order());
    }

    [Fact] // trap 24, 33: the original is another wiki's, or gone
    public async Task Thumbnails_of_what_is_not_here_stay_files()
    {
        tree.Image(Name, "one");
        string[] thumbs =
        [
            tree.Thumb("Foreign.jpg", "120px-Foreign.jpg"), tree.ArchiveThumb(Name, First, $"120px-{First}!{Name}"), tree.Thumb("Deleted.jpg", "120px-Deleted.jpg"),
            tree.Thumb("Lost.jpg", "120px-Lost.jpg"),
        ];
        tree.Deleted("Deleted.jpg", First, "gone");
        tree.ImageRow("Lost.jpg", "lost");
        Assert.All(thumbs, thumb => tree.File(thumb, "small " + thumb));
        await tree.RunAsync(1);
        Assert.All(thumbs, thumb => Assert.Equal("skipped", tree.Report[thumb].Status));
        tree.CheckUnlinked(thumbs);
        Assert.Empty(await tree.HistoryAsync("Foreign.jpg"));
        await tree.RunAsync(1);
    }

    [Fact]
    public async Task A_thumbnail_of_a_hidden_version_stays_where_it_is()
    {
        var thumb = tree.ArchiveThumb(Name, First, $"120px-{First}!{Name}");
        tree.Image(Name, "two");
        tree.OldRow(Name, First, "secret", ("oi_deleted", "1"));
        tree.File(tree.InZone(Name, "secret"), "secret");
        tree.File(thumb, "small secret");
        await tree.RunAsync(0);
        Assert.Equal("skipped", tree.Report[thumb].Status);
        tree.CheckSecretStays("small secret", thumb);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Two_names_with_one_content_share_the_place_of_a_thumbnail_only_if_it_is_the_same(bool same)
    {
        tree.Image("A.jpg", "one");
        tree.Image("B.jpg", "one");
        tree.File(tree.Thumb("A.jpg", "120px-A.jpg"), "small");
        tree.File(tree.Thumb("B.jpg", "120px-B.jpg"), same ? "small" : "small, with another quality");
        await tree.RunAsync(0);
        string[] statuses = [tree.Report[tree.Thumb("A.jpg", "120px-A.jpg")].Status, tree.Report[tree.Thumb("B.jpg", "120px-B.jpg")].Status];
        Assert.Equal(same ? ["thumb", "thumb"] : ["skipped", "thumb"], statuses.Order());
        Assert.Equal(same ? 2 : 1, new[] { "A.jpg", "B.jpg" }.Count(name => new FileInfo(tree.FullPath(tree.Thumb(name, "120px-" + name))).LinkTarget is not null));
        await tree.RunAsync(0);
    }

    [Fact] // trap 25
    public async Task Derived_trees_stay_as_they_are()
    {
        tree.Image("Film.ogv", "one");
        string[] others =
        [
            "thumb/temp/1/12/Some.jpg/120px-Some.jpg", $"transcoded/{HashFolder("Film.ogv", 2)}Film.ogv/Film.ogv.360p.webm", "temp/1/12/20200101000000!Stashed.jpg",
            "lockdir/abc.lock", "math/1/2/3/formula.png", "timeline/abc.png", "score/a/b/abc.png", "captcha/x.png",
        ];
        Assert.All(others, path => tree.File(path, "derived " + path));
        await tree.RunAsync(0);
        tree.CheckUnlinked(others);
        Assert.Equal("skipped", tree.Report["transcoded"].Status);
        Assert.Equal("skipped", tree.Report["thumb/temp"].Status);
        await tree.RunAsync(0);
    }

    [Fact]
    public async Task A_thumbnail_that_comes_later_is_taken_along()
    {
        tree.Image(Name, "one");
        await tree.RunAsync(0);
        tree.File(tree.Thumb(Name, "120px-Name.jpg"), "small");
        await tree.RunAsync(0);
        Assert.Equal(("already", "thumb"), (tree.Report[tree.Current(Name)].Status, tree.Report[tree.Thumb(Name, "120px-Name.jpg")].Status));
    }
}
