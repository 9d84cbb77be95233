using HashStore.Schema;
using HashStore.Schema.Tables;
using HashStore.Storage.Catalog;
using HashStore.Storage.Durability;
using HashStore.Storage.Objects;

namespace HashStore.Storage.Damage;

/// <summary>
/// Marks objects and takes marks away, beside servers: each time while the right to write is held, and only if the object is still the one that was read. What is replaced (by a repair, by an upload of the same content)
/// is replaced under the same right.
/// </summary>
internal sealed class DamageRegister : IDisposable
{
    private readonly StoreParts parts;
    private readonly TimeProvider clock;
    private readonly Lazy<CatalogWriter> writer;
    private readonly Lazy<RemovalCounter> removals;
    private readonly bool isOwner;

    /// <summary>Of an open store, by its writer.</summary>
    internal DamageRegister(StoreParts parts, TimeProvider clock, CatalogWriter writer, RemovalCounter removals)
    {
        (this.parts, this.clock) = (parts, clock);
        (this.writer, this.removals) = (new(() => writer), new(() => removals));
    }

    /// <summary>Of a store that was opened to be looked at: what writes is made when there is something to write.</summary>
    internal DamageRegister(StoreParts parts, TimeProvider clock)
    {
        (this.parts, this.clock, isOwner) = (parts, clock, true);
        writer = new(() => new CatalogWriter(parts.Database, clock, catalog => StoreOpening.CheckLayout(catalog, parts)));
        removals = new(() => new RemovalCounter(parts.Paths.Removals));
    }

    internal DamageMarks Marks => parts.Marks;

    /// <summary>Where an object lies on the disk.</summary>
    internal string PathOf(ContentKey key, Zone zone) => parts.Paths.ObjectPathOf(key, zone);

    /// <summary>What the file system knows of an object's file; null when it is not there.</summary>
    internal FileStat? Stat(ContentKey key, Zone zone) => FileStat.Of(PathOf(key, zone));

    /// <summary>A record of something found now.</summary>
    internal DamageRecord Record(ContentKey key, string path, byte[]? sha256, string by, string detail) => new()
    {
        Key = key.ToString(), Path = Path.GetRelativePath(parts.Paths.Root, path), Found = clock.GetUtcNow().UtcDateTime, By = by, Detail = detail,
        Sha256 = sha256 is null ? null : Convert.ToHexStringLower(sha256),
    };

    /// <summary>Marks an object whose bytes are not those of its row; from then on no process serves it.</summary>
    /// <param name="row">The row that was read.</param>
    /// <param name="zone">Where the bytes were.</param>
    /// <param name="seen">The file that was read, looked at before.</param>
    /// <param name="record">What is wrong.</param>
    /// <returns>False: the object or its row is another one by now; nothing was marked.</returns>
    /// <exception cref="StoreException">The mark could not be written.</exception>
    internal async Task<bool> MarkAsync(CheckedFile row, Zone zone, FileStat? seen, DamageRecord record)
    {
        var key = new ContentKey(row.Hash);
        var marked = await writer.Value.WriteAsync(catalog =>
        {
            if (!IsSame(catalog, row, zone, seen))
            {
                return false;
            }

            Marks.Add(key, record);
            return true;
        });
        if (marked)
        {
            removals.Value.Increment(); // whoever has it cached looks again
        }

        return marked;
    }

    /// <summary>Takes the mark of an object away whose bytes were read and are right.</summary>
    /// <returns>False: the object or its row is another one by now.</returns>
    internal Task<bool> ClearAsync(CheckedFile row, Zone zone, FileStat? seen) => writer.Value.WriteAsync(catalog =>
    {
        if (!IsSame(catalog, row, zone, seen))
        {
            return false;
        }

        Marks.Remove(new ContentKey(row.Hash));
        return true;
    });

    /// <summary>Takes the mark of an object away that no row knows any more.</summary>
    internal Task<bool> ClearUnknownAsync(ContentKey key) => writer.Value.WriteAsync(catalog =>
    {
        if (catalog.FindFile(key) is not null)
        {
            return false;
        }

        Marks.Remove(key);
        return true;
    });

    public void Dispose()
    {
        if (isOwner && writer.IsValueCreated)
        {
            writer.Value.Dispose();
        }

        if (isOwner && removals.IsValueCreated)
        {
            removals.Value.Dispose();
        }
    }

    private bool IsSame(CatalogTransaction catalog, CheckedFile row, Zone zone, FileStat? seen)
    {
        var key = new ContentKey(row.Hash);
        return catalog.FindExact(key) is { State: not FileState.Claimed } now && now.Sha256.Span.SequenceEqual(row.Sha256)
            && (Stat(key, zone), seen) is var (there, before) && (there is null ? before is null : before is { } one && there.Value.IsSameContent(one));
    }
}
