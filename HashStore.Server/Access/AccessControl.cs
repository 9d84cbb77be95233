using HashStore.Server.Api;

namespace HashStore.Server.Access;

/// <summary>What an endpoint asks of its caller; without this, reading methods need what reading needs, the others an upload token.</summary>
/// <param name="Role">The least role.</param>
internal sealed record Requires(Role Role);

/// <summary>An endpoint that is open even where reading needs a token.</summary>
internal sealed record OpenToAll;

/// <summary>Finds out who calls and whether that is enough, before anything of the body is read.</summary>
internal sealed class AccessControl(Tokens tokens, TokenGuesses guesses, ServerSettings settings)
{
    private readonly Role toRead = settings.ReadAccess == ReadAccess.Token ? Role.Read : Role.Anonymous;

    /// <summary>The middleware; runs after routing.</summary>
    public async Task InvokeAsync(HttpContext http, RequestDelegate next)
    {
        // What is shown depends on who asks, and changes: nothing here is for shared caches unless the endpoint says otherwise.
        http.Response.Headers.CacheControl = "no-store";
        var metadata = http.GetEndpoint()?.Metadata;
        if (metadata?.GetMetadata<OpenToAll>() is not null)
        {
            await next(http);
            return;
        }

        // Whatever could write needs a token, also where no endpoint of ours was found for it (wrong method or content type).
        var reads = HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method) || HttpMethods.IsOptions(http.Request.Method);
        var needed = metadata?.GetMetadata<Requires>()?.Role ?? (reads ? toRead : Role.Upload);
        if (Admit(http, needed) is { } refusal)
        {
            await refusal.WriteAsync(http);
            return;
        }

        await next(http);
    }

    /// <summary>For the object path, which does without routing: null when the caller may read.</summary>
    public Problem? AdmitReader(HttpContext http) => toRead == Role.Anonymous ? null : Admit(http, toRead);

    private Problem? Admit(HttpContext http, Role needed)
    {
        if (guesses.IsTooMany(http))
        {
            http.Response.Headers.RetryAfter = "10";
            return new Problem(429, "Too many wrong tokens came from this address; Retry-After says when to try again.");
        }

        var caller = tokens.Find(http.Request.Headers.Authorization);
        if (caller is null)
        {
            guesses.Count(http);
            http.Response.Headers.WWWAuthenticate = "Bearer error=\"invalid_token\"";
            return new Problem(401, "The token is not valid: send Authorization: Bearer TOKEN with a token of this store.");
        }

        if (caller.Role < needed)
        {
            if (caller.Role == Role.Anonymous)
            {
                http.Response.Headers.WWWAuthenticate = "Bearer";
                return new Problem(401, "This needs a token: send Authorization: Bearer TOKEN.");
            }

            return new Problem(403, $"The token \"{caller.Name}\" has the role {Name(caller.Role)}; this needs {Name(needed)}.");
        }

        http.Items[typeof(Caller)] = caller;
        return null;
    }

    private static string Name(Role role) => role.ToString().ToLowerInvariant();
}

/// <summary>Where handlers find the caller.</summary>
internal static class CallerOf
{
    internal static Caller Caller(this HttpContext http) => (Caller?)http.Items[typeof(Caller)] ?? Access.Caller.Anonymous;

    internal static bool IsAdmin(this HttpContext http) => http.Caller().Role == Role.Admin;
}
