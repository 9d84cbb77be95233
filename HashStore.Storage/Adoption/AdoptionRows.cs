using HashStore.Schema;
using HashStore.Schema.Tables;
using HashStore.Storage.Catalog;
using HashStore.Storage.Objects;

namespace HashStore.Storage.Adoption;

/// <summary>
/// The rows of a name that comes in with its history. What the name has already is matched by the version's number or by content and time, so that the same history can come again, changed or complete,
/// and nothing is doubled. Runs inside the writer's transaction.
/// </summary>
internal static class AdoptionRows
{
    /// <summary>Writes them.</summary>
    /// <returns>The objects whose zone has to change.</returns>
    internal static IReadOnlyList<ContentKey> Write(CatalogTransaction catalog, IObjectBackend backend, AdoptedName name)
    {
        // An old version must not be shown as the current one only because that was refused.
        name.IsHeldBack = name.Current.Content.Refusal is not null;
        if (name.IsHeldBack)
        {
            return [];
        }

        var versions = name.Versions.Where(version => version.Content.Refusal is null).ToList();

        var known = catalog.FindName(name.Name);
        var existing = known is { } row ? catalog.ReadAll(ConversionStatements.ReadUploadsOfName, ExistingVersion.Read, row.Id) : [];
        var nameId = known?.Id ?? catalog.Insert(Statements.InsertName, name.Name.Value, null);
        var counts = new Dictionary<ContentKey, long>();
        foreach (var version in existing.Where(version => known is { Deleted: false } && !version.HidesContent))
        {
            Count(counts, version.Key, -1);
        }

        var returns = known is { Deleted: true } && !name.Deleted;
        if (returns)
        {
            catalog.Execute(Statements.HideAll, nameId); // of what was deleted with the name only that is shown again which has come back
        }

        foreach (var version in versions)
        {
            var match = Match(existing, version, isCurrent: version == name.Current, known?.Latest, returns);
            var isNews = match is null or { IsDerived: true };
            WriteVersion(catalog, nameId, version, match);
            if (isNews && version is { IsDerived: false, IsNewer: false, Content.WasStored: true })
            {
                MovedVersions.Leave(catalog, nameId, version, counts);
            }

            if (!name.Deleted && !version.HidesContent)
            {
                Count(counts, version.Content.Key, 1);
            }
        }

        foreach (var version in existing.Where(version => !version.Matched && !name.Deleted && !returns && !version.HidesContent))
        {
            Count(counts, version.Key, 1);
        }

        SetLatest(catalog, name, nameId, known, existing);
        return Publish(catalog, backend, counts, versions);
    }

    /// <summary>The version that the name has already; null: it is a new one.</summary>
    private static ExistingVersion? Match(List<ExistingVersion> existing, AdoptedVersion version, bool isCurrent, long? latest, bool returns)
    {
        version.IsNewer = existing.Exists(candidate => candidate.Id == version.KnownUploadId && candidate.Key != version.Content.Key);
        if (version.IsNewer || version.IsDerived)
        {
            // A path alone: an old version is one of those with its bytes, the current one the latest. The same bytes again under a newer date are a revert.
            return existing.Find(candidate => candidate.Id == version.KnownUploadId && candidate.Key == version.Content.Key)
                ?? existing.Find(candidate => candidate.Id == latest && IsFree(candidate) && isCurrent)
                ?? existing.Find(candidate => IsFree(candidate) && version.ArchiveName is not null && candidate.ArchiveName == version.ArchiveName)
                ?? existing.Find(candidate => IsFree(candidate) && candidate.Timestamp == version.Timestamp)
                ?? existing.Find(candidate => IsFree(candidate) && version.ArchiveName is not null && candidate.ArchiveName is null)
                ?? existing.FindLast(candidate => IsFree(candidate) && returns);
        }

        return existing.Find(candidate => candidate.Id == version.KnownUploadId && candidate.Key == version.Content.Key)
            ?? existing.Find(candidate => IsFree(candidate) && candidate.Timestamp == version.Timestamp)
            ?? existing.Find(candidate => IsFree(candidate) && candidate.IsDerived);

        bool IsFree(ExistingVersion candidate) => !candidate.Matched && candidate.Key == version.Content.Key;
    }

