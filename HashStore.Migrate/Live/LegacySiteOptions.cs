namespace HashStore.Migrate.Live;

/// <summary>How a site's legacy tree is lived with.</summary>
internal sealed record LegacySiteOptions
{
    /// <summary>The legacy tree; null: ROOT.</summary>
    internal string? Tree { get; init; }

    /// <summary>The number of hash directories; null: it is found out.</summary>
    internal int? Levels { get; init; }

    /// <summary>The path under which the wiki sees ROOT; null: ROOT itself.</summary>
    internal string? LinkRoot { get; init; }

    /// <summary>Whether links say the way relative to their own folder.</summary>
    internal bool RelativeLinks { get; init; }

    /// <summary>The wiki's tables (dump, SQLite database, CSV folder), read again when they change; null: only what was imported.</summary>
    internal string? Tables { get; init; }

    /// <summary>The prefix of the tables' names.</summary>
    internal string Prefix { get; init; } = "";

    /// <summary>Threads that read and hash in the background.</summary>
    internal int Jobs { get; init; } = 1;

    /// <summary>Bytes per second that the background may read; 0: as many as it can.</summary>
    internal long BytesPerSecond { get; init; }

    /// <summary>Files in a batch of the background: few, so that requests find their names free soon.</summary>
    internal int BatchFiles { get; init; } = 64;

    /// <summary>Nothing writes to the tree.</summary>
    internal bool QuietTree { get; init; }

    /// <summary>The tree's URL at the site: before the first pass converts the others, one converted file is asked for through the site's web server; null: it is not asked.</summary>
    internal Uri? Probe { get; init; }
}
