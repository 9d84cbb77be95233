using System.Globalization;
using HashStore.Schema;
using HashStore.Server.Access;
using HashStore.Server.Operations;
using HashStore.Storage;
using HashStore.Storage.Catalog;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;

namespace HashStore.Server.Api;

/// <summary>The API of files and their versions (docs/HTTP.md).</summary>
internal static class FilesApi
{
    internal const string Prefix = "/api/files";
    private const int MaxListed = 1000;
    private const int DefaultListed = 100;

    internal static void MapFiles(this IEndpointRouteBuilder routes)
    {
        var api = routes.MapGroup(Prefix).WithTags("files");
        api.MapGet("", List).WithSummary("Files in name order, with their current versions");
        api.MapPost("", PostForm).Needs(Role.Upload).Takes("multipart/form-data").WithSummary("Uploads a file from a form with the fields file, name and description");
        api.MapPut("/{name?}", Put).Needs(Role.Upload).Takes("*/*").WithSummary("Uploads the body as a new file or a new version");
        api.MapGet("/{name}", Get).WithSummary("A file with all its versions");
        api.MapDelete("/{name}", Delete).Needs(Role.Admin).WithSummary("Deletes a file with its history");
        api.MapPost("/{name}/undelete", Undelete).Needs(Role.Admin).WithSummary("Brings a deleted file back with its history");
        api.MapPost("/{name}/revert", Revert).Needs(Role.Upload).WithSummary("Makes a new version with an old one's content");
        api.MapPost("/{name}/rename", Rename).Needs(Role.Upload).WithSummary("Gives a file another name; the old one redirects");
        api.MapDelete("/{name}/versions/{id}", Hide).Needs(Role.Admin).WithSummary("Hides the content of a version");
        api.MapPost("/{name}/versions/{id}/undelete", Show).Needs(Role.Admin).WithSummary("Shows the content of a hidden version");
        routes.MapGet("/api/stats", async (Store store) => TypedResults.Ok(await store.Names.SumAsync())).WithTags("store").WithSummary("Names, versions, objects and bytes");
    }

    private static async Task<Ok<FileListJson>> List(HttpContext http, Store store, FileView view, string? prefix, string? after, string? limit, string? sha256)
    {
        var count = DefaultListed;
        if (limit is not null && (!int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out count) || count is < 1 or > MaxListed))
        {
            throw new ProblemException(400, $"limit must be a number from 1 to {MaxListed}.");
        }

        ContentDigest? digest = null;
        if (sha256 is not null)
        {
            digest = ContentDigest.TryParse(sha256.ToLowerInvariant(), out var parsed) && parsed.Length == DigestAlgorithm.Sha256.DigestBytes()
                ? parsed
                : throw new ProblemException(400, "sha256 must be 64 hexadecimal digits.");
        }

