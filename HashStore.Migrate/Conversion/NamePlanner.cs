using HashStore.Migrate.Legacy;
using HashStore.Schema;
using HashStore.Schema.Tables;
using HashStore.Storage.Catalog;
using HashStore.Storage.Legacy;

namespace HashStore.Migrate.Conversion;

/// <summary>
/// Brings rows and files of a name together. A file is looked for where it belongs, then below the other names that it had or may have been archived under, then in other directories: trees of real wikis
/// hold all of that (docs/MIGRATION.md).
/// </summary>
internal sealed class NamePlanner(CatalogTransaction reading, LegacyTree tree, bool hasTables)
{
    private bool wasConverted;

    /// <summary>The plans of all names with one hash: nearly always one, more where spellings differ only by Unicode normalisation.</summary>
    internal List<NamePlan> Plan(long nameHash)
    {
        var rows = hasTables ? reading.ReadAll(ConversionStatements.ReadLegacyByName, ConversionRows.ReadLegacy, nameHash) : [];
        var files = Files(nameHash);
        wasConverted = files.Exists(file => file is { UploadId: not null, Kind: not LedgerKind.Deleted });
        if (rows.TrueForAll(row => row.State == LegacyState.Converted) && !files.Exists(IsLeft))
        {
            return []; // all of it is done; what the wiki took away since is no reason to look for it in other places
        }

        var foreign = hasTables && files.Exists(file => file.Kind is LedgerKind.Archive or LedgerKind.Deleted)
            ? reading.ReadAll(ConversionStatements.ReadLegacyByFile, ConversionRows.ReadLegacy, nameHash)
            : [];
        files.RemoveAll(file => file.Kind is LedgerKind.Archive or LedgerKind.Deleted && foreign.Exists(row => IsFileOf(row, file)));
        var elsewhere = rows.SelectMany(FileHashes).Distinct().Where(hash => hash != nameHash).SelectMany(Files).ToList();
        var plans = rows.GroupBy(row => row.Name).ToDictionary(group => group.Key, group => PlanRows(group.Key, [.. group], [.. files.Concat(elsewhere)]));
        files.RemoveAll(file => file.State == LedgerState.Removed);
        var used = plans.Values.SelectMany(plan => plan.Versions).Select(version => version.File?.Id).ToHashSet();
        PlanRest([.. files.Where(file => !used.Contains(file.Id))], plans);
        foreach (var plan in plans.Values.Where(plan => hasTables && plan.IsOrphan && plan.Current is null))
        {
            // Old versions of which the tables know no name: making a file of them would bring back what somebody removed.
            plan.Left.AddRange(plan.Versions.Select(version => Unknown(version.File!)));
            plan.Versions.Clear();
        }

        return [.. plans.Values];
    }

    private List<LedgerRow> Files(long nameHash) => reading
        .ReadAll(ConversionStatements.ReadLedgerByName, ConversionRows.ReadLedger, nameHash)
        .FindAll(file => file.Kind != LedgerKind.Folder && file.State is not LedgerState.Missing);

    /// <summary>Whether there is something to do for a path, or to say of it.</summary>
    private static bool IsLeft(LedgerRow file) =>
        NamePlan.IsOpen(file) || file.State is LedgerState.Failed || (file is { State: LedgerState.Linked, UploadId: null, Kind: LedgerKind.Current or LedgerKind.Archive });

    /// <summary>Below which other names the file of a row may lie.</summary>
    private static IEnumerable<long> FileHashes(LegacyRow row)
    {
        yield return row.FileHash;
        foreach (var key in StorageKeys(row))
        {
            yield return LegacyNames.HashOf(key);
        }
    }

    /// <summary>What a deleted or hidden version may be called in the deleted zone.</summary>
    private static IEnumerable<string> StorageKeys(LegacyRow row)
    {
        if (row.Kind == LegacyKind.Current || (row.Kind == LegacyKind.Old && (row.Deleted & HiddenParts.Content) == 0))
        {
            yield break;
        }

        if (row.StorageKey is { } key)
        {
            yield return key;
        }

        if (row.Sha1 is { } sha1)
        {
            yield return LegacyFingerprint.StorageKeyOf(sha1, row.Name);
            yield return LegacyFingerprint.StorageKeyOf(sha1, ""); // without an extension
        }
    }

    private static bool IsFileOf(LegacyRow row, LedgerRow file)
    {
        var name = Path.GetFileName(file.Path);
        return file.Kind == LedgerKind.Archive ? row.Kind == LegacyKind.Old && row.ArchiveName == name
            : file.Kind == LedgerKind.Deleted && StorageKeys(row).Contains(name);
    }

