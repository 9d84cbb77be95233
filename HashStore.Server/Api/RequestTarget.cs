using HashStore.Schema;
using Microsoft.AspNetCore.Http.Features;

namespace HashStore.Server.Api;

/// <summary>
/// The request's path as the client sent it. ASP.NET's decoded path leaves <c>%2F</c> and invalid UTF-8 as they are, so a name cannot be told from its encoding there; names are read from here.
/// </summary>
internal static class RequestTarget
{
    /// <summary>The raw path, without query; the authority of an absolute-form target (RFC 9112 section 3.2.2) is taken off.</summary>
    internal static ReadOnlySpan<char> PathOf(HttpContext http)
    {
        ReadOnlySpan<char> target = http.Features.Get<IHttpRequestFeature>()!.RawTarget;
        if (!target.StartsWith("/") && target.IndexOf("://") is > 0 and var scheme)
        {
            target = target[(scheme + 3)..];
            target = target.IndexOf('/') is >= 0 and var slash ? target[slash..] : "/";
        }

        return target.IndexOf('?') is >= 0 and var query ? target[..query] : target;
    }

    /// <summary>The segment that follows <paramref name="prefix"/> in the path, decoded; empty when there is none.</summary>
    /// <exception cref="ProblemException">400: it is not percent-encoded UTF-8.</exception>
    internal static string TextAfter(HttpContext http, string prefix)
    {
        var path = PathOf(http);
        var rest = path.StartsWith(prefix, StringComparison.OrdinalIgnoreCase) ? path[prefix.Length..].TrimStart('/') : default;
        var slash = rest.IndexOf('/');
        return UrlSegment.TryDecode(slash >= 0 ? rest[..slash] : rest, out var text, out var problem) ? text : throw new ProblemException(400, problem);
    }

    /// <summary>A name by the rules.</summary>
    /// <exception cref="ProblemException">400: the name is not allowed; the reason is told.</exception>
    internal static FileName Name(string? text, ServerSettings settings) =>
        FileName.TryParse(text, settings.CapitalLinks, out var name, out var problem) ? name : throw new ProblemException(400, problem);
}
