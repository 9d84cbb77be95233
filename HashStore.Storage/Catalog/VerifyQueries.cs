using HashStore.Schema;
using HashStore.Schema.Tables;
using Microsoft.EntityFrameworkCore;

namespace HashStore.Storage.Catalog;

/// <summary>What verifying needs of a <c>file</c> row, with the uploads that refer to it: of one moment, because one statement reads them.</summary>
internal sealed record VerifiedObject
{
    public required byte[] Hash { get; init; }

    public required byte[] Sha256 { get; init; }

    public required long Size { get; init; }

    public required FileState State { get; init; }

    public required DateTime Touched { get; init; }

    /// <summary>Whether any upload refers to it.</summary>
    public required bool IsUsed { get; init; }

    /// <summary>Whether an upload refers to it that is not hidden, of a name that is not deleted.</summary>
    public required bool IsShown { get; init; }
}

/// <summary>What verifying needs of a <c>ledger</c> row, with the object and the version that it speaks of.</summary>
internal sealed record VerifiedPath
{
    public required long Id { get; init; }

    public required string Path { get; init; }

    public required LedgerKind Kind { get; init; }

    public required LedgerState State { get; init; }

    public required LedgerStatus Status { get; init; }

    public required long Run { get; init; }

    public required long Inode { get; init; }

    public required long Size { get; init; }

    public required int Mode { get; init; }

    public required byte[]? Key { get; init; }

    public required byte[]? Sha256 { get; init; }

    public required long? UploadId { get; init; }

    public required string? Place { get; init; }

    /// <summary>SHA-256 of the object of <see cref="Key"/>; null when it has no row.</summary>
    public required byte[]? ObjectSha256 { get; init; }

    public required FileState? ObjectState { get; init; }

    public required DateTime? ObjectTouched { get; init; }

    /// <summary>Key of the version <see cref="UploadId"/>; null when there is none.</summary>
    public required byte[]? UploadHash { get; init; }
}

/// <summary>A converted <c>legacy</c> row beside the version that it became; the properties of that one are null when it is gone.</summary>
internal sealed record VerifiedVersion
{
    public required long Id { get; init; }

    public required LegacyKind Kind { get; init; }

    public required string Name { get; init; }

    public required long NameHash { get; init; }

    public required long? UploadId { get; init; }

    public required string? ArchiveName { get; init; }

    public required byte[]? Sha1 { get; init; }

    public required DateTime? Timestamp { get; init; }

    public required long? UserId { get; init; }

    public required string UserText { get; init; }

    public required string Description { get; init; }

    public required HiddenParts Deleted { get; init; }

    public required byte[]? UploadHash { get; init; }

    public required DateTime? UploadTimestamp { get; init; }

    public required long? UploadUser { get; init; }

    public required string? UploadUserText { get; init; }

    public required string? UploadDescription { get; init; }

    public required HiddenParts? UploadDeleted { get; init; }

    public required string? UploadArchiveName { get; init; }

    public required DateTime? UploadDeletionTimestamp { get; init; }

    /// <summary>SHA-1 of the version's content; null when it has no object's row.</summary>
    public required byte[]? ObjectSha1 { get; init; }

    /// <summary>
    /// Whether the version belongs to the row's name, or to what that was renamed to; also where the old name was taken by a younger one since, which then has younger versions only.
    /// </summary>
    public required bool HasName { get; init; }

    /// <summary>Whether the tables have versions of its name that are not deleted.</summary>
    public required bool HasShownRows { get; init; }

    /// <summary>Whether the version is its name's current one.</summary>
    public required bool IsLatest { get; init; }
}

/// <summary>
/// The queries of <c>verify</c> and <c>status</c>. They page by key, so that each reads a bounded number of rows and no snapshot is held for long beside a server that writes. Nothing is tracked, and
/// nothing is shared with the statements that the conversion writes and reads its rows by.
/// </summary>
internal static class VerifyQueries
{
    /// <summary>Objects after <paramref name="after"/> in the order of their keys; null: from the first.</summary>
    internal static IQueryable<VerifiedObject> Objects(HashStoreContext context, byte[]? after, int limit)
    {
        // C# has no "greater than" for binary columns that EF Core would translate.
        var files = after is null
            ? context.Files
            : context.Files.FromSqlRaw(
                $"SELECT {Statements.FileColumns} FROM \"file\" WHERE file_hash > @after", CheckQueries.Parameter(context, "@after", after));
        return WithUse(context, files.AsNoTracking().OrderBy(row => row.Hash).Take(limit)).OrderBy(row => row.Hash);
    }

