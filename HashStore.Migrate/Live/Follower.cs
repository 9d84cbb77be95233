using HashStore.Migrate.Conversion;
using HashStore.Migrate.Legacy;
using HashStore.Schema;
using HashStore.Schema.Tables;
using HashStore.Storage;
using HashStore.Storage.Catalog;
using HashStore.Storage.Durability;
using HashStore.Storage.Leasing;
using HashStore.Storage.Objects;

namespace HashStore.Migrate.Live;

/// <summary>
/// Brings names to what the wiki has done with their links since they were converted:
/// <code>
/// link moved to another name's place         the name was moved: it is renamed, with its history
/// link gone, its twin below deleted/         the name was deleted, or an old version hidden: a file takes the link's place there, then the content leaves the public
/// link gone without a trace                  the same, after a look whether it was moved after all
/// </code>
/// Files that came into the place of links are not its business: they are in the ledger then, and the conversion takes them. Whoever calls holds the name's lease.
/// </summary>
internal sealed class Follower(Store store, LegacyTree tree, ConversionOptions options, StoreLedger ledger, long run)
{
    /// <summary>How long another converter may have a name that is needed together with this one.</summary>
    private static readonly TimeSpan patience = TimeSpan.FromSeconds(5);

    private readonly LinkExchange exchange = new(tree, options);
    private readonly NameLook look = new(tree, ledger, run);
    private readonly DeletedZone deletedZone = new(store, tree, run);

    /// <summary>Follows one name.</summary>
    /// <param name="name">The name.</param>
    /// <param name="leases">Leases that are held, on this name among others.</param>
    /// <exception cref="StoreException">The disk or the database failed.</exception>
    internal async Task FollowAsync(string name, params Lease[] leases)
    {
        var arrivals = await look.LookAsync(name);

        // 1. Who was moved here?
        foreach (var arrival in arrivals.Where(arrival => arrival.Path.Kind != LedgerKind.Deleted).OrderBy(arrival => arrival.Path.Kind))
        {
            await TakeArrivalAsync(name, arrival, leases);
        }

        // 2. Who has left?
        var rows = look.RowsOf(name);
        await PurgeThumbsAsync(rows);
        var gone = rows.FindAll(row => row.State == LedgerState.Linked && FileStat.Of(tree.FullPath(row.Path)) is null);
        var deleted = arrivals.FindAll(arrival => arrival.Path.Kind == LedgerKind.Deleted);
        var contents = look.ContentsOf(name);
        await ForgetAsync([.. rows, .. contents.Select(content => look.DeletedPathOf(content, name)).Distinct().Select(ledger.Find).OfType<LedgerRow>()]);
        if (gone.Count == 0 && deleted.Count == 0)
        {
            return;
        }

        var current = gone.Find(row => row.Kind == LedgerKind.Current);
        if (current is not null && !IsInDeletedZone(current, contents, name) && FindMoved(current) is { } moved)
        {
            if (await HoldAsync(moved, leases) is { } both)
            {
                await using var other = both.New;
                await FollowAsync(moved, both.All);
            }

            return; // who has the other name follows this one, too
        }

        deletedZone.Fill(deleted);
        await TakeAwayAsync(name, current, gone, deleted, contents);
    }

    /// <summary>Puts files in the place of links that lie in the wiki's deleted zone, whatever name they had.</summary>
    internal async Task KeepDeletedAsync(List<Arrival> links)
    {
        if (links.Count > 0)
        {
            deletedZone.Fill(links);
            await store.WriteAsync(catalog =>
            {
                deletedZone.Write(catalog, links, []);
                return true;
            });
        }
    }

    /// <summary>
    /// A name got new content, or another name: links to thumbnails of the old one go. The wiki means to remove them itself and cannot: its listing of a folder follows links (FSFileBackendList::getRelPath), so it
    /// would go on showing the old picture.
    /// </summary>
    private async Task PurgeThumbsAsync(List<LedgerRow> rows)
    {
        if (rows.Exists(row => row is { Kind: LedgerKind.Current, State: LedgerState.Linked or LedgerState.Committed }))
        {
            return;
        }

        var thumbs = rows.FindAll(row => row is { Kind: LedgerKind.Thumb, State: LedgerState.Linked });
        thumbs.ForEach(exchange.Remove);
        if (thumbs.Count > 0)
        {
            await store.WriteAsync(catalog => thumbs.Sum(row => catalog.Execute(ConversionStatements.SetLedgerGone, (byte)LedgerState.Removed, run, row.Id)));
            thumbs.ForEach(row => row.State = LedgerState.Removed);
        }
    }

