using System.Data;

namespace HashStore.Storage.Catalog;

/// <summary>The statements of a conversion; like <see cref="Statements"/>, in the SQL that SQLite and SQL Server share.</summary>
internal static class ConversionStatements
{
    internal const string LedgerColumns =
        "ledger_id, ledger_path, ledger_name_hash, ledger_kind, ledger_state, ledger_status, ledger_run, ledger_device, ledger_inode, ledger_link_count, ledger_size, "
        + "ledger_modified, ledger_accessed, ledger_mode, ledger_owner, ledger_group, ledger_xattrs, ledger_hash, ledger_sha256, ledger_upload_id, ledger_place, ledger_detail";

    internal const string LegacyColumns =
        "legacy_id, legacy_kind, legacy_name, legacy_name_hash, legacy_file_hash, legacy_state, legacy_upload_id, legacy_archive_name, legacy_storage_key, legacy_size, legacy_sha1, "
        + "legacy_timestamp, legacy_user_id, legacy_user_text, legacy_description, legacy_deleted, legacy_deletion_user_text, legacy_deletion_timestamp, legacy_deletion_reason";

    internal static readonly Statement ReadUploadsOfName = new(
        """SELECT upload_id, upload_hash, upload_timestamp, upload_deleted, upload_user_text, upload_archive_name FROM "upload" WHERE upload_name_id = @nameId ORDER BY upload_timestamp, upload_id""",
        new StatementParameter("@nameId", DbType.Int64));

    internal static readonly Statement SetUpload = new(
        """
        UPDATE "upload" SET upload_timestamp = @timestamp, upload_user = @user, upload_user_text = @userText, upload_description = @description, upload_deleted = @deleted,
            upload_archive_name = @archiveName, upload_deletion_user_text = @deletionUserText, upload_deletion_timestamp = @deletionTimestamp, upload_deletion_reason = @deletionReason
        WHERE upload_id = @id
        """,
        new("@timestamp", DbType.DateTime2), new("@user", DbType.Int64), new("@userText", DbType.String), new("@description", DbType.String), new("@deleted", DbType.Int16),
        new("@archiveName", DbType.String), new("@deletionUserText", DbType.String), new("@deletionTimestamp", DbType.DateTime2), new("@deletionReason", DbType.String),
        new("@id", DbType.Int64));

    /// <summary>Describes a path, unless another process has done so meanwhile.</summary>
    internal static readonly Statement InsertLedger = new(
        """
        INSERT INTO "ledger" (ledger_path, ledger_name_hash, ledger_kind, ledger_state, ledger_status, ledger_run, ledger_device, ledger_inode, ledger_link_count, ledger_size,
            ledger_modified, ledger_accessed, ledger_mode, ledger_owner, ledger_group, ledger_xattrs, ledger_detail)
        SELECT @path, @nameHash, @kind, @state, @status, @run, @device, @inode, @linkCount, @size, @modified, @accessed, @mode, @owner, @group, @xattrs, @detail
        WHERE NOT EXISTS (SELECT 1 FROM "ledger" WHERE ledger_path = @path)
        """,
        new("@path", DbType.String), new("@nameHash", DbType.Int64), new("@kind", DbType.Byte), new("@state", DbType.Byte), new("@status", DbType.Byte), new("@run", DbType.Int64),
        new("@device", DbType.Int64), new("@inode", DbType.Int64), new("@linkCount", DbType.Int32), new("@size", DbType.Int64), new("@modified", DbType.Int64),
        new("@accessed", DbType.Int64), new("@mode", DbType.Int32), new("@owner", DbType.Int64), new("@group", DbType.Int64), new("@xattrs", DbType.Binary), new("@detail", DbType.String));

