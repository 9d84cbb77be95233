using HashStore.Schema;
using HashStore.Schema.Tables;
using HashStore.Storage.Catalog;
using HashStore.Storage.Durability;
using HashStore.Storage.Objects;
using Microsoft.EntityFrameworkCore;

namespace HashStore.Storage.Checking;

/// <summary>What lies among the objects and is none. A link at a place that an object had under an older key belongs there, if it leads to today's place; everything else is told of.</summary>
internal sealed class OldPlaceCheck(CheckRun run, Zone zone)
{
    /// <summary>Keys asked for in one query.</summary>
    private const int BatchKeys = 500;

    private readonly List<(ListedObject Listed, ContentKey Key)> batch = [];

    /// <summary>Takes one of them.</summary>
    internal async Task AddAsync(ListedObject listed)
    {
        if (zone == Zone.Deleted || !ObjectPath.TryParse(listed.Path, out var key))
        {
            await TellAsync(listed);
            return;
        }

        batch.Add((listed, key));
        if (batch.Count == BatchKeys)
        {
            await FinishAsync();
        }
    }

    /// <summary>Looks at what was taken and not yet looked at.</summary>
    internal async Task FinishAsync()
    {
        await using var context = run.Parts.Database.NewContext();
        var known = (await AliasQueries.Known(context, [.. batch.Select(one => one.Key.ToArray())]).ToListAsync(run.Cancellation))
            .ToDictionary(alias => new ContentKey(alias.Key));
        foreach (var (listed, key) in batch)
        {
            var path = Path.Combine(run.Parts.Paths.Root, listed.Path);
            var isOld = FileStat.Of(path) is not { } there // gone meanwhile
                || (there.IsLink && known.TryGetValue(key, out var alias) && (alias.State == AliasState.Pending || Posix.ReadLink(path) == RelativeOf(path, new ContentKey(alias.Hash))));
            if (!isOld)
            {
                await TellAsync(listed);
            }
        }

        batch.Clear();
    }

    private string RelativeOf(string path, ContentKey now) => Path.GetRelativePath(Path.GetDirectoryName(path)!, run.Parts.Paths.ObjectPathOf(now, Zone.Public));

    private Task TellAsync(ListedObject listed) =>
        run.ReportAsync(new Finding(FindingKind.Stranger, null, run.PathOf(listed.Path, zone), "No object: its name is no key's, or it is no plain file.")).AsTask();
}
