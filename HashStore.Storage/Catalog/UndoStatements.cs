using System.Data;

namespace HashStore.Storage.Catalog;

/// <summary>The statements of an undo; like <see cref="Statements"/>, in the SQL that SQLite and SQL Server share.</summary>
internal static class UndoStatements
{
    /// <summary>What a version is today.</summary>
    internal static readonly Statement ReadVersion = new(
        """
        SELECT f.fn_id, f.fn_name, f.fn_deleted, f.fn_latest, u.upload_deleted, u.upload_hash
        FROM "upload" u JOIN "filename" f ON f.fn_id = u.upload_name_id WHERE u.upload_id = @id
        """,
        new StatementParameter("@id", DbType.Int64));

    /// <summary>Names of which a version has no legacy path.</summary>
    internal static readonly Statement ReadNamesWithOwnVersions = new(
        """
        SELECT DISTINCT u.upload_name_id FROM "upload" u LEFT JOIN "ledger" l ON l.ledger_upload_id = u.upload_id
        WHERE l.ledger_id IS NULL AND u.upload_name_id > @after ORDER BY u.upload_name_id
        """,
        new StatementParameter("@after", DbType.Int64));

    internal static readonly Statement ReadVersionsOfName = new(
        """
        SELECT u.upload_id, u.upload_hash, u.upload_timestamp, u.upload_deleted, u.upload_archive_name, f.file_sha256
        FROM "upload" u JOIN "file" f ON f.file_hash = u.upload_hash WHERE u.upload_name_id = @nameId ORDER BY u.upload_timestamp, u.upload_id
        """,
        new StatementParameter("@nameId", DbType.Int64));

    internal static readonly Statement ReadVersionsAfter = new(
        """
        SELECT upload_id FROM "upload" WHERE upload_id > @after ORDER BY upload_id
        """,
        new StatementParameter("@after", DbType.Int64));

    internal static readonly Statement ReadNamesAfter = new(
        """SELECT fn_id FROM "filename" WHERE fn_id > @after ORDER BY fn_id""",
        new StatementParameter("@after", DbType.Int64));

    internal static readonly Statement ReadFilesAfter = new(
        """SELECT file_hash FROM "file" WHERE file_hash > @after ORDER BY file_hash""",
        new StatementParameter("@after", DbType.Binary));

    internal static readonly Statement CountVersionsOfName = new(
        """SELECT COUNT(*), MAX(upload_id) FROM "upload" WHERE upload_name_id = @nameId""",
        new StatementParameter("@nameId", DbType.Int64));

    internal static readonly Statement CountVersionsOfFile = new(
        """SELECT COUNT(*) FROM "upload" WHERE upload_hash = @hash""",
        new StatementParameter("@hash", DbType.Binary));

    /// <summary>Whether a legacy path that stays a file (state 3, kept) holds some content.</summary>
    internal static readonly Statement CountKeptFiles = new(
        """SELECT COUNT(*) FROM "ledger" WHERE ledger_hash = @hash AND ledger_state = 3""",
        new StatementParameter("@hash", DbType.Binary));

    internal static readonly Statement RemoveVersion = new(
        """DELETE FROM "upload" WHERE upload_id = @id""",
        new StatementParameter("@id", DbType.Int64));

    internal static readonly Statement RemoveFile = new(
        """DELETE FROM "file" WHERE file_hash = @hash""",
        new StatementParameter("@hash", DbType.Binary));

    internal static readonly Statement RemoveRedirects = new(
        """DELETE FROM "filename" WHERE fn_redirect = @id""",
        new StatementParameter("@id", DbType.Int64));

    internal static readonly Statement ReadOldNames = new(
        """SELECT fn_name FROM "filename" WHERE fn_redirect = @id""",
        new StatementParameter("@id", DbType.Int64));

    /// <summary>The legacy paths of a version.</summary>
    internal static readonly Statement ReadLedgerByVersion = new(
        $"""SELECT {ConversionStatements.LedgerColumns} FROM "ledger" WHERE ledger_upload_id = @uploadId""",
        new StatementParameter("@uploadId", DbType.Int64));

    internal static readonly Statement ClearLedger = new("""DELETE FROM "ledger" """);

    internal static readonly Statement ResetLegacy = new(
        """UPDATE "legacy" SET legacy_state = 0, legacy_upload_id = NULL WHERE legacy_id = @id""",
        new StatementParameter("@id", DbType.Int64));

    /// <summary>Legacy rows that a conversion has dealt with.</summary>
    internal static readonly Statement ReadLegacyAfter = new(
        """SELECT legacy_id FROM "legacy" WHERE legacy_id > @after AND (legacy_state <> 0 OR legacy_upload_id IS NOT NULL) ORDER BY legacy_id""",
        new StatementParameter("@after", DbType.Int64));

    /// <summary>Legacy paths in the order of their numbers.</summary>
    internal static readonly Statement ReadLedgerAfterId = new(
        $"""SELECT {ConversionStatements.LedgerColumns} FROM "ledger" WHERE ledger_id > @after ORDER BY ledger_id""",
        new StatementParameter("@after", DbType.Int64));
}
