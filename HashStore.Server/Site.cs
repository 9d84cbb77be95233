using System.Net.Sockets;
using HashStore.Server.Access;
using HashStore.Server.Api;
using HashStore.Server.Legacy;
using HashStore.Server.Objects;
using HashStore.Server.Operations;
using HashStore.Server.Thumbnails;
using HashStore.Storage;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration.Memory;

namespace HashStore.Server;

/// <summary>Puts the server together: settings, services, the order of the request's way.</summary>
internal static class Site
{
    /// <summary>Bodies other than uploads are small JSON objects.</summary>
    private const long MaxJsonBytes = 64 << 10;

    /// <summary>How long requests under way may go on after SIGTERM; the process has ended within 30 s.</summary>
    private static readonly TimeSpan DrainTime = TimeSpan.FromSeconds(25);

    /// <summary>Whose log lines, with the stack, stand beside the exception that a failed start throws.</summary>
    private const string HostCategory = "Microsoft.Extensions.Hosting.Internal.Host";

    /// <summary>What holds where nothing else is configured.</summary>
    private static readonly Dictionary<string, string?> Defaults = new()
    {
        ["urls"] = "http://127.0.0.1:5080",
        ["Logging:LogLevel:Default"] = "Information",
        ["Logging:LogLevel:Microsoft"] = "Warning",
        ["Logging:Console:FormatterName"] = "simple",
        ["Logging:Console:FormatterOptions:SingleLine"] = "true",
        ["Logging:Console:FormatterOptions:UseUtcTimestamp"] = "true",
        ["Logging:Console:FormatterOptions:TimestampFormat"] = "yyyy-MM-dd'T'HH:mm:ss.fff'Z' ",
    };

    /// <summary>Builds the server and opens its store.</summary>
    /// <exception cref="StoreException">The settings or the store cannot be used.</exception>
    internal static WebApplication Build(string[] args)
    {
        // RFC 9112 section 2.2 lets a server take a lone LF for the end of a line; one in front of it may not, and then they disagree on where a request ends.
        AppContext.SetSwitch("Microsoft.AspNetCore.Server.Kestrel.DisableHttp1LineFeedTerminators", true);

        // Watching the settings files would mean watching the folder that the server was started in, which may hold ROOT itself.
        var builder = WebApplication.CreateSlimBuilder(["--hostBuilder:reloadConfigOnChange=false", .. args]);
        builder.Configuration.Sources.Insert(0, new MemoryConfigurationSource { InitialData = Defaults });
        builder.Configuration.AddCommandLine(args, ServerSettings.Switches);
        var settings = ServerSettings.Read(builder.Configuration);
        AddServices(builder.Services, settings);
        builder.WebHost.UseKestrelHttpsConfiguration();
        // One system call less for every piece that arrives, for one block of 4 KiB per idle connection.
        builder.WebHost.UseSockets(sockets => sockets.WaitForDataBeforeAllocatingBuffer = false);
        builder.WebHost.ConfigureKestrel(kestrel => Limit(kestrel, settings.Limits));

        // A failed start is told once, in the sentence of Program.cs; that background services end when such a host is disposed of is no failure at all.
        WebApplication? started = null;
        builder.Logging.AddFilter(HostCategory, level => level >= LogLevel.Warning && started?.Lifetime.ApplicationStarted.IsCancellationRequested == true);
        var app = started = builder.Build();
        MapRequests(app);
        return app;
    }

    /// <summary>Starts listening and says where.</summary>
    /// <exception cref="StoreException">The address is taken, not this machine's, or none at all.</exception>
    internal static async Task StartAsync(WebApplication app)
    {
        try
        {
            await app.StartAsync();
        }
        catch (Exception exception) when (exception is IOException or SocketException or FormatException or InvalidOperationException)
        {
            throw new StoreException(
                StoreFault.BadSetting,
                $"It cannot listen on {app.Configuration["urls"]}: {exception.Message.TrimEnd('.')}. Stop what listens there, or give another address of this machine: --urls http://127.0.0.1:PORT.",
                exception);
        }

        Greet(app);
        app.Services.GetRequiredService<LegacyAccess>().TellProblems();
        app.TellThumbnailProblems();
    }

