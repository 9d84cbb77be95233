using HashStore.Tests.Http.Legacy;
using HashStore.Tests.Http.Support;
using HashStore.Tests.Migrate.Conversion;
using HashStore.Tests.Support;
using Xunit;
using static HashStore.Tests.Thumbnails.ThumbnailSamples;

namespace HashStore.Tests.Thumbnails;

/// <summary>Thumbnails at the legacy form of their address, on a tree of which nothing is converted before somebody asks for it.</summary>
public sealed class LegacyThumbnailTests(LegacyThumbnailTests.Site site) : IClassFixture<LegacyThumbnailTests.Site>
{
    private const string Archived = "20200101000000";

    private readonly ServerClient client = site.Server.Client;
    private readonly LegacyTreeBuilder tree = site.Server.Tree;

    [NeedsFact(Vips)]
    public async Task A_thumbnail_that_the_wiki_has_not_made_is_made()
    {
        var photo = Photograph();
        tree.File(tree.Current("New.jpg"), photo);
        var url = LegacyServer.Url(tree.Thumb("New.jpg", "120px-New.jpg"));
        var made = (await client.GetAsync(url)).AssertStatus(200);
        Assert.Equal((120, 80), SizeOf(made.Body));
        Assert.Equal("public, max-age=60, must-revalidate", made["Cache-Control"]);
        Assert.Equal($"<{Url(photo, "120px-New.jpg")}>; rel=\"canonical\"", made["Link"]);
        Assert.Equal(made.Body, (await client.GetAsync(Url(photo, "120px-New.jpg"))).AssertStatus(200).Body);
        Assert.Empty((await client.HeadAsync(url)).AssertStatus(200).Body);
        (await client.GetAsync(url, ("If-None-Match", made["ETag"]!))).AssertStatus(304);

        var other = (await client.GetAsync(LegacyServer.Url(tree.Thumb("New.jpg", "100px-New.jpg")))).AssertStatus(302);
        Assert.Equal(Decoded(url), Decoded(other["Location"]!));
        Assert.Equal(Samples.ObjectUrl(photo, "New.jpg"), (await client.GetAsync(LegacyServer.Url(tree.Thumb("New.jpg", "500px-New.jpg")))).AssertStatus(302)["Location"]);
    }

    [NeedsFact(Vips)]
    public async Task Old_versions_have_thumbnails_too()
    {
        var (old, today) = (Photograph(), Photograph());
        tree.File(tree.Current("Twice.jpg"), today);
        tree.File(tree.Archived("Twice.jpg", Archived), old);
        foreach (var file in new[] { $"120px-{Archived}!Twice.jpg", "120px-Twice.jpg" })
        {
            var answer = (await client.GetAsync(LegacyServer.Url(tree.ArchiveThumb("Twice.jpg", Archived, file)))).AssertStatus(200);
            Assert.Equal(Samples.Sha256(old)[..16], answer["Surrogate-Key"]);
        }

        Assert.Equal(Samples.ObjectUrl(old, "Twice.jpg"), (await client.GetAsync(LegacyServer.Url(tree.ArchiveThumb("Twice.jpg", Archived, $"500px-{Archived}!Twice.jpg")))).AssertStatus(302)["Location"]);
        Assert.Equal(Samples.Sha256(today)[..16], (await client.GetAsync(LegacyServer.Url(tree.Thumb("Twice.jpg", "120px-Twice.jpg")))).AssertStatus(200)["Surrogate-Key"]);
    }

    [NeedsFact(Vips)]
    public async Task Paths_where_no_thumbnail_of_a_name_belongs_are_nowhere()
    {
        tree.File(tree.Current("Place.jpg"), Photograph());
        tree.File(tree.Current("Other.jpg"), Photograph());
        var right = tree.Thumb("Place.jpg", "120px-Place.jpg");
        foreach (var path in new[]
        {
            tree.Thumb("Place.jpg", "120px-Other.jpg"), tree.Thumb("Place.jpg", "qlow-120px-Place.jpg"), tree.Thumb("Place.jpg", "120px-Place.jpg.png"), tree.Thumb("Nobody.jpg", "120px-Nobody.jpg"),
            tree.Thumb("Other.jpg", "x")[..^"Other.jpg/x".Length] + "Place.jpg/120px-Place.jpg", right[..^"Place.jpg/120px-Place.jpg".Length] + "120px-Place.jpg", right + "/more",
            tree.ArchiveThumb("Place.jpg", Archived, $"120px-{Archived}!Place.jpg"),
        })
        {
            Assert.True((await client.GetAsync(LegacyServer.Url(path))).Status == 404, path);
        }

        (await client.GetAsync(LegacyServer.Url(right))).AssertStatus(200);
    }

