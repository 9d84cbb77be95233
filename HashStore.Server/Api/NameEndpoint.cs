using HashStore.Schema;
using HashStore.Storage;

namespace HashStore.Server.Api;

/// <summary><c>GET /file/{name}</c>: the stable address of whatever a name holds now.</summary>
internal static class NameEndpoint
{
    internal const string Prefix = "/file";

    internal static void MapNames(this IEndpointRouteBuilder routes) =>
        routes.MapMethods(Prefix + "/{name}", [HttpMethods.Get, HttpMethods.Head], RedirectAsync).WithTags("files").WithSummary("Redirects to the current version's bytes");

    private static async Task<IResult> RedirectAsync(HttpContext http, Store store, FileView view, AskedNames names, ServerSettings settings, string name)
    {
        var asked = await names.FindAsync(http, Prefix);
        var file = await store.Names.FindCurrentAsync(asked);
        if (file is null && (await store.Names.FindAsync(asked)).RenamedTo is { } renamed)
        {
            file = await store.Names.FindCurrentAsync(renamed);
        }

        if (file is null)
        {
            throw new ProblemException(404, $"There is no file called {asked}.");
        }

        if (file.Deleted)
        {
            throw new ProblemException(410, $"{file.Name} is deleted.");
        }

        // Kept by caches but asked again each time: a new version or a deletion shows at once.
        http.Response.Headers.CacheControl = settings.ReadAccess == ReadAccess.Token ? "private, no-cache" : "public, no-cache";
        return TypedResults.Redirect(view.UrlOf(file.Current.Key, file.Name));
    }
}
