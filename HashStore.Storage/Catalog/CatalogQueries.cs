using HashStore.Schema;
using HashStore.Schema.Tables;
using Microsoft.EntityFrameworkCore;

namespace HashStore.Storage.Catalog;

/// <summary>What showing a version needs of its content's row: all but the metadata, which can be long.</summary>
internal sealed class ShownFile
{
    public byte[] Hash { get; init; } = null!;

    public byte[] Sha256 { get; init; } = null!;

    public byte[]? Digest { get; init; }

    public long Size { get; init; }

    public int? Width { get; init; }

    public int? Height { get; init; }

    public string MimeMajor { get; init; } = null!;

    public string MimeMinor { get; init; } = null!;
}

/// <summary>A version with its content.</summary>
internal sealed class VersionAndFile
{
    public UploadRow Upload { get; init; } = null!;

    public ShownFile File { get; init; } = null!;
}

/// <summary>A name with its current version.</summary>
internal sealed class NameAndCurrent
{
    public FilenameRow Name { get; init; } = null!;

    public UploadRow Upload { get; init; } = null!;

    public ShownFile File { get; init; } = null!;
}

/// <summary>What serving an object needs of its row.</summary>
internal sealed class ServedRow
{
    public byte[] Sha256 { get; init; } = null!;

    public byte[]? Digest { get; init; }

    public long Size { get; init; }

    public FileState State { get; init; }

    public int? Width { get; init; }

    public int? Height { get; init; }

    public string MimeMajor { get; init; } = null!;

    public string MimeMinor { get; init; } = null!;

    public string? Metadata { get; init; }
}

/// <summary>An object on its way between the zones.</summary>
internal sealed class UnsettledRow
{
    public byte[] Hash { get; init; } = null!;

    public long RefCount { get; init; }
}

/// <summary>Some content to search for.</summary>
/// <param name="Keys">The keys that it may have where SHA-256 makes them; else null.</param>
/// <param name="Sha256">Its whole SHA-256.</param>
internal readonly record struct ContentSearch(byte[][]? Keys, byte[] Sha256);

/// <summary>Numbers for <see cref="StoreSums"/>.</summary>
internal sealed class Sum
{
    public long Count { get; init; }

    public long Bytes { get; init; }
}

/// <summary>Every query of the reading side, apart from where it is run, so that a test can show each one to SQL Server's grammar. Nothing is tracked.</summary>
internal static class CatalogQueries
{
    internal static IQueryable<FilenameRow> Name(HashStoreContext context, string name) =>
        context.Filenames.AsNoTracking().Where(row => row.Name == name);

    internal static IQueryable<FilenameRow> NameById(HashStoreContext context, long id) =>
        context.Filenames.AsNoTracking().Where(row => row.Id == id);

    internal static IQueryable<VersionAndFile> Versions(HashStoreContext context, long nameId) =>
        from upload in context.Uploads.AsNoTracking()
        join file in Shown(context) on upload.Hash equals file.Hash
        where upload.NameId == nameId
        orderby upload.Timestamp descending, upload.Id descending
        select new VersionAndFile { Upload = upload, File = file };

    internal static IQueryable<NameAndCurrent> Current(HashStoreContext context, string name) =>
        WithCurrent(context, context.Filenames.AsNoTracking().Where(row => row.Name == name));

#pragma warning disable CA1309 // translated to SQL, where the column's collation compares byte by byte

    /// <summary>Live names in byte order after <paramref name="after"/>, from <paramref name="from"/> on and before <paramref name="before"/> where these are given.</summary>
    internal static IQueryable<NameAndCurrent> Names(HashStoreContext context, string? after, string? from, string? before, ContentSearch? content, bool hiddenToo, int limit)
    {
        var names = context.Filenames.AsNoTracking().Where(row => !row.Deleted && row.Latest != null);
        if (after is not null)
        {
            names = names.Where(row => string.Compare(row.Name, after) > 0);
        }

        if (from is not null && before is not null)
        {
            names = names.Where(row => string.Compare(row.Name, from) >= 0 && string.Compare(row.Name, before) < 0);
        }

        if (content is { } wanted)
        {
            // Each form finds its index: the primary key, or the one on SHA-256 that only stores with another algorithm fill.
            var (keys, sha256) = wanted;
            var files = keys is not null
                ? context.Files.Where(file => Enumerable.Contains(keys, file.Hash) && file.Sha256 == sha256)
                : context.Files.Where(file => file.Sha256 == sha256 && file.Digest != null);
            var holding = from upload in context.Uploads
                          join file in files on upload.Hash equals file.Hash
                          where hiddenToo || (upload.Deleted & HiddenParts.Content) == 0
                          select upload.NameId;
            names = names.Where(row => holding.Contains(row.Id));
        }

        return WithCurrent(context, names).OrderBy(row => row.Name.Name).Take(limit);
    }

#pragma warning restore CA1309

