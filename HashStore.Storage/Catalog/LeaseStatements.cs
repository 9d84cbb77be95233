using System.Data;

namespace HashStore.Storage.Catalog;

/// <summary>The statements of the leases, in the SQL that SQLite and SQL Server share.</summary>
internal static class LeaseStatements
{
    internal static readonly Statement ReadOverlapping = new(
        """
        SELECT lease_id, lease_from, lease_to, lease_holder, lease_expires FROM "lease"
        WHERE lease_kind = @kind AND lease_to >= @from AND lease_from <= @to ORDER BY lease_from
        """,
        new("@kind", DbType.Byte), new("@from", DbType.Int64), new("@to", DbType.Int64));

    internal static readonly Statement Insert = new(
        """INSERT INTO "lease" (lease_kind, lease_from, lease_to, lease_holder, lease_expires) VALUES (@kind, @from, @to, @holder, @expires)""",
        new("@kind", DbType.Byte), new("@from", DbType.Int64), new("@to", DbType.Int64), new("@holder", DbType.AnsiString), new("@expires", DbType.Int64)) { ReturnsId = true };

    internal static readonly Statement Renew = new(
        """UPDATE "lease" SET lease_expires = @expires WHERE lease_id = @id""",
        new("@expires", DbType.Int64), new("@id", DbType.Int64));

    internal static readonly Statement Remove = new(
        """DELETE FROM "lease" WHERE lease_id = @id""",
        new StatementParameter("@id", DbType.Int64));

    internal static readonly Statement Find = new(
        """SELECT lease_id FROM "lease" WHERE lease_id = @id""",
        new StatementParameter("@id", DbType.Int64));
}
