using HashStore.Storage.Legacy;

namespace HashStore.Storage;

/// <summary>What hashstore-migrate needs of a store beyond its door.</summary>
public sealed partial class Store
{
    /// <summary>Writes legacy rows.</summary>
    internal LegacyImport LegacyImport => new(writer, parts.Database, clock, Path.Combine(Paths.State, "import.lock"));

    /// <summary>A path for a temporary file: it lies on the store's file system and is swept by a later start if this process dies.</summary>
    internal string NextStagingPath() => staging.NextPath();
}
