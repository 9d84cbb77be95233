using HashStore.Migrate.Legacy;
using HashStore.Schema;
using HashStore.Schema.Tables;
using HashStore.Storage.Adoption;
using HashStore.Storage.Catalog;

namespace HashStore.Migrate.Conversion;

/// <summary>
/// Writes what became of a batch into ledger and legacy rows, in the transaction that holds its versions. Can be run twice.
/// </summary>
internal sealed class BatchRecord(CatalogTransaction catalog, LegacyTree tree, ConversionContext context)
{
    private readonly HashSet<AdoptedContent> seen = [];

    /// <summary>The paths about which something was decided.</summary>
    internal List<LedgerRow> Decided { get; } = [];

    /// <summary>The paths whose files are to be exchanged for links, with the files.</summary>
    internal List<TakenFile> ToExchange { get; } = [];

    /// <summary>The paths that somebody was writing to.</summary>
    internal List<TakenFile> Busy { get; } = [];

    /// <summary>The paths whose links have to go, because their version was hidden since.</summary>
    internal List<LedgerRow> Removed { get; } = [];

    /// <summary>Thumbnails of what is public nowhere any more: their places below ROOT.</summary>
    internal List<string> RemovedThumbs { get; } = [];

    internal void Write(NamePlan plan)
    {
        foreach (var left in plan.Left)
        {
            Decide(left.File, left.State, left.Status, left.Detail);
        }

        foreach (var version in plan.Versions)
        {
            if (plan.Adopted is { IsHeldBack: false } && version.Version is { Content.Refusal: null } adopted)
            {
                WriteConverted(plan, version, adopted);
            }
            else
            {
                WriteProblem(version);
            }
        }
    }

    /// <summary>Writes what became of a path.</summary>
    internal void Decide(LedgerRow file, LedgerState state, LedgerStatus status, string? detail)
    {
        (file.State, file.Status, file.Detail, file.Run) = (state, status, detail, context.Run);
        ConversionRows.Set(catalog, file);
        Decided.Add(file);
    }

    private void WriteConverted(NamePlan plan, PlannedVersion version, AdoptedVersion adopted)
    {
        foreach (var row in version.Rows)
        {
            // What is newer than its row has none yet; the row speaks of the version before.
            catalog.Execute(ConversionStatements.SetLegacy, (byte)LegacyState.Converted, adopted.IsNewer ? row.UploadId : adopted.UploadId, row.Id);
        }

        if (version is { IsHidden: true, File: { State: LedgerState.Linked } shown })
        {
            WriteHidden(plan, shown);
            return;
        }

        if (version.File is { State: LedgerState.Linked, UploadId: null } moved)
        {
            moved.UploadId = adopted.UploadId;
            Decide(moved, LedgerState.Linked, LedgerStatus.Duplicate, null);
            return;
        }

        if (version.Taken is not { } taken || version.File is not { } file)
        {
            if (version.File is null && version.Row is { } lost)
            {
                WriteMissing(lost, LedgerStatus.Duplicate, "Its bytes were found under another path of the same name.");
            }

            return;
        }

        (file.Key, file.Sha256, file.UploadId) = (adopted.Content.Key.ToArray(), taken.Facts!.Sha256.ToArray(), adopted.UploadId);
        var first = seen.Add(adopted.Content) && !adopted.Content.WasStored;
        var contradiction = version.Row is { } claim ? Contradiction(claim, taken.Facts) : null;
        if (plan.IsDeleted || version.IsHidden || file.Kind == LedgerKind.Deleted)
        {
            var detail = file.Kind == LedgerKind.Archive
                ? "The tables say that it is hidden, but its file lies in the public archive: it was left there, take it away."
                : contradiction;
            Decide(file, LedgerState.Kept, LedgerStatus.Hidden, detail);
            return;
        }

        var status = contradiction is not null ? LedgerStatus.Mismatch
            : context.HasTables && plan.IsOrphan ? LedgerStatus.Orphan
            : first ? LedgerStatus.Converted : LedgerStatus.Duplicate;
        Decide(file, LedgerState.Committed, status, contradiction ?? (plan.IsOrphan ? context.HasTables ? "The tables do not know it; name and time were taken from its path." : "Name and time were taken from its path." : null));
        ToExchange.Add(taken);
    }

