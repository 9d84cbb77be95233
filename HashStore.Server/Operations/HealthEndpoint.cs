using System.Data.Common;
using HashStore.Server.Access;
using HashStore.Server.Api;
using HashStore.Storage;

namespace HashStore.Server.Operations;

/// <summary><c>/healthz</c>: whether ROOT and the database can be reached.</summary>
internal static class HealthEndpoint
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    internal static void MapHealth(this IEndpointRouteBuilder routes) => routes.MapGet("/healthz", CheckAsync).WithMetadata(new OpenToAll()).ExcludeFromDescription();

    private static async Task<IResult> CheckAsync(Store store)
    {
        var problem = await ProblemOfAsync(store);
        return TypedResults.Json(new HealthJson(problem is null ? "ok" : "failing", problem), ApiJson.Default.HealthJson, statusCode: problem is null ? 200 : 503);
    }

    private static async Task<string?> ProblemOfAsync(Store store)
    {
        if (!File.Exists(store.Paths.Layout) || !Directory.Exists(store.Paths.Root))
        {
            return "ROOT or its layout.json cannot be reached.";
        }

        using var patience = new CancellationTokenSource(Patience);
        try
        {
            await store.Names.PingAsync(patience.Token).WaitAsync(patience.Token);
            return null;
        }
        catch (Exception exception) when (exception is DbException or OperationCanceledException or InvalidOperationException)
        {
            return "The database does not answer.";
        }
    }
}
