using System.Buffers;
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
internal sealed class ObjectEndpoint(Store store, AccessControl access, ServerSettings settings)
{
    /// <summary>Bytes read and sent at a time: large enough for few system calls, small enough for thousands of readers at once.</summary>
    private const int PieceBytes = 64 << 10;

    /// <summary>Up to here the second copy costs less than what avoids it: half of the web server's blocks of 4 KiB.</summary>
    private const int SmallBody = 2048;

    private readonly string prefix = settings.UploadPath + "/";
    private readonly string caching = settings.ReadAccess == ReadAccess.Token ? ObjectAnswer.PrivateCaching : ObjectAnswer.PublicCaching;
    private readonly int keyBits = store.Layout.KeyBits;

    public Task InvokeAsync(HttpContext http, RequestDelegate next)
    {
        var path = http.Request.Path.Value!;
        if (!path.StartsWith(prefix, StringComparison.Ordinal) || !ObjectPath.TryParseWithName(path.AsSpan(prefix.Length), out var key, out var name) || key.Bits != keyBits)
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
            return AnswerAsync(http, served, presentation, isGet);
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

        var presentation = ObjectReader.Present(served, name) ?? await store.Objects.PresentStoredUnderAsync(served, name);
        if (presentation is null)
        {
            await new Problem(404, "The name's extension contradicts the content, and the content was never stored under this name.").WriteAsync(http);
            return;
        }

        await AnswerAsync(http, served, presentation, isGet);
    }

    private Task AnswerAsync(HttpContext http, ServedObject served, NamedPresentation presentation, bool isGet)
    {
        var answer = ObjectAnswer.For(served, presentation, isGet, Conditions(http.Request.Headers));
        switch (answer.Status)
        {
            case 412:
                return new Problem(412, "The condition of the request does not hold for this object.").WriteAsync(http);
            case 416:
                http.Response.Headers.ContentRange = ByteRange.UnsatisfiedContentRange(served.Size);
                return new Problem(416, $"The object has {served.Size} bytes; none of the ranges asked for lies within.").WriteAsync(http);
        }

        WriteHeaders(http.Response, served, presentation, answer);
        if (!isGet || answer.Status == 304)
        {
            return Task.CompletedTask;
        }

        if (answer.Several is null && served.Body is { } body)
        {
            return SendCachedAsync(http.Response, body.AsMemory((int)answer.Range.Offset, (int)answer.Range.Length));
        }

        return SendAsync(http, served, answer);
    }

    private static RequestConditions Conditions(IHeaderDictionary headers) => new(
        Field(headers.IfMatch), Field(headers.IfNoneMatch), Field(headers.IfModifiedSince), Field(headers.IfUnmodifiedSince), Field(headers.Range), Field(headers.IfRange));

    private static string? Field(Microsoft.Extensions.Primitives.StringValues values) => values.Count == 0 ? null : values.ToString();

    private void WriteHeaders(HttpResponse response, ServedObject served, NamedPresentation presentation, in ObjectAnswer answer)
    {
        response.StatusCode = answer.Status;
        var headers = response.Headers;
        headers.ETag = served.ETag;
        headers.CacheControl = caching;
        headers.LastModified = served.LastModifiedText;
        headers["Surrogate-Key"] = served.SurrogateKey;
        if (answer.Status == 304)
        {
            return;
        }

        headers.ContentType = answer.Several?.ContentType ?? presentation.ContentType;
        headers.ContentDisposition = presentation.Disposition;
        headers.AcceptRanges = "bytes";
        headers.XContentTypeOptions = "nosniff";
        headers.ContentSecurityPolicy = ObjectAnswer.ContentSecurityPolicy;
        headers["Repr-Digest"] = served.ReprDigest;
        if (answer.Status == 200)
        {
            headers.ContentLength = served.Size;
        }
        else if (answer.Several is { } several)
        {
            headers.ContentLength = several.ContentLength;
        }
        else
        {
            headers.ContentLength = answer.Range.Length;
            headers.ContentRange = answer.Range.ContentRange(served.Size);
        }
    }

    /// <summary>Nothing is flushed here: the web server sends header and body together when the request ends.</summary>
    private static Task SendCachedAsync(HttpResponse response, ReadOnlyMemory<byte> body)
    {
        if (body.Length <= SmallBody)
        {
            response.BodyWriter.Write(body.Span);
            return Task.CompletedTask;
        }

        // Started first, so that the body is copied once, in one piece, to where it is sent from; before the start the web server keeps a copy aside in small blocks.
        var starting = response.StartAsync();
        if (!starting.IsCompletedSuccessfully)
        {
            return WriteLaterAsync(starting, response, body);
        }

        WriteWhole(response, body.Span);
        return Task.CompletedTask;

        static async Task WriteLaterAsync(Task starting, HttpResponse response, ReadOnlyMemory<byte> body)
        {
            await starting;
            WriteWhole(response, body.Span);
        }

        static void WriteWhole(HttpResponse response, ReadOnlySpan<byte> body)
        {
            body.CopyTo(response.BodyWriter.GetSpan(body.Length));
            response.BodyWriter.Advance(body.Length);
        }
    }

    private async Task SendAsync(HttpContext http, ServedObject served, ObjectAnswer answer)
    {
        using var bytes = served.Body is { } body ? null : await store.Objects.OpenAsync(served);
        if (bytes is null && served.Body is null)
        {
            // Deleted in the moment since it was found.
            http.Response.Clear();
            await new Problem(410, "This content is deleted.").WriteAsync(http);
            return;
        }

        if (answer.Several is not { } several)
        {
            await SendRangeAsync(http, served, bytes, answer.Range);
            return;
        }

        for (var part = 0; part < several.Ranges.Count; part++)
        {
            await http.Response.Body.WriteAsync(several.PartHeader(part), http.RequestAborted);
            await SendRangeAsync(http, served, bytes, several.Ranges[part]);
        }

        await http.Response.Body.WriteAsync(several.Closing, http.RequestAborted);
    }

    private static async Task SendRangeAsync(HttpContext http, ServedObject served, ObjectBytes? bytes, ByteRange range)
    {
        var writer = http.Response.BodyWriter;
        if (bytes is null)
        {
            await writer.WriteAsync(served.Body.AsMemory((int)range.Offset, (int)range.Length), http.RequestAborted);
            return;
        }

        for (long sent = 0; sent < range.Length;)
        {
            var piece = (int)Math.Min(PieceBytes, range.Length - sent);
            var count = await bytes.ReadAsync(writer.GetMemory(piece)[..piece], range.Offset + sent, http.RequestAborted);
            if (count == 0)
            {
                http.Abort(); // the file is shorter than its row says: cut off, so that nobody takes it for whole
                return;
            }

            writer.Advance(count);
            sent += count;
            await writer.FlushAsync(http.RequestAborted);
        }
    }
}
