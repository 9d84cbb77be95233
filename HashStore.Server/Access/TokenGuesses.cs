using System.Threading.RateLimiting;
using HashStore.Server.Operations;

namespace HashStore.Server.Access;

/// <summary>
/// Counts wrong tokens by address. An address that sent too many gets no token looked at until some seconds have passed, right ones neither: an answer to a right one would tell a guesser what it is.
/// Requests without a token are not concerned.
/// </summary>
internal sealed class TokenGuesses : IDisposable
{
    /// <summary>How many seconds' worth may come at once: a program that was given the wrong token tries it on many files.</summary>
    private const int BurstSeconds = 10;

    private readonly PartitionedRateLimiter<HttpContext>? limiter;

    public TokenGuesses(ServerSettings settings)
    {
        if (settings.Limits.WrongTokensPerSecond is > 0 and var perSecond)
        {
            limiter = PartitionedRateLimiter.Create<HttpContext, string>(http =>
                RateLimitPartition.GetTokenBucketLimiter(RateLimit.AddressKey(http.Connection.RemoteIpAddress), _ => new TokenBucketRateLimiterOptions
                {
                    TokenLimit = BurstSeconds * perSecond,
                    TokensPerPeriod = perSecond,
                    ReplenishmentPeriod = TimeSpan.FromSeconds(1),
                    QueueLimit = 0,
                    AutoReplenishment = true,
                }));
        }
    }

    /// <summary>Whether no token from there is looked at now.</summary>
    internal bool IsTooMany(HttpContext http) =>
        limiter is not null && http.Request.Headers.Authorization.Count > 0 && limiter.GetStatistics(http) is { CurrentAvailablePermits: < 1 };

    /// <summary>A wrong one came.</summary>
    internal void Count(HttpContext http) => limiter?.AttemptAcquire(http).Dispose();

    public void Dispose() => limiter?.Dispose();
}
