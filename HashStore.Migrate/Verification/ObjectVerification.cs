using HashStore.Schema;
using HashStore.Schema.Tables;
using HashStore.Storage.Catalog;
using HashStore.Storage.Durability;
using HashStore.Storage.Objects;
using Microsoft.EntityFrameworkCore;

namespace HashStore.Migrate.Verification;

/// <summary>
/// Every object has its bytes, in the zone that its row says, and content that nothing shown refers to is not in the public tree. Each object is read once, however many paths lead to it.
/// </summary>
internal sealed class ObjectVerification(VerifyRun run)
{
    /// <summary>How often a row that keeps changing is looked at before a problem that never went away is believed.</summary>
    private const int MaxLooks = 20;

    private long total, done;

    internal async Task RunAsync()
    {
        await using (var context = run.Parts.Database.NewContext())
        {
            total = (await CheckQueries.AllFiles(context).FirstOrDefaultAsync(run.Cancellation))?.Bytes ?? 0;
        }

        List<VerifiedObject> page;
        byte[]? after = null;
        do
        {
            await using (var context = run.Parts.Database.NewContext())
            {
                page = await VerifyQueries.Objects(context, after, VerifyRun.PageRows).ToListAsync(run.Cancellation);
            }

            foreach (var finding in (await run.EachAsync(page, CheckAsync)).OfType<VerifyFinding>())
            {
                if (finding.Kind == VerifyKind.HiddenInPublic)
                {
                    run.Tell(finding); // whether paths lead there or not
                }

                run.Break(finding.Key!.Value, finding);
            }

            after = page.LastOrDefault()?.Hash;
        }
        while (page.Count == VerifyRun.PageRows);
    }

    private async Task<VerifyFinding?> CheckAsync(VerifiedObject row)
    {
        var finding = Look(row);
        for (var looks = 1; finding is not null && looks < MaxLooks; looks++)
        {
            await run.PauseAsync();
            await using var context = run.Parts.Database.NewContext();
            if (await VerifyQueries.Object(context, row.Hash).FirstOrDefaultAsync(run.Cancellation) is not { } again)
            {
                return null; // collected meanwhile
            }

            var same = again.State == row.State && again.Touched == row.Touched && again.IsShown == row.IsShown;
            (row, finding) = (again, Look(again));
            if (same)
            {
                break;
            }
        }

        return finding;
    }

    private VerifyFinding? Look(VerifiedObject row)
    {
        var key = new ContentKey(row.Hash);
        var zone = VerifyRun.ZoneOf(row.State);
        try
        {
            return row.State == FileState.Claimed ? null : LookAtZones(row, key) ?? Read(row, key, zone);
        }
        catch (Exception exception) when (StorageErrors.Knows(exception))
        {
            return new VerifyFinding(VerifyKind.Unreadable, run.PathOf(key, zone), key, exception.Message);
        }
    }

    private VerifyFinding? LookAtZones(VerifiedObject row, ContentKey key)
    {
        // A row that nothing refers to is no hidden content: fsck tells of it.
        var isHidden = row is { IsUsed: true, IsShown: false, State: not FileState.Collecting };
        return isHidden && FileStat.Of(run.FullPathOf(key, Zone.Public)) is not null
            ? new VerifyFinding(VerifyKind.HiddenInPublic, run.PathOf(key, Zone.Public), key, "Only hidden or deleted versions have this content, but it is in the public tree.")
            : null;
    }

    private VerifyFinding? Read(VerifiedObject row, ContentKey key, Zone zone)
    {
        if (FileStat.Of(run.FullPathOf(key, zone)) is null && row.State == FileState.Collecting)
        {
            zone = Zone.Deleted; // on its way
        }

        var path = run.PathOf(key, zone);
        if (FileStat.Of(run.FullPathOf(key, zone)) is not { } stat)
        {
            return new VerifyFinding(VerifyKind.LostObject, path, key, $"The object ({row.Size} bytes) is not in its place.");
        }

        if (!stat.IsFile)
        {
            return new VerifyFinding(VerifyKind.WrongType, path, key, "The object is no plain file.");
        }

        if (stat.Size != row.Size)
        {
            return new VerifyFinding(VerifyKind.WrongBytes, path, key, $"The object has {stat.Size} bytes instead of {row.Size}.");
        }

        using var file = new FileStream(Posix.OpenToRead(run.FullPathOf(key, zone)), FileAccess.Read, bufferSize: 0);
        var sha256 = run.Hash(file, Count);
        return sha256.AsSpan().SequenceEqual(row.Sha256)
            ? null
            : new VerifyFinding(VerifyKind.WrongBytes, path, key, $"The object has the SHA-256 {Convert.ToHexStringLower(sha256)} instead of {Convert.ToHexStringLower(row.Sha256)}.");
    }

    private void Count(int count) => run.Show("objects", Interlocked.Add(ref done, count), total, areBytes: true);
}
