using System.Threading.Channels;
using HashStore.Schema;
using HashStore.Server.Api;
using HashStore.Storage;
using HashStore.Storage.Objects;

namespace HashStore.Server.Operations;

/// <summary>
/// Tells the caches in front (setting Purge:Targets) by HTTP PURGE what they must drop: the address of a name after every change, the addresses of an object after it left the public tree.
/// They are asked in the background; what cannot be delivered is logged and counted, and the objects' short-lived neighbours age by themselves.
/// </summary>
internal sealed partial class CachePurger : BackgroundService
{
    private const int QueueCapacity = 10_000;
    private static readonly HttpMethod Purge = new("PURGE");

    private readonly Channel<string> paths = Channel.CreateBounded<string>(new BoundedChannelOptions(QueueCapacity) { SingleReader = true });
    private readonly string[] targets;
    private readonly string uploadPath;
    private readonly FileView view;
    private readonly ILogger<CachePurger> logger;
    private readonly HttpClient client = new() { Timeout = TimeSpan.FromSeconds(5) };

    public CachePurger(ServerSettings settings, FileView view, ILogger<CachePurger> logger)
    {
        targets = [.. settings.Purge.Targets.Select(target => Uri.TryCreate(target, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"
            ? target.TrimEnd('/')
            : throw ServerSettings.Bad($"Purge:Targets: \"{target}\" is no http or https URL."))];
        uploadPath = settings.UploadPath;
        this.view = view;
        this.logger = logger;
    }

    /// <summary>Requests that were not taken.</summary>
    internal Counter Failures { get; } = new();

    /// <summary>Addresses that wait.</summary>
    internal int Depth => paths.Reader.Count;

    /// <summary>A name has other content than before.</summary>
    internal void Changed(FileName name) => Enqueue($"{NameEndpoint.Prefix}/{name.ToUrlSegment()}");

    /// <summary>A name was changed by something else than an upload.</summary>
    internal void Changed(FileName asked, ChangeResult result)
    {
        Changed(asked);
        if (result.File.Name != asked)
        {
            Changed(result.File.Name);
        }

        foreach (var key in result.Removed)
        {
            Enqueue(view.UrlOf(key, asked));
            Enqueue($"{uploadPath}/{ObjectPath.Of(key)}");
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        client.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (var path in paths.Reader.ReadAllAsync(stoppingToken))
        {
            foreach (var target in targets)
            {
                await PurgeAsync(target + path, stoppingToken);
            }
        }
    }

    private void Enqueue(string path)
    {
        if (targets.Length > 0 && !paths.Writer.TryWrite(path))
        {
            Failures.Add(targets.Length);
            LogFailed(logger, path, "too many wait");
        }
    }

    private async Task PurgeAsync(string url, CancellationToken stopping)
    {
        try
        {
            using var request = new HttpRequestMessage(Purge, url);
            using var response = await client.SendAsync(request, stopping);
            if (!response.IsSuccessStatusCode && response.StatusCode != System.Net.HttpStatusCode.NotFound) // not found: it was not cached
            {
                Failures.Add();
                LogFailed(logger, url, response.StatusCode.ToString());
            }
        }
        catch (Exception exception) when (exception is HttpRequestException || (exception is OperationCanceledException && !stopping.IsCancellationRequested))
        {
            Failures.Add();
            LogFailed(logger, url, exception.Message);
        }
    }

    [LoggerMessage(301, LogLevel.Warning, "PURGE {Url} failed: {Reason}")]
    private static partial void LogFailed(ILogger logger, string url, string reason);
}
