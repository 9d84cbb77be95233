using HashStore.Schema;
using HashStore.Schema.Tables;
using HashStore.Storage.Catalog;
using HashStore.Storage.Damage;
using HashStore.Storage.Durability;
using HashStore.Storage.Objects;
using Microsoft.EntityFrameworkCore;

namespace HashStore.Storage.Checking;

/// <summary>
/// Reads one object and compares it with its row: for fsck and for the servers' scrub. A damaged one is marked before it is told of, a marked one that is right again loses its mark; both only if object and row are still
/// those that were read, which is looked at while the right to write is held. Whether bytes are missing or in the wrong zone is <see cref="RowCheck"/>'s to tell.
/// </summary>
internal sealed class ObjectAudit(StoreParts parts, DamageRegister register, string by, bool besideCache) : IDisposable
{
    /// <summary>How often an object that changes under way is read anew before it is left to the next check.</summary>
    private const int MaxLooks = 5;

    private readonly ObjectHash hash = new(parts.Layout) { BesideCache = besideCache };

    /// <summary>Looks at an object.</summary>
    /// <param name="row">Its row.</param>
    /// <param name="read">Called with the number of bytes after each read.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>What is wrong; null: nothing, or its bytes are not there.</returns>
    internal async Task<Finding?> LookAsync(CheckedFile? row, Func<int, ValueTask> read, CancellationToken cancellation)
    {
        for (var looks = 0; row is { State: not FileState.Claimed } && looks < MaxLooks; looks++)
        {
            var key = new ContentKey(row.Hash);
            var zone = row.State == FileState.Deleted ? Zone.Deleted : Zone.Public;
            try
            {
                // A move may come between; the other zone is looked at too.
                var (found, seen, different) = await ReadAsync(key, zone, row, read, cancellation);
                if (!found)
                {
                    zone = zone == Zone.Public ? Zone.Deleted : Zone.Public;
                    (found, seen, different) = await ReadAsync(key, zone, row, read, cancellation);
                }

                if (!found)
                {
                    return null;
                }

                if (different is null && (!register.Marks.Has(key) || await register.ClearAsync(row, zone, seen)))
                {
                    return null;
                }

                if (different is not null && await TellAsync(row, key, zone, seen, different) is { } finding)
                {
                    return finding;
                }
            }
            catch (Exception exception) when (StorageErrors.Knows(exception))
            {
                return new Finding(FindingKind.Unreadable, key, Path.GetRelativePath(parts.Paths.Root, register.PathOf(key, zone)), exception.Message);
            }

            row = await ReadRowAsync(row.Hash, cancellation);
        }

        return null;
    }

    /// <summary>Reads a row; null when there is none.</summary>
    internal async Task<CheckedFile?> ReadRowAsync(byte[] hash, CancellationToken cancellation)
    {
        await using var context = parts.Database.NewContext();
        return await CheckQueries.File(context, hash).FirstOrDefaultAsync(cancellation);
    }

    public void Dispose() => hash.Dispose();

    private async Task<(bool Found, FileStat? Seen, string? Different)> ReadAsync(
        ContentKey key, Zone zone, CheckedFile row, Func<int, ValueTask> read, CancellationToken cancellation)
    {
        var seen = register.Stat(key, zone);
        using var bytes = await parts.Backend.OpenAsync(key, zone);
        return bytes is null ? (false, null, null) : (true, seen, await hash.CompareAsync(bytes, row, read, cancellation));
    }

    /// <summary>Marks and tells; null when it is another object by now.</summary>
    private async Task<Finding?> TellAsync(CheckedFile row, ContentKey key, Zone zone, FileStat? seen, string different)
    {
        var path = register.PathOf(key, zone);
        try
        {
            if (!await register.MarkAsync(row, zone, seen, register.Record(key, path, row.Sha256, by, different)))
            {
                return null;
            }
        }
        catch (StoreException exception)
        {
            different += $" It could not be marked, and is served until it is: {exception.Message}";
        }

        return new Finding(FindingKind.WrongHash, key, Path.GetRelativePath(parts.Paths.Root, path), different);
    }
}
