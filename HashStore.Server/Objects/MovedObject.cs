using HashStore.Schema;
using HashStore.Storage;
using HashStore.Storage.Serving;

namespace HashStore.Server.Objects;

/// <summary>
/// Addresses with a key that an object had before its store was widened lead to the one with today's key, for ever (301). Caches may keep that when nothing can change it any more: a change of the
/// length of the keys can be undone until it is finished, and then leads the other way.
/// </summary>
internal static class MovedObject
{
    /// <summary>Redirects.</summary>
    /// <param name="http">The request.</param>
    /// <param name="store">The store.</param>
    /// <param name="from">The key that was asked for.</param>
    /// <param name="to">The key that the object has.</param>
    /// <param name="url">The address with that key.</param>
    /// <param name="caching">How long the object itself may be kept.</param>
    internal static void Redirect(HttpContext http, Store store, ContentKey from, ContentKey to, string url, string caching)
    {
        var isFinal = store.Layout.FromBits is null && to.Bits > from.Bits;
        http.Response.Headers.CacheControl = isFinal ? caching : caching == ObjectAnswer.PrivateCaching ? "private, no-cache" : "public, no-cache";
        http.Response.Redirect(url + http.Request.QueryString.ToUriComponent(), permanent: true);
    }
}