    /// <summary>Files that stayed files, and that the wiki has removed since: those that it undeleted, thumbnails.</summary>
    private async Task ForgetAsync(List<LedgerRow> rows)
    {
        var gone = rows.FindAll(row => row.State == LedgerState.Kept && FileStat.Of(tree.FullPath(row.Path)) is null);
        if (gone.Count > 0)
        {
            await store.WriteAsync(catalog => gone.Sum(row => catalog.Execute(ConversionStatements.SetLedgerGone, (byte)LedgerState.Removed, run, row.Id)));
        }
    }

    /// <summary>Ends the exchanges of a name that a dead process left half done.</summary>
    /// <param name="plan">What shall become of it.</param>
    /// <param name="recovered">Gets the paths that are links already.</param>
    internal void Recover(NamePlan plan, List<LedgerRow> recovered)
    {
        foreach (var row in plan.FilesToTake.Where(row => row.State == LedgerState.Committed).Distinct().ToList())
        {
            exchange.Recover(row.Path, row.Id, file => file.Device == row.Device && file.Inode == row.Inode && file.Size == row.Size && file.Modified == row.Modified);
            if (LinkTarget.IsOf(tree, row, Posix.ReadLink(tree.FullPath(row.Path))))
            {
                row.State = LedgerState.Linked;
                recovered.Add(row);
            }
        }
    }

    /// <summary>Takes another name besides those that are held; null: somebody else keeps it, who may be waiting for this one.</summary>
    private async Task<(Lease[] All, Lease? New)?> HoldAsync(string name, Lease[] leases)
    {
        var hash = LegacyNames.HashOf(name);
        if (leases.Any(lease => lease.From <= hash && hash <= lease.To))
        {
            return (leases, null);
        }

        return await store.Leases.WaitForNameAsync(hash, patience, CancellationToken.None) is { } lease ? ([.. leases, lease], lease) : null;
    }

    private bool IsInDeletedZone(LedgerRow row, List<NameContent> contents, string name) =>
        contents.Find(content => content.UploadId == row.UploadId) is { } content && FileStat.Of(tree.FullPath(look.DeletedPathOf(content, name))) is not null;

    /// <summary>The name to whose place a link was moved; looked for in all folders of originals, which only a removal without a trace makes necessary.</summary>
    private string? FindMoved(LedgerRow gone)
    {
        var key = new ContentKey(gone.Key!);
        foreach (var path in tree.LinkedOriginals())
        {
            if (Posix.ReadLink(tree.FullPath(path)) is { } target && LinkTarget.IsTo(tree, path, ObjectPath.Of(key), target)
                && ledger.Find(path) is not { State: LedgerState.Linked } && LegacyPath.TryParse(path, out var parsed))
            {
                return parsed.Value.Name;
            }
        }

        return null;
    }

    /// <summary>A link to an object lies where the ledger knows none.</summary>
    private async Task TakeArrivalAsync(string name, Arrival arrival, Lease[] leases)
    {
        var known = ledger.Find(arrival.Path.Path);
        if (known is { State: LedgerState.Linked, Key: not null } && LinkTarget.IsOf(tree, known, Posix.ReadLink(tree.FullPath(arrival.Path.Path))))
        {
            return; // somebody else has seen it
        }

        arrival = arrival with { Key = await store.CurrentKeyAsync(arrival.Key) };

        // Its version: one with that content whose own path is no link to it any more.
        var sources = ledger.Reading.ReadAll(ConversionStatements.ReadLedgerByContent, ConversionRows.ReadLedger, arrival.Key.ToArray())
            .FindAll(row => row.Kind == arrival.Path.Kind && row.State is LedgerState.Linked or LedgerState.Committed or LedgerState.Found && row.Path != arrival.Path.Path
                && !LinkTarget.IsOf(tree, row, Posix.ReadLink(tree.FullPath(row.Path))));
        var source = sources.Find(row => Path.GetFileName(row.Path).AsSpan().CommonPrefixLength(arrival.Path.File) > 14) ?? sources.FirstOrDefault();
        var from = source is null ? null : NameOf(source.UploadId!.Value);
        if (source is null || from is null || (arrival.Path.Kind == LedgerKind.Archive && from != name))
        {
            await store.WriteAsync(catalog => AddRow(catalog, arrival, version: null));
            return;
        }

        if (from != name)
        {
            await RenameAsync(from, name, source, arrival, leases);
            return;
        }

        await store.WriteAsync(catalog =>
        {
            Move(catalog, source, arrival);
            return true;
        });
    }

