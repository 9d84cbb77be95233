using HashStore.Migrate.Conversion;
using HashStore.Migrate.Legacy;
using HashStore.Schema;
using HashStore.Schema.Tables;
using HashStore.Storage;
using HashStore.Storage.Catalog;
using HashStore.Storage.Durability;
using HashStore.Storage.Objects;
using Microsoft.EntityFrameworkCore;

namespace HashStore.Migrate.Live;

/// <summary>
/// Keeps the legacy links of a name in step when it is deleted, hidden or brought back through the store: links go before the bytes leave the public tree, and come again after they are back.
/// </summary>
internal sealed class LinkKeeper(Store store, LegacyTree tree, ConversionOptions options)
{
    private readonly LinkExchange exchange = new(tree, options);

    /// <summary>Takes the links to what is not shown any more away, and its thumbnails.</summary>
    internal async Task RemoveAsync(long nameId)
    {
        var rows = await ReadAsync(nameId);
        var hidden = rows.FindAll(row => row.Row.State == LedgerState.Linked && !row.IsShown);
        if (hidden.Count == 0)
        {
            return;
        }

        var links = hidden.ConvertAll(row => row.Row);
        links.AddRange(await ThumbsOfAsync(links));
        List<string> thumbs = [];
        await store.WriteAsync(catalog =>
        {
            thumbs = [];
            foreach (var row in links)
            {
                (row.State, row.Status, row.Detail) = (LedgerState.Removed, LedgerStatus.Hidden, "It was deleted or hidden here: the link was taken away.");
                ConversionRows.Set(catalog, row);
                if (row is { Place: { } place, Key: { } key } && catalog.FindFile(new ContentKey(key)) is null or { RefCount: 0 })
                {
                    thumbs.Add(place);
                }
            }

            return true;
        });
        links.ForEach(exchange.Remove);
        thumbs.ForEach(store.RemoveThumb);
    }

    /// <summary>Makes the links again to what is shown again, where nothing else has taken their place.</summary>
    internal async Task RestoreAsync(long nameId)
    {
        foreach (var (row, isShown) in await ReadAsync(nameId))
        {
            if (row.State != LedgerState.Removed || !isShown || row.Key is not { } key || FileStat.Of(tree.FullPath(row.Path)) is not null)
            {
                continue;
            }

            (row.State, row.Status, row.Detail) = (LedgerState.Committed, LedgerStatus.Duplicate, null);
            await WriteAsync(row);
            Posix.MakeLink(LinkTarget.Of(tree, options, row.Path, ObjectPath.Of(new ContentKey(key))), tree.FullPath(row.Path));
            row.State = LedgerState.Linked;
            await WriteAsync(row);
        }
    }

    private Task<bool> WriteAsync(LedgerRow row) => store.WriteAsync(catalog =>
    {
        ConversionRows.Set(catalog, row);
        return true;
    });

    /// <summary>The paths of a name's versions, and whether each version is shown.</summary>
    private async Task<List<(LedgerRow Row, bool IsShown)>> ReadAsync(long nameId)
    {
        await using var context = store.Database.NewContext();
        var rows = await LiveQueries.PathsOfName(context, nameId).ToListAsync();
        return rows.ConvertAll(row => (row.Row, row.IsShown));
    }

    private async Task<List<LedgerRow>> ThumbsOfAsync(List<LedgerRow> links)
    {
        var found = new List<LedgerRow>();
        await using var context = store.Database.NewContext();
        foreach (var row in links.Where(row => row.Kind is LedgerKind.Current or LedgerKind.Archive))
        {
            var shown = Path.GetFileName(row.Path);
            var thumbs = await LiveQueries.LinkedThumbs(context, row.NameHash).ToListAsync();
            found.AddRange(thumbs.Where(thumb => LegacyPath.TryParse(thumb.Path, out var path) && path.Value.Shown == shown && !found.Exists(other => other.Id == thumb.Id)));
        }

        return found;
    }
}
