using HashStore.Migrate.Live;
using HashStore.Schema;
using HashStore.Server.Access;
using HashStore.Server.Api;
using HashStore.Server.Objects;
using HashStore.Server.Thumbnails;
using HashStore.Storage;
using HashStore.Storage.Serving;

namespace HashStore.Server.Legacy;

/// <summary>
/// The legacy addresses: <c>{UploadPath}/1/12/Name.jpg</c>, <c>…/archive/1/12/20200101000000!Name.jpg</c>, <c>…/thumb/1/12/Name.jpg/120px-Name.jpg</c>. Runs after the objects' own addresses and answers everything else
/// below the upload path. What is asked for is converted first if need be, thumbnails that are not there are made.
/// </summary>
internal sealed class LegacyEndpoint(
    Store store, LegacyAccess legacy, AccessControl access, ObjectAnswers answers, ThumbnailAnswers thumbnails, FileView view, ServerSettings settings, TimeProvider clock)
{
    /// <summary>What was found may be replaced in the moment before it is opened; it is looked for again, so often.</summary>
    private const int MaxTries = 3;

    private readonly string prefix = settings.UploadPath + "/";
    private readonly AddressManner manner = new(settings.ReadAccess == ReadAccess.Token ? ObjectAnswer.PrivateShortCaching : ObjectAnswer.PublicShortCaching, IsFixed: false);

    /// <summary>The middleware.</summary>
    public Task InvokeAsync(HttpContext http, RequestDelegate next)
    {
        if (!http.Request.Path.Value!.StartsWith(prefix, StringComparison.Ordinal))
        {
            return next(http);
        }

        var isGet = HttpMethods.IsGet(http.Request.Method);
        if (!isGet && !HttpMethods.IsHead(http.Request.Method))
        {
            http.Response.Headers.Allow = "GET, HEAD";
            return new Problem(405, "Files can only be read here; upload to /api/files/NAME.").WriteAsync(http);
        }

        return access.AdmitReader(http) is { } refusal ? refusal.WriteAsync(http) : FindAndAnswerAsync(http, isGet);
    }

    private async Task FindAndAnswerAsync(HttpContext http, bool isGet)
    {
        var path = LegacyTarget.Read(RequestTarget.PathOf(http), settings.UploadPath);
        var isGone = false;
        for (var tries = 0; path is not null && tries < MaxTries && !isGone; tries++)
        {
            var (found, file) = await FindAsync(path, http.RequestAborted);
            if (found is null)
            {
                break;
            }

            isGone = found.IsGone;
            if (found is { HasMoved: true, Key: { } target })
            {
                Redirect(http, view.UrlOf(target, found.Name));
                return;
            }

            if ((found.Thumb is { } thumb && await AnswerThumbAsync(http, thumb, path, file))
                || (found.Key is { } key && await AnswerObjectAsync(http, key, found.Name, file, isGet))
                || (found.File is { } plain && await AnswerFileAsync(http, plain, file, isGet)))
            {
                return;
            }
        }

        await (isGone ? new Problem(410, "This file is deleted.") : new Problem(404, "There is no such file.")).WriteAsync(http);
    }

    /// <summary>Kept by caches but asked again each time: another file may get the name that was left.</summary>
    private void Redirect(HttpContext http, string url)
    {
        http.Response.Headers.CacheControl = settings.ReadAccess == ReadAccess.Token ? "private, no-cache" : "public, no-cache";
        http.Response.Redirect(url);
    }

    /// <summary>What a path stands for, and the name of its file as it is spelled there.</summary>
    private async Task<(LegacyView? Found, string File)> FindAsync(string path, CancellationToken cancellation)
    {
        foreach (var spelling in LegacyTarget.Spellings(path))
        {
            if (await legacy.FindAsync(spelling, cancellation) is { } found)
            {
                return (found, LegacyTarget.FileOf(spelling));
            }
        }

        return (null, "");
    }

    /// <summary>False: the object is not public any more.</summary>
    private async Task<bool> AnswerObjectAsync(HttpContext http, ContentKey key, FileName name, string file, bool isGet)
    {
        if ((await store.Objects.FindAsync(key)).Found is not { } served)
        {
            return false;
        }

        http.Response.Headers.Link = $"<{view.UrlOf(key, name)}>; rel=\"canonical\"";
        await answers.AnswerAsync(http, served, ObjectReader.PresentKnown(served, file), isGet, manner);
        return true;
    }

    /// <summary>False: what it shows is not public any more.</summary>
    private async Task<bool> AnswerThumbAsync(HttpContext http, LegacyThumb thumb, string path, string file)
    {
        if ((await store.Objects.FindAsync(thumb.Key)).Found is not { } shown)
        {
            return false;
        }

        var folder = string.Join('/', path[..(path.LastIndexOf('/') + 1)].Split('/').Select(UrlSegment.Encode));
        await thumbnails.AnswerAsync(http, new ThumbnailAddress(shown, file, thumb.Shown, prefix + folder), manner, thumb.Linked);
        return true;
    }

    /// <summary>False: the file is not there any more, or not one to be served.</summary>
    private async Task<bool> AnswerFileAsync(HttpContext http, string path, string file, bool isGet)
    {
        var tree = IsBelow(path, store.Paths.Root) ? store.Paths.Root : legacy.Tree;
        using var plain = IsBelow(path, store.Paths.State) ? null : PlainFile.Open(path, tree, clock);
        if (plain is null)
        {
            return false;
        }

        await (AnswerHead.Write(http, plain, plain.PresentAs(file), isGet, manner, out var answer) ?? AnswerBody.SendAsync(http, null, plain.Bytes, answer));
        return true;
    }

    private static bool IsBelow(string path, string folder) => path.StartsWith(folder + "/", StringComparison.Ordinal);
}
