using System.Globalization;
using System.Text;
using HashStore.Schema;
using HashStore.Storage;
using HashStore.Storage.Catalog;
using HashStore.Storage.Content;
using HashStore.Storage.Serving;
using HashStore.Storage.Staging;

namespace HashStore.Server.Api;

/// <summary>What an upload's header fields say, checked before a byte of its body is read.</summary>
internal static class UploadRequest
{
    /// <summary>The longest description in bytes of UTF-8.</summary>
    internal const int MaxDescriptionBytes = 8192;

    /// <summary>Conditions: <c>If-None-Match: *</c> and <c>If-Match</c> (RFC 9110 section 13.1).</summary>
    internal static UploadCondition Condition(HttpRequest request)
    {
        var ifNoneMatch = request.Headers.IfNoneMatch.ToString();
        if (ifNoneMatch.Length > 0 && ifNoneMatch.Trim() != "*")
        {
            throw new ProblemException(400, "If-None-Match can only be * here: upload only if the name is new.");
        }

        var ifMatch = request.Headers.IfMatch.ToString();
        return new UploadCondition(ifNoneMatch.Length > 0, ifMatch.Length == 0 ? null : digest => EntityTags.MatchesStrong(ifMatch, $"\"{digest}\""));
    }

    /// <summary>Limits: the setting, the declared length, the announced digests.</summary>
    internal static StageLimits Limits(HttpRequest request, long? declaredBytes, ServerSettings settings)
    {
        if (request.Headers.ContentEncoding.Count > 0)
        {
            throw new ProblemException(415, "Content-Encoding is not undone here: send the bytes as they are to be stored.");
        }

        // "A server that receives a request message with a transfer coding it does not understand SHOULD respond with 501" (RFC 9112 section 6.1); the web server looks at the last coding only.
        if (request.Headers.TransferEncoding.ToString() is { Length: > 0 } coding && !coding.Equals("chunked", StringComparison.OrdinalIgnoreCase))
        {
            throw new ProblemException(501, "The only Transfer-Encoding that is understood here is chunked.");
        }

        var expected = new List<ExpectedDigest>();
        foreach (var field in (string[])["Repr-Digest", "Content-Digest"])
        {
            if (!RequestDigests.TryParse(request.Headers[field], out var announced, out var problem))
            {
                throw new ProblemException(400, $"{field}: {problem}");
            }

            expected.AddRange(announced);
        }

        if (request.Headers.ContentMD5.ToString() is { Length: > 0 } md5)
        {
            expected.Add(RequestDigests.TryParseContentMd5(md5, out var announced, out var problem) ? announced : throw new ProblemException(400, $"Content-MD5: {problem}"));
        }

        return new StageLimits(settings.MaxUploadBytes, declaredBytes, expected);
    }

    /// <summary>The description: <c>X-Description</c> (percent-encoded UTF-8) or the query's <c>description</c>.</summary>
    internal static string Description(HttpRequest request)
    {
        if (request.Headers["X-Description"].ToString() is not { Length: > 0 } field)
        {
            return CheckText("description", request.Query["description"].ToString(), MaxDescriptionBytes);
        }

        return UrlSegment.TryDecode(field, out var text, out var problem)
            ? CheckText("X-Description", text, MaxDescriptionBytes)
            : throw new ProblemException(400, $"X-Description must be percent-encoded UTF-8: {problem}");
    }

    /// <summary>Text that can be stored and shown.</summary>
    internal static string CheckText(string what, string text, int maxBytes)
    {
        var bytes = Encoding.UTF8.GetByteCount(text);
        if (bytes > maxBytes)
        {
            throw new ProblemException(400, string.Create(CultureInfo.InvariantCulture, $"{what} has {bytes} bytes of UTF-8; at most {maxBytes} are kept."));
        }

        var bad = text.AsSpan().IndexOfAny('\0', '\uFFFD');
        return bad < 0 ? text : throw new ProblemException(400, $"{what} is not valid text: it holds a NUL or bytes that are not UTF-8.");
    }
}
