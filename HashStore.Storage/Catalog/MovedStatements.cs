using System.Data;

namespace HashStore.Storage.Catalog;

/// <summary>The statements of versions that the wiki has moved to another name; like <see cref="Statements"/>, in the SQL that SQLite and SQL Server share.</summary>
internal static class MovedStatements
{
    internal static readonly Statement FindTwins = new(
        """
        SELECT upload_id, upload_name_id, fn_name, fn_latest, fn_deleted, upload_deleted FROM "upload" JOIN "filename" ON fn_id = upload_name_id
        WHERE upload_hash = @key AND upload_timestamp = @timestamp AND upload_user_text = @user AND upload_name_id <> @nameId
        """,
        new("@key", DbType.Binary), new("@timestamp", DbType.DateTime2), new("@user", DbType.String), new("@nameId", DbType.Int64));

    /// <summary>A row of the tables that became a version of a name, or will: of names that come in together the rows are written last.</summary>
    internal static readonly Statement FindRow = new(
        """SELECT legacy_id FROM "legacy" WHERE legacy_name_hash = @nameHash AND (legacy_upload_id = @uploadId OR legacy_timestamp = @timestamp)""",
        new("@nameHash", DbType.Int64), new("@uploadId", DbType.Int64), new("@timestamp", DbType.DateTime2));

    /// <summary>Links show the version under its new number, until they are followed; what was taken away is nobody's any more.</summary>
    internal static readonly Statement MoveLinks = new(
        """UPDATE "ledger" SET ledger_upload_id = CASE WHEN ledger_state IN (1, 2) THEN @to ELSE NULL END WHERE ledger_upload_id = @from""",
        new("@to", DbType.Int64), new("@from", DbType.Int64));

    internal static readonly Statement SetRedirect = new(
        """UPDATE "filename" SET fn_latest = NULL, fn_deleted = 0, fn_redirect = @to WHERE fn_id = @id""",
        new("@to", DbType.Int64), new("@id", DbType.Int64));

    internal static readonly Statement RemoveUpload = new(
        """DELETE FROM "upload" WHERE upload_id = @id""",
        new StatementParameter("@id", DbType.Int64));
}
