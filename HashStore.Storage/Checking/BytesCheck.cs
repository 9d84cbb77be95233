using HashStore.Schema;
using HashStore.Schema.Tables;
using HashStore.Storage.Catalog;
using HashStore.Storage.Durability;
using Microsoft.EntityFrameworkCore;

namespace HashStore.Storage.Checking;

/// <summary>
/// Every byte of every object against its hash, in the order of the keys; without <see cref="CheckOptions.Full"/> only the objects that are marked as damaged. Where it is, is written down every few seconds.
/// </summary>
internal sealed class BytesCheck(CheckRun run) : IDisposable
{
    /// <summary>What is done again at most after a kill.</summary>
    private static readonly TimeSpan BetweenSaves = TimeSpan.FromSeconds(5);

    private readonly ObjectAudit audit = new(run.Parts, run.Damage, "fsck", besideCache: run.Full);
    private readonly ReadPace pace = new(run.Options.BytesPerSecond, run.Clock);
    private readonly HashSet<ContentKey> marked = [];
    private CheckPosition position = new() { Begun = run.Now };
    private long saved = run.Clock.GetTimestamp();

    internal async Task RunAsync()
    {
        await MarkedAsync();
        if (!run.Full)
        {
            return;
        }

        using var only = Lock();
        position = (run.Options.Resume ? CheckPosition.TryRead(run.Parts.Paths.CheckPosition) : null) ?? position;
        run.Reach = new CheckReach(position.After.Length > 0 ? position : null, position, IsComplete: false);
        try
        {
            Save();
            run.Reach = run.Reach with { IsComplete = await WalkAsync() };
        }
        finally
        {
            run.Reach = run.Reach with { Position = position };
            if (run.Reach.IsComplete)
            {
                _ = Posix.Unlink(run.Parts.Paths.CheckPosition);
            }
            else
            {
                Save();
            }
        }
    }

    public void Dispose() => audit.Dispose();

    /// <summary>What was found before is looked at in every check: it is told until it is mended.</summary>
    private async Task MarkedAsync()
    {
        foreach (var key in run.Parts.Marks.All().Order(Comparer<ContentKey>.Create((one, other) => one.Span.SequenceCompareTo(other.Span))))
        {
            run.Cancellation.ThrowIfCancellationRequested();
            marked.Add(key);
            if (await audit.ReadRowAsync(key.ToArray(), run.Cancellation) is { } row)
            {
                await LookAsync(row);
            }
            else
            {
                await run.Damage.ClearUnknownAsync(key);
            }
        }
    }

    /// <summary>False: the time was up.</summary>
    private async Task<bool> WalkAsync()
    {
        await using (var context = run.Parts.Database.NewContext())
        {
            var all = await CheckQueries.AllFiles(context).FirstOrDefaultAsync(run.Cancellation) ?? new Sum();
            run.Begin(CheckStage.Bytes, Math.Max(0, all.Count - position.Objects), Math.Max(0, all.Bytes - position.Bytes));
        }

        List<CheckedFile> page;
        var after = position.AfterBytes;
        do
        {
            await using (var context = run.Parts.Database.NewContext())
            {
                page = await CheckQueries.Files(context, after, CheckRun.PageRows).ToListAsync(run.Cancellation);
            }

            foreach (var row in page)
            {
                if (run.IsTimeUp)
                {
                    return false;
                }

                // An empty object has no bytes that could be wrong; a hash that is no key's was told of with its row.
                if (row is { State: not FileState.Claimed, Size: > 0 } && ContentKey.IsKey(row.Hash) && !marked.Contains(new ContentKey(row.Hash)))
                {
                    await LookAsync(row);
                }

                after = row.Hash;
                position = position with { After = Convert.ToHexStringLower(after), Objects = position.Objects + 1, Bytes = position.Bytes + row.Size };
                run.Step();
                if (run.Clock.GetElapsedTime(saved) > BetweenSaves)
                {
                    Save();
                }
            }
        }
        while (page.Count == CheckRun.PageRows);
        return true;
    }

    private async Task LookAsync(CheckedFile row)
    {
        if (run.WasTold(new ContentKey(row.Hash)))
        {
            return; // its size is wrong, or it cannot be read: that says it all
        }

        if (await audit.LookAsync(row, ReadAsync, run.Cancellation) is { } finding)
        {
            await run.ReportAsync(finding);
        }
    }

    private ValueTask ReadAsync(int count)
    {
        run.CountBytes(count);
        return pace.SpendAsync(count, run.Cancellation);
    }

    private FileLock Lock()
    {
        var only = new FileLock(run.Parts.Paths.CheckLock);
        if (only.TryKeep())
        {
            return only;
        }

        only.Dispose();
        throw new StoreException(StoreFault.Unavailable, "Another fsck --full reads this store: wait for it, or end it first.");
    }

    /// <summary>On a full disk the check goes on all the same; only that it cannot be resumed is told.</summary>
    private void Save()
    {
        saved = run.Clock.GetTimestamp();
        try
        {
            position.Write(run.Parts.Paths.CheckPosition);
        }
        catch (Exception exception) when (StorageErrors.Knows(exception))
        {
            run.Reach = run.Reach! with { Problem = exception.Message };
        }
    }
}