    /// <summary>One object again.</summary>
    internal static IQueryable<VerifiedObject> Object(HashStoreContext context, byte[] hash) =>
        WithUse(context, context.Files.AsNoTracking().Where(row => row.Hash == hash));

    /// <summary>Legacy paths after a number; folders apart.</summary>
    internal static IQueryable<VerifiedPath> Paths(HashStoreContext context, long after, int limit) =>
        WithObject(context, context.Ledger.AsNoTracking().Where(row => row.Id > after && row.Kind != LedgerKind.Folder)).OrderBy(row => row.Id).Take(limit);

    /// <summary>The tree's own folder.</summary>
    internal static IQueryable<LedgerRow> Tree(HashStoreContext context) => context.Ledger.AsNoTracking().Where(row => row.Path == "");

    /// <summary>One legacy path again.</summary>
    internal static IQueryable<VerifiedPath> Path(HashStoreContext context, long id) =>
        WithObject(context, context.Ledger.AsNoTracking().Where(row => row.Id == id));

    /// <summary>Number of legacy paths, folders apart.</summary>
    internal static IQueryable<Sum> AllPaths(HashStoreContext context) =>
        from row in context.Ledger
        where row.Kind != LedgerKind.Folder
        group row by 1 into all
        select new Sum { Count = all.LongCount(), Bytes = all.Sum(row => row.Size) };

    /// <summary>Paths that became one version.</summary>
    internal static IQueryable<LedgerRow> PathsOfVersion(HashStoreContext context, long uploadId) =>
        context.Ledger.AsNoTracking().Where(row => row.UploadId == uploadId).OrderBy(row => row.Id);

    /// <summary>Converted rows of the legacy tables after a number.</summary>
    internal static IQueryable<VerifiedVersion> Versions(HashStoreContext context, long after, int limit) =>
        WithUpload(context, context.Legacy.AsNoTracking().Where(row => row.Id > after && row.State == LegacyState.Converted)).OrderBy(row => row.Id).Take(limit);

    /// <summary>One converted row again.</summary>
    internal static IQueryable<VerifiedVersion> Version(HashStoreContext context, long id) =>
        WithUpload(context, context.Legacy.AsNoTracking().Where(row => row.Id == id && row.State == LegacyState.Converted));

    /// <summary>All rows that became one version: several where the tables have duplicates.</summary>
    internal static IQueryable<VerifiedVersion> RowsOfVersion(HashStoreContext context, long nameHash, long uploadId) =>
        WithUpload(context, context.Legacy.AsNoTracking()
            .Where(row => row.NameHash == nameHash && row.State == LegacyState.Converted && row.UploadId == uploadId));

    /// <summary>Which of these legacy paths have a row.</summary>
    internal static IQueryable<string> KnownPaths(HashStoreContext context, string[] paths) =>
        context.Ledger.Where(row => Enumerable.Contains(paths, row.Path)).Select(row => row.Path); // not the one on spans, which no query translates

    /// <summary>Legacy paths that are links to an object, as the ledger says.</summary>
    internal static IQueryable<string> LinksTo(HashStoreContext context, byte[] key, int limit) =>
        context.Ledger.Where(row => row.Key == key && (row.State == LedgerState.Linked || row.State == LedgerState.Committed)).OrderBy(row => row.Id).Select(row => row.Path).Take(limit);

    /// <summary>Legacy paths where a file with some content may lie: those of the content, and those of its size that were never read; no thumbnails.</summary>
    internal static IQueryable<string> Copies(HashStoreContext context, byte[] key, long size, int limit) =>
        context.Ledger.Where(row => row.Key == key || (row.Size == size && row.Key == null))
            .Where(row => row.Kind == LedgerKind.Current || row.Kind == LedgerKind.Archive || row.Kind == LedgerKind.Deleted || row.Kind == LedgerKind.Other)
            .OrderBy(row => row.Key == null).ThenBy(row => row.Id).Select(row => row.Path).Take(limit);

