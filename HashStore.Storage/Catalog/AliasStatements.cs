using System.Data;

namespace HashStore.Storage.Catalog;

/// <summary>The statements that change the key of an object, and of the keys that objects had before, in the SQL that SQLite and SQL Server share.</summary>
internal static class AliasStatements
{
    internal static readonly Statement SetLayout = new(
        """UPDATE "store" SET store_generation = store_generation + 1, store_key_bits = @keyBits, store_from_bits = @fromBits WHERE store_id = 1""",
        new("@keyBits", DbType.Int32), new("@fromBits", DbType.Int32));

    internal static readonly Statement FinishLayout = new("""UPDATE "store" SET store_from_bits = NULL WHERE store_id = 1""");

    internal static readonly Statement Find = new(
        """SELECT alias_hash FROM "alias" WHERE alias_key = @key""",
        new StatementParameter("@key", DbType.Binary));

    internal static readonly Statement ReadOfHash = new(
        """SELECT alias_key, alias_state FROM "alias" WHERE alias_hash = @hash""",
        new StatementParameter("@hash", DbType.Binary));

    internal static readonly Statement Insert = new(
        """INSERT INTO "alias" (alias_key, alias_hash, alias_state) VALUES (@key, @hash, 0)""",
        new("@key", DbType.Binary), new("@hash", DbType.Binary));

    internal static readonly Statement Remove = new(
        """DELETE FROM "alias" WHERE alias_key = @key""",
        new StatementParameter("@key", DbType.Binary));

    internal static readonly Statement MoveHash = new(
        """UPDATE "alias" SET alias_hash = @to, alias_state = 0 WHERE alias_hash = @from""",
        new("@to", DbType.Binary), new("@from", DbType.Binary));

    internal static readonly Statement SetPlaced = new(
        """UPDATE "alias" SET alias_state = 1 WHERE alias_key = @key AND alias_hash = @hash""",
        new("@key", DbType.Binary), new("@hash", DbType.Binary));

    internal static readonly Statement SetPending = new(
        """UPDATE "alias" SET alias_state = 0 WHERE alias_key = @key""",
        new StatementParameter("@key", DbType.Binary));

    internal static readonly Statement CopyFile = new(
        $"""
        INSERT INTO "file" ({Statements.FileColumns})
        SELECT @to, file_sha256, file_digest, file_sha1, file_size, file_width, file_height, file_bits, file_playtime,
            file_media_type, file_mime_major, file_mime_minor, file_refcount, file_state, file_touched, file_metadata
        FROM "file" WHERE file_hash = @from
        """,
        new("@to", DbType.Binary), new("@from", DbType.Binary));

    internal static readonly Statement RemoveFile = new(
        """DELETE FROM "file" WHERE file_hash = @hash""",
        new StatementParameter("@hash", DbType.Binary));

    internal static readonly Statement MoveUploads = new(
        """UPDATE "upload" SET upload_hash = @to WHERE upload_hash = @from""",
        new("@to", DbType.Binary), new("@from", DbType.Binary));

    internal static readonly Statement MoveLedger = new(
        """UPDATE "ledger" SET ledger_hash = @to WHERE ledger_hash = @from""",
        new("@to", DbType.Binary), new("@from", DbType.Binary));

    internal static readonly Statement CountPlaces = new(
        """SELECT COUNT(*) FROM "ledger" WHERE ledger_hash = @hash AND ledger_place = @place""",
        new("@hash", DbType.Binary), new("@place", DbType.String));

    internal static readonly Statement MovePlaces = new(
        """UPDATE "ledger" SET ledger_place = @to WHERE ledger_hash = @hash AND ledger_place = @from""",
        new("@to", DbType.String), new("@hash", DbType.Binary), new("@from", DbType.String));

    internal static readonly Statement ReadKeys = new(
        """SELECT file_hash, file_sha256, file_state FROM "file" ORDER BY file_hash""");

    internal static readonly Statement ReadStaleLedger = new(
        """SELECT ledger_hash, alias_hash FROM "ledger" JOIN "alias" ON alias_key = ledger_hash ORDER BY ledger_hash""");
}
