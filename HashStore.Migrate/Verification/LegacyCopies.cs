using HashStore.Migrate.Legacy;
using HashStore.Schema;
using HashStore.Storage;
using HashStore.Storage.Catalog;
using HashStore.Storage.Durability;
using Microsoft.EntityFrameworkCore;

namespace HashStore.Migrate.Verification;

/// <summary>Files of the legacy tree that may have the content of an object: below <c>deleted/</c>, not yet converted, or left where they were.</summary>
internal sealed class LegacyCopies(StoreParts parts, LegacyTree? tree)
{
    /// <summary>Files that are read for one object.</summary>
    private const int MaxCopies = 50;

    /// <summary>Absolute paths of plain files, the likeliest first; the caller compares their hashes.</summary>
    internal async Task<IReadOnlyList<string>> FindAsync(ContentKey key, long size, CancellationToken cancellation)
    {
        if (tree is null)
        {
            return [];
        }

        await using var context = parts.Database.NewContext();
        var paths = await VerifyQueries.Copies(context, key.ToArray(), size, MaxCopies).ToListAsync(cancellation);
        return [.. paths.Select(tree.FullPath).Where(path => IsCandidate(path, size))];
    }

    private static bool IsCandidate(string path, long size)
    {
        try
        {
            return FileStat.Of(path) is { IsFile: true } stat && stat.Size == size;
        }
        catch (Exception exception) when (StorageErrors.Knows(exception))
        {
            return false; // its folder cannot be entered
        }
    }
}
