using System.Data;

namespace HashStore.Storage.Catalog;

/// <summary>One parameter of a <see cref="Statement"/>.</summary>
internal readonly record struct StatementParameter(string Name, DbType Type);

/// <summary>A statement of the write path, in the SQL that SQLite and SQL Server share. Parameters are given by position.</summary>
internal sealed record Statement(string Sql, params StatementParameter[] Parameters)
{
    /// <summary>Whether the number of the inserted row is asked for.</summary>
    internal bool ReturnsId { get; init; }
}

/// <summary>
/// Every statement of the write path. They are prepared once and run thousands of times a second inside one transaction per group of uploads, which is why they are not made by
/// EF Core (docs/decisions/0003-write-path.md). Identifiers are quoted because <c>file</c> is a reserved word of SQL Server. Reference counts change by relative updates only.
/// </summary>
internal static class Statements
{
    internal const string FileColumns =
        "file_hash, file_sha256, file_digest, file_sha1, file_size, file_width, file_height, file_bits, file_playtime, "
        + "file_media_type, file_mime_major, file_mime_minor, file_refcount, file_state, file_touched, file_metadata";

    internal static readonly Statement ReadStore = new(
        """SELECT store_uuid, store_generation, store_algorithm, store_key_bits, store_from_bits FROM "store" WHERE store_id = 1""");

    internal static readonly Statement InsertStore = new(
        """INSERT INTO "store" (store_id, store_uuid, store_generation, store_algorithm, store_key_bits) VALUES (1, @uuid, @generation, @algorithm, @keyBits)""",
        new("@uuid", DbType.Guid), new("@generation", DbType.Int64), new("@algorithm", DbType.AnsiString), new("@keyBits", DbType.Int32));

    internal static readonly Statement ReadFile = new(
        """SELECT file_sha256, file_digest, file_size, file_refcount, file_state FROM "file" WHERE file_hash = @hash""",
        new StatementParameter("@hash", DbType.Binary));

    internal static readonly Statement InsertFile = new(
        $"""
        INSERT INTO "file" ({FileColumns})
        VALUES (@hash, @sha256, @digest, @sha1, @size, @width, @height, @bits, @playtime, @mediaType, @mimeMajor, @mimeMinor, 0, @state, @touched, @metadata)
        """,
        new("@hash", DbType.Binary), new("@sha256", DbType.Binary), new("@digest", DbType.Binary), new("@sha1", DbType.Binary), new("@size", DbType.Int64),
        new("@width", DbType.Int32), new("@height", DbType.Int32), new("@bits", DbType.Int32), new("@playtime", DbType.Int64),
        new("@mediaType", DbType.AnsiString), new("@mimeMajor", DbType.AnsiString), new("@mimeMinor", DbType.AnsiString),
        new("@state", DbType.Byte), new("@touched", DbType.DateTime2), new("@metadata", DbType.String));

    internal static readonly Statement SetFileState = new(
        """UPDATE "file" SET file_state = @state, file_touched = @touched WHERE file_hash = @hash""",
        new("@state", DbType.Byte), new("@touched", DbType.DateTime2), new("@hash", DbType.Binary));

    internal static readonly Statement CountReference = new(
        """UPDATE "file" SET file_refcount = file_refcount + @difference WHERE file_hash = @hash""",
        new("@difference", DbType.Int64), new("@hash", DbType.Binary));

    internal static readonly Statement PublishFile = new(
        """UPDATE "file" SET file_refcount = file_refcount + 1, file_state = @state, file_touched = @touched WHERE file_hash = @hash""",
        new("@state", DbType.Byte), new("@touched", DbType.DateTime2), new("@hash", DbType.Binary));

    internal static readonly Statement ReadName = new(
        """SELECT fn_id, fn_latest, fn_deleted, fn_redirect FROM "filename" WHERE fn_name = @name""",
        new StatementParameter("@name", DbType.String));

    internal static readonly Statement ReadNameById = new(
        """SELECT fn_name, fn_latest, fn_deleted FROM "filename" WHERE fn_id = @id""",
        new StatementParameter("@id", DbType.Int64));

