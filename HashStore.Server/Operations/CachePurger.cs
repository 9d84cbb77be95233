using System.Data.Common;
using System.Threading.Channels;
using HashStore.Schema;
using HashStore.Server.Api;
using HashStore.Server.Legacy;
using HashStore.Server.Thumbnails;
using HashStore.Storage;
using HashStore.Storage.Objects;
using HashStore.Storage.Thumbnails;

namespace HashStore.Server.Operations;

/// <summary>
/// Tells the caches in front (setting Purge:Targets) by HTTP PURGE what they must drop: the address of a name after every change, the addresses of an object and of its thumbnails after they left the public tree.
/// They are asked in the background; what cannot be delivered is logged and counted, and the objects' short-lived neighbours age by themselves.
/// </summary>
internal sealed partial class CachePurger : BackgroundService
{
    private const int QueueCapacity = 10_000;

    /// <summary>Names of one object whose addresses are purged; caches that know Surrogate-Key drop the others by it.</summary>
    private const int MaxNames = 1000;

    /// <summary>How long a stopping server goes on delivering what waits.</summary>
    private static readonly TimeSpan LastDeliveries = TimeSpan.FromSeconds(3);

    private static readonly HttpMethod Purge = new("PURGE");

    private readonly Channel<Stale> queue = Channel.CreateBounded<Stale>(new BoundedChannelOptions(QueueCapacity) { SingleReader = true });
    private readonly string[] targets;
    private readonly string uploadPath;
    private readonly FileView view;
    private readonly Store store;
    private readonly LegacyAccess legacy;
    private readonly ILogger<CachePurger> logger;
    private readonly HttpClient client = new() { Timeout = TimeSpan.FromSeconds(5) };

    public CachePurger(ServerSettings settings, FileView view, Store store, LegacyAccess legacy, ILogger<CachePurger> logger)
    {
        targets = [.. settings.Purge.Targets.Select(target => Uri.TryCreate(target, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"
            ? target.TrimEnd('/')
            : throw ServerSettings.Bad($"Purge:Targets: \"{target}\" is no http or https URL."))];
        uploadPath = settings.UploadPath;
        this.view = view;
        this.store = store;
        this.legacy = legacy;
        this.logger = logger;
        store.ThumbRemoved = thumb => Enqueue(new Stale("", thumb.Key, thumb));
    }

    /// <summary>Whether there are caches to tell.</summary>
    internal bool HasTargets => targets.Length > 0;

    /// <summary>Requests that were not taken.</summary>
    internal Counter Failures { get; } = new();

    /// <summary>Addresses that wait.</summary>
    internal int Depth => queue.Reader.Count;

    /// <summary>A name has other content than before.</summary>
    internal void Changed(FileName name)
    {
        Enqueue(new Stale($"{NameEndpoint.Prefix}/{name.ToUrlSegment()}", null));
        if (HasTargets && legacy.PathOf(name) is { } path)
        {
            Enqueue(new Stale($"{uploadPath}/{path[..^name.Value.Length]}{name.ToUrlSegment()}", null));
        }
    }

    /// <summary>A name was changed by something else than an upload.</summary>
    internal void Changed(FileName asked, ChangeResult result)
    {
        Changed(asked);
        if (result.File.Name != asked)
        {
            Changed(result.File.Name);
        }

        Removed(result.Removed);
    }

    /// <summary>Objects left the public tree.</summary>
    internal void Removed(IEnumerable<ContentKey> keys)
    {
        foreach (var key in keys)
        {
            Enqueue(new Stale($"{uploadPath}/{ObjectPath.Of(key)}", key));
        }
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        // Requests have ended by now; what they left is delivered, since nobody would ask for it again.
        queue.Writer.TryComplete();
        if (ExecuteTask is { } delivering)
        {
            await Task.WhenAny(delivering, Task.Delay(LastDeliveries, cancellationToken));
        }

        await base.StopAsync(cancellationToken);
        while (queue.Reader.TryRead(out var left))
        {
            Fail(left.Thumb?.ToString() ?? left.Path, "the server stopped");
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
        await foreach (var stale in queue.Reader.ReadAllAsync(stoppingToken))
        {
            if (stale.Thumb is null)
            {
                await PurgeAsync(stale, stoppingToken);
            }

            foreach (var name in stale.Key is { } key ? await NamesOfAsync(key) : [])
            {
                foreach (var path in stale.Thumb is { } thumb ? UrlsOf(thumb, name) : [view.UrlOf(stale.Key!.Value, name)])
                {
                    await PurgeAsync(stale with { Path = path }, stoppingToken);
                }
            }
        }
    }

    /// <summary>The addresses of a thumbnail under one name of its original: the hash form and the legacy form.</summary>
    private IEnumerable<string> UrlsOf(ThumbPath thumb, FileName name)
    {
        var file = UrlSegment.Encode(ThumbName.Of(thumb.Parameters, name.Value, thumb.Extension));
        yield return ThumbnailAddress.FolderOf(uploadPath, thumb.Key) + file;
        if (legacy.PathOf(name) is { } path)
        {
            yield return $"{uploadPath}/{ThumbPath.Folder}/{path[..^name.Value.Length]}{name.ToUrlSegment()}/{file}";
        }
    }

    private void Enqueue(Stale stale)
    {
        if (targets.Length > 0 && !queue.Writer.TryWrite(stale))
        {
            Fail(stale.Thumb?.ToString() ?? stale.Path, "too many wait");
        }
    }

    private void Fail(string path, string reason)
    {
        Failures.Add(targets.Length);
        LogFailed(logger, path, reason);
    }

    /// <summary>Every name that the object may have been fetched under, old names of renamed files included.</summary>
    private async Task<IReadOnlyList<FileName>> NamesOfAsync(ContentKey key)
    {
        try
        {
            return await store.Names.HoldingAsync(key, MaxNames);
        }
        catch (Exception exception) when (exception is DbException or InvalidOperationException)
        {
            Fail(ObjectPath.Of(key), exception.Message);
            return [];
        }
    }

    private async Task PurgeAsync(Stale stale, CancellationToken stopping)
    {
        foreach (var target in targets)
        {
            await PurgeAsync(target + stale.Path, stale.Key, stopping);
        }
    }

    private async Task PurgeAsync(string url, ContentKey? key, CancellationToken stopping)
    {
        try
        {
            using var request = new HttpRequestMessage(Purge, url);
            if (key is { } surrogate)
            {
                request.Headers.Add("Surrogate-Key", surrogate.ToString());
            }

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

    /// <summary>An address to drop; with the object's key where it is an object's, and with the thumbnail where it is one's.</summary>
    private readonly record struct Stale(string Path, ContentKey? Key, ThumbPath? Thumb = null);

    [LoggerMessage(301, LogLevel.Warning, "PURGE {Url} failed: {Reason}")]
    private static partial void LogFailed(ILogger logger, string url, string reason);
}
