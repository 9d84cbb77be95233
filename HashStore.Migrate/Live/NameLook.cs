using HashStore.Migrate.Legacy;
using HashStore.Schema;
using HashStore.Schema.Tables;
using HashStore.Storage.Catalog;
using HashStore.Storage.Durability;
using HashStore.Storage.Legacy;

namespace HashStore.Migrate.Live;

/// <summary>Looks at everything in the tree that belongs to one name, and writes into the ledger what is there: the inventory of a single name.</summary>
internal sealed class NameLook(LegacyTree tree, StoreLedger ledger, long run)
{
    /// <summary>Looks.</summary>
    /// <returns>Links to objects that the wiki has moved to where this name's files are.</returns>
    internal async Task<List<Arrival>> LookAsync(string name)
    {
        var inventory = new Inventory(tree, ledger, run, _ => { });
        await inventory.LookAgainAsync(PathsOf(name));
        return inventory.Arrivals;
    }

    /// <summary>The ledger's rows of a name, without those of its files in the deleted zone.</summary>
    internal List<LedgerRow> RowsOf(string name) => ledger.Reading
        .ReadAll(ConversionStatements.ReadLedgerByName, ConversionRows.ReadLedger, LegacyNames.HashOf(name))
        .FindAll(row => row.Kind is not (LedgerKind.Folder or LedgerKind.Deleted or LedgerKind.Other) && LegacyPath.TryParse(row.Path, out var path) && path.Value.Name == name);

    /// <summary>The contents that the store has of a name's versions.</summary>
    internal List<NameContent> ContentsOf(string name) => ledger.Reading.ReadOne(Statements.ReadName, row => row.GetInt64(0), name) is { } nameId
        ? ledger.Reading.ReadAll(ConversionStatements.ReadContentsOfName, NameContent.Read, nameId)
        : [];

    /// <summary>Where a content lies in the wiki's deleted zone when the wiki deletes it.</summary>
    internal string DeletedPathOf(NameContent content, string name) => LegacyPath.OfDeleted(LegacyFingerprint.StorageKeyOf(content.Sha1, name), tree.DeletedLevels);

    /// <summary>The archived files of a name, whoever wrote them.</summary>
    internal IEnumerable<string> ArchivedOf(string name)
    {
        var folder = $"{LegacyPath.ArchiveFolder}/{LegacyPath.DirectoryOf(name, tree.Levels)}";
        return FilesIn(folder.TrimEnd('/')).Where(path => LegacyPath.TryParse(path, out var parsed) && parsed.Value.Name == name);
    }

    private HashSet<string> PathsOf(string name)
    {
        var rows = ledger.Reading.ReadAll(ConversionStatements.ReadLegacyByName, ConversionRows.ReadLegacy, LegacyNames.HashOf(name)).FindAll(row => row.Name == name);
        var archived = ArchivedOf(name).ToList();
        IEnumerable<string> paths =
        [
            LegacyPath.OfCurrent(name, tree.Levels),
            .. RowsOf(name).Select(row => row.Path),
            .. archived,
            .. rows.Where(row => row.ArchiveName is not null).Select(row => LegacyPath.OfArchive(name, row.ArchiveName!, tree.Levels)),
            .. rows.SelectMany(row => DeletedOf(row, name)),
            .. ContentsOf(name).Select(content => DeletedPathOf(content, name)),
            .. FilesIn($"{LegacyPath.ThumbFolder}/{LegacyPath.DirectoryOf(name, tree.Levels)}{name}"),
            .. archived.SelectMany(path => FilesIn($"{LegacyPath.ThumbFolder}/{path}")),
        ];
        return paths.ToHashSet(StringComparer.Ordinal);
    }

    private IEnumerable<string> DeletedOf(LegacyRow row, string name)
    {
        if (row.StorageKey is { } key)
        {
            yield return LegacyPath.OfDeleted(key, tree.DeletedLevels);
        }

        if (row.Sha1 is { } sha1 && (row.Kind == LegacyKind.Deleted || (row.Deleted & HiddenParts.Content) != 0))
        {
            yield return LegacyPath.OfDeleted(LegacyFingerprint.StorageKeyOf(sha1, name), tree.DeletedLevels);
        }
    }

    /// <summary>Files and links in a folder, relative to the tree; none where there is no such folder.</summary>
    private IEnumerable<string> FilesIn(string folder) => FileStat.Of(tree.FullPath(folder)) is { IsFolder: true }
        ? Directory.EnumerateFiles(tree.FullPath(folder)).Select(path => $"{folder}/{Path.GetFileName(path)}").Where(path => !IsOwn(path))
        : [];

    private static bool IsOwn(string path) => Path.GetFileName(path).StartsWith(Inventory.OwnPrefix, StringComparison.Ordinal);
}

/// <summary>Content of a version of a name.</summary>
internal sealed record NameContent(long UploadId, ContentKey Key, bool IsHidden, byte[] Sha1, ContentDigest Sha256, FileState State)
{
    internal static NameContent Read(System.Data.Common.DbDataReader row) => new(
        row.GetInt64(0), new ContentKey((byte[])row[1]), ((HiddenParts)row.GetInt16(2) & HiddenParts.Content) != 0, (byte[])row[3], new ContentDigest((byte[])row[4]), (FileState)row.GetByte(5));
}
