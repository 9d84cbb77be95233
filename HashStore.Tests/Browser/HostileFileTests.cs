using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using HashStore.Storage.Serving;
using HashStore.Tests.Architecture;
using HashStore.Tests.Http.Support;
using HashStore.Tests.Migrate.Live;
using HashStore.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace HashStore.Tests.Browser;

/// <summary>
/// What is stored never runs in the site's origin: files that would, on a real server that keeps everything, opened in a real browser by every address they have, as pages of their own and within another site's.
/// </summary>
public sealed partial class HostileFileTests(ITestOutputHelper output)
{
    [NeedsFact(Chromium.Program)]
    public async Task Nothing_that_is_stored_runs()
    {
        await using var beacons = await Beacons.StartAsync();
        using var folder = new TempFolder();
        var root = folder["root"];
        var legacy = HostileFiles.All.Select(file => LayLegacy(root, file, beacons)).ToList();
        await using var server = await ServerProcess.StartAsync(root, $"--HashStore:LegacyTree={root}");
        var urls = new List<string>();
        foreach (var file in HostileFiles.All)
        {
            urls.AddRange(await UploadAsync(server, file, file.Content(beacons.UrlOf("stored-" + file.Name))));
        }

        urls.AddRange(legacy.Select(path => $"{server.Url}images/{path}"));
        await AssertNothingRunsAsync(beacons, urls, () => ReadsAsync(server));
    }

    /// <summary>Where nginx serves the tree past HashStore, with what docs/SECURITY.md says to copy.</summary>
    [NeedsFact(Chromium.Program, "nginx")]
    public async Task Nothing_that_is_stored_runs_where_nginx_serves_the_tree()
    {
        await using var beacons = await Beacons.StartAsync();
        using var folder = TempFolder.ForEverybody();
        var root = folder["root"];
        var urls = new List<string>();
        var port = FreePort();
        await using (var server = await ServerProcess.StartAsync(root))
        {
            foreach (var file in HostileFiles.All)
            {
                urls.AddRange(await UploadAsync(server, file, file.Content(beacons.UrlOf("stored-" + file.Name))));
            }

            urls.RemoveAll(url => url.Contains("/file/", StringComparison.Ordinal));
            urls = [.. urls.Select(url => url.Replace(server.Url.Authority, $"127.0.0.1:{port}", StringComparison.Ordinal))];
        }

        urls.AddRange(HostileFiles.All.Select(file => $"http://127.0.0.1:{port}/images/{LayLegacy(root, file, beacons)}"));
        using var nginx = await Nginx.StartWithAsync(folder.Path, DocumentedLocations().Replace("/srv/hashstore", root, StringComparison.Ordinal), port);
        using var client = nginx.Client();
        foreach (var url in urls)
        {
            using var answer = await client.GetAsync(new Uri(url).PathAndQuery);
            Assert.Equal((url, HttpStatusCode.OK), (url, answer.StatusCode));
            Assert.Equal("nosniff", Assert.Single(answer.Headers.GetValues("X-Content-Type-Options")));
            Assert.Equal(ObjectAnswer.ContentSecurityPolicy, Assert.Single(answer.Headers.GetValues("Content-Security-Policy")));
        }

        using var state = await client.GetAsync("/images/.hashstore/admin-token");
        Assert.Equal(HttpStatusCode.NotFound, state.StatusCode);
        await AssertNothingRunsAsync(beacons, urls, () => Task.FromResult((long)File.ReadLines(Nginx.LogOf(folder.Path)).Count()));
    }

    /// <summary>Opens everything in every way, then the same files without protection.</summary>
    private async Task AssertNothingRunsAsync(Beacons beacons, List<string> urls, Func<Task<long>> reads)
    {
        var before = await reads();
        await using var browser = await Chromium.StartAsync();
        foreach (var url in urls)
        {
            await browser.OpenAsync(url);
        }

        await browser.OpenAsync(beacons.Show("frames.html", "text/html; charset=utf-8", Frames(urls, beacons.UrlOf("frames-loaded"))));
        await Until.TrueAsync("the frames are loaded", () => beacons.Seen.Contains("frames-loaded"));
        await Until.TrueAsync("everything was fetched", async () => await reads() - before >= 2 * urls.Count);

        // Opened last and run: what would have run before them has had its time, and the beacons do hear.
        var controls = HostileFiles.All.Where(file => file.RunsAs is not null).ToList();
        foreach (var file in controls)
        {
            await browser.OpenAsync(Unprotected(beacons, file));
        }

        await Until.TrueAsync(
            "files without protection run", () => Task.FromResult(controls.All(file => beacons.Seen.Contains("control-" + file.Name))), () => string.Join(", ", beacons.Seen.Order(StringComparer.Ordinal)));
        output.WriteLine($"{urls.Count} addresses opened twice, {controls.Count} controls ran");
        Assert.DoesNotContain(beacons.Seen, name => name.StartsWith("stored-", StringComparison.Ordinal) || name.StartsWith("legacy-", StringComparison.Ordinal));
    }