    /// <summary>What is at a path is not what was there: the row describes the new file, and is to be converted. Its version stays named: the one that was there before.
    /// Nothing is written when somebody else wrote the row since it was read.</summary>
    internal static readonly Statement ReplaceLedger = new(
        """
        UPDATE "ledger" SET ledger_name_hash = @nameHash, ledger_kind = @kind, ledger_state = @state, ledger_status = @status, ledger_run = @run, ledger_device = @device, ledger_inode = @inode,
            ledger_link_count = @linkCount, ledger_size = @size, ledger_modified = @modified, ledger_accessed = @accessed, ledger_mode = @mode, ledger_owner = @owner, ledger_group = @group,
            ledger_xattrs = @xattrs, ledger_detail = @detail, ledger_hash = NULL, ledger_sha256 = NULL, ledger_place = NULL
        WHERE ledger_id = @id AND ledger_state = @wasState AND ledger_inode = @wasInode
        """,
        new("@nameHash", DbType.Int64), new("@kind", DbType.Byte), new("@state", DbType.Byte), new("@status", DbType.Byte), new("@run", DbType.Int64),
        new("@device", DbType.Int64), new("@inode", DbType.Int64), new("@linkCount", DbType.Int32), new("@size", DbType.Int64), new("@modified", DbType.Int64),
        new("@accessed", DbType.Int64), new("@mode", DbType.Int32), new("@owner", DbType.Int64), new("@group", DbType.Int64), new("@xattrs", DbType.Binary), new("@detail", DbType.String),
        new("@id", DbType.Int64), new("@wasState", DbType.Byte), new("@wasInode", DbType.Int64));

    internal static readonly Statement ReadLedgerByPath = new(
        $"""SELECT {LedgerColumns} FROM "ledger" WHERE ledger_path = @path""",
        new StatementParameter("@path", DbType.String));

    internal static readonly Statement ReadLedgerById = new(
        $"""SELECT {LedgerColumns} FROM "ledger" WHERE ledger_id = @id""",
        new StatementParameter("@id", DbType.Int64));

    internal static readonly Statement ReadLedgerByName = new(
        $"""SELECT {LedgerColumns} FROM "ledger" WHERE ledger_name_hash = @nameHash""",
        new StatementParameter("@nameHash", DbType.Int64));

    /// <summary>Where rows wait for the end of their exchange: what recovery looks at.</summary>
    internal static readonly Statement ReadLedgerByState = new(
        $"""SELECT {LedgerColumns} FROM "ledger" WHERE ledger_state = @state AND ledger_id > @after ORDER BY ledger_id""",
        new("@state", DbType.Byte), new("@after", DbType.Int64));

    internal static readonly Statement ReadLedgerAfter = new(
        $"""SELECT {LedgerColumns} FROM "ledger" WHERE ledger_path > @after ORDER BY ledger_path""",
        new StatementParameter("@after", DbType.String));

    /// <summary>Paths that became versions with some content.</summary>
    internal static readonly Statement ReadLedgerByContent = new(
        $"""SELECT {LedgerColumns} FROM "ledger" WHERE ledger_upload_id IN (SELECT upload_id FROM "upload" WHERE upload_hash = @key)""",
        new StatementParameter("@key", DbType.Binary));

    /// <summary>Paths that are links or files that stayed, in the order of their numbers: a look at each tells what the wiki took away.</summary>
    internal static readonly Statement ReadLinksAfter = new(
        """SELECT ledger_id, ledger_path, ledger_kind, ledger_state FROM "ledger" WHERE ledger_id > @after AND ledger_state IN (2, 3) AND ledger_kind <> 0 ORDER BY ledger_id""",
        new StatementParameter("@after", DbType.Int64));

    /// <summary>A path was moved.</summary>
    internal static readonly Statement MoveLedger = new(
        """UPDATE "ledger" SET ledger_path = @path, ledger_name_hash = @nameHash, ledger_kind = @kind, ledger_state = 2, ledger_run = @run WHERE ledger_id = @id""",
        new("@path", DbType.String), new("@nameHash", DbType.Int64), new("@kind", DbType.Byte), new("@run", DbType.Int64), new("@id", DbType.Int64));

    /// <summary>The rows of a version go with it to another name.</summary>
    internal static readonly Statement MoveLegacy = new(
        """
        UPDATE "legacy" SET legacy_name = @name, legacy_name_hash = @nameHash, legacy_file_hash = @nameHash, legacy_archive_name = COALESCE(@archiveName, legacy_archive_name)
        WHERE legacy_name_hash = @oldHash AND legacy_upload_id = @uploadId AND legacy_state = 1 AND legacy_kind <> 2
        """,
        new("@name", DbType.String), new("@nameHash", DbType.Int64), new("@archiveName", DbType.String), new("@oldHash", DbType.Int64), new("@uploadId", DbType.Int64));

    internal static readonly Statement RemoveLedger = new(
        """DELETE FROM "ledger" WHERE ledger_id = @id""",
        new StatementParameter("@id", DbType.Int64));

