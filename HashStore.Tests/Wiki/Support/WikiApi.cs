using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;

namespace HashStore.Tests.Wiki.Support;

/// <summary>The wiki said no.</summary>
/// <param name="code">Its word for it.</param>
/// <param name="text">Its sentence.</param>
internal sealed class WikiRefusalException(string code, string text) : Exception($"{code}: {text}")
{
    internal string Code => code;
}

/// <summary>One account's session with a wiki's <c>api.php</c>. Names are those of files, without the namespace.</summary>
internal sealed class WikiApi : IDisposable
{
    private const string VersionProperties = "timestamp|user|comment|size|sha1|archivename|url|dimensions|mime";

    private readonly HttpClient http;
    private string token = "";

    private WikiApi(Uri url, string account)
    {
        Account = account;
        http = new HttpClient(new SocketsHttpHandler { CookieContainer = new CookieContainer(), AllowAutoRedirect = false }) { BaseAddress = url };
    }

    internal string Account { get; }

    internal static async Task<WikiApi> LoginAsync(Uri url, string account, string password)
    {
        var session = new WikiApi(url, account);
        try
        {
            var login = await session.CallAsync(("action", "login"), ("lgname", account), ("lgpassword", password), ("lgtoken", await session.TokenAsync("login")));
            var result = login.GetProperty("login").GetProperty("result").GetString();
            session.token = result == "Success" ? await session.TokenAsync("csrf") : throw new WikiRefusalException(result!, login.ToString());
            return session;
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <summary>A new name, or a new version of one. Warnings are not listened to.</summary>
    internal async Task UploadAsync(string name, byte[] content, string comment)
    {
        var answer = await CallAsync(
            content, ("action", "upload"), ("filename", name), ("comment", comment), ("text", $"About {name}"), ("ignorewarnings", "1"), ("token", token));
        Expect(answer, "upload", "result");
        var stored = answer.GetProperty("upload").GetProperty("filename").GetString();
        if (stored != name)
        {
            throw new WikiRefusalException("name", $"{name} was stored as {stored}.");
        }
    }

    /// <summary>A new version with an old one's content.</summary>
    internal async Task RevertAsync(string name, string archiveName, string comment) => Expect(
        await CallAsync(("action", "filerevert"), ("filename", name), ("archivename", archiveName), ("comment", comment), ("token", token)), "filerevert", "result");

    /// <summary>All versions go to the archive of deleted ones, and so does the page.</summary>
    internal Task DeleteAsync(string name) => CallAsync(("action", "delete"), ("title", Title(name)), ("reason", "Not wanted"), ("token", token));

    /// <summary>One old version goes there.</summary>
    internal Task DeleteVersionAsync(string name, string archiveName) =>
        CallAsync(("action", "delete"), ("title", Title(name)), ("oldimage", archiveName), ("reason", "Not wanted either"), ("token", token));

    /// <summary>Brings deleted versions back.</summary>
    /// <param name="name">The name.</param>
    /// <param name="archiveIds">Those of the versions; none: all, with the page.</param>
    /// <returns>How many came.</returns>
    internal async Task<int> UndeleteAsync(string name, params long[] archiveIds)
    {
        List<(string, string)> fields = [("action", "undelete"), ("title", Title(name)), ("reason", "Wanted again"), ("token", token)];
        if (archiveIds.Length > 0)
        {
            fields.Add(("fileids", string.Join('|', archiveIds)));
        }

        return (await CallAsync([.. fields])).GetProperty("undelete").GetProperty("fileversions").GetInt32();
    }

    internal async Task MoveAsync(string from, string to, bool redirect)
    {
        List<(string, string)> fields =
            [("action", "move"), ("from", Title(from)), ("to", Title(to)), ("reason", "A better name"), ("ignorewarnings", "1"), ("token", token)];
        if (!redirect)
        {
            fields.Add(("noredirect", "1"));
        }

        await CallAsync([.. fields]);
    }

    /// <summary>Hides parts of an old version.</summary>
    /// <param name="name">The name.</param>
    /// <param name="archiveName">The version.</param>
    /// <param name="parts">Of <c>content|comment|user</c>.</param>
    /// <param name="suppress">From ordinary administrators too.</param>
    internal Task HideAsync(string name, string archiveName, string parts, bool suppress) => ChangeVisibilityAsync(name, archiveName, "hide", parts, suppress);

    /// <summary>Shows hidden parts of an old version again.</summary>
    internal Task ShowAsync(string name, string archiveName, string parts) => ChangeVisibilityAsync(name, archiveName, "show", parts, suppress: false);

    /// <summary>All versions of a name, the current one first; empty where there is none.</summary>
    internal async Task<IReadOnlyList<WikiVersion>> HistoryAsync(string name)
    {
        var answer = await CallAsync(("action", "query"), ("titles", Title(name)), ("prop", "imageinfo"), ("iiprop", VersionProperties), ("iilimit", "500"));
        var page = answer.GetProperty("query").GetProperty("pages")[0];
        return page.TryGetProperty("imageinfo", out var versions) ? [.. versions.EnumerateArray().Select(WikiVersion.Read)] : [];
    }

    /// <summary>All names that have a current version, in the wiki's order.</summary>
    internal async Task<IReadOnlyList<(string Name, WikiVersion Current)>> AllImagesAsync() => await ListAsync(
        "allimages", ("ailimit", "500"), ("aiprop", VersionProperties.Replace("|archivename", "", StringComparison.Ordinal)));

    /// <summary>All deleted versions.</summary>
    internal async Task<IReadOnlyList<(string Name, WikiVersion Version)>> FileArchiveAsync() => await ListAsync(
        "filearchive", ("falimit", "500"), ("faprop", "sha1|timestamp|user|size|dimensions|description|mime|archivename"));

    /// <summary>A thumbnail, which the wiki makes when it has none.</summary>
    /// <param name="name">A name, or the archive name of an old version.</param>
    /// <param name="width">In pixels, less than the image's.</param>
    /// <param name="old">Whether it is an old version's.</param>
    internal Task<byte[]> ThumbnailAsync(string name, int width, bool old = false) => GetAsync(new Uri(
        string.Create(CultureInfo.InvariantCulture, $"thumb.php?f={Uri.EscapeDataString(name)}&width={width}{(old ? "&archived=1" : "")}"), UriKind.Relative));

    /// <summary>The page that describes a file, as HTML.</summary>
    internal async Task<string> PageAsync(string name) =>
        Encoding.UTF8.GetString(await GetAsync(new Uri($"index.php?title={Uri.EscapeDataString(Title(name))}", UriKind.Relative)));

    /// <summary>What the web server gives for an URL, which must be a 200. PHP's answers with the main page where there is nothing.</summary>
    internal async Task<byte[]> GetAsync(Uri url)
    {
        using var answer = await http.GetAsync(url);
        var body = await answer.Content.ReadAsByteArrayAsync();
        return answer.StatusCode == HttpStatusCode.OK ? body
            : throw new WikiRefusalException($"{(int)answer.StatusCode}", $"{url}: {Encoding.UTF8.GetString(body)}");
    }

    public void Dispose() => http.Dispose();

    private async Task ChangeVisibilityAsync(string name, string archiveName, string change, string parts, bool suppress) => Expect(
        await CallAsync(
            ("action", "revisiondelete"), ("type", "oldimage"), ("target", Title(name)), ("ids", archiveName[..archiveName.IndexOf('!', StringComparison.Ordinal)]),
            (change, parts), ("suppress", suppress ? "yes" : "no"), ("token", token)),
        "revisiondelete", "status");

    private static string Title(string name) => "File:" + name;

    private static void Expect(JsonElement answer, string action, string property)
    {
        if (answer.GetProperty(action).GetProperty(property).GetString() != "Success")
        {
            throw new WikiRefusalException(action, answer.ToString());
        }
    }

    private async Task<string> TokenAsync(string kind) => (await CallAsync(("action", "query"), ("meta", "tokens"), ("type", kind)))
        .GetProperty("query").GetProperty("tokens").GetProperty(kind + "token").GetString()!;

    private async Task<List<(string Name, WikiVersion Version)>> ListAsync(string list, params (string Name, string Value)[] fields)
    {
        var found = new List<(string, WikiVersion)>();
        (string Name, string Value)[] more = [];
        do
        {
            var answer = await CallAsync([("action", "query"), ("list", list), .. fields, .. more]);
            var files = answer.GetProperty("query").GetProperty(list).EnumerateArray();
            found.AddRange(files.Select(file => (file.GetProperty("name").GetString()!, WikiVersion.Read(file))));
            more = answer.TryGetProperty("continue", out var next) ? [.. next.EnumerateObject().Select(field => (field.Name, field.Value.ToString()))] : [];
        }
        while (more.Length > 0);
        return found;
    }

    private Task<JsonElement> CallAsync(params (string Name, string Value)[] fields) => CallAsync(null, fields);

    private async Task<JsonElement> CallAsync(byte[]? file, params (string Name, string Value)[] fields)
    {
        using var body = new MultipartFormDataContent();
        foreach (var (name, value) in fields.Append(("format", "json")).Append(("formatversion", "2")))
        {
            body.Add(new StringContent(value), name);
        }

        if (file is not null)
        {
            body.Add(new ByteArrayContent(file), "file", "upload.bin");
        }

        using var answer = await http.PostAsync(new Uri("api.php", UriKind.Relative), body);
        var text = await answer.Content.ReadAsStringAsync();
        if (answer.StatusCode != HttpStatusCode.OK || !text.StartsWith('{'))
        {
            throw new WikiRefusalException($"{(int)answer.StatusCode}", text);
        }

        using var json = JsonDocument.Parse(text);
        return json.RootElement.TryGetProperty("error", out var error)
            ? throw new WikiRefusalException(error.GetProperty("code").GetString()!, error.GetProperty("info").GetString()!)
            : json.RootElement.Clone();
    }
}
