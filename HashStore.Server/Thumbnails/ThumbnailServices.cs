using HashStore.Storage;
using HashStore.Storage.Thumbnails;
using HashStore.Storage.Thumbnails.Rendering;

namespace HashStore.Server.Thumbnails;

/// <summary>Puts the parts of thumbnails together.</summary>
internal static partial class ThumbnailServices
{
    /// <summary>Category of the log lines that the store's parts write.</summary>
    private const string Category = "HashStore";

    internal static void AddThumbnails(this IServiceCollection services, ServerSettings settings)
    {
        services.AddSingleton(provider => new Renderer(settings.Thumbnails.Rendering, Logger(provider), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => new ThumbnailMaker(
            provider.GetRequiredService<Store>(), provider.GetRequiredService<Renderer>(), settings.Thumbnails.FailureMemory, Logger(provider)));
        services.AddSingleton(provider => new ThumbnailCollector(provider.GetRequiredService<Store>(), provider.GetRequiredService<ThumbnailMaker>().Meters, Logger(provider)));
        services.AddSingleton<SvgLanguages>();
        services.AddSingleton<ThumbnailAnswers>();
        services.AddSingleton<ThumbnailEndpoint>();
        services.AddSingleton<ThumbnailCollection>();
        services.AddHostedService(provider => provider.GetRequiredService<ThumbnailCollection>());
    }

    /// <summary>Says which thumbnails cannot be made on this machine.</summary>
    internal static void TellThumbnailProblems(this WebApplication app)
    {
        foreach (var problem in app.Services.GetRequiredService<Renderer>().Problems)
        {
            LogProblem(app.Logger, problem);
        }
    }

    private static ILogger Logger(IServiceProvider provider) => provider.GetRequiredService<ILoggerFactory>().CreateLogger(Category);

    [LoggerMessage(311, LogLevel.Warning, "thumbnails: {Problem}")]
    private static partial void LogProblem(ILogger logger, string problem);
}