    /// <summary>A name was moved in the wiki.</summary>
    private async Task RenameAsync(string from, string to, LedgerRow source, Arrival arrival, Lease[] leases)
    {
        if (await HoldAsync(from, leases) is not { } both)
        {
            return; // who has the other name follows this one, too
        }

        await using var other = both.New;
        if (look.RowsOf(to) is { Count: > 0 } rows && rows.Find(row => row is { Kind: LedgerKind.Current, State: LedgerState.Linked }) is { } before && before.UploadId is not null)
        {
            // What had that name before must have been deleted first.
            var contents = look.ContentsOf(to);
            var deleted = contents.Select(content => look.DeletedPathOf(content, to)).Distinct().Select(DeletedArrival).OfType<Arrival>().ToList();
            deletedZone.Fill(deleted);
            await TakeAwayAsync(to, before, rows.FindAll(row => row.State == LedgerState.Linked && row.Path != arrival.Path.Path && FileStat.Of(tree.FullPath(row.Path)) is null), deleted, contents);
        }

        await store.WriteAsync(catalog =>
        {
            var (old, now) = (FileName.FromStored(from), FileName.FromStored(to));
            if (catalog.FindName(old) is { Deleted: false, Redirect: null } && catalog.FindName(now) is null or { Deleted: true } or { Redirect: not null } or { Latest: null })
            {
                _ = NameChanges.Rename(catalog, old, now);
            }

            Move(catalog, source, arrival);
            return true;
        });
    }

    private Arrival? DeletedArrival(string path) =>
        FileStat.Of(tree.FullPath(path)) is { IsLink: true } stat && LinkTarget.KeyOf(tree, path, Posix.ReadLink(tree.FullPath(path))) is { } key && LegacyPath.TryParse(path, out var parsed)
            ? new Arrival(parsed.Value, key, stat)
            : null;

    /// <summary>The row of a link goes with it.</summary>
    private void Move(CatalogTransaction catalog, LedgerRow source, Arrival arrival)
    {
        var version = source.UploadId!.Value;
        var hash = LegacyNames.HashOf(arrival.Path.Name);
        if (source.State == LedgerState.Found)
        {
            // Something else has its old place already.
            source.UploadId = null;
            ConversionRows.Set(catalog, source);
            AddRow(catalog, arrival, version);
        }
        else
        {
            RemoveRow(catalog, arrival.Path.Path);
            catalog.Execute(ConversionStatements.MoveLedger, arrival.Path.Path, hash, (byte)arrival.Path.Kind, run, source.Id);
        }

        var archived = arrival.Path.Kind == LedgerKind.Archive ? arrival.Path.File : null;
        if (archived is not null)
        {
            catalog.Execute(ConversionStatements.SetArchiveName, archived, version);
        }

        // What the tables said of it is said of the new name until they are read again.
        catalog.Execute(ConversionStatements.MoveLegacy, arrival.Path.Name, hash, archived, source.NameHash, version);
    }

    private static void RemoveRow(CatalogTransaction catalog, string path)
    {
        foreach (var row in catalog.ReadAll(ConversionStatements.ReadLedgerByPath, ConversionRows.ReadLedger, path))
        {
            catalog.Execute(ConversionStatements.RemoveLedger, row.Id);
        }
    }

