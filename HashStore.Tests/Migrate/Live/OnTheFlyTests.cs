using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using HashStore.Schema;
using HashStore.Schema.Tables;
using HashStore.Storage;
using HashStore.Storage.Durability;
using HashStore.Storage.Legacy;
using HashStore.Tests.Http.Support;
using HashStore.Tests.Migrate.Conversion;
using HashStore.Tests.Support;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;
using static HashStore.Tests.Migrate.Conversion.LegacyTreeBuilder;

namespace HashStore.Tests.Migrate.Live;

/// <summary>A server on a tree that nobody converted: a name is converted when somebody asks for it first, and what the wiki does shows at once.</summary>
public sealed class OnTheFlyTests : IAsyncLifetime, IDisposable
{
    private const string Name = "Name_ü+1.jpg", First = "20180101000000", Now = "20200101000000", Later = "20230101000000";

    private readonly LegacyTreeBuilder tree = new();
    private readonly List<ServerProcess> servers = [];

    private string[] Switches =>
        [$"--HashStore:Conversion:Tables={tree.Folder["tables"]}", .. Environment.IsPrivilegedProcess ? [] : (string[])["--state", tree.Paths.State]];

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (var server in servers)
        {
            await server.DisposeAsync();
        }
    }

    public void Dispose() => tree.Dispose();

    [Theory]
    [InlineData("GET", "/images/{current}", "two")]
    [InlineData("HEAD", "/images/{current}", "")]
    [InlineData("GET", "/images/{old}", "one")]
    [InlineData("GET", "/images/{thumb}", "small two")]
    [InlineData("GET", "/images/{old thumb}", "small one")]
    [InlineData("GET", "/file/{name}", null)]
    [InlineData("GET", "/api/files/{name}", null)]
    public async Task The_first_request_converts_the_name_with_its_versions(string method, string target, string? content)
    {
        AddName();
        var server = await StartAsync();
        var answer = await server.Client.SendAsync(method, Url(target), null, ServerClient.Nobody);
        Assert.True(answer.Status == (target.StartsWith("/file/", StringComparison.Ordinal) ? 302 : 200), $"{answer.Status}: {answer.Text}");
        Assert.Equal(content ?? answer.Text, answer.Text);
        if (answer["Location"] is { } location)
        {
            Assert.Equal("two", (await server.Client.GetAsync(location)).AssertStatus(200).Text);
        }

        await CheckConvertedAsync();
    }

    [Fact]
    public async Task Fifty_first_requests_at_two_servers_make_one_conversion()
    {
        AddName();
        _ = await StartAsync();
        _ = await StartAsync();
        string[] targets = ["/images/{current}", "/images/{old}", "/images/{thumb}", "/images/{old thumb}", "/file/{name}"];
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var asked = Enumerable.Range(0, 50).Select(async at =>
        {
            await gate.Task;
            return (Target: targets[at % targets.Length], Answer: await servers[at / targets.Length % 2].Client.GetAsync(Url(targets[at % targets.Length])));
        }).ToList();
        gate.SetResult();
        foreach (var (target, answer) in await Task.WhenAll(asked))
        {
            var expected = target switch { "/images/{current}" => "two", "/images/{old}" => "one", "/images/{thumb}" => "small two", "/images/{old thumb}" => "small one", _ => null };
            Assert.True(expected is null ? answer.Status == 302 : (answer.Status, answer.Text) == (200, expected), $"{target}: {answer.Status} {answer.Text}");
        }

        await CheckConvertedAsync();
        Assert.Equal(
            (1, 2, 2, 4),
            (Count($"SELECT COUNT(*) FROM filename"), Count($"SELECT COUNT(*) FROM upload"), Count($"SELECT COUNT(*) FROM \"file\""), Count($"SELECT COUNT(*) FROM ledger WHERE ledger_kind <> 0")));
    }

    [Fact]
    public async Task A_file_that_somebody_writes_to_is_served_as_it_lies_and_converted_when_asked_for_later()
    {
        AddName();
        var server = await StartAsync();
        await using (new FileStream(tree.FullPath(tree.Current(Name)), FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            for (var time = 0; time < 3; time++)
            {
                Assert.Equal("two", (await server.Client.GetAsync(Url("/images/{current}"))).AssertStatus(200).Text);
                Assert.Equal("one", (await server.Client.GetAsync(Url("/images/{old}"))).AssertStatus(200).Text);
                Assert.Equal("small two", (await server.Client.GetAsync(Url("/images/{thumb}"))).AssertStatus(200).Text);
            }

            tree.CheckUnlinked(tree.Current(Name));
        }

        await ReconcileAsync(server, Name);
        Assert.Equal("two", (await server.Client.GetAsync(Url("/images/{current}"))).AssertStatus(200).Text);
        await CheckConvertedAsync();
    }

    [Fact]
    public async Task A_name_that_cannot_be_converted_is_served_as_it_lies_and_not_tried_again_by_every_request()
    {
        tree.Image(Name, "two");
        tree.Image("Other.jpg", Colliding("two"));
        var server = await StartAsync(import: false, ["--HashStore:KeyBits=16", .. ServerProcess.Embedded]);
        Assert.Equal("two", (await server.Client.GetAsync(Url("/images/{current}"))).AssertStatus(200).Text);
        var other = LegacyReaders.UrlOf(tree.Current("Other.jpg"));
        Assert.Equal(Colliding("two"), (await server.Client.GetAsync(other)).AssertStatus(200).Text);
        tree.CheckUnlinked(tree.Current("Other.jpg"));

        // Whatever is tried is written down: each attempt would change the database.
        await using var database = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = tree.Paths.Database, Mode = SqliteOpenMode.ReadOnly, Pooling = false }.ConnectionString);
        await database.OpenAsync();
        await using var version = database.CreateCommand();
        version.CommandText = "PRAGMA data_version";
        var before = await version.ExecuteScalarAsync();
        for (var time = 0; time < 20; time++)
        {
            Assert.Equal(Colliding("two"), (await server.Client.GetAsync(other)).AssertStatus(200).Text);
        }

        Assert.Equal(before, await version.ExecuteScalarAsync());
        version.CommandText = $"SELECT ledger_detail FROM ledger WHERE ledger_state = 4";
        Assert.Contains("key", (string)(await version.ExecuteScalarAsync())!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_deleted_or_hidden_in_the_tables_does_not_come_out()
    {
        AddName();
        tree.OldRow(Name, Later, "hidden", ("oi_deleted", "1"));
        tree.File(tree.InZone(Name, "hidden"), "hidden");
        tree.Old(Name, Now, "left behind", ("oi_deleted", "9")); // the wiki failed to move it
        tree.File(tree.ArchiveThumb(Name, Now, $"120px-{Now}!{Name}"), "small left behind");
        tree.Deleted("Gone.jpg", First, "gone");
        var server = await StartAsync();
        foreach (var _ in new[] { "before", "after the conversion" })
        {
            foreach (var path in new[]
            {
                tree.Archived(Name, Later), tree.Archived(Name, Now), tree.ArchiveThumb(Name, Now, $"120px-{Now}!{Name}"), tree.ArchiveThumb(Name, Later, $"120px-{Later}!{Name}"),
                tree.Current("Gone.jpg"), tree.InZone(Name, "hidden"), tree.InZone("Gone.jpg", "gone"), ".hashstore/admin-token",
            })
            {
                var answer = await server.Client.GetAsync(LegacyReaders.UrlOf(path));
                Assert.True(answer.Status is 403 or 404 or 410, $"{path}: {answer.Status} {answer.Text}");
            }

            foreach (var content in new[] { "hidden", "left behind", "gone" })
            {
                var answer = await server.Client.GetAsync(Samples.ObjectUrl(Encoding.UTF8.GetBytes(content), Name));
                Assert.True(answer.Status is 404 or 410, $"{content}: {answer.Status}");
            }

            Assert.Equal(410, (await server.Client.GetAsync("/file/Gone.jpg")).Status);
            Assert.Equal("two", (await server.Client.GetAsync(Url("/images/{current}"))).AssertStatus(200).Text);
            var told = (await server.Client.GetAsync(Url("/api/files/{name}"))).AssertStatus(200).Text;
            Assert.All(new[] { "hidden", "left behind" }, content => Assert.DoesNotContain(Sha256(content), told, StringComparison.Ordinal));
        }

        tree.CheckSecret("hidden", tree.InZone(Name, "hidden"));
        tree.CheckSecret("gone", tree.InZone("Gone.jpg", "gone"));
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task A_file_that_somebody_replaces_is_served_new_at_once(bool isConverted, bool isArchived)
    {
        AddName();
        var server = await StartAsync();
        if (isConverted)
        {
            _ = (await server.Client.GetAsync(Url("/images/{current}"))).AssertStatus(200);
        }

        var before = "two";
        for (var number = 0; number < 5; number++)
        {
            if (isArchived)
            {
                tree.File(tree.Archived(Name, string.Create(CultureInfo.InvariantCulture, $"2023010100000{number}")), before); // as a wiki does
            }

            var content = before = string.Create(CultureInfo.InvariantCulture, $"new {number}");
            tree.File(tree.Current(Name), content);
            var answer = (await server.Client.GetAsync(Url("/images/{current}"))).AssertStatus(200).Text;
            Assert.True(answer == content, $"{answer} instead of {content}: {string.Join("; ", await tree.HistoryAsync(Name))}");
            var redirect = (await server.Client.GetAsync(Url("/file/{name}"))).AssertStatus(302);
            Assert.Equal(content, (await server.Client.GetAsync(redirect["Location"]!)).AssertStatus(200).Text);
            var told = (await server.Client.GetAsync(Url("/api/files/{name}"))).AssertStatus(200).Json;
            Assert.Equal(Sha256(content), told.GetProperty("current").GetProperty("sha256").GetString());
        }
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    public async Task A_file_that_the_wiki_removes_is_gone_at_once(bool isConverted, bool isMoved)
    {
        AddName();
        var server = await StartAsync();
        if (isConverted)
        {
            _ = (await server.Client.GetAsync(Url("/images/{current}"))).AssertStatus(200);
            tree.CheckLinked(tree.Current(Name));
        }

        if (isMoved)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(tree.FullPath(tree.InZone(Name, "two")))!);
            File.Move(tree.FullPath(tree.Current(Name)), tree.FullPath(tree.InZone(Name, "two")));
        }
        else
        {
            File.Delete(tree.FullPath(tree.Current(Name)));
        }

        File.Delete(tree.FullPath(tree.Archived(Name, First)));
        foreach (var target in new[] { "/images/{current}", "/images/{old}", "/file/{name}" })
        {
            var answer = await server.Client.GetAsync(Url(target));
            Assert.True(answer.Status is 404 or 410, $"{target}: {answer.Status} {answer.Text}");
        }
    }

    [Fact]
    public async Task Content_that_is_taken_down_cannot_be_read_after_the_reconcile()
    {
        AddName();
        var server = await StartAsync();
        var url = (await server.Client.GetAsync(Url("/file/{name}"))).AssertStatus(302)["Location"]!;
        Assert.Equal("two", (await server.Client.GetAsync(url)).AssertStatus(200).Text);

        // As the wiki deletes: rows and links move, thumbnails go.
        foreach (var (from, content) in new[] { (tree.Current(Name), "two"), (tree.Archived(Name, First), "one") })
        {
            Directory.CreateDirectory(Path.GetDirectoryName(tree.FullPath(tree.InZone(Name, content)))!);
            File.Move(tree.FullPath(from), tree.FullPath(tree.InZone(Name, content)));
        }

        tree.RemoveRows("image", "img_name", Name);
        tree.RemoveRows("oldimage", "oi_name", Name);
        tree.DeletedRow(Name, Now, "two");
        tree.DeletedRow(Name, First, "one", ("fa_archive_name", $"{First}!{Name}"));
        tree.WriteTables();
        await ReconcileAsync(server, Name);

        foreach (var target in new[] { url, Samples.ObjectUrl("one"u8.ToArray()), Url("/images/{current}"), Url("/images/{old}"), Url("/images/{thumb}"), Url("/images/{old thumb}"), Url("/file/{name}") })
        {
            var answer = await server.Client.GetAsync(target);
            Assert.True(answer.Status is 404 or 410, $"{target}: {answer.Status} {answer.Text}");
        }

        tree.CheckUnlinked(tree.InZone(Name, "two"), tree.InZone(Name, "one"));
        tree.CheckSecret("two", tree.InZone(Name, "two"));
        tree.CheckSecret("one", tree.InZone(Name, "one"));
    }

    [Fact]
    public async Task While_an_import_writes_the_tables_files_are_served_as_they_lie()
    {
        AddName();
        var server = await StartAsync();
        var gate = new ImportGate(tree.Paths, TimeProvider.System);
        using (var import = new FileLock(tree.Paths.ImportLock))
        {
            Assert.True(import.TryKeep());
            gate.Close();
            foreach (var (target, content) in new[] { ("/images/{current}", "two"), ("/images/{old}", "one"), ("/images/{thumb}", "small two"), ("/images/{old thumb}", "small one") })
            {
                Assert.Equal(content, (await server.Client.GetAsync(Url(target))).AssertStatus(200).Text);
            }

            Assert.Equal(0, Count($"SELECT COUNT(*) FROM ledger WHERE ledger_kind <> 0 AND ledger_state <> 0"));
            tree.CheckUnlinked(tree.Current(Name), tree.Archived(Name, First));
            gate.Open();
        }

        Assert.Equal("two", (await server.Client.GetAsync(Url("/file/{name}"))).AssertStatus(302)["Location"] is { } location ? (await server.Client.GetAsync(location)).Text : null);
        await CheckConvertedAsync();
    }

    [Fact]
    public async Task Tables_of_an_import_that_was_broken_off_convert_nothing_until_they_are_imported_again()
    {
        AddName();
        var server = await StartAsync();
        await using (var store = await Store.OpenAsync(tree.Options, NullLogger.Instance))
        {
            await Assert.ThrowsAsync<OperationCanceledException>(() => store.LegacyImport.RunAsync(BrokenOff(), "", [], null, CancellationToken.None));
        }

        tree.WithTables = false;
        var run = await tree.RunAsync(3);
        Assert.Contains("broken off", run.Error, StringComparison.Ordinal);
        Assert.Equal("one", (await server.Client.GetAsync(Url("/images/{old}"))).AssertStatus(200).Text);
        tree.CheckUnlinked(tree.Current(Name), tree.Archived(Name, First));

        await ReconcileAsync(server, Name); // which reads the tables again
        await CheckConvertedAsync();

        static IEnumerable<LegacyVersion> BrokenOff()
        {
            yield return new LegacyVersion(new LegacyRow { Name = "New.jpg", Kind = LegacyKind.Current, Timestamp = DateTime.UnixEpoch }, null);
            throw new OperationCanceledException();
        }
    }

    [Fact]
    public async Task Names_that_nobody_knows_leave_no_trace()
    {
        AddName();
        var server = await StartAsync();
        foreach (var target in new[] { "/images/a/ab/Nobody.jpg", "/images/{thumb}x", "/images/archive/a/ab/20200101000000!Nobody.jpg", "/images/1/12/../../../etc/passwd", "/images/1/12/%2e%2e%2fpasswd", "/file/Nobody.jpg", "/api/files/Nobody.jpg" })
        {
            var answer = await server.Client.GetAsync(Url(target));
            Assert.True(answer.Status is 400 or 404, $"{target}: {answer.Status} {answer.Text}");
        }

        Assert.Equal(0, Count($"SELECT COUNT(*) FROM filename WHERE fn_name LIKE '%obody%'"));
    }

    private void AddName()
    {
        tree.Image(Name, "two");
        tree.Old(Name, First, "one");
        tree.File(tree.Thumb(Name, $"120px-{Name}"), "small two");
        tree.File(tree.ArchiveThumb(Name, First, $"120px-{First}!{Name}"), "small one");
    }

    /// <summary>Starts a server, one more each time.</summary>
    private async Task<ServerProcess> StartAsync(bool import = true, params string[] more)
    {
        tree.WriteTables();
        if (import && servers.Count == 0)
        {
            var imported = await VerbAsync(["import", .. tree.StoreArguments, "--tables", tree.Folder["tables"]]);
            Assert.True(imported.Exit == 0, imported.ToString());
        }

        servers.Add(await ServerProcess.StartAsync(tree.Tree, [.. Switches, .. more]));
        return servers[^1];
    }

    private async Task CheckConvertedAsync()
    {
        tree.CheckLinked(tree.Current(Name), tree.Archived(Name, First));
        tree.CheckNothingIsLeft();
        Assert.Equal([Line(Name, Now, "two", " *"), Line(Name, First, "one")], await tree.HistoryAsync(Name));
    }

    private static async Task ReconcileAsync(ServerProcess server, string name)
    {
        var answer = await server.Client.PostAsync($"/api/files/{Uri.EscapeDataString(name)}/reconcile");
        Assert.True(answer.Status is 200 or 204, $"{answer.Status}: {answer.Text}");
    }

    private string Url(string target) => target
        .Replace("/images/{current}", LegacyReaders.UrlOf(tree.Current(Name)), StringComparison.Ordinal)
        .Replace("/images/{old}", LegacyReaders.UrlOf(tree.Archived(Name, First)), StringComparison.Ordinal)
        .Replace("/images/{thumb}", LegacyReaders.UrlOf(tree.Thumb(Name, $"120px-{Name}")), StringComparison.Ordinal)
        .Replace("/images/{old thumb}", LegacyReaders.UrlOf(tree.ArchiveThumb(Name, First, $"120px-{First}!{Name}")), StringComparison.Ordinal)
        .Replace("{name}", Uri.EscapeDataString(Name), StringComparison.Ordinal);

    private long Count(FormattableString sql) => RawDatabase.Number(tree.Options, sql);

    /// <summary>A text whose first 16 bits of SHA-256 are those of another one.</summary>
    private static string Colliding(string text) => Enumerable.Range(0, int.MaxValue).Select(number => number.ToString(CultureInfo.InvariantCulture))
        .First(other => SHA256.HashData(Encoding.UTF8.GetBytes(other)).AsSpan(0, 2).SequenceEqual(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 2)));
}
