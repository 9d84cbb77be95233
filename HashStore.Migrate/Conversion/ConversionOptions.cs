namespace HashStore.Migrate.Conversion;

/// <summary>How to convert.</summary>
internal sealed record ConversionOptions
{
    /// <summary>Threads that read and hash.</summary>
    internal int Jobs { get; init; } = Environment.ProcessorCount;

    /// <summary>Whether links say the way from their folder instead of from the root of the file system.</summary>
    internal bool RelativeLinks { get; init; }

    /// <summary>The path under which the wiki sees ROOT; null: the same.</summary>
    internal string? LinkRoot { get; init; }

    /// <summary>The operator's promise that nothing writes to the tree.</summary>
    internal bool QuietTree { get; init; }

    /// <summary>Whether links replace files by rename, because the file system cannot exchange the two; only in a quiet tree.</summary>
    internal bool WithoutExchange { get; init; }

    /// <summary>Files in a batch: more share syncs, fewer keep names for a shorter time.</summary>
    internal int BatchFiles { get; init; } = BatchSource.MaxFiles;

    /// <summary>Bytes per second that may be read; 0: no limit.</summary>
    internal long BytesPerSecond { get; init; }
}
