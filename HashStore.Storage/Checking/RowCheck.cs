using HashStore.Schema;
using HashStore.Schema.Tables;
using HashStore.Storage.Catalog;
using HashStore.Storage.Durability;
using HashStore.Storage.Objects;
using Microsoft.EntityFrameworkCore;

namespace HashStore.Storage.Checking;

/// <summary>
/// Every <c>file</c> row against its object, its uploads and itself.
///
/// Beside a live server: the page was read first, then the zones are looked at, then the row is read again. Bytes change zone only while their row says
/// Collecting, so a problem that was seen between two equal readings of the row is none of a move.
/// </summary>
internal sealed class RowCheck(CheckRun run)
{
    /// <summary>How often a row that keeps changing is looked at before a problem that never went away is believed.</summary>
    private const int MaxLooks = 20;

    private static readonly TimeSpan PauseBetweenLooks = TimeSpan.FromMilliseconds(10);

    /// <summary>An upload claims before its bytes are durable; a large one on a slow disk takes minutes, none takes this long.</summary>
    private static readonly TimeSpan ClaimedTooLong = TimeSpan.FromHours(1);

    /// <summary>A move takes milliseconds; one that waits for a busy writer takes seconds.</summary>
    private static readonly TimeSpan CollectingTooLong = TimeSpan.FromMinutes(1);

    private IObjectBackend Backend => run.Parts.Backend;

    internal async Task RunAsync()
    {
        await using (var context = run.Parts.Database.NewContext())
        {
            var all = await CheckQueries.AllFiles(context).FirstOrDefaultAsync(run.Cancellation) ?? new Sum();
            run.Begin(CheckStage.Rows, all.Count);
        }

        for (byte[]? after = null; ;)
        {
            List<CheckedFile> page;
            await using (var context = run.Parts.Database.NewContext())
            {
                page = await CheckQueries.Files(context, after, CheckRun.PageRows).ToListAsync(run.Cancellation);
            }

            foreach (var row in page)
            {
                await CheckAsync(row);
                run.Step();
            }

            if (page.Count < CheckRun.PageRows)
            {
                return;
            }

            after = page[^1].Hash;
        }
    }

    private async Task CheckAsync(CheckedFile row)
    {
        var findings = await LookAsync(row);
        if (findings.Count > 0 && row.Hash.Length * 8 != run.Parts.Layout.KeyBits)
        {
            await run.Parts.RefreshAsync(run.Cancellation); // keys may become longer beside this check
            findings = await LookAsync(row);
        }

        for (var looks = 1; findings.Count > 0 && looks < MaxLooks; looks++)
        {
            var again = await ReadAgainAsync(row);
            if (again is null)
            {
                return; // collected meanwhile
            }

            if (again.State == row.State && again.Touched == row.Touched && again.RefCount - again.Counted == row.RefCount - row.Counted)
            {
                break;
            }

            row = again;
            await Task.Delay(PauseBetweenLooks, run.Cancellation);
            findings = await LookAsync(row);
        }

        foreach (var finding in findings)
        {
            await run.ReportAsync(finding);
        }
    }

    private async Task<CheckedFile?> ReadAgainAsync(CheckedFile row)
    {
        await using var context = run.Parts.Database.NewContext();
        return await CheckQueries.File(context, row.Hash).FirstOrDefaultAsync(run.Cancellation);
    }

    private async Task<List<Finding>> LookAsync(CheckedFile row)
    {
        var findings = new List<Finding>();
        if (!ContentKey.IsKey(row.Hash))
        {
            findings.Add(new Finding(FindingKind.WrongKey, null, null, $"file_hash {Convert.ToHexStringLower(row.Hash)} has a length that no key has."));
            return findings;
        }

        var key = new ContentKey(row.Hash);
        LookAtRow(row, key, findings);
        try
        {
            await LookAtPlaceAsync(row, key, findings);
        }
        catch (Exception exception) when (StorageErrors.Knows(exception))
        {
            findings.Add(Unreadable(key, row.State == FileState.Deleted ? Zone.Deleted : Zone.Public, exception));
        }

        return findings;
    }

    private void LookAtRow(CheckedFile row, ContentKey key, List<Finding> findings)
    {
        if (WrongKey(row, key) is { } wrong)
        {
            findings.Add(new Finding(FindingKind.WrongKey, key, null, wrong));
        }

        if (row.RefCount != row.Counted)
        {
            findings.Add(new Finding(FindingKind.WrongRefCount, key, null, $"file_refcount is {row.RefCount}, but {row.Counted} uploads count."));
        }
        else if (row.State switch { FileState.Public => row.RefCount <= 0, FileState.Collecting => false, _ => row.RefCount != 0 })
        {
            findings.Add(new Finding(FindingKind.WrongState, key, null, $"The row says {Name(row.State)}, but {row.RefCount} uploads refer to it."));
        }
    }

