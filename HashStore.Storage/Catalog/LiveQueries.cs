using HashStore.Schema;
using HashStore.Schema.Tables;
using Microsoft.EntityFrameworkCore;

namespace HashStore.Storage.Catalog;

/// <summary>A legacy path, and whether the version that it became is shown.</summary>
internal sealed class ShownPath
{
    public required LedgerRow Row { get; init; }

    public bool IsShown { get; init; }
}

/// <summary>What a server asks about single names and paths of a legacy tree.</summary>
internal static class LiveQueries
{
    /// <summary>What the ledger knows of a path.</summary>
    internal static IQueryable<LedgerRow> Path(HashStoreContext context, string path) => context.Ledger.AsNoTracking().Where(row => row.Path == path);

    /// <summary>Whether a path's version is shown.</summary>
    internal static IQueryable<bool> IsShown(HashStoreContext context, long uploadId) =>
        from upload in context.Uploads
        join name in context.Filenames on upload.NameId equals name.Id
        where upload.Id == uploadId
        select !name.Deleted && (upload.Deleted & HiddenParts.Content) == 0;

    /// <summary>Rows of a name that wait to be converted.</summary>
    internal static IQueryable<LegacyRow> Waiting(HashStoreContext context, long nameHash, string name) =>
        context.Legacy.AsNoTracking().Where(row => row.NameHash == nameHash && row.Name == name && row.State == LegacyState.Pending);

    /// <summary>Rows that hide or delete what was archived under a name.</summary>
    internal static IQueryable<LegacyRow> Hidden(HashStoreContext context, long fileHash, string archiveName) => context.Legacy.AsNoTracking().Where(row =>
        row.FileHash == fileHash && row.Kind != LegacyKind.Current && row.ArchiveName == archiveName && (row.Kind == LegacyKind.Deleted || (row.Deleted & HiddenParts.Content) != 0));

    /// <summary>The paths of the versions of a name.</summary>
    internal static IQueryable<ShownPath> PathsOfName(HashStoreContext context, long nameId) =>
        from upload in context.Uploads
        join name in context.Filenames on upload.NameId equals name.Id
        join row in context.Ledger.AsNoTracking() on (long?)upload.Id equals row.UploadId
        where upload.NameId == nameId && (row.Kind == LedgerKind.Current || row.Kind == LedgerKind.Archive)
        select new ShownPath { Row = row, IsShown = !name.Deleted && (upload.Deleted & HiddenParts.Content) == 0 };

    /// <summary>The thumbnails of a name's versions that are links.</summary>
    internal static IQueryable<LedgerRow> LinkedThumbs(HashStoreContext context, long nameHash) => context.Ledger.AsNoTracking()
        .Where(row => row.NameHash == nameHash && row.State == LedgerState.Linked && (row.Kind == LedgerKind.Thumb || row.Kind == LedgerKind.ArchiveThumb));

    /// <summary>The places of all thumbnails that links in the legacy tree lead to.</summary>
    internal static IQueryable<string> LinkedPlaces(HashStoreContext context) => context.Ledger.AsNoTracking()
        .Where(row => (row.Kind == LedgerKind.Thumb || row.Kind == LedgerKind.ArchiveThumb) && (row.State == LedgerState.Linked || row.State == LedgerState.Committed) && row.Place != null)
        .Select(row => row.Place!);
}