    /// <summary>Number of the last run: its time in milliseconds since 1970.</summary>
    internal static IQueryable<long> LastRun(HashStoreContext context) =>
        from row in context.Ledger
        group row by 1 into all
        select all.Max(row => row.Run);

    /// <summary>Paths that are missing or failed, after a number.</summary>
    internal static IQueryable<LedgerRow> Problems(HashStoreContext context, long after, int limit) =>
        context.Ledger.AsNoTracking()
            .Where(row => row.Id > after && row.Kind != LedgerKind.Folder
                && (row.State == LedgerState.Failed || row.Status == LedgerStatus.Missing || row.Status == LedgerStatus.Failed)).OrderBy(row => row.Id).Take(limit);

    private static IQueryable<VerifiedObject> WithUse(HashStoreContext context, IQueryable<FileRow> files) =>
        from file in files
        select new VerifiedObject
        {
            Hash = file.Hash,
            Sha256 = file.Sha256,
            Size = file.Size,
            State = file.State,
            Touched = file.Touched,
            IsUsed = context.Uploads.Any(upload => upload.Hash == file.Hash),
            IsShown = context.Uploads.Any(upload => upload.Hash == file.Hash && (upload.Deleted & HiddenParts.Content) == 0
                && !context.Filenames.Any(name => name.Id == upload.NameId && name.Deleted)),
        };

    private static IQueryable<VerifiedPath> WithObject(HashStoreContext context, IQueryable<LedgerRow> paths) =>
        from row in paths
        join file in context.Files on row.Key equals file.Hash into files
        from file in files.DefaultIfEmpty()
        join upload in context.Uploads on row.UploadId equals (long?)upload.Id into uploads
        from upload in uploads.DefaultIfEmpty()
        select new VerifiedPath
        {
            Id = row.Id,
            Path = row.Path,
            Kind = row.Kind,
            State = row.State,
            Status = row.Status,
            Run = row.Run,
            Inode = row.Inode,
            Size = row.Size,
            Mode = row.Mode,
            Key = row.Key,
            Sha256 = row.Sha256,
            UploadId = row.UploadId,
            Place = row.Place,
            ObjectSha256 = file == null ? null : file.Sha256,
            ObjectState = file == null ? null : file.State,
            ObjectTouched = file == null ? null : file.Touched,
            UploadHash = upload == null ? null : upload.Hash,
        };

    private static IQueryable<VerifiedVersion> WithUpload(HashStoreContext context, IQueryable<LegacyRow> rows) =>
        from row in rows
        join upload in context.Uploads on row.UploadId equals (long?)upload.Id into uploads
        from upload in uploads.DefaultIfEmpty()
        join file in context.Files on upload.Hash equals file.Hash into files
        from file in files.DefaultIfEmpty()
        select new VerifiedVersion
        {
            Id = row.Id,
            Kind = row.Kind,
            Name = row.Name,
            NameHash = row.NameHash,
            UploadId = row.UploadId,
            ArchiveName = row.ArchiveName,
            Sha1 = row.Sha1,
            Timestamp = row.Timestamp,
            UserId = row.UserId,
            UserText = row.UserText,
            Description = row.Description,
            Deleted = row.Deleted,
            UploadHash = upload == null ? null : upload.Hash,
            UploadTimestamp = upload == null ? null : upload.Timestamp,
            UploadUser = upload == null ? null : upload.User,
            UploadUserText = upload == null ? null : upload.UserText,
            UploadDescription = upload == null ? null : upload.Description,
            UploadDeleted = upload == null ? null : upload.Deleted,
            UploadArchiveName = upload == null ? null : upload.ArchiveName,
            UploadDeletionTimestamp = upload == null ? null : upload.DeletionTimestamp,
            ObjectSha1 = file == null ? null : file.Sha1,
            HasName = upload != null && context.Filenames.Any(name => name.Name == row.Name && (name.Id == upload.NameId || name.Redirect == upload.NameId
                || (name.Id > upload.NameId && name.Latest != upload.Id && !context.Uploads.Any(other => other.NameId == name.Id && other.Id < upload.Id)))),
            HasShownRows = context.Legacy.Any(other => other.NameHash == row.NameHash && other.Name == row.Name && other.Kind != LegacyKind.Deleted),
            IsLatest = upload != null && context.Filenames.Any(name => name.Id == upload.NameId && name.Latest == upload.Id),
        };
}
