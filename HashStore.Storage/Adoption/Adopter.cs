using HashStore.Schema;
using HashStore.Schema.Tables;
using HashStore.Storage.Catalog;
using HashStore.Storage.Durability;
using HashStore.Storage.Objects;
using HashStore.Storage.Staging;
using HashStore.Storage.Widening;

namespace HashStore.Storage.Adoption;

/// <summary>
/// The door for many names at once: the steps of an upload in the same order (claim, bytes, rows), each made durable once for the whole batch.
/// </summary>
internal sealed class Adopter(CatalogWriter writer, IObjectBackend backend, StagingArea staging, ObjectPlacement placement, Rekeying rekeying, Action<StoreException> collided)
{
    /// <summary>How often content whose claim somebody removed under way is claimed anew.</summary>
    private const int MaxTries = 5;

    /// <summary>Takes names with their histories in; durable on return. Contents that collide or are damaged are left out, with <see cref="AdoptedContent.Refusal"/>.</summary>
    /// <param name="names">The names.</param>
    /// <param name="contents">The contents of their versions, each once.</param>
    /// <param name="record">What else belongs into the transaction with the rows; it can be run twice.</param>
    /// <returns>The objects whose zone has to change.</returns>
    /// <exception cref="StoreException">The disk or the database failed; nothing that anybody can see has changed.</exception>
    internal async Task<IReadOnlyList<ContentKey>> AdoptAsync(
        IReadOnlyList<AdoptedName> names, IReadOnlyCollection<AdoptedContent> contents, Action<CatalogTransaction> record)
    {
        IReadOnlyList<AdoptedContent> left = [.. contents.Where(content => content.Staged is not null)];
        for (var tries = 0; left.Count > 0; tries++)
        {
            if (tries == MaxTries)
            {
                throw new StoreException(StoreFault.Unavailable, $"The claim of {left[0].Key} was removed {MaxTries} times under way. Run the command again.");
            }

            left = await PlaceAsync(left);
        }

        CrashPoints.Pass(CrashPoint.BatchPlaced);
        return await writer.WriteAsync(catalog =>
        {
            foreach (var content in contents)
            {
                content.Key = catalog.Current(content.Key); // longer since the claim
            }

            var unsettled = new List<ContentKey>();
            foreach (var name in names)
            {
                unsettled.AddRange(AdoptionRows.Write(catalog, backend, name));
            }

            record(catalog);
            Rekey(catalog, contents);
            return unsettled;
        });
    }

    /// <summary>Claims contents and brings their bytes to their places.</summary>
    /// <returns>Those that have to be claimed again.</returns>
    private async Task<IReadOnlyList<AdoptedContent>> PlaceAsync(IReadOnlyList<AdoptedContent> contents)
    {
        var synced = Task.WhenAll(contents.Where(content => !content.Staged!.IsTaken).Select(content => staging.SyncAsync(content.Staged!)));
        var claimed = writer.WriteAsync(catalog => contents.Select(content => Claim(catalog, content)).ToList());
        await Task.WhenAll(synced, claimed);
        CrashPoints.Pass(CrashPoint.BatchClaimed);
        var before = await claimed;
        var placed = await Task.WhenAll(contents.Select((content, i) => PlaceOneAsync(content, before[i])));
        return [.. contents.Where((_, i) => !placed[i])];
    }

    /// <summary>Contents whose keys became longer since the claim get theirs with their rows.</summary>
    private void Rekey(CatalogTransaction catalog, IEnumerable<AdoptedContent> contents)
    {
        foreach (var content in contents.Where(content => content.Refusal is null && rekeying.Rekey(catalog, content.Key) == Rekeyed.Done))
        {
            content.Key = catalog.Current(content.Key);
        }
    }

    private FileState? Claim(CatalogTransaction catalog, AdoptedContent content)
    {
        try
        {
            content.Refusal = null;
            content.Facts = rekeying.Prepare(catalog, content.Facts!);
            var before = ContentChanges.Claim(catalog, content.Facts!);
            content.WasStored |= before is FileState.Public or FileState.Collecting or FileState.Deleted;
            return before;
        }
        catch (StoreException exception) when (exception.Fault == StoreFault.Collision)
        {
            content.Refusal = exception.Message;
            collided(exception);
            return null;
        }
    }

    private async Task<bool> PlaceOneAsync(AdoptedContent content, FileState? before)
    {
        if (content.Refusal is not null)
        {
            return true;
        }

        try
        {
            return await placement.PlaceAsync(content.Staged!, content.Facts!, before, content.Zone);
        }
        catch (StoreException exception) when (exception.Fault == StoreFault.Damaged)
        {
            content.Refusal = exception.Message;
            return true;
        }
    }
}