    /// <summary>Describes a link; where nobody knows which version it is, the conversion of its name makes one, if its content is public.</summary>
    private bool AddRow(CatalogTransaction catalog, Arrival arrival, long? version)
    {
        // One that dangles is none: verify tells so.
        if (FileStat.Of($"{tree.Store.Root}/{ObjectPath.Of(arrival.Key)}") is not { IsFile: true } stat || catalog.FindFile(arrival.Key) is not { State: FileState.Public } file)
        {
            return false;
        }

        var row = new LedgerRow
        {
            Path = arrival.Path.Path, NameHash = LegacyNames.HashOf(arrival.Path.Name), Kind = arrival.Path.Kind, State = LedgerState.Found, Run = run,
            Device = stat.Device, Inode = arrival.Stat.Inode, LinkCount = 1, Size = stat.Size, Modified = stat.Modified, Accessed = stat.Accessed,
            Mode = FileStat.PlainFile, Owner = arrival.Stat.Owner, Group = arrival.Stat.Group,
        };
        RemoveRow(catalog, row.Path);
        ConversionRows.Insert(catalog, row);
        row.Id = catalog.ReadAll(ConversionStatements.ReadLedgerByPath, ConversionRows.ReadLedger, row.Path)[0].Id;
        (row.State, row.Status, row.Key, row.Sha256, row.UploadId) = (LedgerState.Linked, LedgerStatus.Duplicate, arrival.Key.ToArray(), file.Sha256.ToArray(), version);
        ConversionRows.Set(catalog, row);
        return true;
    }

    /// <summary>Links have gone: the name is deleted, or some of its old versions are hidden.</summary>
    private async Task TakeAwayAsync(string name, LedgerRow? current, List<LedgerRow> gone, List<Arrival> deleted, List<NameContent> contents)
    {
        var all = look.RowsOf(name);
        List<LedgerRow> links = [];
        List<string> thumbs = [];
        await store.ChangeAsync(
            catalog =>
            {
                (links, thumbs) = ([], []);
                var unsettled = new List<ContentKey>();
                if (current is not null)
                {
                    if (catalog.FindName(FileName.FromStored(name)) is { Deleted: false, Redirect: null, Latest: not null })
                    {
                        unsettled.AddRange(NameChanges.Delete(catalog, FileName.FromStored(name), "", "Deleted in the wiki.").Unsettled);
                    }

                    links.AddRange(all.Where(row => row.State == LedgerState.Linked));
                }
                else
                {
                    unsettled.AddRange(gone.Where(row => row.Kind == LedgerKind.Archive && IsShown(catalog, row)).SelectMany(row =>
                        NameChanges.SetHidden(catalog, FileName.FromStored(name), row.UploadId!.Value, hidden: true, "", "Hidden in the wiki.").Unsettled));
                    links.AddRange(gone);
                    var archived = gone.Where(row => row.Kind == LedgerKind.Archive).Select(row => Path.GetFileName(row.Path)).ToHashSet();
                    links.AddRange(all.Where(row => row is { State: LedgerState.Linked, Kind: LedgerKind.ArchiveThumb } && LegacyPath.TryParse(row.Path, out var path) && archived.Contains(path.Value.Shown!)));
                }

                foreach (var link in links)
                {
                    (link.State, link.Status, link.Detail, link.Run) = (LedgerState.Removed, LedgerStatus.Hidden, "The wiki has taken it away.", run);
                    ConversionRows.Set(catalog, link);
                    if (link is { Place: { } place, Key: { } key } && catalog.FindFile(new ContentKey(key)) is null or { RefCount: 0 })
                    {
                        thumbs.Add(place);
                    }
                }

                deletedZone.Write(catalog, deleted, contents);
                return unsettled;
            },
            () =>
            {
                links.ForEach(exchange.Remove);
                thumbs.ForEach(store.RemoveThumb);
            });
    }

    /// <summary>Whether a path's version is shown, and is not the current one.</summary>
    private static bool IsShown(CatalogTransaction catalog, LedgerRow row) => row.UploadId is { } id && catalog.FindVersion(id) is { IsHidden: false } version
        && catalog.ReadOne(Statements.ReadNameById, name => (Latest: name.IsDBNull(1) ? 0 : name.GetInt64(1), Deleted: name.GetBoolean(2)), version.NameId) is { Deleted: false } today && today.Latest != id;

    private string? NameOf(long uploadId)
    {
        string? name = null;
        ledger.Reading.ForEach(
            UndoStatements.ReadVersion,
            row =>
            {
                name = row.GetString(1);
                return false;
            },
            uploadId);
        return name;
    }
}
