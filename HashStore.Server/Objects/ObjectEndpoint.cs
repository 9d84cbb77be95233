using HashStore.Schema;
using HashStore.Server.Access;
using HashStore.Server.Api;
using HashStore.Storage;
using HashStore.Storage.Objects;
using HashStore.Storage.Serving;

namespace HashStore.Server.Objects;

/// <summary>
/// Objects on their pretty URLs. Runs before routing and answers a cached object without an asynchronous step; what to answer is decided in HashStore.Storage/Serving, here it only becomes
/// ASP.NET's header fields and body.
/// </summary>
internal sealed class ObjectEndpoint(Store store, AccessControl access, ObjectAnswers answers, ServerSettings settings)
{
    private readonly string prefix = settings.UploadPath + "/";
    private readonly AddressManner manner = new(settings.ReadAccess == ReadAccess.Token ? ObjectAnswer.PrivateCaching : ObjectAnswer.PublicCaching, IsFixed: true);

    public Task InvokeAsync(HttpContext http, RequestDelegate next)
    {
        var path = http.Request.Path.Value!;
        if (!path.StartsWith(prefix, StringComparison.Ordinal) || !ObjectPath.TryParseWithName(path.AsSpan(prefix.Length), out var key, out var name))
        {
            return next(http);
        }

        var isGet = HttpMethods.IsGet(http.Request.Method);
        if (!isGet && !HttpMethods.IsHead(http.Request.Method))
        {
            http.Response.Headers.Allow = "GET, HEAD";
            return new Problem(405, "Objects can only be read; upload to /api/files/NAME.").WriteAsync(http);
        }

        if (access.AdmitReader(http) is { } refusal)
        {
            return refusal.WriteAsync(http);
        }

        if (store.Objects.FindCached(key) is { } served && ObjectReader.Present(served, name) is { } presentation)
        {
            return answers.AnswerAsync(http, served, presentation, isGet, manner);
        }

        return FindAndAnswerAsync(http, key, name.ToString(), isGet);
    }

    private async Task FindAndAnswerAsync(HttpContext http, ContentKey key, string name, bool isGet)
    {
        var (served, gone) = await store.Objects.FindAsync(key);
        if (served is null)
        {
            var problem = gone ? new Problem(410, "This content is deleted.") : new Problem(404, "There is no such object.");
            await problem.WriteAsync(http);
            return;
        }

        if (served.Key != key)
        {
            var url = prefix + ObjectPath.Of(served.Key) + (name.Length > 0 ? "/" + UrlSegment.Encode(name) : "");
            MovedObject.Redirect(http, store, key, served.Key, url, settings.ReadAccess == ReadAccess.Token ? ObjectAnswer.PrivateCaching : ObjectAnswer.PublicCaching);
            return;
        }

        var presentation = ObjectReader.Present(served, name) ?? await store.Objects.PresentStoredUnderAsync(served, name);
        if (presentation is null)
        {
            await new Problem(404, "The name's extension contradicts the content, and the content was never stored under this name.").WriteAsync(http);
            return;
        }

        await answers.AnswerAsync(http, served, presentation, isGet, manner);
    }
}