    [NeedsFact(Vips)]
    public async Task The_thumbnails_of_a_deleted_file_are_gone_with_the_links_to_them()
    {
        var photo = Photograph();
        tree.File(tree.Current("Deleted.jpg"), photo);
        tree.File(tree.Thumb("Deleted.jpg", "137px-Deleted.jpg"), Samples.Jpeg());
        string linked = LegacyServer.Url(tree.Thumb("Deleted.jpg", "137px-Deleted.jpg")), made = LegacyServer.Url(tree.Thumb("Deleted.jpg", "120px-Deleted.jpg"));
        (await client.GetAsync(linked)).AssertStatus(200);
        (await client.GetAsync(made)).AssertStatus(200);
        tree.CheckLinked(tree.Thumb("Deleted.jpg", "137px-Deleted.jpg"));
        Assert.Equal(2, Directory.GetFiles(Path.GetDirectoryName(Place(site.Server.Process, photo, "120px.jpg"))!).Length);

        (await client.DeleteAsync("/api/files/Deleted.jpg")).AssertStatus(200);
        (await client.GetAsync(linked)).AssertProblem(410);
        (await client.GetAsync(made)).AssertProblem(410);
        Assert.Empty(Directory.GetFiles(Path.GetDirectoryName(Place(site.Server.Process, photo, "120px.jpg"))!));
        Assert.False(Path.Exists(tree.FullPath(tree.Thumb("Deleted.jpg", "137px-Deleted.jpg"))));
        Assert.Null(new FileInfo(tree.FullPath(tree.Thumb("Deleted.jpg", "137px-Deleted.jpg"))).LinkTarget);
    }

    [NeedsFact(Vips)]
    public async Task What_a_link_leads_to_is_made_again_in_its_own_width()
    {
        var (photo, legacy) = (Photograph(), Samples.Jpeg());
        tree.File(tree.Current("Linked.jpg"), photo);
        tree.File(tree.Thumb("Linked.jpg", "137px-Linked.jpg"), legacy);
        var url = LegacyServer.Url(tree.Thumb("Linked.jpg", "137px-Linked.jpg"));
        Assert.Equal(legacy, (await client.GetAsync(url)).AssertStatus(200).Body);
        tree.CheckLinked(tree.Thumb("Linked.jpg", "137px-Linked.jpg"));

        File.Delete(Place(site.Server.Process, photo, "137px.jpg"));
        var again = (await client.GetAsync(url)).AssertStatus(200).Body;
        Assert.Equal(137, SizeOf(again).Width);
        Assert.Equal(again, await File.ReadAllBytesAsync(tree.FullPath(tree.Thumb("Linked.jpg", "137px-Linked.jpg")))); // the link leads somewhere again
        (await client.GetAsync(LegacyServer.Url(tree.Thumb("Linked.jpg", "138px-Linked.jpg")))).AssertStatus(302);
    }

    [NeedsFact(Vips)]
    public async Task What_the_server_made_is_no_file_of_the_wikis()
    {
        using var other = new LegacyTreeBuilder();
        var photo = Photograph();
        other.File(other.Current("Mine.jpg"), photo);
        await using (var server = await LegacyServer.ServeAsync(other, "--HashStore:LegacyTree=" + other.Tree))
        {
            (await server.Client.GetAsync(LegacyServer.Url(other.Thumb("Mine.jpg", "120px-Mine.jpg")))).AssertStatus(200);
            (await server.Client.GetAsync(Url(photo, "250px-Mine.jpg"))).AssertStatus(200);
        }

        other.WithTables = false;
        await other.RunAsync(0);
        Assert.Equal([other.Current("Mine.jpg")], other.Report.Keys);
        var undone = await LegacyTreeBuilder.VerbAsync(["undo", .. other.StoreArguments]);
        Assert.True(undone.Exit == 0, undone.Error + undone.Output);
        Assert.DoesNotContain(LegacyTreeBuilder.Walk(other.Tree), path => path.Contains("/thumb/", StringComparison.Ordinal) && File.Exists(path));
        other.CheckUnlinked(other.Current("Mine.jpg"));
    }

    private static string Decoded(string url) => Uri.UnescapeDataString(url);

    /// <summary>An empty tree with hash directories.</summary>
    public sealed class Site : IAsyncLifetime
    {
        internal LegacyServer Server { get; private set; } = null!;

        public async Task InitializeAsync()
        {
            var tree = new LegacyTreeBuilder();
            tree.Image("First.txt", "so that the tree has levels");
            Server = await LegacyServer.StartAsync(tree);
        }

        public async Task DisposeAsync() => await Server.DisposeAsync();
    }
}