    /// <summary>An old version comes back, or is found in the archive; what was told of it stays.</summary>
    internal static readonly Statement SetShown = new(
        """
        UPDATE "upload" SET upload_deleted = @deleted, upload_archive_name = @archiveName,
            upload_deletion_user_text = NULL, upload_deletion_timestamp = NULL, upload_deletion_reason = NULL
        WHERE upload_id = @id
        """,
        new("@deleted", DbType.Int16), new("@archiveName", DbType.String), new("@id", DbType.Int64));

    internal static readonly Statement SetArchiveName = new(
        """UPDATE "upload" SET upload_archive_name = @archiveName WHERE upload_id = @id""",
        new("@archiveName", DbType.String), new("@id", DbType.Int64));

    /// <summary>Contents of the versions of a name, with what MediaWiki names deleted files by.</summary>
    internal static readonly Statement ReadContentsOfName = new(
        """
        SELECT upload_id, upload_hash, upload_deleted, file_sha1, file_sha256, file_state FROM "upload" JOIN "file" ON file_hash = upload_hash WHERE upload_name_id = @nameId
        """,
        new StatementParameter("@nameId", DbType.Int64));

    internal static readonly Statement AnyLedger = new("""SELECT MAX(ledger_id) FROM "ledger" """);

    /// <summary>Names with something left to do at a path, in the order of the conversion.</summary>
    internal static readonly Statement NextLedgerNames = new(
        """SELECT ledger_name_hash FROM "ledger" WHERE ledger_name_hash > @after AND ledger_state IN (0, 1, 4) ORDER BY ledger_name_hash""",
        new StatementParameter("@after", DbType.Int64));

    /// <summary>Names with a row that is left, in the order of the conversion.</summary>
    internal static readonly Statement NextLegacyNames = new(
        """SELECT legacy_name_hash FROM "legacy" WHERE legacy_name_hash > @after AND legacy_state IN (0, 2, 3) ORDER BY legacy_name_hash""",
        new StatementParameter("@after", DbType.Int64));

    internal static readonly Statement SetLedger = new(
        """
        UPDATE "ledger" SET ledger_state = @state, ledger_status = @status, ledger_run = @run, ledger_hash = @hash, ledger_sha256 = @sha256, ledger_upload_id = @uploadId,
            ledger_place = @place, ledger_detail = @detail
        WHERE ledger_id = @id
        """,
        new("@state", DbType.Byte), new("@status", DbType.Byte), new("@run", DbType.Int64), new("@hash", DbType.Binary), new("@sha256", DbType.Binary), new("@uploadId", DbType.Int64),
        new("@place", DbType.String), new("@detail", DbType.String), new("@id", DbType.Int64));

    internal static readonly Statement SetLedgerState = new(
        """UPDATE "ledger" SET ledger_state = @state WHERE ledger_id = @id""",
        new("@state", DbType.Byte), new("@id", DbType.Int64));

    /// <summary>The wiki took a link or a file away.</summary>
    internal static readonly Statement SetLedgerGone = new(
        """UPDATE "ledger" SET ledger_state = @state, ledger_run = @run WHERE ledger_id = @id""",
        new("@state", DbType.Byte), new("@run", DbType.Int64), new("@id", DbType.Int64));

    internal static readonly Statement ReadLegacyByName = new(
        $"""SELECT {LegacyColumns} FROM "legacy" WHERE legacy_name_hash = @nameHash""",
        new StatementParameter("@nameHash", DbType.Int64));

    /// <summary>Rows of other names whose file would lie below this one.</summary>
    internal static readonly Statement ReadLegacyByFile = new(
        $"""SELECT {LegacyColumns} FROM "legacy" WHERE legacy_file_hash = @fileHash AND legacy_kind <> 0 AND legacy_name_hash <> @fileHash""",
        new StatementParameter("@fileHash", DbType.Int64));

    internal static readonly Statement AnyLegacy = new("""SELECT MAX(legacy_id) FROM "legacy" """);

    internal static readonly Statement SetLegacy = new(
        """UPDATE "legacy" SET legacy_state = @state, legacy_upload_id = @uploadId WHERE legacy_id = @id""",
        new("@state", DbType.Byte), new("@uploadId", DbType.Int64), new("@id", DbType.Int64));
}