    /// <summary>A version that was public is hidden now: its links go, and its thumbnails with them.</summary>
    private void WriteHidden(NamePlan plan, LedgerRow file)
    {
        Decide(file, LedgerState.Removed, LedgerStatus.Hidden, "The tables say now that it is hidden: the link was taken away.");
        Removed.Add(file);
        foreach (var thumb in plan.Thumbs.Where(thumb => thumb.File is { State: LedgerState.Linked } && thumb.Shown == Path.GetFileName(file.Path)))
        {
            Decide(thumb.File, LedgerState.Removed, LedgerStatus.Hidden, "What it shows is hidden now: it was taken away.");
            Removed.Add(thumb.File);
            if (thumb.File is { Key: { } key, Place: { } place } && catalog.FindFile(new ContentKey(key)) is { RefCount: 0 })
            {
                RemovedThumbs.Add(place);
            }
        }
    }

    /// <summary>What a row claims and its file is not.</summary>
    private static string? Contradiction(LegacyRow row, ContentFacts facts)
    {
        var size = row.Size is { } claimed && claimed != facts.Size ? $"the tables say {claimed} bytes" : null;
        var sha1 = row.Sha1 is { } digest && !facts.Sha1.ToArray().AsSpan().SequenceEqual(digest) ? $"the tables say SHA-1 {Convert.ToHexStringLower(digest)}" : null;
        return size is null && sha1 is null ? null : $"Converted as found ({facts.Size} bytes, SHA-1 {facts.Sha1}); {string.Join(", ", new[] { size, sha1 }.Where(part => part is not null))}.";
    }

    private void WriteProblem(PlannedVersion version)
    {
        var problem = version.Version?.Content.Refusal ?? version.Problem ?? "It waits for the current version of its name, which could not be converted.";
        if (version.File is not { } file)
        {
            foreach (var row in version.Rows)
            {
                catalog.Execute(ConversionStatements.SetLegacy, (byte)LegacyState.Missing, row.UploadId, row.Id);
            }

            if (version.Row is { } lost)
            {
                WriteMissing(lost, LedgerStatus.Missing, problem);
            }

            return;
        }

        if (version.IsWithheld)
        {
            Decide(file, LedgerState.Kept, LedgerStatus.Hidden, problem);
            return;
        }

        foreach (var row in version.Rows)
        {
            catalog.Execute(ConversionStatements.SetLegacy, (byte)LegacyState.Failed, row.UploadId, row.Id);
        }

        switch (version.Taken?.Result)
        {
            case TakeResult.Busy:
                Decide(file, LedgerState.Failed, LedgerStatus.Failed, problem);
                Busy.Add(version.Taken);
                break;
            case TakeResult.Vanished:
                Decide(file, LedgerState.Missing, LedgerStatus.Missing, problem);
                break;
            case TakeResult.Taken when version.Version?.Content.Refusal is null:
                Decide(file, LedgerState.Failed, LedgerStatus.Skipped, problem);
                break;
            default:
                Decide(file, LedgerState.Failed, LedgerStatus.Failed, problem);
                break;
        }
    }

    /// <summary>A row without a file gets a line in the ledger at the path where the file should be.</summary>
    private void WriteMissing(LegacyRow row, LedgerStatus status, string detail)
    {
        var path = row.Kind switch
        {
            LegacyKind.Current => LegacyPath.OfCurrent(row.Name, tree.Levels),
            LegacyKind.Old => LegacyPath.OfArchive(row.Name, row.ArchiveName ?? $"{row.Timestamp:yyyyMMddHHmmss}!{row.Name}", tree.Levels),
            _ => LegacyPath.OfDeleted(row.StorageKey ?? $"{row.Timestamp:yyyyMMddHHmmss}!{row.Name}", tree.DeletedLevels),
        };
        if (path.Length > HashStoreContext.PathLength)
        {
            path = path[..HashStoreContext.PathLength];
        }

        var file = catalog.ReadAll(ConversionStatements.ReadLedgerByPath, ConversionRows.ReadLedger, path).FirstOrDefault();
        if (file is { State: not LedgerState.Missing })
        {
            return; // something that is no file of this name lies there; the ledger says what
        }

        if (file is null)
        {
            file = new LedgerRow { Path = path, NameHash = row.NameHash, Kind = KindOf(row.Kind), State = LedgerState.Missing, Size = row.Size ?? 0, Run = context.Run };
            ConversionRows.Insert(catalog, file);
            file.Id = catalog.ReadAll(ConversionStatements.ReadLedgerByPath, ConversionRows.ReadLedger, path)[0].Id;
        }

        Decide(file, LedgerState.Missing, status, detail);
    }

    private static LedgerKind KindOf(LegacyKind kind) => kind switch
    {
        LegacyKind.Current => LedgerKind.Current,
        LegacyKind.Old => LedgerKind.Archive,
        _ => LedgerKind.Deleted,
    };
}
