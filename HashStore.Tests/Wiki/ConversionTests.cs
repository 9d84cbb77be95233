using System.Security.Cryptography;
using System.Text.Json;
using HashStore.Schema;
using HashStore.Schema.Tables;
using HashStore.Storage;
using HashStore.Storage.Catalog;
using HashStore.Tests.Support;
using HashStore.Tests.Wiki.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;
using Xunit.Abstractions;

namespace HashStore.Tests.Wiki;

/// <summary>A wiki's upload tree is converted under it: nothing that was there is lost, nothing that was hidden comes out, and the wiki goes on as before.</summary>
public abstract class ConversionTests
{
    private readonly ConvertedWiki fixture;

    private protected ConversionTests(ConvertedWiki fixture, ITestOutputHelper output)
    {
        this.fixture = fixture;
        output.WriteLine(fixture.Description);
    }

    private MediaWiki Wiki => fixture.Wiki;

    private WikiContents Contents => fixture.Contents;

    [NeedsFact(Needs.MediaWiki)]
    public async Task The_run_ends_well_and_its_report_has_a_line_for_every_file()
    {
        Assert.Equal((0, ""), (fixture.Run.Exit, fixture.Run.Error));
        var summary = JsonDocument.Parse(fixture.Run.Output.TrimEnd('\n').Split('\n')[^1]).RootElement;
        Assert.Equal("run", summary.GetProperty("verb").GetString());
        Assert.Equal(0, summary.GetProperty("failed").GetInt64());
        Assert.Equal(0, summary.GetProperty("exit").GetInt32());

        var lines = await File.ReadAllLinesAsync(fixture.Report);
        Assert.Equal("path,status,key,sha256,size,detail", lines[0]);
        Assert.Empty(Uploads().Select(file => file.Path).Except(lines.Skip(1).Select(FirstField)));
        Assert.DoesNotContain(lines.Skip(1), line => Status(line) is "missing" or "orphan" or "mismatch" or "failed");
    }

    [NeedsFact(Needs.MediaWiki)]
    public void Every_legacy_path_answers_with_its_bytes_and_those_of_versions_are_links()
    {
        Assert.All(Uploads(), file =>
        {
            var path = Path.Combine(Wiki.Images, file.Path);
            Assert.Equal(file.Content, Sha256(path));
            if (!IsBelow(file.Path, "thumb"))
            {
                Assert.Equal(!IsBelow(file.Path, "deleted"), new FileInfo(path).LinkTarget is not null);
            }
        });
        var now = TreeManifest.Read(Wiki.Images, MediaWiki.Locks, StorePaths.DefaultStateName);
        Assert.All(fixture.Tree.Files.Where(file => !WikiPaths.IsUpload(file)), guard => Assert.Equal(guard, now[guard.Path]));
    }

    [NeedsFact(Needs.MediaWiki)]
    public async Task Histories_are_the_wikis()
    {
        await using var store = await Store.OpenAsync(fixture.Options, NullLogger.Instance);
        var sha1 = Sha1ByKey();
        Assert.Equal(
            fixture.Histories.Keys.Order(StringComparer.Ordinal),
            (await store.Names.ListAsync(new NameQuery(null, null, 1000, null, HiddenToo: true))).Select(file => file.Name.Value).Order(StringComparer.Ordinal));

        foreach (var (name, history) in fixture.Histories)
        {
            var stored = (await store.Names.FindAsync(name.Named())).File;
            Assert.NotNull(stored);
            Assert.False(stored.Deleted);
            Assert.Equal(history[0].Timestamp, stored.Current.Timestamp);

            // Versions of it that were deleted alone, or with an earlier file of that name, may be there too: hidden.
            var told = history.Select(version => version.Timestamp).ToHashSet();
            Assert.All(stored.Versions.Where(version => !told.Contains(version.Timestamp)), version =>
            {
                Assert.True(version.Hidden.HasFlag(HiddenParts.Content));
                Assert.Contains(Contents.Deleted, row => row.Name == name && row.Version.Sha256 == version.Sha256.ToString());
            });

            var kept = stored.Versions.Where(version => told.Contains(version.Timestamp)).ToList();
            Assert.Equal(history.Select(Described), kept.Select(Described));
            Assert.Equal(
                Contents.Live[name].Select(made => (made.Sha1, made.Sha256)),
                kept.Select(version => (sha1[version.Key.ToString()], version.Sha256.ToString())));
            Assert.Equal(
                history.Where(version => !version.HiddenContent).Select(version => version.Sha1),
                kept.Where(version => !version.Hidden.HasFlag(HiddenParts.Content)).Select(version => sha1[version.Key.ToString()]));
        }
    }

    [NeedsFact(Needs.MediaWiki)]
    public async Task Deleted_names_are_known_as_deleted()
    {
        await using var store = await Store.OpenAsync(fixture.Options, NullLogger.Instance);
        foreach (var name in Contents.Deleted.GroupBy(row => row.Name).Where(name => !Contents.Live.ContainsKey(name.Key)))
        {
            var stored = (await store.Names.FindAsync(name.Key.Named())).File;
            Assert.NotNull(stored);
            Assert.True(stored.Deleted);
            Assert.Equal(name.Select(row => row.Version.Sha256).Order(), stored.Versions.Select(version => version.Sha256.ToString()).Order());
        }
    }

