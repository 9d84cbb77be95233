using System.Data;

namespace HashStore.Storage.Catalog;

/// <summary>
/// The statements of collecting, in the SQL that SQLite and SQL Server share. Each changes a row only if it is still what the plan saw: untouched since then, and with no version that refers to it, hidden and deleted
/// ones included.
/// </summary>
internal static class CollectionStatements
{
    private const string IsUnreferenced =
        "file_refcount = 0 AND file_touched < @before AND NOT EXISTS (SELECT 1 FROM \"upload\" WHERE upload_hash = file_hash)";

    /// <summary>Deleted content (state 3) becomes a claim (state 0): from here on nothing promises its bytes. Its time stays.</summary>
    internal static readonly Statement Release = new(
        $"""UPDATE "file" SET file_state = 0 WHERE file_hash = @hash AND file_state = 3 AND {IsUnreferenced}""",
        new("@before", DbType.DateTime2), new("@hash", DbType.Binary));

    /// <summary>Whether a claim is still one that nobody uses.</summary>
    internal static readonly Statement CountClaim = new(
        $"""SELECT COUNT(*) FROM "file" WHERE file_hash = @hash AND file_state = 0 AND {IsUnreferenced}""",
        new("@before", DbType.DateTime2), new("@hash", DbType.Binary));

    /// <summary>A claim goes.</summary>
    internal static readonly Statement RemoveClaim = new(
        $"""DELETE FROM "file" WHERE file_hash = @hash AND file_state = 0 AND {IsUnreferenced}""",
        new("@before", DbType.DateTime2), new("@hash", DbType.Binary));
}