    /// <summary>The block for nginx in docs/SECURITY.md, as it stands there.</summary>
    private static string DocumentedLocations()
    {
        var lines = File.ReadAllLines(Path.Combine(Repository.Root, "docs", "SECURITY.md"));
        var block = lines.SkipWhile(line => !line.StartsWith("    location ^~ /images/ {", StringComparison.Ordinal)).TakeWhile(line => line.StartsWith("    ", StringComparison.Ordinal));
        return string.Join('\n', block);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>Uploads a file; its addresses come back: by its own name, without one, by those of types that run, and by way of its name.</summary>
    private static async Task<IEnumerable<string>> UploadAsync(ServerProcess server, HostileFile file, byte[] content)
    {
        await server.Client.UploadAsync(file.Name, content);
        string[] paths =
        [
            Samples.ObjectUrl(content, file.Name), Samples.ObjectUrl(content), Samples.ObjectUrl(content, "a.html"), Samples.ObjectUrl(content, "a.svg"), Samples.ObjectUrl(content, "a.xml"),
            "/file/" + Uri.EscapeDataString(char.ToUpperInvariant(file.Name[0]) + file.Name[1..]),
        ];
        return paths.Select(path => server.Url.GetLeftPart(UriPartial.Authority) + path);
    }

    /// <summary>Lays a file where a wiki would have it, once under its own extension and with the one of a picture.</summary>
    /// <returns>The path below the tree.</returns>
    private static string LayLegacy(string root, HostileFile file, Beacons beacons)
    {
        var name = $"Legacy_{file.Name}.jpg";
#pragma warning disable CA5351 // where a wiki lays files
        var hash = Convert.ToHexStringLower(MD5.HashData(Encoding.UTF8.GetBytes(name)));
#pragma warning restore CA5351
        var path = $"{hash[0]}/{hash[..2]}/{name}";
        Directory.CreateDirectory(Path.Combine(root, $"{hash[0]}/{hash[..2]}"));
        File.WriteAllBytes(Path.Combine(root, path), file.Content(beacons.UrlOf("legacy-" + file.Name)));
        return path;
    }

    /// <summary>A page that holds everything in every way in which a page can hold something.</summary>
    private static byte[] Frames(IEnumerable<string> urls, string loaded)
    {
        var page = new StringBuilder("<!DOCTYPE html><body>");
        foreach (var url in urls)
        {
            page.Append(CultureInfo.InvariantCulture, $"<iframe src=\"{url}\"></iframe><object data=\"{url}\"></object><embed src=\"{url}\"><img src=\"{url}\"><script src=\"{url}\"></script><link rel=\"stylesheet\" href=\"{url}\">\n");
        }

        return Encoding.UTF8.GetBytes(page.Append(CultureInfo.InvariantCulture, $"<script>onload = () => {{ new Image().src = '{loaded}'; }};</script>").ToString());
    }

    /// <summary>The same file where nobody protects it.</summary>
    private static string Unprotected(Beacons beacons, HostileFile file)
    {
        var url = beacons.Show("raw/" + file.Name, file.RunsAs!, file.Content(beacons.UrlOf("control-" + file.Name)));
        return file.RunsAs == "text/javascript" ? beacons.Show($"with/{file.Name}.html", "text/html", Encoding.UTF8.GetBytes($"<script src=\"{url}\"></script>")) : url;
    }

    private static async Task<long> ReadsAsync(ServerProcess server)
    {
        var metrics = (await server.Client.GetAsync("/metrics")).Text;
        return Requests().Matches(metrics).Where(match => match.Groups[1].Value is "object" or "file").Sum(match => long.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture));
    }

    [GeneratedRegex("""^hashstore_requests_total\{part="([^"]+)",[^}]*\} (\d+)$""", RegexOptions.Multiline)]
    private static partial Regex Requests();
}
