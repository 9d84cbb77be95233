namespace HashStore.Storage;

/// <summary>A number that only grows, counted by many threads.</summary>
public sealed class Counter
{
    private long value;

    /// <summary>The number now.</summary>
    public long Value => Volatile.Read(ref value);

    /// <summary>Adds to it.</summary>
    public void Add(long amount = 1) => Interlocked.Add(ref value, amount);
}

/// <summary>What a store counts since it was opened; the server shows it at <c>/metrics</c>.</summary>
public sealed class StoreMeters
{
    /// <summary>Versions added by uploads and reverts.</summary>
    public Counter Uploads { get; } = new();

    /// <summary>Bytes that uploads brought, duplicates included.</summary>
    public Counter UploadedBytes { get; } = new();

    /// <summary>Uploads whose content was stored before.</summary>
    public Counter DuplicateUploads { get; } = new();

    /// <summary>Uploads refused because other content has the same key.</summary>
    public Counter Collisions { get; } = new();

    /// <summary>Uploads refused for their type or for what they hold.</summary>
    public Counter RefusedUploads { get; } = new();

    /// <summary>Uploads kept although browsers or systems could run something in them.</summary>
    public Counter RiskyUploads { get; } = new();

    /// <summary>Requests for objects whose bytes were not what their rows promise: anything but 0 wants an operator.</summary>
    public Counter DamagedObjects { get; } = new();

    /// <summary>Objects served from the cache of metadata.</summary>
    public Counter CacheHits { get; } = new();

    /// <summary>Objects looked up in the database.</summary>
    public Counter CacheMisses { get; } = new();
}
