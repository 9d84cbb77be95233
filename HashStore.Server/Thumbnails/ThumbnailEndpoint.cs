using HashStore.Schema;
using HashStore.Server.Access;
using HashStore.Server.Api;
using HashStore.Server.Objects;
using HashStore.Storage;
using HashStore.Storage.Objects;
using HashStore.Storage.Serving;

namespace HashStore.Server.Thumbnails;

/// <summary>Thumbnails at the hash form of their address, <c>{UploadPath}/thumb/1/2/3/456789abcdef0/500px-Name.jpg</c>: for ever the same picture. The legacy form is the legacy endpoint's.</summary>
internal sealed class ThumbnailEndpoint(Store store, AccessControl access, ThumbnailAnswers answers, ServerSettings settings)
{
    private readonly string prefix = $"{settings.UploadPath}/{ThumbPath.Folder}/";
    private readonly AddressManner manner = new(settings.ReadAccess == ReadAccess.Token ? ObjectAnswer.PrivateCaching : ObjectAnswer.PublicCaching, IsFixed: true);

    /// <summary>The middleware.</summary>
    public Task InvokeAsync(HttpContext http, RequestDelegate next)
    {
        var path = http.Request.Path.Value!;
        if (!path.StartsWith(prefix, StringComparison.Ordinal) || !ObjectPath.TryParseWithName(path.AsSpan(prefix.Length), out var key, out var file))
        {
            return next(http);
        }

        if (!HttpMethods.IsGet(http.Request.Method) && !HttpMethods.IsHead(http.Request.Method))
        {
            http.Response.Headers.Allow = "GET, HEAD";
            return new Problem(405, "Thumbnails can only be read.").WriteAsync(http);
        }

        return access.AdmitReader(http) is { } refusal ? refusal.WriteAsync(http) : FindAndAnswerAsync(http, key, file.ToString());
    }

    private async Task FindAndAnswerAsync(HttpContext http, ContentKey key, string file)
    {
        var (shown, gone) = await store.Objects.FindAsync(key);
        if (shown is null)
        {
            await (gone ? new Problem(410, "This content is deleted.") : new Problem(404, "There is no such object.")).WriteAsync(http);
            return;
        }

        if (shown.Key != key)
        {
            var url = ThumbnailAddress.FolderOf(settings.UploadPath, shown.Key) + UrlSegment.Encode(file);
            MovedObject.Redirect(http, store, key, shown.Key, url, settings.ReadAccess == ReadAccess.Token ? ObjectAnswer.PrivateCaching : ObjectAnswer.PublicCaching);
            return;
        }

        await answers.AnswerAsync(http, new ThumbnailAddress(shown, file, null, ThumbnailAddress.FolderOf(settings.UploadPath, key)), manner);
    }
}