    /// <summary>Says where the server is and what to try.</summary>
    private static void Greet(WebApplication app)
    {
        var store = app.Services.GetRequiredService<Store>();
        var url = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault();
        Console.WriteLine($"""
            HashStore listens on {url}
              root   {store.Paths.Root}
              token  {store.Paths.AdminToken}
              try    curl -T photo.jpg -H "Authorization: Bearer $(cat {store.Paths.AdminToken})" {url}/api/files/
            """);
    }

    private static void AddServices(IServiceCollection services, ServerSettings settings)
    {
        services.AddSingleton(settings);
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton(provider =>
            Store.OpenAsync(settings.ToStoreOptions(), provider.GetRequiredService<ILoggerFactory>().CreateLogger("HashStore")).GetAwaiter().GetResult());
        services.AddSingleton(provider => new Tokens(Tokens.ReadOrMakeAdminToken(provider.GetRequiredService<Store>().Paths), settings.Tokens));
        services.AddSingleton<TokenGuesses>();
        services.AddSingleton<AccessControl>();
        services.AddSingleton<FileView>();
        services.AddSingleton<ObjectAnswers>();
        services.AddSingleton<ObjectEndpoint>();
        services.AddSingleton(provider => LegacyAccess.OpenAsync(
            provider.GetRequiredService<Store>(), settings, provider.GetRequiredService<ILoggerFactory>().CreateLogger("HashStore")).GetAwaiter().GetResult());
        services.AddSingleton<LegacyEndpoint>();
        services.AddThumbnails(settings);
        services.AddSingleton<AskedNames>();
        services.AddSingleton<ConversionTotals>();
        services.AddSingleton<Reconciliation>();
        services.AddSingleton<PassMeter>();
        services.AddSingleton(provider => new RequestsFirst(() => provider.GetRequiredService<RequestMeters>().Young, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<BackgroundConversion>();
        services.AddSingleton<ProblemAnswers>();
        services.AddSingleton<RequestMeters>();
        services.AddSingleton<RateLimit>();
        services.AddSingleton<UploadSlots>();
        services.AddSingleton<CachePurger>();
        services.AddHostedService(provider => provider.GetRequiredService<CachePurger>());
        services.AddSingleton<Scrub>();
        services.AddHostedService<Recovery>();
        services.AddHostedService(provider => provider.GetRequiredService<Scrub>());
        services.AddHostedService(provider => provider.GetRequiredService<BackgroundConversion>());
        services.AddOpenApi();
        services.ConfigureHttpJsonOptions(json => json.SerializerOptions.TypeInfoResolverChain.Insert(0, ApiJson.Default));
        services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = true);
        services.Configure<HostOptions>(options => options.ShutdownTimeout = DrainTime);
    }

    private static void Limit(KestrelServerOptions kestrel, LimitSettings limits)
    {
        var slowest = limits.MinBytesPerSecond > 0 ? new MinDataRate(limits.MinBytesPerSecond, TimeSpan.FromSeconds(limits.SlowGraceSeconds)) : null;
        kestrel.AddServerHeader = false;
        kestrel.RequestHeaderEncodingSelector = name => name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase) ? LengthDigits.Only : null;
        kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Use(HalfClosedConnection.Use));
        kestrel.Limits.MaxConcurrentConnections = limits.Connections;
        kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(limits.HeaderSeconds);
        kestrel.Limits.MinRequestBodyDataRate = slowest;
        kestrel.Limits.MinResponseDataRate = slowest;
        kestrel.Limits.MaxRequestBodySize = MaxJsonBytes;
    }

    /// <summary>The request's way, from the outside in.</summary>
    private static void MapRequests(WebApplication app)
    {
        // Opened here, so that a store that cannot be used stops the start.
        _ = app.Services.GetRequiredService<Store>();
        app.Use(app.Services.GetRequiredService<RequestMeters>().InvokeAsync);
        app.Use(app.Services.GetRequiredService<ProblemAnswers>().InvokeAsync);
        app.Use(app.Services.GetRequiredService<RateLimit>().InvokeAsync);
        app.Use(app.Services.GetRequiredService<ObjectEndpoint>().InvokeAsync);
        app.Use(app.Services.GetRequiredService<ThumbnailEndpoint>().InvokeAsync);
        app.Use(app.Services.GetRequiredService<LegacyEndpoint>().InvokeAsync);
        app.UseRouting();
        app.Use(app.Services.GetRequiredService<AccessControl>().InvokeAsync);
        app.MapNames();
        app.MapFiles();
        app.MapConversion();
        app.MapHealth();
        app.MapMetrics();
        app.MapOpenApi();
    }
}