    [NeedsFact(Needs.MediaWiki)]
    public void Nothing_hidden_or_deleted_is_in_the_public_tree()
    {
        var shown = Contents.Live.Values.SelectMany(versions => versions).Where(version => !version.HiddenContent).Select(version => version.Sha256).ToHashSet();
        var secret = Contents.Live.Values.SelectMany(versions => versions).Where(version => version.HiddenContent)
            .Concat(Contents.Deleted.Select(row => row.Version)).Select(version => version.Sha256).Except(shown).ToHashSet();
        Assert.NotEmpty(secret);

        var open = TreeManifest.Read(Wiki.Images, StorePaths.DefaultStateName, "deleted", MediaWiki.Locks);
        Assert.All(open.Entries.Where(entry => entry.Kind is TreeEntryKind.File or TreeEntryKind.Link), entry =>
            Assert.DoesNotContain(Sha256(Path.Combine(Wiki.Images, entry.Path)), secret));
        Assert.Subset(open.Files.Select(file => file.Content!).ToHashSet(), shown);
    }

    [NeedsFact(Needs.MediaWiki)]
    public async Task The_wiki_still_knows_and_serves_everything()
    {
        var now = await fixture.ReadHistoriesAsync();
        Assert.Equal(fixture.Histories.Keys, now.Keys);
        Assert.All(fixture.Histories, before => Assert.Equal(before.Value, now[before.Key]));

        foreach (var (name, versions) in Contents.Live)
        {
            foreach (var (made, told) in versions.Zip(now[name]).Where(pair => !pair.First.HiddenContent))
            {
                Assert.Equal(made.Content, await Wiki.Admin.GetAsync(told.Url!));
            }
        }

        foreach (var path in Contents.Thumbnails)
        {
            var address = new Uri("images/" + string.Join('/', path.Split('/').Select(Uri.EscapeDataString)), UriKind.Relative);
            Assert.Equal(fixture.Tree[path]!.Content, Convert.ToHexStringLower(SHA256.HashData(await Wiki.Admin.GetAsync(address))));
        }
    }

    [NeedsFact(Needs.MediaWiki)]
    public async Task The_wiki_makes_new_thumbnails_of_converted_files()
    {
        const int Width = 93;
        foreach (var name in Contents.Live.Keys.Where(name => name.EndsWith(".png", StringComparison.Ordinal) || name.EndsWith(".svg", StringComparison.Ordinal)))
        {
            var thumbnail = await Wiki.Admin.ThumbnailAsync(name, Width);
            Assert.Equal("PNG"u8.ToArray(), thumbnail[1..4]);
            Assert.Equal(thumbnail, await File.ReadAllBytesAsync(Path.Combine(Wiki.Images, WikiPaths.Thumbnail(name, Width))));
        }
    }

    [NeedsFact(Needs.MediaWiki)]
    public async Task Verify_and_fsck_find_nothing()
    {
        var verify = await MigrateRun.StartAsync("verify", "--root", Wiki.Images);
        Assert.Equal((0, ""), (verify.Exit, verify.Error));
        var fsck = await MigrateRun.StartAsync("fsck", "--root", Wiki.Images, "--full");
        Assert.Equal((0, ""), (fsck.Exit, fsck.Error));
    }

    private static bool IsBelow(string path, string top) => path.StartsWith(top + "/", StringComparison.Ordinal);

    private static string Sha256(string path) => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)));

    /// <summary>The first field of a line of comma-separated values, quoted if need be.</summary>
    private static string FirstField(string line) => line[0] != '"' ? line[..line.IndexOf(',', StringComparison.Ordinal)]
        : line[1..line.IndexOf("\",", StringComparison.Ordinal)].Replace("\"\"", "\"", StringComparison.Ordinal);

    private static string Status(string line)
    {
        var quoted = line[0] == '"' ? line.IndexOf("\",", StringComparison.Ordinal) + 1 : line.IndexOf(',', StringComparison.Ordinal);
        return line[(quoted + 1)..].Split(',')[0];
    }

    private static string Described(WikiVersion version) => string.Join(
        '|', version.Timestamp.ToString("O"), version.User, version.Comment, version.Size,
        version.HiddenContent, version.HiddenComment, version.HiddenUser, version.Suppressed);

    private static string Described(StoredVersion version) => string.Join(
        '|', version.Timestamp.ToString("O"), version.User, version.Description, version.Size, version.Hidden.HasFlag(HiddenParts.Content),
        version.Hidden.HasFlag(HiddenParts.Description), version.Hidden.HasFlag(HiddenParts.User), version.Hidden.HasFlag(HiddenParts.Restricted));

    private IEnumerable<TreeEntry> Uploads() => fixture.Tree.Files.Where(WikiPaths.IsUpload);

    private Dictionary<string, string> Sha1ByKey()
    {
        using var database = StoreDatabase.Open(fixture.Options);
        using var tables = database.NewContext();
        return tables.Files.AsNoTracking().ToDictionary(row => new ContentKey(row.Hash).ToString(), row => Convert.ToHexStringLower(row.Sha1));
    }
}

[Collection(WikiCollections.Sqlite)]
public sealed class SqliteConversionTests(ConvertedSqliteWiki fixture, ITestOutputHelper output)
    : ConversionTests(fixture, output), IClassFixture<ConvertedSqliteWiki>;

[Collection(WikiCollections.MariaDb)]
public sealed class MariaDbConversionTests(ConvertedMariaDbWiki fixture, ITestOutputHelper output)
    : ConversionTests(fixture, output), IClassFixture<ConvertedMariaDbWiki>;
