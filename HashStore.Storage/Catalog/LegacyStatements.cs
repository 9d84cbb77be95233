using System.Data;

namespace HashStore.Storage.Catalog;

/// <summary>The statements that write imported legacy rows (table <c>legacy</c>), under the rules of <see cref="Statements"/>.</summary>
internal static class LegacyStatements
{
    /// <summary>The columns that an import writes, in the order of the parameters of <see cref="Insert"/>; the three that it does not compare come first.</summary>
    private static readonly (string Column, DbType Type)[] written =
    [
        ("import", DbType.Int64), ("state", DbType.Byte), ("fingerprint", DbType.Int64), ("prefix", DbType.String), ("kind", DbType.Byte), ("name", DbType.String),
        ("name_hash", DbType.Int64), ("file_hash", DbType.Int64), ("identity", DbType.Int64), ("archive_name", DbType.String), ("storage_key", DbType.String),
        ("size", DbType.Int64), ("width", DbType.Int32), ("height", DbType.Int32), ("bits", DbType.Int32), ("media_type", DbType.AnsiString),
        ("mime_major", DbType.AnsiString), ("mime_minor", DbType.AnsiString), ("sha1", DbType.Binary), ("timestamp", DbType.DateTime2), ("user_id", DbType.Int64),
        ("user_text", DbType.String), ("description", DbType.String), ("deleted", DbType.Int16), ("deletion_user_text", DbType.String),
        ("deletion_timestamp", DbType.DateTime2), ("deletion_reason", DbType.String), ("metadata", DbType.String),
    ];

    internal static readonly Statement Insert = new(
        $"""
        INSERT INTO "legacy" ({string.Join(", ", written.Select(part => "legacy_" + part.Column))})
        VALUES ({string.Join(", ", written.Select(part => "@" + part.Column))})
        """,
        Parameters());

    /// <summary>What was converted of it stays known (<c>legacy_upload_id</c>).</summary>
    internal static readonly Statement Update = new(
        $"""UPDATE "legacy" SET {string.Join(", ", written.Select(part => $"legacy_{part.Column} = @{part.Column}"))} WHERE legacy_id = @id""",
        [.. Parameters(), new("@id", DbType.Int64)]);

    internal static readonly Statement FindByName = new(
        """SELECT legacy_id, legacy_identity, legacy_fingerprint FROM "legacy" WHERE legacy_name_hash = @nameHash AND legacy_prefix = @prefix""",
        new("@nameHash", DbType.Int64), new("@prefix", DbType.String));

    internal static readonly Statement SetImport = new(
        """UPDATE "legacy" SET legacy_import = @import WHERE legacy_id = @id""",
        new("@import", DbType.Int64), new("@id", DbType.Int64));

    /// <summary>Rows that an import did not see, among some numbers: without an index on the import this reads no more than those.</summary>
    internal static readonly Statement RemoveUnseen = new(
        """
        DELETE FROM "legacy" WHERE legacy_id > @after AND legacy_id <= @last AND legacy_prefix = @prefix AND legacy_import < @import
            AND legacy_kind IN (@kind1, @kind2, @kind3)
        """,
        new("@after", DbType.Int64), new("@last", DbType.Int64), new("@prefix", DbType.String), new("@import", DbType.Int64),
        new("@kind1", DbType.Byte), new("@kind2", DbType.Byte), new("@kind3", DbType.Byte));

    private static StatementParameter[] Parameters() => [.. written.Select(part => new StatementParameter("@" + part.Column, part.Type))];
}
