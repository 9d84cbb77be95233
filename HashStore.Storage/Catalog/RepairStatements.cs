using System.Data;

namespace HashStore.Storage.Catalog;

/// <summary>The statements of <c>fsck --repair</c>, in the SQL that SQLite and SQL Server share.</summary>
internal static class RepairStatements
{
    /// <summary>Uploads that count for an object: content not hidden, name not deleted; as <see cref="CheckQueries"/> counts them.</summary>
    internal static readonly Statement CountUploads = new(
        """
        SELECT COUNT(*) FROM "upload"
        WHERE upload_hash = @hash AND (upload_deleted & 1) = 0 AND NOT EXISTS (SELECT 1 FROM "filename" WHERE fn_id = upload_name_id AND fn_deleted = 1)
        """,
        new StatementParameter("@hash", DbType.Binary));
}
