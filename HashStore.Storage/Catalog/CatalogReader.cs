using HashStore.Schema;
using HashStore.Schema.Tables;
using Microsoft.EntityFrameworkCore;

namespace HashStore.Storage.Catalog;

/// <summary>What a list asks for.</summary>
/// <param name="Prefix">Only names that begin so; null: all.</param>
/// <param name="After">Only names after this one; null: from the first.</param>
/// <param name="Limit">At most so many.</param>
/// <param name="Sha256">Only names of which a version has this content; null: all.</param>
/// <param name="HiddenToo">Whether hidden versions are searched too.</param>
public sealed record NameQuery(string? Prefix, string? After, int Limit, ContentDigest? Sha256, bool HiddenToo);

/// <summary>Reads names and versions.</summary>
#pragma warning disable CA1001 // a SemaphoreSlim whose wait handle is never asked for holds nothing to dispose
public sealed class CatalogReader
#pragma warning restore CA1001
{
    private const int MaxTries = 5;

    private readonly SemaphoreSlim summing = new(1);
    private readonly StoreDatabase database;
    private readonly StoreParts parts;

    internal CatalogReader(StoreParts parts) => (database, this.parts) = (parts.Database, parts);

    /// <summary>Looks a name up; deleted ones are found too.</summary>
    public async Task<NameLookup> FindAsync(FileName name)
    {
        await using var context = database.NewContext();
        return await ReadAsync(context, CatalogQueries.Name(context, name.Value));
    }

    /// <summary>A name by its number, with all versions.</summary>
    /// <exception cref="StoreException">There is no such name any more: another file was given its place.</exception>
    public async Task<StoredName> ByIdAsync(long nameId)
    {
        await using var context = database.NewContext();
        return (await ReadAsync(context, CatalogQueries.NameById(context, nameId))).File
            ?? throw new StoreException(StoreFault.NotFound, "The change was made, and a moment later another file was renamed to this deleted name, so there is nothing to show.");
    }

    /// <summary>The name with its current version only, which is cheaper; deleted ones are found too. Null: no such name, or one that was renamed.</summary>
    public async Task<StoredName?> FindCurrentAsync(FileName name)
    {
        await using var context = database.NewContext();
        return await CatalogQueries.Current(context, name.Value).FirstOrDefaultAsync() is { } row ? WithCurrent(row) : null;
    }

    /// <summary>Names in byte order, each with its current version only.</summary>
    public async Task<IReadOnlyList<StoredName>> ListAsync(NameQuery query)
    {
        ArgumentNullException.ThrowIfNull(query);
        await using var context = database.NewContext();
        var before = query.Prefix is { Length: > 0 } prefix ? prefix + database.HighestCharacter : null;
        var from = before is null ? null : query.Prefix;
        var layout = parts.Layout;
        ContentSearch? content = query.Sha256 is not { } sha256 ? null
            : new ContentSearch(layout.DigestAlgorithm == DigestAlgorithm.Sha256 ? [.. layout.KeysOf(sha256).Select(key => key.ToArray())] : null, sha256.ToArray());
        var rows = await CatalogQueries.Names(context, query.After, from, before, content, query.HiddenToo, query.Limit).ToListAsync();
        return [.. rows.Select(WithCurrent)];
    }

    /// <summary>Adds everything up; reads all of the tables, so only one caller at a time does.</summary>
    public async Task<StoreSums> SumAsync()
    {
        await summing.WaitAsync();
        try
        {
            return await Task.Run(AddUpAsync);
        }
        finally
        {
            summing.Release();
        }
    }

    private async Task<StoreSums> AddUpAsync()
    {
        await using var context = database.NewContext();
        var names = await CatalogQueries.LiveNames(context).LongCountAsync();
        var versions = await CatalogQueries.LiveVersions(context).ToListAsync();
        var objects = await CatalogQueries.PublicObjects(context).FirstOrDefaultAsync() ?? new Sum();
        return new StoreSums(names, versions.Sum(part => part.Count), objects.Count, objects.Bytes, versions.Sum(part => part.Bytes) - objects.Bytes);
    }

    /// <summary>Names, redirects included, under which some content is or was stored; at most <paramref name="limit"/>.</summary>
    public async Task<IReadOnlyList<FileName>> HoldingAsync(ContentKey key, int limit)
    {
        await using var context = database.NewContext();
        return (await CatalogQueries.NamesHolding(context, key.ToArray(), limit).ToListAsync()).ConvertAll(FileName.FromStored);
    }

    /// <summary>Objects whose rows say that they are on their way, and whether out of the public tree.</summary>
    internal async Task<IReadOnlyList<(ContentKey Key, bool Leaves)>> UnsettledAsync()
    {
        await using var context = database.NewContext();
        return (await CatalogQueries.Unsettled(context).ToListAsync()).ConvertAll(row => (new ContentKey(row.Hash), row.RefCount <= 0));
    }

    /// <summary>Throws when the database does not answer.</summary>
    public async Task PingAsync(CancellationToken cancellation)
    {
        await using var context = database.NewContext();
        _ = await context.Stores.AsNoTracking().FirstAsync(cancellation);
    }

    /// <summary>A name's row and its versions are two queries; a change between them shows by a current version that is not among the versions, and both are asked again.</summary>
    private static async Task<NameLookup> ReadAsync(HashStoreContext context, IQueryable<FilenameRow> names)
    {
        for (var tries = 0; tries < MaxTries; tries++)
        {
            if (await names.FirstOrDefaultAsync() is not { } row)
            {
                return default;
            }

            if (row.Redirect is { } target)
            {
                if (await CatalogQueries.NameById(context, target).FirstOrDefaultAsync() is { } renamed)
                {
                    return new NameLookup(null, FileName.FromStored(renamed.Name));
                }

                continue;
            }

            var versions = (await CatalogQueries.Versions(context, row.Id).ToListAsync()).ConvertAll(pair => Version(pair.Upload, pair.File));
            if (versions.Find(version => version.Id == row.Latest) is { } current)
            {
                return new NameLookup(new StoredName { Name = FileName.FromStored(row.Name), Deleted = row.Deleted, Current = current, Versions = versions }, null);
            }
        }

        throw new StoreException(StoreFault.Damaged, "A name has no current version. Run hashstore-migrate fsck.");
    }

    private static StoredName WithCurrent(NameAndCurrent row)
    {
        var current = Version(row.Upload, row.File);
        return new StoredName { Name = FileName.FromStored(row.Name.Name), Deleted = row.Name.Deleted, Current = current, Versions = [current] };
    }

    private static StoredVersion Version(UploadRow upload, ShownFile file)
    {
        var sha256 = new ContentDigest(file.Sha256);
        return new StoredVersion
        {
            Id = upload.Id,
            Key = new ContentKey(file.Hash),
            Sha256 = sha256,
            Digest = file.Digest is null ? sha256 : new ContentDigest(file.Digest),
            Size = file.Size,
            Width = file.Width,
            Height = file.Height,
            Mime = $"{file.MimeMajor}/{file.MimeMinor}",
            Timestamp = upload.Timestamp,
            User = upload.UserText,
            Description = upload.Description,
            ArchiveName = upload.ArchiveName,
            Hidden = upload.Deleted,
        };
    }
}
