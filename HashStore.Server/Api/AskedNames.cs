using System.Text;
using HashStore.Schema;
using HashStore.Server.Legacy;
using HashStore.Storage;

namespace HashStore.Server.Api;

/// <summary>The names that requests are about. The legacy tree is asked first, so that what it has under a name is known here before anything is answered or changed.</summary>
internal sealed class AskedNames(Store store, LegacyAccess legacy, ServerSettings settings)
{
    /// <summary>The longest name of a file, in bytes: no legacy tree has a longer one.</summary>
    private const int MaxLegacyBytes = 255;

    /// <summary>The name that follows <paramref name="prefix"/>, of a file that is there. Names that a wiki has given may break the rules of uploads: they are found as they are spelled.</summary>
    /// <exception cref="ProblemException">400: the name is not allowed; the reason is told.</exception>
    internal async Task<FileName> FindAsync(HttpContext http, string prefix)
    {
        var text = RequestTarget.TextAfter(http, prefix);
        var allowed = FileName.TryParse(text, settings.CapitalLinks, out var name, out var problem);
        if ((!allowed || name.Value != text) && text.Length > 0 && Encoding.UTF8.GetByteCount(text) <= MaxLegacyBytes && await FindAsSpelledAsync(text, http.RequestAborted) is { } spelled)
        {
            return spelled;
        }

        if (!allowed)
        {
            throw new ProblemException(400, problem!);
        }

        await legacy.RefreshAsync(name.Value, http.RequestAborted);
        return name;
    }

    /// <summary>The name that follows <paramref name="prefix"/>, for an upload.</summary>
    /// <exception cref="ProblemException">400: the name is not allowed; the reason is told.</exception>
    internal Task<FileName> ForUploadAsync(HttpContext http, string prefix) => ForUploadAsync(http, RequestTarget.Name(RequestTarget.TextAfter(http, prefix), settings));

    /// <summary>A name that is given to something.</summary>
    /// <exception cref="ProblemException">400: the name is not allowed; the reason is told.</exception>
    internal Task<FileName> ForUploadAsync(string? text, HttpContext http) => ForUploadAsync(http, RequestTarget.Name(text, settings));

    private async Task<FileName> ForUploadAsync(HttpContext http, FileName name)
    {
        await legacy.RefreshAsync(name.Value, http.RequestAborted);
        return name;
    }

    private async Task<FileName?> FindAsSpelledAsync(string text, CancellationToken cancellation)
    {
        if (text.AsSpan().ContainsAny('/', '\0'))
        {
            return null;
        }

        await legacy.RefreshAsync(text, cancellation);
        var name = FileName.FromStored(text);
        return await store.Names.FindAsync(name) is { File: null, RenamedTo: null } ? null : name;
    }
}