    internal static readonly Statement InsertName = new(
        """INSERT INTO "filename" (fn_name, fn_latest, fn_deleted, fn_redirect) VALUES (@name, NULL, 0, @redirect)""",
        new("@name", DbType.String), new("@redirect", DbType.Int64)) { ReturnsId = true };

    internal static readonly Statement SetLatest = new(
        """UPDATE "filename" SET fn_latest = @latest, fn_deleted = 0, fn_redirect = NULL WHERE fn_id = @id""",
        new("@latest", DbType.Int64), new("@id", DbType.Int64));

    internal static readonly Statement SetNameDeleted = new(
        """UPDATE "filename" SET fn_deleted = @deleted WHERE fn_id = @id""",
        new("@deleted", DbType.Boolean), new("@id", DbType.Int64));

    internal static readonly Statement SetName = new(
        """UPDATE "filename" SET fn_name = @name WHERE fn_id = @id""",
        new("@name", DbType.String), new("@id", DbType.Int64));

    internal static readonly Statement MoveRedirects = new(
        """UPDATE "filename" SET fn_redirect = @to WHERE fn_redirect = @from""",
        new("@to", DbType.Int64), new("@from", DbType.Int64));

    internal static readonly Statement MoveUploads = new(
        """UPDATE "upload" SET upload_name_id = @to WHERE upload_name_id = @from""",
        new("@to", DbType.Int64), new("@from", DbType.Int64));

    internal static readonly Statement RemoveName = new(
        """DELETE FROM "filename" WHERE fn_id = @id""",
        new StatementParameter("@id", DbType.Int64));

    internal static readonly Statement InsertUpload = new(
        """
        INSERT INTO "upload" (upload_name_id, upload_hash, upload_timestamp, upload_user, upload_user_text, upload_description, upload_deleted, upload_archive_name)
        VALUES (@nameId, @hash, @timestamp, @user, @userText, @description, @deleted, @archiveName)
        """,
        new("@nameId", DbType.Int64), new("@hash", DbType.Binary), new("@timestamp", DbType.DateTime2), new("@user", DbType.Int64), new("@userText", DbType.String),
        new("@description", DbType.String), new("@deleted", DbType.Int16), new("@archiveName", DbType.String)) { ReturnsId = true };

    internal static readonly Statement ReadUpload = new(
        """SELECT upload_name_id, upload_hash, upload_timestamp, upload_deleted FROM "upload" WHERE upload_id = @id""",
        new StatementParameter("@id", DbType.Int64));

    internal static readonly Statement ReadCountedUploads = new(
        """SELECT upload_hash, COUNT(*) FROM "upload" WHERE upload_name_id = @nameId AND (upload_deleted & 1) = 0 GROUP BY upload_hash""",
        new StatementParameter("@nameId", DbType.Int64));

    internal static readonly Statement SetHidden = new(
        """
        UPDATE "upload" SET upload_deleted = (upload_deleted & 14) | @content,
            upload_deletion_user_text = @userText, upload_deletion_timestamp = @timestamp, upload_deletion_reason = @reason
        WHERE upload_id = @id
        """,
        new("@content", DbType.Int16), new("@userText", DbType.String), new("@timestamp", DbType.DateTime2), new("@reason", DbType.String), new("@id", DbType.Int64));

    internal static readonly Statement MarkAllDeleted = new(
        """
        UPDATE "upload" SET upload_deletion_user_text = @userText, upload_deletion_timestamp = @timestamp, upload_deletion_reason = @reason
        WHERE upload_name_id = @nameId AND (upload_deleted & 1) = 0
        """,
        new("@userText", DbType.String), new("@timestamp", DbType.DateTime2), new("@reason", DbType.String), new("@nameId", DbType.Int64));

    internal static readonly Statement HideAll = new(
        """UPDATE "upload" SET upload_deleted = upload_deleted | 1 WHERE upload_name_id = @nameId AND (upload_deleted & 1) = 0""",
        new StatementParameter("@nameId", DbType.Int64));
}
