using System.IO.Compression;
using HashStore.Tests.Support;
using HashStore.Tests.Wiki.Support;
using Xunit;
using Xunit.Abstractions;

namespace HashStore.Tests.Wiki;

/// <summary>The wiki that the tests of conversion build is a real one, and what is in it is what was put there.</summary>
public abstract class MediaWikiFixtureTests
{
    private readonly WikiFixture fixture;

    private protected MediaWikiFixtureTests(WikiFixture fixture, ITestOutputHelper output)
    {
        this.fixture = fixture;
        output.WriteLine(fixture.Description);
    }

    private MediaWiki Wiki => fixture.Wiki;

    private WikiContents Contents => fixture.Contents;

    [NeedsFact(Needs.MediaWiki)]
    public void Histories_are_what_was_done()
    {
        Assert.Equal(Contents.Live.Keys.Order(StringComparer.Ordinal), fixture.Histories.Keys);
        Assert.All(fixture.Histories, name =>
        {
            var made = Contents.Live[name.Key];
            Assert.Equal(made.Select(Described), name.Value.Select(Described));
            Assert.Equal(name.Value.Select(version => version.Timestamp).OrderDescending().Distinct(), name.Value.Select(version => version.Timestamp));
            Assert.Equal(
                made.Select(version => version.HiddenContent ? null : version.Sha1), name.Value.Select(version => version.Sha1));
        });
    }

    [NeedsFact(Needs.MediaWiki)]
    public async Task Deleted_versions_are_what_was_deleted() => Assert.Equal(
        Contents.Deleted.Select(row => (row.Name, row.Version.Sha1, Described(row.Version))).Order(),
        (await Wiki.Admin.FileArchiveAsync()).Select(row => (row.Name, row.Version.Sha1!, Described(row.Version))).Order());

    [NeedsFact(Needs.MediaWiki)]
    public void The_tree_holds_every_version_in_its_place_and_thumbnails_and_nothing_else()
    {
        var expected = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, versions) in Contents.Live)
        {
            foreach (var (made, told) in versions.Zip(fixture.Histories[name]))
            {
                var path = made.HiddenContent ? WikiPaths.Deleted(name, made.Sha1)
                    : told.ArchiveName is { } old ? WikiPaths.Old(name, old)
                    : WikiPaths.Current(name);
                expected[path] = made.Sha256;
            }
        }

        foreach (var (name, version) in Contents.Deleted)
        {
            expected[WikiPaths.Deleted(name, version.Sha1)] = version.Sha256;
        }

        var files = fixture.Tree.Files.Where(WikiPaths.IsUpload).ToList();
        Assert.Equal([.. expected.Select(file => (file.Key, file.Value))], files.Where(file => !IsThumbnail(file.Path)).Select(file => (file.Path, file.Content!)));
        Assert.Empty(Contents.Thumbnails.Except(files.Select(file => file.Path)));
    }

    [NeedsFact(Needs.MediaWiki)]
    public void There_is_some_of_everything()
    {
        Assert.InRange(Contents.Live.Count, 20, 50);
        Assert.InRange(Contents.Thumbnails.Count, 20, 100);
        Assert.Contains(Contents.Thumbnails, path => path.StartsWith("thumb/archive/", StringComparison.Ordinal));
        Assert.Contains(Contents.Live.Values, versions => versions.Count >= 4);
        Assert.Contains(Contents.Live.Values, versions => versions.Any(version => version is { HiddenContent: true, Suppressed: false }));
        Assert.Contains(Contents.Live.Values, versions => versions.Any(version => version is { HiddenContent: true, Suppressed: true }));
        Assert.Contains(Contents.Live.Values, versions => versions.Any(version => version is { HiddenContent: false, HiddenUser: true }));
        Assert.Contains(Contents.Deleted, row => row.Version.HiddenContent);
        Assert.Contains(Contents.Deleted, row => Contents.Live.ContainsKey(row.Name));
        Assert.Contains(Contents.Deleted, row => !Contents.Live.ContainsKey(row.Name));
        Assert.Contains(Contents.Deleted.GroupBy(row => row.Version.Sha1), same => same.Select(row => row.Name).Distinct().Count() > 1);
        Assert.All(new[] { "archive", "deleted", "thumb" }, top => Assert.Equal(TreeEntryKind.Folder, fixture.Tree[top]?.Kind));
    }

    [NeedsFact(Needs.MediaWiki)]
    public async Task The_web_server_gives_every_version_that_is_not_hidden()
    {
        foreach (var (name, versions) in Contents.Live)
        {
            foreach (var (made, told) in versions.Zip(fixture.Histories[name]).Where(pair => !pair.First.HiddenContent))
            {
                Assert.Equal(made.Content, await Wiki.Admin.GetAsync(told.Url!));
            }
        }
    }

    private static bool IsThumbnail(string path) => path.StartsWith("thumb/", StringComparison.Ordinal);

    private protected async Task<string> DumpAsync(string name, bool hexBlob)
    {
        var path = Wiki.Beside(name);
        await Wiki.DumpAsync(path, hexBlob);
        await using var file = File.OpenRead(path);
        await using Stream text = name.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionMode.Decompress) : file;
        using var reader = new StreamReader(text);
        return await reader.ReadToEndAsync();
    }

    private static string Described(MadeVersion version) => string.Join(
        '|', version.User, version.Comment, version.Content.Length, version.HiddenContent, version.HiddenComment, version.HiddenUser, version.Suppressed);

    private static string Described(WikiVersion version) => string.Join(
        '|', version.User, version.Comment, version.Size, version.HiddenContent, version.HiddenComment, version.HiddenUser, version.Suppressed);
}

[Collection(WikiCollections.Sqlite)]
public sealed class SqliteWikiFixtureTests(SqliteWiki fixture, ITestOutputHelper output) : MediaWikiFixtureTests(fixture, output), IClassFixture<SqliteWiki>
{
    [NeedsFact(Needs.MediaWiki)]
    public async Task The_database_is_a_file() => Assert.Equal("SQLite format 3\0"u8.ToArray(), (await File.ReadAllBytesAsync(fixture.Wiki.SqliteFile))[..16]);
}

[Collection(WikiCollections.MariaDb)]
public sealed class MariaDbWikiFixtureTests(MariaDbWiki fixture, ITestOutputHelper output) : MediaWikiFixtureTests(fixture, output), IClassFixture<MariaDbWiki>
{
    [NeedsFact(Needs.MediaWiki)]
    public async Task The_tables_can_be_dumped_in_hexadecimal_and_as_text()
    {
        var hexadecimal = await DumpAsync("tables.sql.gz", hexBlob: true);
        var text = await DumpAsync("tables.sql", hexBlob: false);
        Assert.All(new[] { "image", "oldimage", "filearchive", "actor", "comment" }, table =>
        {
            Assert.Contains($"INSERT INTO `{table}` VALUES", hexadecimal, StringComparison.Ordinal);
            Assert.Contains($"INSERT INTO `{table}` VALUES", text, StringComparison.Ordinal);
        });
        Assert.Contains($",0x{Convert.ToHexString("Zoë Übersetzerin"u8)})", hexadecimal, StringComparison.Ordinal);
        Assert.Contains(",'Zoë Übersetzerin')", text, StringComparison.Ordinal);
    }
}
