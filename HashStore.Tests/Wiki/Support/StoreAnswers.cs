using System.Globalization;
using System.Text.Json;
using HashStore.Schema.Tables;
using HashStore.Storage;
using HashStore.Storage.Catalog;
using HashStore.Tests.Http.Support;
using HashStore.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace HashStore.Tests.Wiki.Support;

/// <summary>What HashStore shows of a living wiki.</summary>
internal sealed class StoreAnswers(LivingWiki living)
{
    /// <summary>Checks what the tables say of every name, past the server: a request to it would make it look at the wiki.</summary>
    internal async Task CheckRowsAsync()
    {
        await using var store = await Store.OpenAsync(living.Options, NullLogger.Instance);
        var names = await store.Names.ListAsync(new NameQuery(null, null, 1000, null, HiddenToo: true));
        Assert.Equal(
            living.Contents.Live.Keys.Order(StringComparer.Ordinal),
            names.Where(name => !name.Deleted).Select(name => name.Name.Value).Order(StringComparer.Ordinal));
        foreach (var (name, versions) in living.Answers.Histories)
        {
            var stored = (await store.Names.FindAsync(name.Named())).File!;
            CheckHistory(name, versions, stored.Current.Id, stored.Versions.Select(version => (
                version.Id, Line(version.Timestamp, version.User, version.Description, version.Size, version.Sha256.ToString(), version.Hidden.HasFlag(HiddenParts.Content)),
                version.Sha256.ToString(), version.Hidden.HasFlag(HiddenParts.Content))));
        }
    }

    /// <summary>Checks what the server says of every name, and that it gives what may be seen and nothing else.</summary>
    internal async Task CheckServerAsync()
    {
        foreach (var (name, versions) in living.Answers.Histories)
        {
            var told = (await living.Server.Client.SendAsync("GET", Api(name), null)).AssertStatus(200).Json;
            Assert.False(told.GetProperty("deleted").GetBoolean(), $"{name} is deleted");
            CheckHistory(name, versions, told.GetProperty("current").GetProperty("id").GetInt64(), told.GetProperty("versions").EnumerateArray().Select(version => (
                version.GetProperty("id").GetInt64(), Line(
                    version.GetProperty("timestamp").GetDateTime().ToUniversalTime(), version.GetProperty("user").GetString(), version.GetProperty("description").GetString(),
                    version.GetProperty("size").GetInt64(), version.GetProperty("sha256").GetString(), version.GetProperty("deleted").GetBoolean()),
                version.GetProperty("sha256").GetString()!, version.GetProperty("deleted").GetBoolean())));
            await CheckStrangerAsync(name, versions);
        }

        await CheckShownAsync([]);
        await CheckGoneAsync();
        await CheckSecretsAsync();
    }

    /// <summary>Checks that living files answer under their legacy URLs and names, and that names without a file do not, whether anybody told HashStore of what happened or not.</summary>
    /// <param name="later">Names that were deleted, and that need not answer before HashStore has followed: a file that lies where a deleted one was could be one that the wiki failed to remove.</param>
    internal async Task CheckShownAsync(IReadOnlyCollection<string> later)
    {
        foreach (var (name, path, content) in living.Answers.Shown)
        {
            var answer = await living.Server.Client.GetAsync(path);
            Assert.True(
                (answer.Status == 200 && answer.Body.AsSpan().SequenceEqual(content)) || (answer.Status is 404 or 410 && later.Contains(name)),
                $"{path}: {answer.Status}, {answer.Body.Length} bytes instead of {content.Length}");
        }

        foreach (var (name, versions) in living.Contents.Live.Where(pair => !later.Contains(pair.Key)))
        {
            var answer = await living.Server.Client.GetAsync(File(name));
            Assert.True(answer.Status == 302, $"{File(name)}: {answer.Status}");
            Assert.Equal(versions[0].Content, (await living.Server.Client.GetAsync(answer["Location"]!)).AssertStatus(200).Body);
        }

        foreach (var name in Away)
        {
            var answer = await living.Server.Client.GetAsync($"/images/{string.Join('/', WikiPaths.Current(name).Split('/').Select(Uri.EscapeDataString))}");
            Assert.True(answer.Status is 404 or 410 or 301 or 302, $"{name} is no more: {answer.Status}");
        }
    }

    /// <summary>Names that had a file.</summary>
    private IEnumerable<string> Away => living.Answers.Names.Except(living.Contents.Live.Keys);

    private static string Api(string name) => "/api/files/" + Uri.EscapeDataString(name);

    private static string File(string name) => "/file/" + Uri.EscapeDataString(name);

    private static string Line(DateTime timestamp, string? user, string? description, long size, string? sha256, bool isHidden) =>
        string.Create(CultureInfo.InvariantCulture, $"{timestamp:yyyy-MM-dd HH:mm:ss} {user}: {description} ({size} bytes, {sha256}{(isHidden ? ", hidden" : "")})");