    /// <summary>The key is cut from the digest by the store's algorithm, which stands in a column of its own where that is not SHA-256.</summary>
    private string? WrongKey(CheckedFile row, ContentKey key)
    {
        var layout = run.Parts.Layout;
        var algorithm = layout.DigestAlgorithm;
        if (row.Sha256.Length != DigestAlgorithm.Sha256.DigestBytes() || (row.Digest is null) != (algorithm == DigestAlgorithm.Sha256))
        {
            return $"The row has no SHA-256, or not the digests that a {layout.Algorithm} store has.";
        }

        var digest = row.Digest ?? row.Sha256;
        var bits = row.State == FileState.Claimed || key.Bits == layout.FromBits ? key.Bits : layout.KeyBits; // the one before, while keys are being changed
        return digest.Length == algorithm.DigestBytes() && bits <= digest.Length * 8 && new ContentDigest(digest).ToKey(bits) == key
            ? null
            : $"The row's {layout.Algorithm} is {Convert.ToHexStringLower(digest)}, which has another key of {layout.KeyBits} bits.";
    }

    private async Task LookAtPlaceAsync(CheckedFile row, ContentKey key, List<Finding> findings)
    {
        var age = run.Now - row.Touched;
        switch (row.State)
        {
            case FileState.Claimed when age > ClaimedTooLong:
                findings.Add(Leftover(key, $"claimed {CheckRun.Age(age)} ago by an upload that never finished"));
                break;

            case FileState.Public:
                var isPublic = await SizeAsync(key, Zone.Public);
                var alsoDeleted = await Backend.StatAsync(key, Zone.Deleted) is not null;
                if (isPublic is { } size)
                {
                    CompareSize(row, key, Zone.Public, size, findings);
                    if (alsoDeleted)
                    {
                        var copy = run.PathOf(key, Zone.Deleted);
                        findings.Add(new Finding(FindingKind.Leftover, key, copy, "A second copy of a public object, left by a move that was interrupted."));
                    }
                }
                else
                {
                    findings.Add(alsoDeleted
                        ? new Finding(FindingKind.WrongZone, key, run.PathOf(key, Zone.Deleted), "The row says public, but the bytes are in the deleted zone.")
                        : Missing(row, key, Zone.Public));
                }

                break;

            case FileState.Deleted:
                var isDeleted = await SizeAsync(key, Zone.Deleted);
                if (await Backend.StatAsync(key, Zone.Public) is not null)
                {
                    var path = run.PathOf(key, Zone.Public);
                    findings.Add(new Finding(FindingKind.WrongZone, key, path, "The row says deleted, but the bytes are in the public tree."));
                }
                else if (isDeleted is null)
                {
                    findings.Add(Missing(row, key, Zone.Deleted));
                }

                if (isDeleted is { } kept)
                {
                    CompareSize(row, key, Zone.Deleted, kept, findings);
                }

                break;

            case FileState.Collecting:
                await LookAtMoveAsync(row, key, age, findings);
                break;

            case FileState.Claimed:
                break;

            default:
                findings.Add(new Finding(FindingKind.WrongState, key, null, $"file_state is {(int)row.State}, which no state is."));
                break;
        }
    }

    private async Task LookAtMoveAsync(CheckedFile row, ContentKey key, TimeSpan age, List<Finding> findings)
    {
        // The public tree twice: the move may go either way between the looks.
        var zone = Zone.Public;
        var size = await SizeAsync(key, Zone.Public);
        if (size is null)
        {
            (zone, size) = (Zone.Deleted, await SizeAsync(key, Zone.Deleted));
        }

        if (size is null)
        {
            (zone, size) = (Zone.Public, await SizeAsync(key, Zone.Public));
        }

        if (size is { } found)
        {
            CompareSize(row, key, zone, found, findings);
        }
        else
        {
            findings.Add(Missing(row, key, row.RefCount > 0 ? Zone.Public : Zone.Deleted));
        }

        if (age > CollectingTooLong)
        {
            findings.Add(Leftover(key, $"on its way between the zones for {CheckRun.Age(age)}; the next start of a server finishes it"));
        }
    }

    /// <summary>A stat says "not there" also where a folder may not be entered; opening tells the two apart.</summary>
    private async Task<long?> SizeAsync(ContentKey key, Zone zone)
    {
        if (await Backend.StatAsync(key, zone) is { } stat)
        {
            return stat.Size;
        }

        using var bytes = await Backend.OpenAsync(key, zone);
        return bytes?.Stat.Size;
    }

    private void CompareSize(CheckedFile row, ContentKey key, Zone zone, long size, List<Finding> findings)
    {
        if (size != row.Size)
        {
            findings.Add(new Finding(FindingKind.WrongSize, key, run.PathOf(key, zone), $"The object has {size} bytes instead of {row.Size}."));
        }
    }

    private Finding Missing(CheckedFile row, ContentKey key, Zone zone) =>
        new(FindingKind.MissingObject, key, run.PathOf(key, zone), $"The row says {Name(row.State)}, but the bytes ({row.Size}) are in neither zone.");

    private Finding Unreadable(ContentKey key, Zone zone, Exception exception) => new(FindingKind.Unreadable, key, run.PathOf(key, zone), exception.Message);

    private static Finding Leftover(ContentKey key, string what) => new(FindingKind.Leftover, key, null, $"The object is {what}.");

    private static string Name(FileState state) => state switch
    {
        FileState.Claimed => "claimed",
        FileState.Public => "public",
        FileState.Collecting => "collecting",
        FileState.Deleted => "deleted",
        _ => "nothing known",
    };
}
