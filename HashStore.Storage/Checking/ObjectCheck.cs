using HashStore.Schema;
using HashStore.Schema.Tables;
using HashStore.Storage.Catalog;
using HashStore.Storage.Durability;
using HashStore.Storage.Objects;
using Microsoft.EntityFrameworkCore;

namespace HashStore.Storage.Checking;

/// <summary>
/// Everything in the object directories of both zones against the rows. An object is given its row before its bytes come, so one whose row is looked for
/// afterwards and not found has none.
/// </summary>
internal static class ObjectCheck
{
    /// <summary>Keys asked for in one query.</summary>
    private const int BatchKeys = 500;

    internal static async Task RunAsync(CheckRun run)
    {
        if (run.Parts.Backend is not IListableBackend listable)
        {
            return;
        }

        foreach (var zone in Enum.GetValues<Zone>())
        {
            var batch = new List<ListedObject>(BatchKeys);
            var links = new OldPlaceCheck(run, zone);
            foreach (var listed in listable.List(zone))
            {
                run.Step();
                if (listed.Key is not null)
                {
                    batch.Add(listed);
                }
                else if (listed.Problem is { } problem)
                {
                    await run.ReportAsync(new Finding(FindingKind.Unreadable, null, run.PathOf(listed.Path, zone), problem));
                }
                else
                {
                    await links.AddAsync(listed);
                }

                if (batch.Count == BatchKeys)
                {
                    await CheckAsync(run, zone, batch);
                    batch.Clear();
                }
            }

            await CheckAsync(run, zone, batch);
            await links.FinishAsync();
        }
    }

    private static async Task CheckAsync(CheckRun run, Zone zone, List<ListedObject> batch)
    {
        var suspects = await WithoutRowAsync(run, batch);
        var there = new List<ListedObject>();
        foreach (var suspect in suspects)
        {
            // The row may have gone with its object since the directory was read.
            if (await IsThereAsync(run, suspect, zone))
            {
                there.Add(suspect);
            }
        }

        foreach (var orphan in await WithoutRowAsync(run, there))
        {
            if (await IsSecondNameAsync(run, orphan, zone))
            {
                continue;
            }

            var path = run.PathOf(orphan.Path, zone);
            await run.ReportAsync(new Finding(FindingKind.OrphanObject, orphan.Key, path, $"An object of {orphan.Size} bytes without a row."));
        }
    }

    private static async Task<List<ListedObject>> WithoutRowAsync(CheckRun run, List<ListedObject> objects)
    {
        if (objects.Count == 0)
        {
            return objects;
        }

        await using var context = run.Parts.Database.NewContext();
        var known = await CheckQueries.Known(context, [.. objects.Select(listed => listed.Key!.Value.ToArray())]).ToListAsync(run.Cancellation);
        var keys = known.Select(hash => new ContentKey(hash)).ToHashSet();
        byte[][] left = [.. objects.Select(listed => listed.Key!.Value).Where(key => !keys.Contains(key)).Select(key => key.ToArray())];
        if (left.Length > 0)
        {
            // The old place of an object that just got another key holds the same file until it is made a link.
            keys.UnionWith((await AliasQueries.Known(context, left).ToListAsync(run.Cancellation)).Where(alias => alias.State == AliasState.Pending).Select(alias => new ContentKey(alias.Key)));
        }

        return objects.FindAll(listed => !keys.Contains(listed.Key!.Value));
    }

    /// <summary>
    /// Whether an object without a row is the name that an object is about to get, or was when <c>widen</c> died: the same file as the object whose key is the beginning of this one, or, where that is undone, the one that had this key.
    /// </summary>
    private static async Task<bool> IsSecondNameAsync(CheckRun run, ListedObject orphan, Zone zone)
    {
        await run.Parts.RefreshAsync(run.Cancellation);
        if (run.Parts.Layout.FromBits is not { } bits || FileStat.Of(run.Parts.Paths.ObjectPathOf(orphan.Key!.Value, zone)) is not { } stat)
        {
            return false;
        }

        await using var context = run.Parts.Database.NewContext();
        var key = orphan.Key!.Value;
        var first = key.Bits > bits ? new ContentKey(key.Span[..(bits / 8)])
            : await AliasQueries.Find(context, key.ToArray()).FirstOrDefaultAsync(run.Cancellation) is { } now ? new ContentKey(now)
            : key;
        return first != key && FileStat.Of(run.Parts.Paths.ObjectPathOf(first, zone)) is { } other && other.IsSameFile(stat);
    }

    private static async Task<bool> IsThereAsync(CheckRun run, ListedObject suspect, Zone zone)
    {
        try
        {
            return await run.Parts.Backend.StatAsync(suspect.Key!.Value, zone) is not null;
        }
        catch (Exception exception) when (StorageErrors.Knows(exception))
        {
            return true; // it was listed, so it is; that it has no row is known without reading it
        }
    }
}
