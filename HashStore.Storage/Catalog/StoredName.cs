using HashStore.Schema;
using HashStore.Schema.Tables;

namespace HashStore.Storage.Catalog;

/// <summary>One version of a name, as read from the tables.</summary>
public sealed record StoredVersion
{
    /// <summary>The version's number.</summary>
    public required long Id { get; init; }

    /// <summary>The key of its content.</summary>
    public required ContentKey Key { get; init; }

    /// <summary>SHA-256 of its content.</summary>
    public required ContentDigest Sha256 { get; init; }

    /// <summary>The digest by the store's algorithm.</summary>
    public required ContentDigest Digest { get; init; }

    /// <summary>Length in bytes.</summary>
    public required long Size { get; init; }

    /// <summary>Width in pixels.</summary>
    public int? Width { get; init; }

    /// <summary>Height in pixels.</summary>
    public int? Height { get; init; }

    /// <summary>MIME type found from the content.</summary>
    public required string Mime { get; init; }

    /// <summary>UTC.</summary>
    public required DateTime Timestamp { get; init; }

    /// <summary>Who made it.</summary>
    public required string User { get; init; }

    /// <summary>What was said of it.</summary>
    public required string Description { get; init; }

    /// <summary>The name under which a legacy tree has it as an old version: <c>20200101000000!Name.jpg</c>; null where it has none.</summary>
    public string? ArchiveName { get; init; }

    /// <summary>What of it is hidden.</summary>
    public HiddenParts Hidden { get; init; }
}

/// <summary>A name with versions, as read from the tables.</summary>
public sealed record StoredName
{
    /// <summary>The name.</summary>
    public required FileName Name { get; init; }

    /// <summary>Whether it is deleted.</summary>
    public bool Deleted { get; init; }

    /// <summary>The current version.</summary>
    public required StoredVersion Current { get; init; }

    /// <summary>All versions, newest first; in a list only the current one.</summary>
    public required IReadOnlyList<StoredVersion> Versions { get; init; }
}

/// <summary>What a name leads to: a file, another name, or nothing.</summary>
/// <param name="File">The file, when the name has content of its own.</param>
/// <param name="RenamedTo">The name to ask for instead.</param>
public readonly record struct NameLookup(StoredName? File, FileName? RenamedTo);

/// <summary>Sums over the whole store; deleted names do not count.</summary>
/// <param name="Names">Names that are not deleted.</param>
/// <param name="Versions">Versions of those names.</param>
/// <param name="Objects">Objects in the public tree.</param>
/// <param name="BytesStored">Their bytes.</param>
/// <param name="BytesSaved">What the shown versions would take if each had its own copy, less <paramref name="BytesStored"/>.</param>
public readonly record struct StoreSums(long Names, long Versions, long Objects, long BytesStored, long BytesSaved);
