using HashStore.Migrate.Legacy;
using HashStore.Migrate.Undo;
using HashStore.Schema;
using HashStore.Schema.Tables;
using HashStore.Storage;
using HashStore.Storage.Catalog;
using HashStore.Storage.Durability;
using HashStore.Storage.Leasing;
using HashStore.Storage.Objects;

namespace HashStore.Migrate.Live;

/// <summary>
/// The wiki's own deleted zone. A link that the wiki moved there becomes a file, the object under another name, before the object leaves the public tree: the wiki undeletes by copying, and takes a
/// link that leads nowhere for nothing to restore.
/// </summary>
internal sealed class DeletedZone(Store store, LegacyTree tree, long run)
{
    /// <summary>Puts files in the place of links; durable on return.</summary>
    /// <param name="links">The links.</param>
    internal void Fill(List<Arrival> links)
    {
        foreach (var link in links)
        {
            var full = tree.FullPath(link.Path.Path);
            var folder = full[..full.LastIndexOf('/')];
            var beside = $"{folder}/{UndoLeftovers.KeptPrefix}{LeaseHolder.Mark}-{link.Key}";
            var place = ObjectPath.Of(link.Key);
            var source = FileStat.Of($"{store.Paths.Root}/{place}") is { IsFile: true } ? $"{store.Paths.Root}/{place}" : Path.Combine(store.Paths.Deleted, place);
            if (FileStat.Of(source) is not { IsFile: true })
            {
                continue; // nothing is left of it: the link dangles, and verify tells so
            }

            _ = Posix.Unlink(beside);
            MakeTwin(source, beside);
            CrashPoints.Pass(CrashPoint.TwinMade);
            Posix.Rename(beside, full);
            Posix.SyncDirectory(folder);
        }
    }

    /// <summary>Writes what the files are; part of the transaction that deletes or hides.</summary>
    internal void Write(CatalogTransaction catalog, List<Arrival> links, List<NameContent> contents)
    {
        foreach (var link in links)
        {
            if (FileStat.Of(tree.FullPath(link.Path.Path)) is not { IsFile: true } stat || catalog.FindFile(link.Key) is not { } file)
            {
                continue;
            }

            var row = catalog.ReadAll(ConversionStatements.ReadLedgerByPath, ConversionRows.ReadLedger, link.Path.Path).FirstOrDefault();
            if (row is null)
            {
                row = new LedgerRow
                {
                    Path = link.Path.Path, NameHash = LegacyNames.HashOf(link.Path.Name), Kind = LedgerKind.Deleted, State = LedgerState.Found, Run = run, Device = stat.Device, Inode = stat.Inode,
                    LinkCount = stat.LinkCount, Size = stat.Size, Modified = stat.Modified, Accessed = stat.Accessed, Mode = FileStat.PlainFile, Owner = link.Stat.Owner, Group = link.Stat.Group,
                };
                ConversionRows.Insert(catalog, row);
                row.Id = catalog.ReadAll(ConversionStatements.ReadLedgerByPath, ConversionRows.ReadLedger, row.Path)[0].Id;
            }

            (row.State, row.Status, row.Run, row.Detail) = (LedgerState.Kept, LedgerStatus.Hidden, run, null);
            (row.Key, row.Sha256) = (link.Key.ToArray(), file.Sha256.ToArray());
            row.UploadId ??= contents.Find(content => content.Key == link.Key)?.UploadId;
            ConversionRows.Set(catalog, row);
        }
    }

    private static void MakeTwin(string source, string path)
    {
        try
        {
            Posix.Link(source, path);
        }
        catch (IOException exception) when (Posix.ErrnoOf(exception) is Posix.Exdev or Posix.Eperm or Posix.Emlink)
        {
            File.Copy(source, path);
            using var copy = Posix.OpenToWrite(path, FileMode.Open);
            Posix.SyncFile(copy);
        }
    }
}