    internal static IQueryable<ServedRow> Served(HashStoreContext context, byte[] hash) =>
        context.Files.AsNoTracking().Where(row => row.Hash == hash).Select(row => new ServedRow
        {
            Sha256 = row.Sha256, Digest = row.Digest, Size = row.Size, State = row.State, Width = row.Width, Height = row.Height, MimeMajor = row.MimeMajor, MimeMinor = row.MimeMinor, Metadata = row.Metadata,
        });

    /// <summary>Shown versions with this content under this name, or under the name that it was renamed to.</summary>
    internal static IQueryable<long> StoredUnder(HashStoreContext context, byte[] hash, string name) =>
        from row in context.Filenames
        from upload in context.Uploads
        where row.Name == name && !row.Deleted && (upload.NameId == row.Id || upload.NameId == row.Redirect)
            && upload.Hash == hash && (upload.Deleted & HiddenParts.Content) == 0
        select upload.Id;

    /// <summary>Objects on their way between the zones; the first condition is the filter of the index that holds them.</summary>
    internal static IQueryable<UnsettledRow> Unsettled(HashStoreContext context) =>
        context.Files.Where(row => (row.State == FileState.Claimed || row.State == FileState.Collecting) && row.State == FileState.Collecting)
            .Select(row => new UnsettledRow { Hash = row.Hash, RefCount = row.RefCount });

    internal static IQueryable<int> LiveNames(HashStoreContext context) =>
        context.Filenames.Where(row => !row.Deleted && row.Latest != null).Select(row => 1);

    internal static IQueryable<Sum> LiveVersions(HashStoreContext context) =>
        from upload in context.Uploads
        join row in context.Filenames on upload.NameId equals row.Id
        join file in context.Files on upload.Hash equals file.Hash
        where !row.Deleted
        group file by (upload.Deleted & HiddenParts.Content) == 0 into shown
        select new Sum { Count = shown.LongCount(), Bytes = shown.Key ? shown.Sum(file => file.Size) : 0 };

    internal static IQueryable<Sum> PublicObjects(HashStoreContext context) =>
        from file in context.Files
        where file.State == FileState.Public
        group file by 1 into all
        select new Sum { Count = all.LongCount(), Bytes = all.Sum(file => file.Size) };

    /// <summary>All names, redirects included, under which some content is or was stored.</summary>
    internal static IQueryable<string> NamesHolding(HashStoreContext context, byte[] hash, int limit) =>
        (from upload in context.Uploads
         from row in context.Filenames
         where upload.Hash == hash && (row.Id == upload.NameId || row.Redirect == upload.NameId)
         select row.Name).Distinct().OrderBy(name => name).Take(limit);

    private static IQueryable<ShownFile> Shown(HashStoreContext context) => context.Files.Select(row => new ShownFile
    {
        Hash = row.Hash, Sha256 = row.Sha256, Digest = row.Digest, Size = row.Size, Width = row.Width, Height = row.Height, MimeMajor = row.MimeMajor, MimeMinor = row.MimeMinor,
    });

    private static IQueryable<NameAndCurrent> WithCurrent(HashStoreContext context, IQueryable<FilenameRow> names) =>
        from name in names
        join upload in context.Uploads.AsNoTracking() on name.Latest equals upload.Id
        join file in Shown(context) on upload.Hash equals file.Hash
        select new NameAndCurrent { Name = name, Upload = upload, File = file };
}