    private static void WriteVersion(CatalogTransaction catalog, long nameId, AdoptedVersion version, ExistingVersion? match)
    {
        if (match is not null && (version.IsDerived || version.IsNewer))
        {
            // What was told of it stays.
            match.Matched = true;
            version.UploadId = match.Id;
            catalog.Execute(ConversionStatements.SetShown, (short)version.Hidden, version.ArchiveName ?? match.ArchiveName, match.Id);
            return;
        }

        if (version.IsNewer)
        {
            version.UploadId = catalog.Insert(
                Statements.InsertUpload, nameId, version.Content.Key.ToArray(), version.FileTime, null, "", "", (short)version.Hidden, version.ArchiveName);
            return;
        }

        if (match is null)
        {
            version.UploadId = catalog.Insert(
                Statements.InsertUpload, nameId, version.Content.Key.ToArray(), version.Timestamp, version.UserId, version.UserText, version.Description,
                (short)version.Hidden, version.ArchiveName);
            if (version.DeletionTimestamp is null && version.DeletionUserText is null && version.DeletionReason is null)
            {
                return;
            }
        }
        else
        {
            match.Matched = true;
            version.UploadId = match.Id;
        }

        catalog.Execute(
            ConversionStatements.SetUpload, version.Timestamp, version.UserId, version.UserText, version.Description, (short)version.Hidden, version.ArchiveName,
            version.DeletionUserText, version.DeletionTimestamp, version.DeletionReason, version.UploadId);
    }

    private static void SetLatest(
        CatalogTransaction catalog, AdoptedName name, long nameId, NameRow? known, List<ExistingVersion> existing)
    {
        var current = name.Current;
        var own = existing.Find(version => version.Id == known?.Latest && !version.Matched && known is { Deleted: false });

        // What the same path or row was before is none of the store's own: a wiki that replaced its file shows the new one.
        var time = current.IsNewer ? current.FileTime : current.Timestamp;
        var keepsOwn = own is not null && own.Id != current.KnownUploadId && own.Id != current.ReplacedUploadId && own.Timestamp >= time;
        catalog.Execute(Statements.SetLatest, keepsOwn ? own!.Id : current.UploadId, nameId);
        if (name.Deleted)
        {
            catalog.Execute(Statements.SetNameDeleted, true, nameId);
        }
    }

    /// <summary>Brings the reference counts and states of the objects up to date.</summary>
    private static List<ContentKey> Publish(CatalogTransaction catalog, IObjectBackend backend, Dictionary<ContentKey, long> counts, List<AdoptedVersion> versions)
    {
        var unsettled = new List<ContentKey>();
        foreach (var (key, difference) in counts.Where(pair => pair.Value != 0))
        {
            var file = catalog.FindFile(key) ?? throw Vanished(key);
            if (file.State == FileState.Claimed && difference > 0)
            {
                if (!ContentChanges.HasBytes(backend, key, Zone.Public))
                {
                    throw Vanished(key);
                }

                catalog.CountReference(key, difference);
                catalog.SetState(key, FileState.Public);
            }
            else if (ContentChanges.CountReferences(catalog, key, difference))
            {
                unsettled.Add(key);
            }
        }

        // What only hidden versions refer to: its bytes were placed in the deleted zone.
        foreach (var key in versions.Select(version => version.Content.Key).Where(key => counts.GetValueOrDefault(key) == 0).Distinct())
        {
            if ((catalog.FindFile(key) ?? throw Vanished(key)).State != FileState.Claimed)
            {
                continue;
            }

            if (ContentChanges.HasBytes(backend, key, Zone.Public))
            {
                catalog.SetState(key, FileState.Collecting); // left there by an upload that died after its claim
                unsettled.Add(key);
            }
            else if (ContentChanges.HasBytes(backend, key, Zone.Deleted))
            {
                catalog.SetState(key, FileState.Deleted);
            }
            else
            {
                throw Vanished(key);
            }
        }

        return unsettled;
    }

    private static void Count(Dictionary<ContentKey, long> counts, ContentKey key, long difference) => counts[key] = counts.GetValueOrDefault(key) + difference;

    private static StoreException Vanished(ContentKey key) =>
        new(StoreFault.Unavailable, $"The claim of {key} was removed under way. Run the command again: it goes on where it stopped.");

    private sealed class ExistingVersion
    {
        internal required long Id { get; init; }

        internal required ContentKey Key { get; init; }

        internal required DateTime Timestamp { get; init; }

        internal required bool HidesContent { get; init; }

        internal string? ArchiveName { get; private init; }

        /// <summary>Whether it was made of a path alone, before there were tables: nobody is known to have uploaded it.</summary>
        internal required bool IsDerived { get; init; }

        internal bool Matched { get; set; }

        internal static ExistingVersion Read(System.Data.Common.DbDataReader row) => new()
        {
            Id = row.GetInt64(0),
            Key = new ContentKey((byte[])row[1]),
            Timestamp = row.GetDateTime(2),
            HidesContent = ((HiddenParts)row.GetInt16(3) & HiddenParts.Content) != 0,
            IsDerived = row.GetString(4).Length == 0,
            ArchiveName = row.IsDBNull(5) ? null : row.GetString(5),
        };
    }
}
