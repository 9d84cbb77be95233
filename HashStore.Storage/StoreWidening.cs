using HashStore.Schema;
using HashStore.Schema.Tables;
using HashStore.Storage.Catalog;
using HashStore.Storage.Widening;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace HashStore.Storage;

/// <summary>What a store does while, and after, its keys become longer beside it.</summary>
public sealed partial class Store
{
    /// <summary>Old places that are made links of in one transaction.</summary>
    private const int PlacesAtATime = 64;

    /// <summary>Gives objects today's keys.</summary>
    internal Rekeying Rekeying => rekeying;

    /// <summary>The key that an object has now; the same where it never had another.</summary>
    internal async Task<ContentKey> CurrentKeyAsync(ContentKey key)
    {
        await using var context = parts.Database.NewContext();
        return await AliasQueries.Find(context, key.ToArray()).FirstOrDefaultAsync() is { } now ? new ContentKey(now) : key;
    }

    /// <summary>Makes links of the places that objects had under older keys, as far as a process died before it did so; costs one small query when there is nothing.</summary>
    internal async Task FinishOldPlacesAsync()
    {
        while (true)
        {
            await using var context = parts.Database.NewContext();
            var pending = await AliasQueries.Pending(context, PlacesAtATime).ToListAsync();
            if (pending.Count == 0)
            {
                return;
            }

            await FinishOldPlacesAsync([.. pending.Select(key => new ContentKey(key))]);
        }
    }

    /// <summary>The same beside other work: what cannot be done now is told of and tried again; everything is served all the same.</summary>
    private async Task RecoverOldPlacesAsync()
    {
        try
        {
            await FinishOldPlacesAsync();
        }
        catch (StoreException exception)
        {
            LogOldPlaces(logger, exception.Message);
        }
    }

    /// <summary>The same for some keys.</summary>
    internal Task FinishOldPlacesAsync(IReadOnlyList<ContentKey> keys) => writer.WriteAsync(catalog =>
    {
        foreach (var key in keys)
        {
            if (catalog.ReadOne(AliasStatements.Find, row => new ContentKey((byte[])row[0]), key.ToArray()) is { } now)
            {
                oldPlaces.Finish(catalog, key, now);
            }
        }

        return true;
    });

    /// <summary>The claim of an upload, under today's key.</summary>
    private Task<(ContentFacts Facts, FileState? Before)> ClaimAsync(ContentFacts content, PutRequest request) => writer.WriteAsync(catalog =>
    {
        NameChanges.CheckCondition(catalog, request.Name, request.Condition);
        var facts = rekeying.Prepare(catalog, content);
        try
        {
            return (facts, ContentChanges.Claim(catalog, facts));
        }
        catch (StoreException exception) when (exception.Fault == StoreFault.Collision)
        {
            Meters.Collisions.Add();
            LogCollision(logger, request.Name, facts.Key, facts.Sha256);
            throw;
        }
    });

    /// <summary>The rows of an upload. Should the keys have become longer since the claim, the object gets its new one with them.</summary>
    private Task<(ContentFacts Facts, UploadedRow? Uploaded)> UploadAsync(ContentFacts content, PutRequest request) => writer.WriteAsync(catalog =>
    {
        var facts = content with { Key = catalog.Current(content.Key) };
        var uploaded = NameChanges.Upload(catalog, parts.Backend, request.Name, facts, request.Condition, request.User, request.Description);
        if (uploaded is not null && rekeying.Rekey(catalog, facts.Key) == Rekeyed.Done)
        {
            facts = facts with { Key = catalog.Current(facts.Key) };
        }

        return (facts, uploaded);
    });

    [LoggerMessage(8, LogLevel.Error, "old places of objects could not be made links of, which is tried again: {Problem}")]
    private static partial void LogOldPlaces(ILogger logger, string problem);
}
