using System.Globalization;
using HashStore.Server.Thumbnails;
using HashStore.Storage;
using HashStore.Storage.Catalog;
using HashStore.Storage.Thumbnails;

namespace HashStore.Server.Api;

/// <summary><c>GET /file/{name}</c>: the stable address of whatever a name holds now.</summary>
internal static class NameEndpoint
{
    internal const string Prefix = "/file";

    internal static void MapNames(this IEndpointRouteBuilder routes) =>
        routes.MapMethods(Prefix + "/{name}", [HttpMethods.Get, HttpMethods.Head], RedirectAsync).WithTags("files").WithSummary("Redirects to the current version's bytes, or to a thumbnail of it");

    private static async Task<IResult> RedirectAsync(
        HttpContext http, Store store, FileView view, AskedNames names, ThumbnailAnswers thumbnails, ServerSettings settings, string name, string? width)
    {
        var pixels = WidthOf(width);
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
        return TypedResults.Redirect(pixels is { } wide ? await ThumbnailAsync(store, thumbnails, file, wide) : view.UrlOf(file.Current.Key, file.Name));
    }

    /// <summary>The width of a thumbnail in pixels; null: the file itself is asked for.</summary>
    private static int? WidthOf(string? width) =>
        width is null ? null
        : int.TryParse(width, NumberStyles.None, CultureInfo.InvariantCulture, out var pixels) && pixels is > 0 and <= ThumbParameters.MaxWidth ? pixels
        : throw new ProblemException(400, $"width is a number of pixels from 1 to {ThumbParameters.MaxWidth}.");

    private static async Task<string> ThumbnailAsync(Store store, ThumbnailAnswers thumbnails, StoredName file, int width) =>
        (await store.Objects.FindAsync(file.Current.Key)).Found is { } shown ? thumbnails.UrlOf(shown, file.Name, width) : throw new ProblemException(410, $"{file.Name} is deleted.");
}
