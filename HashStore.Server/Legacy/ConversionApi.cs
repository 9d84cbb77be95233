using HashStore.Schema;
using HashStore.Server.Access;
using HashStore.Server.Api;
using HashStore.Server.Operations;
using HashStore.Storage;
using HashStore.Storage.Catalog;
using Microsoft.AspNetCore.Http.HttpResults;

namespace HashStore.Server.Legacy;

/// <summary>How far the conversion is.</summary>
/// <param name="State"><c>idle</c>, <c>running</c>, <c>paused</c> or <c>done</c>.</param>
/// <param name="Total">Legacy paths that are known.</param>
/// <param name="Converted">Those that are converted.</param>
/// <param name="Failed">Those that are missing or could not be converted.</param>
/// <param name="Bytes">Bytes of what is converted.</param>
/// <param name="FilesPerSecond">Legacy paths a second, in the last half minute; 0 unless it runs.</param>
/// <param name="EtaSeconds">Seconds until nothing is left; null when that is not known.</param>
internal sealed record ConversionJson(string State, long Total, long Converted, long Failed, long Bytes, double FilesPerSecond, long? EtaSeconds);

/// <summary>Body of what starts and pauses.</summary>
internal sealed record ConversionActionJson(string? Action);

/// <summary>The API of the conversion (docs/HTTP.md).</summary>
internal static class ConversionApi
{
    internal static void MapConversion(this IEndpointRouteBuilder routes)
    {
        var api = routes.MapGroup("/api/conversion").WithTags("conversion");
        api.MapGet("", Get).WithSummary("How far the conversion of the legacy tree is")
            .WithDescription("state is idle, running, paused or done. total, converted, failed and bytes count legacy paths, also those that another process converted or that were converted before a restart.");
        api.MapPost("", Post).WithMetadata(new Requires(Role.Admin)).WithSummary("Starts or pauses the background conversion")
            .WithDescription("action is start or pause. A pause finishes what is under way.");
        routes.MapPost("/api/files/{name}/reconcile", Reconcile).WithMetadata(new Requires(Role.Upload)).WithTags("files")
            .WithSummary("Looks at the legacy tree and tables for this one name now")
            .WithDescription("What the wiki did to the name (an upload, a deletion, a rename, a hidden version) takes effect here before the answer.");
    }

    private static async Task<Ok<ConversionJson>> Get(HttpContext http, BackgroundConversion conversion) => TypedResults.Ok(await conversion.StatusAsync(http.RequestAborted));

    private static async Task<Ok<ConversionJson>> Post(HttpContext http, BackgroundConversion conversion, ConversionActionJson body)
    {
        switch (body.Action)
        {
            case "start":
                conversion.Start();
                break;
            case "pause":
                await conversion.PauseAsync(http.RequestAborted);
                break;
            default:
                throw new ProblemException(400, "The body must be {\"action\":\"start\"} or {\"action\":\"pause\"}.");
        }

        return TypedResults.Ok(await conversion.StatusAsync(http.RequestAborted));
    }

    private static async Task<Ok<FileJson>> Reconcile(HttpContext http, Store store, LegacyAccess legacy, AskedNames names, FileView view, CachePurger purger, string name)
    {
        var asked = await names.FindAsync(http, FilesApi.Prefix);
        var before = await FindAsync(store, asked);
        await legacy.ReconcileAsync(asked.Value, http.RequestAborted);
        if (await FindAsync(store, asked) is not { } file)
        {
            throw new ProblemException(404, $"There is no file called {asked}.");
        }

        // What other changes tell themselves has to be found out here: which objects left the public tree.
        var removed = new List<ContentKey>();
        foreach (var key in (before?.Versions ?? []).Select(version => version.Key).Distinct())
        {
            if ((await store.Objects.FindAsync(key)).Gone)
            {
                removed.Add(key);
            }
        }

        purger.Changed(asked, new ChangeResult(file, removed, IsUnchanged: false));
        return TypedResults.Ok(view.File(file, http.IsAdmin()));
    }

    private static async Task<StoredName?> FindAsync(Store store, FileName name)
    {
        var (file, renamed) = await store.Names.FindAsync(name);
        return renamed is { } other ? (await store.Names.FindAsync(other)).File : file;
    }
}
