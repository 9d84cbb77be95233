using System.Globalization;
using HashStore.Storage;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.WebUtilities;

namespace HashStore.Server.Api;

/// <summary>An error as RFC 9457 problem details. Never cached: a 404 of today may be a file of tomorrow.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Detail">What is wrong and what to do.</param>
/// <param name="Fault">The store's word for it, for programs.</param>
/// <param name="RetryAfter">When to ask again, of a 503; null: after <see cref="Usual"/>.</param>
internal sealed record Problem(int Status, string Detail, StoreFault? Fault = null, TimeSpan? RetryAfter = null)
{
    private static readonly TimeSpan Usual = TimeSpan.FromSeconds(10);

    internal const string MediaType = "application/problem+json";

    /// <summary>What a refusal of the store means in HTTP.</summary>
    internal static Problem Of(StoreException exception) => new(
        exception.Fault switch
        {
            StoreFault.NotFound => 404,
            StoreFault.Gone => 410,
            StoreFault.NameTaken or StoreFault.Collision or StoreFault.Conflict => 409,
            StoreFault.ConditionFailed => 412,
            StoreFault.DigestMismatch => 400,
            StoreFault.TooLarge => 413,
            StoreFault.ExtensionMismatch or StoreFault.TypeRefused => 415,
            StoreFault.Unsafe or StoreFault.Infected => 422,
            StoreFault.NoSpace => 507,
            StoreFault.Damaged => 500,
            _ => 503,
        },
        exception.Message,
        exception.Fault);

    internal async Task WriteAsync(HttpContext http)
    {
        var response = http.Response;
        response.StatusCode = Status;
        response.Headers.CacheControl = "no-store";
        if (Status is 503 or 507)
        {
            response.Headers.RetryAfter = Math.Max(1, Math.Ceiling((RetryAfter ?? Usual).TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        }

        var details = new ProblemDetails { Status = Status, Title = ReasonPhrases.GetReasonPhrase(Status), Detail = Detail };
        if (Fault is { } fault)
        {
            details.Extensions["fault"] = fault.ToString();
        }

        await response.WriteAsJsonAsync(details, ApiJson.Default.ProblemDetails, MediaType, http.RequestAborted);
    }
}

/// <summary>A request that cannot be served as it is.</summary>
internal sealed class ProblemException(int status, string detail) : Exception(detail)
{
    internal Problem Problem { get; } = new(status, detail);
}
