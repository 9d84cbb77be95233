using HashStore.Schema;
using HashStore.Schema.Tables;
using HashStore.Storage.Catalog;
using HashStore.Storage.Damage;
using HashStore.Storage.Durability;
using HashStore.Storage.Objects;
using HashStore.Storage.Staging;

namespace HashStore.Storage;

/// <summary>The step of an upload between its claim and its rows: the bytes come to their place, or are found there.</summary>
internal sealed class ObjectPlacement(StoreParts parts, CatalogWriter writer, DamageRegister damage, Quarantine quarantine)
{
    private readonly IObjectBackend backend = parts.Backend;

    /// <summary>Sees to it that the bytes of a claimed row are in one of the zones. A duplicate is not believed: its bytes are looked for.</summary>
    /// <param name="staged">The bytes.</param>
    /// <param name="facts">What is known of them.</param>
    /// <param name="before">The state of the row before the claim; null when there was none.</param>
    /// <param name="zone">Where bytes go that no row promises yet: the deleted zone for a hidden version, whose content must never be public.</param>
    /// <returns>False when the row changed meanwhile, and the claim has to be made again.</returns>
    internal async Task<bool> PlaceAsync(StagedFile staged, ContentFacts facts, FileState? before, Zone zone)
    {
        var found = before switch
        {
            FileState.Public => await backend.StatAsync(facts.Key, Zone.Public),
            FileState.Collecting or FileState.Deleted =>
                await backend.StatAsync(facts.Key, Zone.Deleted) ?? await backend.StatAsync(facts.Key, Zone.Public),
            _ => null,
        };
        if (found is null && !staged.IsTaken && before is not (null or FileState.Claimed))
        {
            return await HealAsync(staged, facts);
        }

        if (found is null && !staged.IsTaken)
        {
            if (await backend.AddAsync(facts.Key, staged.Path, zone))
            {
                staged.MarkTaken();
                return true;
            }

            found = await backend.StatAsync(facts.Key, zone);
            await CheckStrangerAsync(facts, zone);
        }

        if (found is null && staged.IsTaken)
        {
            // A second try, whose first one placed the bytes: whoever removed the claim may have removed them too.
            found = await backend.StatAsync(facts.Key, zone)
                ?? throw new StoreException(StoreFault.Unavailable, $"The bytes of {facts.Key} were collected under way; nothing was kept. Try again.");
        }

        if (found is { } old && !staged.IsTaken && before is not (null or FileState.Claimed) && (old.Size != facts.Size || damage.Marks.Has(facts.Key)))
        {
            return await ReplaceAsync(staged, facts);
        }

        if (found is { } there && there.Size != facts.Size)
        {
            throw new StoreException(
                StoreFault.Damaged,
                $"The object {ObjectPath.Of(facts.Key)} has {there.Size} bytes instead of {facts.Size}; it was left as it is, and nothing was kept. Run hashstore-migrate fsck --full.");
        }

        return true;
    }

    /// <summary>
    /// The row of a stored object promises bytes that are in neither zone. They come from the upload, but only while the right to write is held and the row still says so: a deletion may have moved them
    /// a moment ago, and what is deleted must not come back into the public tree by itself.
    /// </summary>
    private Task<bool> HealAsync(StagedFile staged, ContentFacts facts) => writer.WriteAsync(catalog =>
    {
        if (catalog.FindExact(facts.Key) is not { State: not FileState.Claimed } row || !facts.Is(row))
        {
            return false;
        }

        if (backend.StatAsync(facts.Key, Zone.Public).AsTask().GetAwaiter().GetResult() is not null
            || (row.State != FileState.Public && backend.StatAsync(facts.Key, Zone.Deleted).AsTask().GetAwaiter().GetResult() is not null))
        {
            return false; // they are there after all: look again
        }

        if (row.State == FileState.Deleted)
        {
            catalog.SetState(facts.Key, FileState.Collecting); // should the upload be refused after this, they are moved out again
        }

        if (!staged.IsTaken && backend.AddAsync(facts.Key, staged.Path, Zone.Public).AsTask().GetAwaiter().GetResult())
        {
            staged.MarkTaken();
            damage.Marks.Remove(facts.Key);
        }

        return true;
    });

    /// <summary>
    /// The bytes of a stored object are damaged: those of the upload take their place in one step, the damaged ones stay in quarantine. Only while the right to write is held, and if it is still so.
    /// </summary>
    private Task<bool> ReplaceAsync(StagedFile staged, ContentFacts facts) => writer.WriteAsync(catalog =>
    {
        if (staged.IsTaken)
        {
            return true; // the transaction is run again
        }

        if (catalog.FindExact(facts.Key) is not { State: not FileState.Claimed } row || !facts.Is(row))
        {
            return false;
        }

        var zone = row.State == FileState.Public || damage.Stat(facts.Key, Zone.Deleted) is null ? Zone.Public : Zone.Deleted;
        if (damage.Stat(facts.Key, zone) is not { IsFile: true } there || (there.Size == facts.Size && !damage.Marks.Has(facts.Key)))
        {
            return false; // gone, or mended meanwhile: look again
        }

        var path = damage.PathOf(facts.Key, zone);
        quarantine.Link(facts.Key, path, damage.Record(facts.Key, path, facts.Sha256.ToArray(), "upload", $"Damaged ({there.Size} bytes); replaced by an upload of the same content ({facts.Size} bytes)."));
        Posix.Rename(staged.Path, path);
        staged.MarkTaken();
        Posix.SyncDirectory(Path.GetDirectoryName(path)!);
        damage.Marks.Remove(facts.Key);
        return true;
    });

    /// <summary>There was no public row, but bytes: an upload that died before its row, or something foreign. Only a look at all of it tells.</summary>
    private async Task CheckStrangerAsync(ContentFacts facts, Zone zone)
    {
        using var bytes = await backend.OpenAsync(facts.Key, zone);
        if (bytes is not null && await ContentHasher.HashAsync(bytes, DigestAlgorithm.Sha256, CancellationToken.None) != facts.Sha256)
        {
            throw new StoreException(
                StoreFault.Damaged,
                $"{ObjectPath.Of(facts.Key)} holds bytes that do not belong there; they were left as they are, and nothing was kept. Run hashstore-migrate fsck --full.");
        }
    }
}
