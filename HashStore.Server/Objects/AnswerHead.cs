using HashStore.Server.Api;
using HashStore.Storage.Serving;
using Microsoft.Extensions.Primitives;

namespace HashStore.Server.Objects;

/// <summary>How an endpoint's addresses answer.</summary>
/// <param name="Caching"><c>Cache-Control</c>.</param>
/// <param name="IsFixed">Whether an address always answers with the same bytes.</param>
internal readonly record struct AddressManner(string Caching, bool IsFixed);

/// <summary>Makes ASP.NET's status and header fields of what HashStore.Storage/Serving decided.</summary>
internal static class AnswerHead
{
    /// <summary>Writes the head of the answer.</summary>
    /// <param name="http">The request.</param>
    /// <param name="found">What is at its address.</param>
    /// <param name="presentation">How it is shown.</param>
    /// <param name="isGet">False: HEAD.</param>
    /// <param name="manner">How the address answers.</param>
    /// <param name="answer">What was decided.</param>
    /// <returns>The rest of the answer where it has no body of the found bytes; null: the body is to be sent.</returns>
    internal static Task? Write(HttpContext http, Representation found, NamedPresentation presentation, bool isGet, in AddressManner manner, out ObjectAnswer answer)
    {
        answer = ObjectAnswer.For(found, presentation, isGet, Conditions(http.Request.Headers), manner.IsFixed);
        switch (answer.Status)
        {
            case 412:
                return new Problem(412, "The condition of the request does not hold for this object.").WriteAsync(http);
            case 416:
                http.Response.Headers.ContentRange = ByteRange.UnsatisfiedContentRange(found.Size);
                return new Problem(416, $"The object has {found.Size} bytes; none of the ranges asked for lies within.").WriteAsync(http);
        }

        WriteFields(http.Response, found, presentation, answer, manner.Caching);
        return !isGet || answer.Status == 304 ? Task.CompletedTask : null;
    }

    private static RequestConditions Conditions(IHeaderDictionary headers) => new(
        Field(headers.IfMatch), Field(headers.IfNoneMatch), Field(headers.IfModifiedSince), Field(headers.IfUnmodifiedSince), Field(headers.Range), Field(headers.IfRange));

    private static string? Field(StringValues values) => values.Count == 0 ? null : values.ToString();

    private static void WriteFields(HttpResponse response, Representation found, NamedPresentation presentation, in ObjectAnswer answer, string caching)
    {
        response.StatusCode = answer.Status;
        var headers = response.Headers;
        headers.ETag = found.ETag;
        headers.CacheControl = caching;
        headers.LastModified = found.LastModifiedText;
        if (found.SurrogateKey is not null)
        {
            headers["Surrogate-Key"] = found.SurrogateKey;
        }

        if (answer.Status == 304)
        {
            return;
        }

        headers.ContentType = answer.Several?.ContentType ?? presentation.ContentType;
        headers.ContentDisposition = presentation.Disposition;
        headers.AcceptRanges = "bytes";
        headers.XContentTypeOptions = "nosniff";
        headers.ContentSecurityPolicy = ObjectAnswer.ContentSecurityPolicy;
        if (found.ReprDigest is not null)
        {
            headers["Repr-Digest"] = found.ReprDigest;
        }

        if (answer.Status == 200)
        {
            headers.ContentLength = found.Size;
        }
        else if (answer.Several is { } several)
        {
            headers.ContentLength = several.ContentLength;
        }
        else
        {
            headers.ContentLength = answer.Range.Length;
            headers.ContentRange = answer.Range.ContentRange(found.Size);
        }
    }
}
