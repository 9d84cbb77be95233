using HashStore.Schema;
using HashStore.Storage.Safety;

namespace HashStore.Storage;

/// <summary>The databases that a store can use.</summary>
public enum DatabaseProvider
{
    /// <summary>The embedded default.</summary>
    Sqlite,

    /// <summary>Microsoft SQL Server.</summary>
    SqlServer,
}

/// <summary>How to open a store.</summary>
public sealed record StoreOptions
{
    /// <summary>Where it lies.</summary>
    public required StorePaths Paths { get; init; }

    /// <summary>The database's kind.</summary>
    public DatabaseProvider Provider { get; init; }

    /// <summary>Null or empty: the embedded database in STATE.</summary>
    public string? ConnectionString { get; init; }

    /// <summary>Read only when a store is created.</summary>
    public DigestAlgorithm Algorithm { get; init; } = DigestAlgorithm.Sha256;

    /// <summary>Read only when a store is created.</summary>
    public int KeyBits { get; init; } = ContentKey.DefaultBits;

    /// <summary>Whether the operator says that ROOT is a legacy tree, so that a store is made in it whatever else it holds.</summary>
    public bool IsLegacyTree { get; init; }

    /// <summary>Bytes that the cache of metadata and small objects may hold.</summary>
    public long CacheBytes { get; init; } = 64L << 20;

    /// <summary>What uploads must be.</summary>
    public UploadRules Uploads { get; init; } = new();

    /// <summary>The clock.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;
}