        // One more than asked for tells whether there is a next page.
        var found = await store.Names.ListAsync(new NameQuery(prefix?.Replace(' ', '_'), after, count + 1, digest, http.IsAdmin()));
        var next = found.Count > count ? found[count - 1].Name.Value : null;
        return TypedResults.Ok(new FileListJson([.. found.Take(count).Select(file => view.InList(file, http.IsAdmin()))], next));
    }

    private static async Task<Results<Ok<FileJson>, RedirectHttpResult>> Get(HttpContext http, Store store, FileView view, AskedNames names, string name)
    {
        var asked = await names.FindAsync(http, Prefix);
        var found = await store.Names.FindAsync(asked);
        if (found.RenamedTo is { } renamed)
        {
            return TypedResults.Redirect($"{Prefix}/{renamed.ToUrlSegment()}", permanent: false, preserveMethod: true);
        }

        return found.File is null ? throw NotFound(asked) : TypedResults.Ok(view.File(found.File, http.IsAdmin()));
    }

    private static async Task<Results<Ok<FileJson>, Created<FileJson>>> Put(
        HttpContext http, Store store, FileView view, AskedNames names, UploadSlots slots, ServerSettings settings, string? name)
    {
        var request = http.Request;
        var limits = UploadRequest.Limits(request, request.ContentLength, settings);
        var put = new PutRequest(await names.ForUploadAsync(http, Prefix), http.Caller().Name, UploadRequest.Description(request), UploadRequest.Condition(request));
        using var slot = await slots.WaitAsync(http.RequestAborted);
        await store.CheckConditionAsync(put.Name, put.Condition);
        using var body = OpenBody(http, settings);
        using var staged = await store.StageAsync(body, limits, http.RequestAborted);
        return Uploaded(http, view, await store.PutAsync(staged, put));
    }

    private static async Task<Results<Ok<FileJson>, Created<FileJson>>> PostForm(
        HttpContext http, Store store, FileView view, AskedNames names, UploadSlots slots, ServerSettings settings)
    {
        var limits = UploadRequest.Limits(http.Request, null, settings);
        var condition = UploadRequest.Condition(http.Request);
        using var slot = await slots.WaitAsync(http.RequestAborted);
        using var body = OpenBody(http, settings);
        using var form = await FormUpload.ReadAsync(http.Request, body, store, limits);
        var put = new PutRequest(await names.ForUploadAsync(form.Name, http), http.Caller().Name, form.Description, condition);
        return Uploaded(http, view, await store.PutAsync(form.Staged!, put));
    }

    private static Task<Ok<FileJson>> Revert(HttpContext http, Store store, FileView view, CachePurger purger, AskedNames names, string name, RevertJson body)
    {
        var version = body.Version ?? throw new ProblemException(400, "The body must be {\"version\":ID} with the number of the version to revert to.");
        var description = UploadRequest.CheckText("description", body.Description ?? "", UploadRequest.MaxDescriptionBytes);
        return Change(http, view, purger, names, (file, user) => store.RevertAsync(file, version, user, description));
    }

    private static async Task<Ok<FileJson>> Rename(HttpContext http, Store store, FileView view, CachePurger purger, AskedNames names, string name, RenameJson body)
    {
        var to = await names.ForUploadAsync(body.To, http);
        return await Change(http, view, purger, names, (file, user) => store.RenameAsync(file, to, user));
    }

    private static Task<Ok<FileJson>> Delete(HttpContext http, Store store, FileView view, CachePurger purger, AskedNames names, string name) =>
        Change(http, view, purger, names, (file, user) => store.DeleteAsync(file, user, Reason(http)));

    private static Task<Ok<FileJson>> Undelete(HttpContext http, Store store, FileView view, CachePurger purger, AskedNames names, string name) =>
        Change(http, view, purger, names, store.UndeleteAsync);

    private static Task<Ok<FileJson>> Hide(HttpContext http, Store store, FileView view, CachePurger purger, AskedNames names, string name, string id) =>
        Change(http, view, purger, names, (file, user) => store.SetHiddenAsync(file, VersionId(id), hidden: true, user, Reason(http)));

    private static Task<Ok<FileJson>> Show(HttpContext http, Store store, FileView view, CachePurger purger, AskedNames names, string name, string id) =>
        Change(http, view, purger, names, (file, user) => store.SetHiddenAsync(file, VersionId(id), hidden: false, user, ""));

    private static async Task<Ok<FileJson>> Change(HttpContext http, FileView view, CachePurger purger, AskedNames names, Func<FileName, string, Task<ChangeResult>> change)
    {
        var name = await names.FindAsync(http, Prefix);
        var result = await change(name, http.Caller().Name);
        purger.Changed(name, result);
        return TypedResults.Ok(view.Changed(result, http.IsAdmin()));
    }

    private static Results<Ok<FileJson>, Created<FileJson>> Uploaded(HttpContext http, FileView view, PutResult result)
    {
        http.RequestServices.GetRequiredService<CachePurger>().Changed(result.File.Name);
        var json = view.Uploaded(result, http.IsAdmin());
        return result.IsNew ? TypedResults.Created($"{Prefix}/{result.File.Name.ToUrlSegment()}", json) : TypedResults.Ok(json);
    }

    /// <summary>The store counts the bytes itself; only uploads may be larger than what the web server takes elsewhere.</summary>
    private static PatientStream OpenBody(HttpContext http, ServerSettings settings)
    {
        http.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = null;
        return new PatientStream(http, TimeSpan.FromSeconds(settings.Limits.IdleSeconds));
    }

    private static long VersionId(string id) =>
        long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : throw new ProblemException(404, $"There is no version \"{id}\": versions are numbers.");

    private static string Reason(HttpContext http) => UploadRequest.CheckText("reason", http.Request.Query["reason"].ToString(), UploadRequest.MaxDescriptionBytes);

    private static ProblemException NotFound(FileName name) => new(404, $"There is no file called {name}.");

    private static RouteHandlerBuilder Needs(this RouteHandlerBuilder route, Role role) => route.WithMetadata(new Requires(role));

    private static RouteHandlerBuilder Takes(this RouteHandlerBuilder route, string contentType) => route.Accepts<Stream>(contentType);
}
