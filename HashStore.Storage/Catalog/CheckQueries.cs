using System.Data;
using System.Data.Common;
using HashStore.Schema;
using HashStore.Schema.Tables;
using Microsoft.EntityFrameworkCore;

namespace HashStore.Storage.Catalog;

/// <summary>
/// What the checker needs of a <c>file</c> row, with the uploads that really refer to it: both of one moment, because one statement reads them.
/// </summary>
internal sealed record CheckedFile
{
    public required byte[] Hash { get; init; }

    public required byte[] Sha256 { get; init; }

    public required byte[]? Digest { get; init; }

    public required long Size { get; init; }

    public required long RefCount { get; init; }

    public required FileState State { get; init; }

    public required DateTime Touched { get; init; }

    /// <summary>Uploads that count: content not hidden, name not deleted.</summary>
    public required long Counted { get; init; }
}

/// <summary>What the checker needs of an <c>upload</c> row.</summary>
internal sealed record CheckedUpload
{
    public required long Id { get; init; }

    public required long NameId { get; init; }

    public required byte[] Hash { get; init; }

    public required bool HasName { get; init; }

    public required bool HasFile { get; init; }
}

/// <summary>What the checker needs of a <c>filename</c> row.</summary>
internal sealed record CheckedName
{
    public required long Id { get; init; }

    public required string Name { get; init; }

    public required long? Latest { get; init; }

    public required long? Redirect { get; init; }

    /// <summary>The name that the upload <see cref="Latest"/> belongs to; null when there is no such upload.</summary>
    public required long? LatestNameId { get; init; }

    /// <summary>Whether <see cref="Redirect"/> is a name with versions of its own.</summary>
    public required bool HasTarget { get; init; }

    /// <summary>Key of the name's newest version: where to look for what a broken row has lost.</summary>
    public required byte[]? NewestHash { get; init; }
}

/// <summary>
/// The checker's queries, apart from where they are run, so that a test can show each one to SQL Server's grammar. They page by key, so that each reads a
/// bounded number of rows and no snapshot is held for long beside a server that writes. Nothing is tracked.
/// </summary>
internal static class CheckQueries
{
    /// <summary>Rows after <paramref name="after"/> in the order of their keys; null: from the first.</summary>
    internal static IQueryable<CheckedFile> Files(HashStoreContext context, byte[]? after, int limit) =>
        WithCount(context, After(context, after).AsNoTracking().OrderBy(row => row.Hash).Take(limit)).OrderBy(row => row.Hash);

    /// <summary>One row again.</summary>
    internal static IQueryable<CheckedFile> File(HashStoreContext context, byte[] hash) =>
        WithCount(context, context.Files.AsNoTracking().Where(row => row.Hash == hash));

    /// <summary>The rows of these keys.</summary>
    internal static IQueryable<CheckedFile> FilesOf(HashStoreContext context, byte[][] hashes) =>
        WithCount(context, context.Files.AsNoTracking().Where(file => Enumerable.Contains(hashes, file.Hash)));

    /// <summary>Claims and deleted content that nobody touched since a time and to which no version refers, hidden and deleted ones included: what a collector plans by.</summary>
    internal static IQueryable<CheckedFile> Unreferenced(HashStoreContext context, byte[]? after, DateTime before, int limit) => WithCount(
        context,
        After(context, after).AsNoTracking()
            .Where(file => (file.State == FileState.Claimed || file.State == FileState.Deleted) && file.RefCount == 0 && file.Touched < before
                && !context.Uploads.Any(upload => upload.Hash == file.Hash))
            .OrderBy(file => file.Hash).Take(limit)).OrderBy(file => file.Hash);

    /// <summary>Number of objects and of their bytes, in any state.</summary>
    internal static IQueryable<Sum> AllFiles(HashStoreContext context) =>
        from file in context.Files
        group file by 1 into all
        select new Sum { Count = all.LongCount(), Bytes = all.Sum(file => file.Size) };

    /// <summary>Number and bytes of the objects after <paramref name="after"/>, in any state; null: of all.</summary>
    internal static IQueryable<Sum> FilesAfter(HashStoreContext context, byte[]? after) =>
        from file in After(context, after)
        group file by 1 into all
        select new Sum { Count = all.LongCount(), Bytes = all.Sum(file => file.Size) };