    /// <summary>Versions that were deleted alone, or with an earlier file of the name, may be there too: hidden.</summary>
    private void CheckHistory(
        string name, IReadOnlyList<(WikiVersion Told, MadeVersion Made)> versions, long current, IEnumerable<(long Id, string Line, string Sha256, bool IsHidden)> stored)
    {
        var expected = versions
            .Select(version => Line(version.Told.Timestamp, version.Made.User, version.Made.Comment, version.Made.Content.Length, version.Made.Sha256, version.Made.HiddenContent)).ToList();
        var lines = stored.ToList();
        var deleted = living.Contents.Deleted.Select(row => row.Version.Sha256).ToHashSet();
        var kept = lines.FindAll(line => !(line.IsHidden && deleted.Contains(line.Sha256) && !expected.Contains(line.Line)));
        Assert.True(expected.SequenceEqual(kept.Select(line => line.Line)) && kept[0].Id == current, $"{name} in the wiki:\n  {string.Join("\n  ", expected)}\nin HashStore:\n  {string.Join("\n  ", lines.Select(line => line.Line + (line.Id == current ? " *" : "")))}");
    }

    /// <summary>Of what is hidden a stranger learns nothing.</summary>
    private async Task CheckStrangerAsync(string name, IReadOnlyList<(WikiVersion Told, MadeVersion Made)> versions)
    {
        var told = (await living.Server.Client.GetAsync(Api(name))).AssertStatus(200).Json.GetProperty("versions").EnumerateArray()
            .ToLookup(version => version.GetProperty("timestamp").GetDateTime().ToUniversalTime());
        foreach (var (wiki, made) in versions)
        {
            Assert.All(told[wiki.Timestamp].Where(version => version.GetProperty("deleted").GetBoolean() == made.HiddenContent), version =>
            {
                Assert.Equal(made.HiddenContent, IsNull(version, "key") && IsNull(version, "sha256") && IsNull(version, "size") && IsNull(version, "url"));
                Assert.Equal(made.HiddenUser, IsNull(version, "user"));
                Assert.Equal(made.HiddenComment, IsNull(version, "description"));
            });
        }

        static bool IsNull(JsonElement of, string property) => of.GetProperty(property).ValueKind == JsonValueKind.Null;
    }

    /// <summary>Deleted names are known as deleted; one that moved may lead to its new name.</summary>
    private async Task CheckGoneAsync()
    {
        var deleted = living.Contents.Deleted.Select(row => row.Name).ToHashSet();
        foreach (var name in Away)
        {
            var answer = await living.Server.Client.GetAsync(File(name));
            Assert.True(answer.Status == 410 || (!deleted.Contains(name) && answer.Status is 302 or 404), $"{File(name)}: {answer.Status}");
            var api = await living.Server.Client.GetAsync(Api(name));
            Assert.True(
                api.Status is 404 or 410 || (!deleted.Contains(name) && api.Status == 307) || (api.Status == 200 && api.Json.GetProperty("deleted").GetBoolean() && !api.Text.Contains("\"sha256\":\"", StringComparison.Ordinal)),
                $"{Api(name)}: {api.Status} {api.Text}");
        }
    }

    /// <summary>What is hidden or deleted is nowhere: not at the object's immutable URL, not at any URL of before, not in the tree.</summary>
    private async Task CheckSecretsAsync()
    {
        var shown = living.Answers.ShownContents;
        var secrets = living.Answers.Ever.Where(content => !shown.Contains(content.Key)).ToDictionary();
        foreach (var (name, content) in secrets.Values)
        {
            foreach (var url in new[] { Samples.ObjectUrl(content), Samples.ObjectUrl(content, name) })
            {
                var answer = await living.Server.Client.GetAsync(url);
                Assert.True(answer.Status is 404 or 410, $"{url} of {name}: {answer.Status}");
            }

            var zone = await living.Server.Client.GetAsync($"/images/{WikiPaths.Deleted(name, new MadeVersion(content, "", "").Sha1)}");
            Assert.True(zone.Status is 404 or 410 or 403, $"deleted zone, {name}: {zone.Status}");
        }

        foreach (var path in living.Answers.Paths)
        {
            var answer = await living.Server.Client.GetAsync(path);
            Assert.False(answer.Status == 200 && secrets.ContainsKey(Samples.Sha256(answer.Body)), $"{path} gives what is hidden or deleted");
        }

        var tree = TreeManifest.Read(living.Wiki.Images, StorePaths.DefaultStateName, "deleted", MediaWiki.Locks);
        Assert.All(tree.Files, file => Assert.False(secrets.ContainsKey(file.Content!), $"{file.Path} holds what is hidden or deleted"));
        var thumbs = secrets.Values.Select(secret => "thumb/" + Samples.ObjectPath(secret.Content) + "-").ToList();
        Assert.All(tree.Entries, entry => Assert.DoesNotContain(thumbs, thumb => entry.Path.StartsWith(thumb, StringComparison.Ordinal)));
    }
}
