using HashStore.Schema;
using HashStore.Schema.Tables;
using HashStore.Storage.Catalog;
using HashStore.Storage.Durability;
using HashStore.Storage.Objects;
using Microsoft.EntityFrameworkCore;

namespace HashStore.Migrate.Verification;

/// <summary>Every legacy path answers as the ledger says.</summary>
internal sealed class PathVerification(VerifyRun run)
{
    /// <summary>How often a path that keeps changing is looked at before a problem that never went away is believed.</summary>
    private const int MaxLooks = 20;

    private const int TypeMask = 0xF000, Regular = 0x8000, Folder = 0x4000; // stat.h: S_IFMT, S_IFREG, S_IFDIR

    private readonly LinkedAnswer linked = new(run);
    private long total, done;

    /// <summary>Paths whose content is in the store, and that answer with it.</summary>
    internal long Verified { get; private set; }

    /// <summary>Paths that are not yet converted.</summary>
    internal long Left { get; private set; }

    internal async Task RunAsync()
    {
        await using (var context = run.Parts.Database.NewContext())
        {
            total = (await VerifyQueries.AllPaths(context).FirstOrDefaultAsync(run.Cancellation))?.Count ?? 0;
        }

        List<VerifiedPath> page;
        var after = long.MinValue;
        do
        {
            await using (var context = run.Parts.Database.NewContext())
            {
                page = await VerifyQueries.Paths(context, after, VerifyRun.PageRows).ToListAsync(run.Cancellation);
            }

            foreach (var (row, finding) in page.Zip(await run.EachAsync(page, CheckAsync)))
            {
                Count(row, finding);
                after = row.Id;
            }
        }
        while (page.Count == VerifyRun.PageRows);
    }

    private void Count(VerifiedPath row, VerifyFinding? finding)
    {
        if (finding is not null)
        {
            run.Tell(finding, row.UploadId);
        }

        if (row.State is LedgerState.Found or LedgerState.Failed)
        {
            Left++;
        }
        else if (finding is null or { Kind: VerifyKind.Exposed } && (row.State is LedgerState.Linked or LedgerState.Committed || row is { State: LedgerState.Kept, Sha256: not null }))
        {
            Verified++;
        }
    }

    private async Task<VerifyFinding?> CheckAsync(VerifiedPath row)
    {
        var finding = Look(row);
        for (var looks = 1; finding is { IsDamage: true } && looks < MaxLooks; looks++)
        {
            // Beside a conversion: what looks wrong is looked at again, and believed when its row stayed the same.
            await run.PauseAsync();
            await using var context = run.Parts.Database.NewContext();
            if (await VerifyQueries.Path(context, row.Id).FirstOrDefaultAsync(run.Cancellation) is not { } again)
            {
                return null;
            }

            var same = again.State == row.State && again.Run == row.Run && again.ObjectState == row.ObjectState && again.ObjectTouched == row.ObjectTouched;
            (row, finding) = (again, Look(again));
            if (same)
            {
                break;
            }
        }

        run.Show("paths", Interlocked.Increment(ref done), total);
        return finding;
    }

    private VerifyFinding? Look(VerifiedPath row)
    {
        try
        {
            return row.State switch
            {
                LedgerState.Linked or LedgerState.Committed => linked.Look(row) ?? LookAtRows(row),
                LedgerState.Kept => LookAtKept(row) ?? LookAtRows(row),
                LedgerState.Missing => LookAtMissing(row),
                LedgerState.Removed => LookAtRemoved(row),
                _ => LookAtLeft(row),
            };
        }
        catch (Exception exception) when (StorageErrors.Knows(exception))
        {
            return Finding(VerifyKind.Unreadable, row, exception.Message);
        }
    }

    /// <summary>What the ledger speaks of is in the other tables, and they say the same.</summary>
    private static VerifyFinding? LookAtRows(VerifiedPath row)
    {
        if (row.Key is null || IsThumb(row))
        {
            return null; // a thumbnail's bytes are no object's
        }

        return row switch
        {
            { ObjectSha256: null } => Finding(VerifyKind.LostRow, row, "The database has no row of its object."),
            _ when !row.ObjectSha256.AsSpan().SequenceEqual(row.Sha256) =>
                Finding(VerifyKind.WrongRow, row, $"The ledger says SHA-256 {Hex(row.Sha256)}, the object's row {Hex(row.ObjectSha256)}."),
            { UploadId: { } version, UploadHash: null } => Finding(VerifyKind.LostRow, row, $"The database has no row of version {version}, which it became."),
            { UploadId: { } version } when !row.UploadHash.AsSpan().SequenceEqual(row.Key) =>
                Finding(VerifyKind.WrongRow, row, $"Version {version}, which it became, has other content (key {Hex(row.UploadHash)})."),
            _ => null,
        };
    }