    /// <summary>Which of these keys have a row.</summary>
    internal static IQueryable<byte[]> Known(HashStoreContext context, byte[][] hashes) =>
        context.Files.Where(row => Enumerable.Contains(hashes, row.Hash)).Select(row => row.Hash); // not the one on spans, which no query translates

    /// <summary>Uploads after a number.</summary>
    internal static IQueryable<CheckedUpload> Uploads(HashStoreContext context, long after, int limit) =>
        WithReferences(context, context.Uploads.AsNoTracking().Where(row => row.Id > after)).OrderBy(row => row.Id).Take(limit);

    /// <summary>One upload again.</summary>
    internal static IQueryable<CheckedUpload> Upload(HashStoreContext context, long id) =>
        WithReferences(context, context.Uploads.AsNoTracking().Where(row => row.Id == id));

    /// <summary>Names after a number.</summary>
    internal static IQueryable<CheckedName> Names(HashStoreContext context, long after, int limit) =>
        WithReferences(context, context.Filenames.AsNoTracking().Where(row => row.Id > after)).OrderBy(row => row.Id).Take(limit);

    /// <summary>One name again.</summary>
    internal static IQueryable<CheckedName> Name(HashStoreContext context, long id) =>
        WithReferences(context, context.Filenames.AsNoTracking().Where(row => row.Id == id));

    /// <summary>A binary parameter for raw SQL.</summary>
    internal static DbParameter Parameter(HashStoreContext context, string name, byte[] value)
    {
        using var command = context.Database.GetDbConnection().CreateCommand();
        var parameter = command.CreateParameter();
        (parameter.ParameterName, parameter.DbType, parameter.Value) = (name, DbType.Binary, value);
        return parameter;
    }

    /// <summary>C# has no "greater than" for binary columns that EF Core would translate.</summary>
    private static IQueryable<FileRow> After(HashStoreContext context, byte[]? after) => after is null
        ? context.Files
        : context.Files.FromSqlRaw($"SELECT {Statements.FileColumns} FROM \"file\" WHERE file_hash > @after", Parameter(context, "@after", after));

    private static IQueryable<CheckedFile> WithCount(HashStoreContext context, IQueryable<FileRow> files) =>
        from file in files
        select new CheckedFile
        {
            Hash = file.Hash,
            Sha256 = file.Sha256,
            Digest = file.Digest,
            Size = file.Size,
            RefCount = file.RefCount,
            State = file.State,
            Touched = file.Touched,

            // An upload whose name row is lost still counts: it is reported by itself, and its object must not be taken for unused because of it.
            Counted = context.Uploads.LongCount(upload => upload.Hash == file.Hash && (upload.Deleted & HiddenParts.Content) == 0
                && !context.Filenames.Any(name => name.Id == upload.NameId && name.Deleted)),
        };

    private static IQueryable<CheckedUpload> WithReferences(HashStoreContext context, IQueryable<UploadRow> uploads) =>
        from upload in uploads
        select new CheckedUpload
        {
            Id = upload.Id,
            NameId = upload.NameId,
            Hash = upload.Hash,
            HasName = context.Filenames.Any(name => name.Id == upload.NameId),
            HasFile = context.Files.Any(file => file.Hash == upload.Hash),
        };

    private static IQueryable<CheckedName> WithReferences(HashStoreContext context, IQueryable<FilenameRow> names) =>
        from name in names
        select new CheckedName
        {
            Id = name.Id,
            Name = name.Name,
            Latest = name.Latest,
            Redirect = name.Redirect,
            LatestNameId = context.Uploads.Where(upload => upload.Id == name.Latest).Select(upload => (long?)upload.NameId).FirstOrDefault(),
            HasTarget = context.Filenames.Any(target => target.Id == name.Redirect && target.Latest != null),
            NewestHash = context.Uploads.Where(upload => upload.NameId == name.Id)
                .OrderByDescending(upload => upload.Timestamp).Select(upload => upload.Hash).FirstOrDefault(),
        };
}
