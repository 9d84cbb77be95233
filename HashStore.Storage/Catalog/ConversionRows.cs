using System.Data.Common;
using HashStore.Schema.Tables;

namespace HashStore.Storage.Catalog;

/// <summary>Ledger and legacy rows, read and written by <see cref="ConversionStatements"/>. The numbers are the positions in their column lists.</summary>
internal static class ConversionRows
{
    internal static LedgerRow ReadLedger(DbDataReader row) => new()
    {
        Id = row.GetInt64(0),
        Path = row.GetString(1),
        NameHash = row.GetInt64(2),
        Kind = (LedgerKind)row.GetByte(3),
        State = (LedgerState)row.GetByte(4),
        Status = (LedgerStatus)row.GetByte(5),
        Run = row.GetInt64(6),
        Device = row.GetInt64(7),
        Inode = row.GetInt64(8),
        LinkCount = row.GetInt32(9),
        Size = row.GetInt64(10),
        Modified = row.GetInt64(11),
        Accessed = row.GetInt64(12),
        Mode = row.GetInt32(13),
        Owner = row.GetInt64(14),
        Group = row.GetInt64(15),
        Xattrs = row[16] as byte[],
        Key = row[17] as byte[],
        Sha256 = row[18] as byte[],
        UploadId = row.IsDBNull(19) ? null : row.GetInt64(19),
        Place = row.IsDBNull(20) ? null : row.GetString(20),
        Detail = row.IsDBNull(21) ? null : row.GetString(21),
    };

    internal static LegacyRow ReadLegacy(DbDataReader row) => new()
    {
        Id = row.GetInt64(0),
        Kind = (LegacyKind)row.GetByte(1),
        Name = row.GetString(2),
        NameHash = row.GetInt64(3),
        FileHash = row.GetInt64(4),
        State = (LegacyState)row.GetByte(5),
        UploadId = row.IsDBNull(6) ? null : row.GetInt64(6),
        ArchiveName = row.IsDBNull(7) ? null : row.GetString(7),
        StorageKey = row.IsDBNull(8) ? null : row.GetString(8),
        Size = row.IsDBNull(9) ? null : row.GetInt64(9),
        Sha1 = row[10] as byte[],
        Timestamp = row.IsDBNull(11) ? null : DateTime.SpecifyKind(row.GetDateTime(11), DateTimeKind.Utc),
        UserId = row.IsDBNull(12) ? null : row.GetInt64(12),
        UserText = row.GetString(13),
        Description = row.GetString(14),
        Deleted = (HiddenParts)row.GetInt16(15),
        DeletionUserText = row.IsDBNull(16) ? null : row.GetString(16),
        DeletionTimestamp = row.IsDBNull(17) ? null : DateTime.SpecifyKind(row.GetDateTime(17), DateTimeKind.Utc),
        DeletionReason = row.IsDBNull(18) ? null : row.GetString(18),
    };

    /// <summary>Describes a path; what another process wrote of it meanwhile stays.</summary>
    internal static void Insert(CatalogTransaction catalog, LedgerRow row) => catalog.Execute(
        ConversionStatements.InsertLedger,
        row.Path, row.NameHash, (byte)row.Kind, (byte)row.State, (byte)row.Status, row.Run, row.Device, row.Inode, row.LinkCount, row.Size, row.Modified, row.Accessed, row.Mode, row.Owner,
        row.Group, row.Xattrs, row.Detail);

    /// <summary>The row describes a new file at its path, unless it is not any more what it was when it was read.</summary>
    internal static void Replace(CatalogTransaction catalog, LedgerRow row, LedgerState wasState, long wasInode) => catalog.Execute(
        ConversionStatements.ReplaceLedger,
        row.NameHash, (byte)row.Kind, (byte)row.State, (byte)row.Status, row.Run, row.Device, row.Inode, row.LinkCount, row.Size, row.Modified, row.Accessed, row.Mode, row.Owner,
        row.Group, row.Xattrs, row.Detail, row.Id, (byte)wasState, wasInode);

    /// <summary>Writes what was done to a path.</summary>
    internal static void Set(CatalogTransaction catalog, LedgerRow row) => catalog.Execute(
        ConversionStatements.SetLedger,
        (byte)row.State, (byte)row.Status, row.Run, row.Key, row.Sha256, row.UploadId, row.Place, row.Detail, row.Id);
}
