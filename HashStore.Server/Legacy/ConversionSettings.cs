using HashStore.Migrate.Legacy;
using HashStore.Migrate.Live;

namespace HashStore.Server.Legacy;

/// <summary>How the legacy tree is converted while the server runs (section <c>HashStore:Conversion</c>).</summary>
internal sealed class ConversionSettings
{
    private const int MaxJobs = 1024;

    /// <summary>What table <c>legacy</c> has room for.</summary>
    private const int MaxPrefixChars = 64;

    private static readonly TimeSpan ShortestInterval = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan LongestInterval = TimeSpan.FromDays(30);

    /// <summary>Whether everything that is left is converted from the start.</summary>
    public bool Background { get; set; }

    /// <summary>The wiki's tables (dump, SQLite database, CSV folder), read again when they change.</summary>
    public string? Tables { get; set; }

    /// <summary>The prefix of the tables' names ($wgDBprefix).</summary>
    public string Prefix { get; set; } = "";

    /// <summary>Bytes per second that the background may read; 0: no limit.</summary>
    public long BytesPerSecond { get; set; }

    /// <summary>Threads that read and hash in the background.</summary>
    public int Jobs { get; set; } = 1;

    /// <summary>Whether the tree is followed from the start: as <see cref="Background"/>, and then again and again.</summary>
    public bool Watch { get; set; }

    /// <summary>Time between two looks through the whole tree and the tables while it is followed.</summary>
    public TimeSpan Reconcile { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Checks them together with the tree that they are about.</summary>
    /// <exception cref="HashStore.Storage.StoreException">A setting makes no sense.</exception>
    public void Check(ServerSettings settings)
    {
        if (settings.LegacyTree is { } tree && !Directory.Exists(tree))
        {
            throw ServerSettings.Bad($"LegacyTree \"{tree}\" is no folder: give the wiki's upload directory ($wgUploadDirectory).");
        }

        if (settings.LegacyLevels is < 0 or > LegacyPath.MaxLevels)
        {
            throw ServerSettings.Bad($"LegacyLevels is the number of hash directories ($wgHashedUploadDirectory: 2), from 0 to {LegacyPath.MaxLevels}.");
        }

        if (settings.LinkRoot is { } root && !root.StartsWith('/'))
        {
            throw ServerSettings.Bad($"LinkRoot \"{root}\" must be an absolute path: the one under which the wiki sees ROOT.");
        }

        if (Tables is { } tables && !Path.Exists(tables))
        {
            throw ServerSettings.Bad($"Conversion:Tables \"{tables}\" is not there: give a dump, a SQLite database or a folder of CSV files.");
        }

        if (Prefix.Length > MaxPrefixChars || BytesPerSecond < 0 || Jobs is < 1 or > MaxJobs || Reconcile < ShortestInterval || Reconcile > LongestInterval)
        {
            throw ServerSettings.Bad(
                $"Conversion: Prefix has at most {MaxPrefixChars} characters, BytesPerSecond is 0 or more, Jobs from 1 to {MaxJobs}, Reconcile a time such as 00:05:00, from a second to 30 days.");
        }
    }

    /// <summary>What living with the tree needs of them.</summary>
    public LegacySiteOptions ToSiteOptions(ServerSettings settings) => new()
    {
        Tree = settings.LegacyTree is { } tree ? Path.GetFullPath(tree) : null,
        Levels = settings.LegacyLevels,
        LinkRoot = settings.LinkRoot is { } root ? Path.TrimEndingDirectorySeparator(root) : null,
        Tables = Tables is { } tables ? Path.GetFullPath(tables) : null,
        Prefix = Prefix,
        Jobs = Jobs,
        BytesPerSecond = BytesPerSecond,
    };
}
