using HashStore.Schema;
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
                    await run.ReportAsync(new Finding(
                        FindingKind.Stranger, null, run.PathOf(listed.Path, zone), "No object: its name is no key's, or it is no plain file."));
                }

                if (batch.Count == BatchKeys)
                {
                    await CheckAsync(run, zone, batch);
                    batch.Clear();
                }
            }

            await CheckAsync(run, zone, batch);
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
        return objects.FindAll(listed => !keys.Contains(listed.Key!.Value));
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
