using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace HashStore.Tests.Browser;

/// <summary>A web server that notes who calls it: scripts call <c>/ran/NAME</c>. It also shows pages, at another origin than the store's.</summary>
internal sealed class Beacons : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, bool> seen = new();
    private readonly ConcurrentDictionary<string, (string Type, byte[] Body)> pages = new();
    private readonly WebApplication app;

    private Beacons()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        app = builder.Build();
        app.Run(AnswerAsync);
    }

    /// <summary>The names that called.</summary>
    internal IReadOnlyCollection<string> Seen => [.. seen.Keys];

    internal static async Task<Beacons> StartAsync()
    {
        var beacons = new Beacons();
        await beacons.app.StartAsync();
        return beacons;
    }

    /// <summary>The address that a script calls.</summary>
    internal string UrlOf(string name) => $"{Origin}/ran/{name}";

    /// <summary>Shows a page.</summary>
    /// <returns>Its address.</returns>
    internal string Show(string path, string type, byte[] body)
    {
        pages[path] = (type, body);
        return $"{Origin}/{path}";
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();

    private string Origin => app.Urls.First();

    private async Task AnswerAsync(HttpContext http)
    {
        var path = http.Request.Path.Value![1..];
        if (path.StartsWith("ran/", StringComparison.Ordinal))
        {
            seen[path[4..]] = true;
            http.Response.StatusCode = StatusCodes.Status204NoContent;
        }
        else if (pages.TryGetValue(path, out var page))
        {
            http.Response.ContentType = page.Type;
            await http.Response.Body.WriteAsync(page.Body);
        }
        else
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
        }
    }
}
