using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Threading.RateLimiting;
using HashStore.Server.Access;
using HashStore.Server.Api;

namespace HashStore.Server.Operations;

/// <summary>Requests a second for each token and for each address, each with a burst of two seconds' worth; 429 beyond. Off at 0.</summary>
internal sealed class RateLimit : IDisposable
{
    private readonly PartitionedRateLimiter<HttpContext>? limiter;

    public RateLimit(ServerSettings settings, Tokens tokens)
    {
        if (settings.Limits.RequestsPerSecond is > 0 and var perSecond)
        {
            limiter = PartitionedRateLimiter.CreateChained(
                Partitioned(http => AddressKey(http.Connection.RemoteIpAddress), perSecond),
                Partitioned(http => tokens.Find(http.Request.Headers.Authorization)?.Name ?? "", perSecond));
        }
    }

    public Task InvokeAsync(HttpContext http, RequestDelegate next)
    {
        if (limiter is null)
        {
            return next(http);
        }

        var lease = limiter.AttemptAcquire(http);
        if (lease.IsAcquired)
        {
            return next(http);
        }

        var wait = lease.TryGetMetadata(MetadataName.RetryAfter, out var after) ? (int)Math.Ceiling(after.TotalSeconds) : 1;
        http.Response.Headers.RetryAfter = Math.Max(1, wait).ToString(CultureInfo.InvariantCulture);
        return new Problem(429, "Too many requests a second from this address or with this token; Retry-After says when to try again.").WriteAsync(http);
    }

    public void Dispose() => limiter?.Dispose();

    /// <summary>One customer of a provider has a /64 of IPv6 addresses to himself, so that is what counts.</summary>
    internal static string AddressKey(IPAddress? address)
    {
        if (address is { AddressFamily: AddressFamily.InterNetworkV6, IsIPv4MappedToIPv6: false })
        {
            return Convert.ToHexStringLower(address.GetAddressBytes().AsSpan(0, 8));
        }

        return address?.ToString() ?? "";
    }

    /// <summary>Keys are addresses and names of valid tokens only, and the limiter removes idle ones itself.</summary>
    private static PartitionedRateLimiter<HttpContext> Partitioned(Func<HttpContext, string> key, int perSecond) =>
        PartitionedRateLimiter.Create<HttpContext, string>(http => key(http) is { Length: > 0 } name
            ? RateLimitPartition.GetTokenBucketLimiter(name, _ => new TokenBucketRateLimiterOptions
            {
                TokenLimit = 2 * perSecond,
                TokensPerPeriod = perSecond,
                ReplenishmentPeriod = TimeSpan.FromSeconds(1),
                QueueLimit = 0,
                AutoReplenishment = true,
            })
            : RateLimitPartition.GetNoLimiter(""));
}