    private VerifyFinding? LookAtKept(VerifiedPath row)
    {
        if ((row.Mode & TypeMask) is not (Regular or Folder))
        {
            return null; // its folder could not be read even then
        }

        if (FileStat.Of(run.Tree.FullPath(row.Path)) is not { } stat)
        {
            return IsThumb(row) ? null : Finding(VerifyKind.Gone, row, "The file was left here and is gone; if the site removed it, run `hashstore-migrate run` to absorb that.");
        }

        if ((row.Mode & TypeMask) == Folder)
        {
            return stat.IsFolder ? null : Finding(VerifyKind.WrongType, row, "A folder was left here; now it is none.");
        }

        if (!stat.IsFile)
        {
            return Finding(VerifyKind.WrongType, row, "A plain file was left here; now it is none.");
        }

        var isObject = IsObject(row, stat);
        if (stat.Size != row.Size || (row.Sha256 is not null && !(isObject && WasRead(row)) && !run.HasBytes(run.Tree.FullPath(row.Path), row.Sha256)))
        {
            return isObject
                ? Finding(VerifyKind.WrongBytes, row, "The file, which is one with its object, holds other bytes than recorded.")
                : Finding(VerifyKind.Changed, row, LinkedAnswer.OtherBytes);
        }

        return row is { Status: LedgerStatus.Hidden, Kind: LedgerKind.Current or LedgerKind.Archive }
            ? Finding(VerifyKind.Exposed, row, "The tables hide this content, but its file lies in the public tree: take it away.")
            : null;
    }

    /// <summary>Whether a file is a hard link of its object.</summary>
    private bool IsObject(VerifiedPath row, FileStat file) =>
        row is { Key: { } key, ObjectState: { } state }
        && FileStat.Of(run.FullPathOf(new ContentKey(key), VerifyRun.ZoneOf(state))) is { } stored && stored.IsSameFile(file);

    /// <summary>Whether the object was read already, and was what the ledger says.</summary>
    private bool WasRead(VerifiedPath row) =>
        row is { Key: { } key, ObjectTouched: { } touched } && row.ObjectSha256.AsSpan().SequenceEqual(row.Sha256) && run.IsSound(new ContentKey(key), touched);

    private VerifyFinding? LookAtMissing(VerifiedPath row) =>
        row.Status == LedgerStatus.Duplicate || FileStat.Of(run.Tree.FullPath(row.Path)) is not null
            ? null // its bytes are in the store, or have come since and the next run takes them
            : Finding(VerifyKind.Missing, row, "It was missing before it could be converted.");

    private VerifyFinding? LookAtRemoved(VerifiedPath row) => FileStat.Of(run.Tree.FullPath(row.Path)) is { } stat && !(stat.IsFile && IsThumb(row))
        ? Finding(
            VerifyKind.Answers,
            row,
            stat.IsLink
                ? "Its content was deleted or hidden, but the link is there."
                : "Its content was deleted or hidden, but a file is there; if the site wrote a new version, run `hashstore-migrate run` to absorb it.")
        : null;

    private VerifyFinding? LookAtLeft(VerifiedPath row) =>
        row.Inode == 0 || IsThumb(row) || FileStat.Of(run.Tree.FullPath(row.Path)) is not null
            ? null // without an inode: even the inventory could not look at it
            : Finding(VerifyKind.Gone, row, "It was not converted yet and is gone; if the site removed it, run `hashstore-migrate run` to absorb that.");

    /// <summary>Thumbnails that are files are the site's: it removes them and makes them anew as it likes.</summary>
    private static bool IsThumb(VerifiedPath row) => row.Kind is LedgerKind.Thumb or LedgerKind.ArchiveThumb;

    /// <summary>The key is that of the bytes at the path; a thumbnail's row has the key of what it shows.</summary>
    internal static VerifyFinding Finding(VerifyKind kind, VerifiedPath row, string detail) =>
        new(kind, row.Path, row is { Place: null, Key: { } key } ? new ContentKey(key) : null, detail);

    private static string Hex(byte[]? bytes) => Convert.ToHexStringLower(bytes ?? []);
}
