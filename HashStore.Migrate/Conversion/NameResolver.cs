using System.Globalization;
using HashStore.Migrate.Legacy;
using HashStore.Schema;
using HashStore.Schema.Tables;
using HashStore.Storage.Adoption;
using HashStore.Storage.Objects;

namespace HashStore.Migrate.Conversion;

/// <summary>Turns plans whose files were taken into names with histories. Contents are shared within a batch.</summary>
internal sealed class NameResolver
{
    private readonly Dictionary<ContentDigest, AdoptedContent> incoming = [];
    private readonly Dictionary<ContentKey, AdoptedContent> stored = [];

    /// <summary>Fills in <see cref="NamePlan.Adopted"/> where the name can be converted now.</summary>
    internal void Resolve(NamePlan plan)
    {
        foreach (var version in plan.Versions)
        {
            version.Version = ContentOf(plan, version) is { } content ? Describe(version, content) : null;
        }

        // What the wiki has shown again lies in the archive before its tables are read.
        foreach (var version in plan.Versions.Where(version => version is { Row: null, Version: not null, File.Kind: LedgerKind.Archive }))
        {
            if (plan.Versions.Exists(other => other is { IsHidden: true, Version: not null } && other.Version.Content.Key == version.Version!.Content.Key))
            {
                (version.Version, version.IsWithheld, version.Problem) = (null, true, "The tables say that its content is hidden or deleted: it was left there until they say otherwise.");
            }
        }

        // While the current version is out of reach the name waits: an older one must not be shown in its place. One that is lost for good does not hold the others back.
        if (plan.Current is { Version: null, File: not null } current && current.Taken?.Result is not TakeResult.Vanished)
        {
            foreach (var version in plan.Versions.Where(version => version != current && version.Version is not null))
            {
                (version.Version, version.Problem) = (null, "It waits for the current version of its name, which could not be converted.");
            }

            return;
        }

        var versions = plan.Versions.Where(version => version.Version is not null).OrderBy(version => version.IsCurrent).ThenBy(version => version.Version!.Timestamp)
            .ThenBy(version => version.ArchiveName, StringComparer.Ordinal).Select(version => version.Version!).ToList();
        if (versions.Count == 0)
        {
            return;
        }

        // A name whose only versions are hidden ones has nothing to show.
        var shown = plan.IsDeleted ? versions : versions.FindAll(version => !version.HidesContent);
        foreach (var version in shown.Where(version => !plan.IsDeleted && !version.HidesContent))
        {
            version.Content.Zone = Zone.Public;
        }

        plan.Adopted = new AdoptedName
        {
            Name = FileName.FromStored(plan.Name),
            Deleted = plan.IsDeleted || shown.Count == 0,
            Versions = versions,
            Current = shown.Count > 0 ? shown[^1] : versions[^1],
        };
    }

    private AdoptedContent? ContentOf(NamePlan plan, PlannedVersion version)
    {
        if (version.Taken is { } taken)
        {
            if (taken.Result == TakeResult.Taken)
            {
                return Incoming(taken);
            }

            version.Problem = taken.Problem;
            return null;
        }

        if (version.File is { Key: { } key })
        {
            return Stored(new ContentKey(key));
        }

        if (version.File is { } file)
        {
            version.Problem = file.Detail;
            return null;
        }

        // The bytes may lie under another path of the same name: a revert made the old version the current one, or only its archive name is lost.
        var sha1 = version.Row?.Sha1;
        var twin = sha1 is null ? null : plan.Versions.Find(other => other.Taken is { Result: TakeResult.Taken } same && same.Facts!.Sha1.ToArray().AsSpan().SequenceEqual(sha1));
        if (twin is not null)
        {
            return Incoming(twin.Taken!);
        }

        version.Problem = "There is no file for it.";
        return null;
    }

    private AdoptedContent Incoming(TakenFile taken)
    {
        if (!incoming.TryGetValue(taken.Facts!.Sha256, out var content))
        {
            incoming.Add(taken.Facts.Sha256, content = new AdoptedContent(taken.Facts, taken.Staged!));
        }

        return content;
    }

    private AdoptedContent Stored(ContentKey key)
    {
        if (!stored.TryGetValue(key, out var content))
        {
            stored.Add(key, content = new AdoptedContent(key));
        }

        return content;
    }

    private static AdoptedVersion Describe(PlannedVersion version, AdoptedContent content)
    {
        var row = version.Row;
        var hidden = row?.Deleted ?? HiddenParts.None;
        return new AdoptedVersion
        {
            Content = content,
            Timestamp = row?.Timestamp ?? FileTime(version),
            FileTime = FileTime(version),
            IsDerived = row is null,
            ReplacedUploadId = version.File is { Key: null } replaced ? replaced.UploadId : null,
            UserId = row?.UserId,
            UserText = row?.UserText ?? "",
            Description = row?.Description ?? "",
            Hidden = version.IsHidden ? hidden | HiddenParts.Content : hidden,
            ArchiveName = version.ArchiveName,
            DeletionUserText = row?.DeletionUserText,
            DeletionTimestamp = row?.DeletionTimestamp,
            DeletionReason = row?.DeletionReason,

            // A path leads to one version, until the tables tell more of it; a file of the deleted zone may be many versions.
            // Of one whose file was replaced the ledger still names the version before: only where no table tells more is the new one its successor.
            KnownUploadId = row?.UploadId ?? (version.File is { Kind: not LedgerKind.Deleted } file && (row is null || file.Key is not null) ? file.UploadId : null),
        };
    }

    /// <summary>When a version was uploaded, if no table says it: when its file was written; an archived one at the latest when it was archived.</summary>
    private static DateTime FileTime(PlannedVersion version)
    {
        var written = DateTime.UnixEpoch;
        if (version.File is { } file)
        {
            // Times far outside of what the tables hold are a broken clock's.
            var milliseconds = Math.Clamp(file.Modified / 1_000_000, 0, 253_402_300_799_000);
            written = DateTime.UnixEpoch.AddMilliseconds(milliseconds);
        }

        return version.ArchiveName is { Length: > 14 } name
            && DateTime.TryParseExact(name.AsSpan(0, 14), "yyyyMMddHHmmss", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var archived)
            && archived < written ? archived : written;
    }
}