    private NamePlan PlanRows(string name, List<LegacyRow> rows, List<LedgerRow> files)
    {
        var plan = new NamePlan(name) { IsDeleted = rows.TrueForAll(row => row.Kind == LegacyKind.Deleted), WasConverted = wasConverted };
        var there = files.FindAll(file => file.State != LedgerState.Removed);

        // 1. The current version. Wikis before 1.4 could have several rows of one name: the newest counts.
        var current = rows.FindAll(row => row.Kind == LegacyKind.Current).OrderByDescending(row => row.Timestamp).ToList();
        if (current.Count > 0)
        {
            var version = new PlannedVersion { IsCurrent = true, File = CurrentFile(name, there) };
            version.Rows.AddRange(current);
            plan.Versions.Add(version);
        }

        // 2. Old and deleted ones; rows equal in all that tells them apart are one version.
        foreach (var group in rows.FindAll(row => row.Kind != LegacyKind.Current).GroupBy(row => (row.Kind, row.ArchiveName, row.StorageKey, row.Timestamp, Convert.ToHexString(row.Sha1 ?? []))))
        {
            var row = group.First();
            var hidden = row.Kind == LegacyKind.Deleted ? !plan.IsDeleted || (row.Deleted & HiddenParts.Content) != 0 : (row.Deleted & HiddenParts.Content) != 0;
            var candidates = (hidden || plan.IsDeleted ? files : there).FindAll(file => IsFileOf(row, file));
            var version = new PlannedVersion
            {
                IsHidden = hidden,
                File = hidden || plan.IsDeleted
                    ? candidates.Find(file => file.Kind == LedgerKind.Deleted) ?? candidates.FirstOrDefault()
                    : candidates.Find(file => file.Kind == LedgerKind.Archive && file.Path == LegacyPath.OfArchive(name, row.ArchiveName!, tree.Levels)) ?? candidates.FirstOrDefault(),
            };
            version.Rows.AddRange(group);
            plan.Versions.Add(version);
        }

        return plan;
    }

    /// <summary>The file of a current version: at its place, else at the place of another number of hash directories or of another spelling.</summary>
    private LedgerRow? CurrentFile(string name, List<LedgerRow> files)
    {
        var candidates = files.FindAll(file => file.Kind == LedgerKind.Current && IsSpelling(Path.GetFileName(file.Path), name));
        return candidates.Find(file => file.Path == LegacyPath.OfCurrent(name, tree.Levels)) ?? candidates.Find(file => Path.GetFileName(file.Path) == name) ?? candidates.FirstOrDefault();
    }

    /// <summary>What no row has claimed: thumbnails, files that the tables do not know, and all files where there are no tables.</summary>
    private void PlanRest(List<LedgerRow> files, Dictionary<string, NamePlan> plans)
    {
        foreach (var file in files.OrderBy(file => file.Kind).ThenBy(file => file.Path, StringComparer.Ordinal))
        {
            if (!LegacyPath.TryParse(file.Path, out var path) || file.Kind == LedgerKind.Other)
            {
                Lost(plans).Left.Add(new LeftPath(file, file.State, file.Status, file.Detail ?? ""));
                continue;
            }

            if (file.Kind == LedgerKind.Deleted)
            {
                continue; // another name may claim it; who is left at the end of the run is told
            }

            var plan = plans.Values.FirstOrDefault(candidate => candidate.Name == path.Value.Name)
                ?? plans.Values.FirstOrDefault(candidate => IsSpelling(path.Value.Name, candidate.Name))
                ?? (plans[path.Value.Name] = new NamePlan(path.Value.Name) { IsOrphan = true, WasConverted = wasConverted });
            switch (file.Kind)
            {
                case LedgerKind.Thumb or LedgerKind.ArchiveThumb:
                    plan.Thumbs.Add(new PlannedThumb(file, path.Value.Shown!));
                    break;
                case LedgerKind.Current:
                    PlanCurrent(plan, file);
                    break;
                default:
                    PlanArchived(plan, file);
                    break;
            }
        }
    }

    private void PlanCurrent(NamePlan plan, LedgerRow file)
    {
        var inPlace = file.Path == LegacyPath.OfCurrent(Path.GetFileName(file.Path), tree.Levels);
        var reason = plan switch
        {
            { IsDeleted: true } => "The tables say that the file is deleted; this file was left where it is.",
            { Current: not null } => "Another file is the current version of this name; this one was left as it is.",
            { IsOrphan: false } => "The tables know only old versions of this name; this file was left as it is.",
            _ when hasTables && !inPlace => "It lies where no upload belongs, and the tables do not know it.",
            _ when Inventory.IsClutter(plan.Name) => "It is no upload.",
            _ when !inPlace && file.Path.Contains('/', StringComparison.Ordinal) is false && tree.Levels > 0 => "It lies where no upload belongs.",
            _ => null,
        };
        if (reason is not null)
        {
            plan.Left.Add(new LeftPath(file, LedgerState.Kept, plan.IsOrphan ? LedgerStatus.Skipped : LedgerStatus.Orphan, reason));
        }
        else
        {
            plan.Versions.Add(new PlannedVersion { IsCurrent = true, File = file });
        }
    }

    private static void PlanArchived(NamePlan plan, LedgerRow file)
    {
        var archiveName = Path.GetFileName(file.Path);
        if (plan.Versions.Exists(version => version.IsHidden && version.Row?.ArchiveName == archiveName))
        {
            plan.Left.Add(new LeftPath(file, LedgerState.Kept, LedgerStatus.Hidden, "The tables say that it is hidden, but its file lies in the public archive: it was left there until they say otherwise."));
        }
        else if (!plan.IsOrphan && !(plan is { WasConverted: true, IsDeleted: false } && file.State != LedgerState.Kept))
        {
            plan.Left.Add(Unknown(file));
        }
        else
        {
            plan.Versions.Add(new PlannedVersion { File = file });
        }
    }

    private static LeftPath Unknown(LedgerRow file) => new(file, LedgerState.Kept, LedgerStatus.Orphan, "The tables know no such version; it was left as it is.");

    /// <summary>What belongs to no name.</summary>
    private static NamePlan Lost(Dictionary<string, NamePlan> plans) => plans.TryGetValue("", out var lost) ? lost : plans[""] = new NamePlan("");

    /// <summary>Whether two names differ at most by Unicode normalisation: Macs write decomposed names.</summary>
    private static bool IsSpelling(string one, string other) =>
        one == other || (one.IsNormalized() && other.IsNormalized() ? false : one.Normalize() == other.Normalize());
}
