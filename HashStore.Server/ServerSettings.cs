using HashStore.Schema;
using HashStore.Server.Legacy;
using HashStore.Server.Operations;
using HashStore.Server.Thumbnails;
using HashStore.Storage;

namespace HashStore.Server;

/// <summary>Who may read.</summary>
internal enum ReadAccess
{
    /// <summary>Everybody.</summary>
    Public,

    /// <summary>Whoever has a token.</summary>
    Token,
}

/// <summary>The settings of section <c>HashStore</c>; docs/OPERATIONS.md describes each.</summary>
internal sealed class ServerSettings
{
    public const string Section = "HashStore";

    public string Root { get; set; } = "./data";

    public string? State { get; set; }

    public DatabaseSettings Database { get; set; } = new();

    public string UploadPath { get; set; } = "/images";

    public string Algorithm { get; set; } = "sha256";

    public int KeyBits { get; set; } = ContentKey.DefaultBits;

    /// <summary>5 GiB, as much as object stores take in one piece.</summary>
    public long MaxUploadBytes { get; set; } = 5L << 30;

    public ReadAccess ReadAccess { get; set; }

    /// <summary>Whether names begin with an upper-case letter ($wgCapitalLinks).</summary>
    public bool CapitalLinks { get; set; } = true;

    public long CacheBytes { get; set; } = 64L << 20;

    /// <summary>The legacy tree; null: ROOT.</summary>
    public string? LegacyTree { get; set; }

    /// <summary>The number of its hash directories; null: it is found out.</summary>
    public int? LegacyLevels { get; set; }

    /// <summary>The path under which the wiki sees ROOT; null: ROOT itself.</summary>
    public string? LinkRoot { get; set; }

    public ConversionSettings Conversion { get; set; } = new();

    public ScrubSettings Scrub { get; set; } = new();

    public UploadSettings Uploads { get; set; } = new();

    public LimitSettings Limits { get; set; } = new();

    public ThumbnailSettings Thumbnails { get; set; } = new();

    public PurgeSettings Purge { get; set; } = new();

    public List<TokenSettings> Tokens { get; set; } = [];

    /// <summary>The switches of the contract that are no ASP.NET configuration keys themselves.</summary>
    public static readonly Dictionary<string, string> Switches = new()
    {
        ["--root"] = Section + ":Root",
        ["--state"] = Section + ":State",
        ["--link-root"] = Section + ":LinkRoot",
    };

    /// <summary>Reads and checks the section.</summary>
    /// <exception cref="StoreException">A setting makes no sense.</exception>
    public static ServerSettings Read(IConfiguration configuration)
    {
        ServerSettings settings;
        try
        {
            settings = configuration.GetSection(Section).Get<ServerSettings>() ?? new ServerSettings();
        }
        catch (InvalidOperationException exception)
        {
            throw Bad($"{exception.Message} {exception.InnerException?.Message}".TrimEnd());
        }

        settings.UploadPath = "/" + settings.UploadPath.Trim('/');
        if (settings.UploadPath == "/" || settings.UploadPath.StartsWith("/api/", StringComparison.Ordinal) || settings.UploadPath is "/api" or "/file")
        {
            throw Bad($"UploadPath \"{settings.UploadPath}\" is needed for something else: give a prefix such as /images.");
        }

        if (settings.MaxUploadBytes < 1)
        {
            throw Bad("MaxUploadBytes must be 1 or more.");
        }

        // An empty value, as an environment file may leave one, is none.
        (settings.LegacyTree, settings.LinkRoot) = (NullIfEmpty(settings.LegacyTree), NullIfEmpty(settings.LinkRoot));
        settings.Conversion.Tables = NullIfEmpty(settings.Conversion.Tables);
        settings.Conversion.Check(settings);
        settings.Scrub.Check();
        settings.Uploads.AddLists(configuration.GetSection(Section).GetSection("Uploads"));
        settings.Limits.Check();
        settings.Thumbnails.Check();
        _ = settings.Uploads.ToRules();
        return settings;
    }

    /// <summary>What the store needs of them.</summary>
    /// <exception cref="StoreException">The algorithm is unknown.</exception>
    public StoreOptions ToStoreOptions() => new()
    {
        Paths = StorePaths.For(Root, State),
        Provider = Database.Provider,
        ConnectionString = Database.ConnectionString,
        Algorithm = DigestAlgorithms.TryParse(Algorithm, out var algorithm) ? algorithm : throw Bad($"Algorithm \"{Algorithm}\" is unknown: sha256, sha512, sha1 or md5."),
        KeyBits = KeyBits,
        CacheBytes = CacheBytes,
        Uploads = Uploads.ToRules(),

        // Without a word of the operator only what looks like an upload tree is taken for one.
        IsLegacyTree = LegacyTree is not null && StorePaths.For(LegacyTree, null).Root == StorePaths.For(Root, null).Root,
    };

    private static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;

    internal static StoreException Bad(string message) => new(StoreFault.BadSetting, "Setting: " + message);
}

/// <summary>Which database.</summary>
internal sealed class DatabaseSettings
{
    public DatabaseProvider Provider { get; set; }

    public string? ConnectionString { get; set; }
}

/// <summary>What strangers may use up.</summary>
internal sealed class LimitSettings
{
    /// <summary>Requests a second, for each token and for each address; 0: no limit.</summary>
    public int RequestsPerSecond { get; set; }

    /// <summary>Wrong tokens a second from one address, in the long run; ten times as many at once. 0: no limit.</summary>
    public int WrongTokensPerSecond { get; set; } = 10;

    /// <summary>Uploads that are received at the same time; more wait.</summary>
    public int ConcurrentUploads { get; set; } = 128;

    /// <summary>Open connections; more are closed at once.</summary>
    public int Connections { get; set; } = 10_000;

    /// <summary>Time for all header fields of a request, in seconds.</summary>
    public int HeaderSeconds { get; set; } = 15;

    /// <summary>A client that sends or takes its body more slowly, after <see cref="SlowGraceSeconds"/>, is cut off.</summary>
    public double MinBytesPerSecond { get; set; } = 240;

    /// <summary>How long a client may be slow, in seconds.</summary>
    public int SlowGraceSeconds { get; set; } = 10;

    /// <summary>A client whose upload pauses for longer is cut off, in seconds.</summary>
    public int IdleSeconds { get; set; } = 60;

    public void Check()
    {
        if (IdleSeconds < 1 || RequestsPerSecond < 0 || WrongTokensPerSecond < 0 || ConcurrentUploads < 1 || Connections < 1 || HeaderSeconds < 1 || MinBytesPerSecond < 0 || SlowGraceSeconds < 2)
        {
            throw ServerSettings.Bad("Limits: RequestsPerSecond, WrongTokensPerSecond and MinBytesPerSecond are 0 or more, SlowGraceSeconds 2 or more, the others 1 or more.");
        }
    }
}

/// <summary>Caches in front.</summary>
internal sealed class PurgeSettings
{
    /// <summary>Base URLs that get an HTTP PURGE.</summary>
    public List<string> Targets { get; set; } = [];
}

/// <summary>One more token.</summary>
internal sealed class TokenSettings
{
    public string Name { get; set; } = "";

    public string Role { get; set; } = "";

    /// <summary>SHA-256 of the token in hexadecimal.</summary>
    public string Hash { get; set; } = "";
}
