using HashStore.Schema;
using HashStore.Schema.Tables;
using HashStore.Storage.Catalog;
using Microsoft.EntityFrameworkCore;

namespace HashStore.Migrate.Verification;

/// <summary>Every converted row of the legacy tables has its version, which says what the row says; and every version has its name and its object's row.</summary>
internal sealed class VersionVerification(VerifyRun run)
{
    private long total, done;

    internal async Task RunAsync()
    {
        await using (var context = run.Parts.Database.NewContext())
        {
            var sums = await ConversionQueries.LegacySums(context).ToListAsync(run.Cancellation);
            total = sums.Where(sum => sum.State == LegacyState.Converted).Sum(sum => sum.Count);
        }

        await WalkAsync(VerifyQueries.Versions, row => row.Id, CheckRowAsync);
        await WalkAsync(CheckQueries.Uploads, row => row.Id, CheckUploadAsync);
    }

    private async Task WalkAsync<T>(Func<HashStoreContext, long, int, IQueryable<T>> pages, Func<T, long> idOf, Func<HashStoreContext, T, Task> check)
    {
        List<T> page;
        var after = long.MinValue;
        do
        {
            await using var context = run.Parts.Database.NewContext();
            page = await pages(context, after, VerifyRun.PageRows).ToListAsync(run.Cancellation);
            foreach (var row in page)
            {
                run.Cancellation.ThrowIfCancellationRequested();
                await check(context, row);
                after = idOf(row);
            }
        }
        while (page.Count == VerifyRun.PageRows);
    }

    private async Task CheckRowAsync(HashStoreContext context, VerifiedVersion row)
    {
        run.Show("rows", ++done, total);
        if (await ProblemAsync(context, row) is null || await VerifyQueries.Version(context, row.Id).FirstOrDefaultAsync(run.Cancellation) is not { } again
            || await ProblemAsync(context, again) is not { } finding || (again.UploadId is { } version && run.WasTold(version)))
        {
            return;
        }

        run.Tell(finding, again.UploadId);
    }

    /// <summary>What is wrong with a row; null when nothing is, or when it is a duplicate of one with which nothing is.</summary>
    private async Task<VerifyFinding?> ProblemAsync(HashStoreContext context, VerifiedVersion row)
    {
        if (row.UploadId is not { } version)
        {
            return new VerifyFinding(VerifyKind.WrongRow, null, null, $"{Shown(row)} says that it is converted, but not to which version.");
        }

        var differences = Differences(row);
        var paths = differences.Count == 0 && IsSameContent(row) ? [] : await VerifyQueries.PathsOfVersion(context, version).ToListAsync(run.Cancellation);
        if (!IsSameContent(row) && !paths.Exists(IsMismatch))
        {
            differences.Add($"SHA-1 {Hex(row.Sha1)} instead of {Hex(row.ObjectSha1)}");
        }

        var key = row.UploadHash is { } hash ? new ContentKey(hash) : (ContentKey?)null;
        var path = paths.FirstOrDefault()?.Path;
        if (row.UploadHash is null)
        {
            return new VerifyFinding(VerifyKind.LostRow, path, null, $"The database has no row of version {version}, which {Shown(row)} became.");
        }

        if (differences.Count == 0 || await IsDuplicateAsync(context, row, version))
        {
            return null;
        }

        return new VerifyFinding(VerifyKind.WrongRow, path, key, $"Version {version} is not what {Shown(row)} says: {string.Join(", ", differences)}.");
    }

    /// <summary>What a row says and its version does not.</summary>
    private static List<string> Differences(VerifiedVersion row)
    {
        var found = new List<string>();
        if (row.UploadHash is null)
        {
            found.Add("no version");
            return found;
        }

        void Compare<T>(string what, T said, T stored)
        {
            if (!EqualityComparer<T>.Default.Equals(said, stored))
            {
                found.Add($"{what} {said?.ToString() ?? "none"} instead of {stored?.ToString() ?? "none"}");
            }
        }

        if (!row.HasName)
        {
            found.Add("it belongs to another name");
        }

        if (row.Timestamp is { } time)
        {
            Compare("time", $"{time:O}", $"{row.UploadTimestamp:O}");
        }

        if (row.ArchiveName is { } archiveName)
        {
            Compare("archive name", archiveName, row.UploadArchiveName);
        }

        Compare("user number", row.UserId, row.UploadUser);
        Compare("user", row.UserText, row.UploadUserText);
        Compare("description", row.Description, row.UploadDescription);
        if (!IsHiddenAlike(row))
        {
            Compare<HiddenParts?>("hidden parts", row.Deleted, row.UploadDeleted);
        }

        return found;
    }

    /// <summary>
    /// Content may be hidden in the store that the row does not hide: that of deleted versions whose name has others that are shown, and what people hid through the store since. Never the other way round.
    /// </summary>
    private static bool IsHiddenAlike(VerifiedVersion row)
    {
        var (said, stored) = (row.Deleted, row.UploadDeleted!.Value);
        if (row is { Kind: LegacyKind.Deleted, HasShownRows: true })
        {
            said |= HiddenParts.Content;
        }

        var mayHide = row.Kind == LegacyKind.Deleted || row.UploadDeletionTimestamp is not null || !row.IsLatest;
        return said == stored || (mayHide && (said | HiddenParts.Content) == stored);
    }

    private static bool IsSameContent(VerifiedVersion row) =>
        row.Sha1 is null || row.ObjectSha1 is null || row.Sha1.AsSpan().SequenceEqual(row.ObjectSha1); // without an object's row: told with the version

    /// <summary>Whether the conversion told that the bytes are not those that the tables claim.</summary>
    private static bool IsMismatch(LedgerRow path) => path.Status == LedgerStatus.Mismatch || path is { Status: LedgerStatus.Hidden, Detail: not null };

    /// <summary>Whether another row of the same version is as the version is: of duplicates in the tables only one can be.</summary>
    private async Task<bool> IsDuplicateAsync(HashStoreContext context, VerifiedVersion row, long version)
    {
        var all = await VerifyQueries.RowsOfVersion(context, row.NameHash, version).ToListAsync(run.Cancellation);
        return all.Exists(other => other.Id != row.Id && other.Name == row.Name && Differences(other).Count == 0 && IsSameContent(other));
    }

    private Task CheckUploadAsync(HashStoreContext context, CheckedUpload row)
    {
        var key = new ContentKey(row.Hash);
        if ((!row.HasName && !run.WasTold(row.Id)) || (!row.HasFile && !run.WasTold(key)))
        {
            run.Tell(new VerifyFinding(VerifyKind.LostRow, null, key, $"Version {row.Id} has {(row.HasName ? "no row of its object" : "no name")}."), row.Id);
        }

        return Task.CompletedTask;
    }

    private static string Shown(VerifiedVersion row)
    {
        var table = row.Kind switch { LegacyKind.Current => "image", LegacyKind.Old => "oldimage", _ => "filearchive" };
        return $"the row of {row.Name}{(row.ArchiveName is { } archived ? $" ({archived})" : "")} in {table}";
    }

    private static string Hex(byte[]? bytes) => Convert.ToHexStringLower(bytes ?? []);
}
