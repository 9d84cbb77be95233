using System.Diagnostics;
using System.Threading.Channels;
using Microsoft.Win32.SafeHandles;

namespace HashStore.Storage.Durability;

/// <summary>
/// Group commit for files and directories: whatever asks to be made durable while a round of syncs runs shares the next round.
///
/// A round of a few items syncs each by itself. A larger one calls syncfs once, which on a journaling file system costs about as much as three single syncs
/// (docs/PERFORMANCE.md), however many files it covers. That call also waits for what strangers wrote to the same file system, so when it
/// once took long, single syncs are used for a while.
/// </summary>
internal sealed class SyncQueue : IDisposable
{
    /// <summary>From this many items on, one syncfs is cheaper than single syncs.</summary>
    private const int WholeFrom = 4;

    /// <summary>Items in one round; more wait for the next.</summary>
    private const int MaxRound = 2048;

    /// <summary>From this many items on, single syncs cost more than what strangers' data can add.</summary>
    private const int WholeAlwaysFrom = 64;

    /// <summary>A syncfs that took longer carried somebody else's data.</summary>
    private static readonly TimeSpan SlowWhole = TimeSpan.FromMilliseconds(60);

    /// <summary>How long single syncs are used after that.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    private readonly Channel<Item> waiting = Channel.CreateBounded<Item>(new BoundedChannelOptions(4096) { SingleReader = true, AllowSynchronousContinuations = false });
    private readonly string anchorPath;
    private readonly Lazy<Thread> thread;
    private long wholeAgainAt;

    /// <summary>A queue whose thread starts with the first item, so that who only reads leaves no trace.</summary>
    /// <param name="anchorPath">A file on the file system to sync; made if it is not there.</param>
    internal SyncQueue(string anchorPath)
    {
        this.anchorPath = anchorPath;
        thread = new Lazy<Thread>(() =>
        {
            var started = new Thread(Run) { IsBackground = true, Name = "hashstore-sync" };
            started.Start();
            return started;
        });
    }

    /// <summary>Number of items that wait now.</summary>
    internal int Depth => waiting.Reader.Count;

    /// <summary>Returns when the file's bytes are durable.</summary>
    /// <exception cref="IOException">The disk refused.</exception>
    internal Task SyncFileAsync(SafeFileHandle file) => EnqueueAsync(new Item(file, []));

    /// <summary>Returns when the directories' entries are durable.</summary>
    /// <exception cref="IOException">The disk refused.</exception>
    internal Task SyncDirectoriesAsync(IReadOnlyList<string> directories) => EnqueueAsync(new Item(null, directories));

    public void Dispose()
    {
        waiting.Writer.TryComplete();
        if (thread.IsValueCreated)
        {
            thread.Value.Join();
        }
    }

    private async Task EnqueueAsync(Item item)
    {
        _ = thread.Value;
        await waiting.Writer.WriteAsync(item);
        await item.Done.Task;
    }

    private void Run()
    {
        using var anchor = OpenAnchor();
        var round = new List<Item>(MaxRound);
        while (waiting.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            while (round.Count < MaxRound && waiting.Reader.TryRead(out var item))
            {
                round.Add(item);
            }

            if (anchor is null || !TrySyncWhole(anchor, round))
            {
                SyncEach(round);
            }

            round.Clear();
        }
    }

    /// <summary>Null where single syncs have to do: on other file systems, and when no file can be opened just now.</summary>
    private SafeFileHandle? OpenAnchor()
    {
        try
        {
            var anchor = File.OpenHandle(anchorPath, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
            if (Posix.SyncsWhole(anchor))
            {
                return anchor;
            }

            anchor.Dispose();
            return null;
        }
        catch (Exception exception) when (StorageErrors.Knows(exception))
        {
            return null; // an exception that left this thread would end the program, and the files can be synced without
        }
    }

    private bool TrySyncWhole(SafeFileHandle anchor, List<Item> round)
    {
        if (round.Count < WholeFrom || (round.Count < WholeAlwaysFrom && Stopwatch.GetTimestamp() < wholeAgainAt))
        {
            return false;
        }

        var start = Stopwatch.GetTimestamp();
        try
        {
            Posix.SyncFileSystem(anchor);
        }
        catch (IOException)
        {
            // The error may belong to a stranger's file; the single syncs that follow say whose it is, and fail for those.
            return false;
        }

        if (Stopwatch.GetElapsedTime(start) > SlowWhole)
        {
            wholeAgainAt = Stopwatch.GetTimestamp() + (long)(Pause.TotalSeconds * Stopwatch.Frequency);
        }

        foreach (var item in round)
        {
            item.Done.SetResult();
        }

        return true;
    }

    private static void SyncEach(List<Item> round)
    {
        if (round.Count == 1)
        {
            round[0].Sync();
            return;
        }

        // The journal commits for all that wait at the same time: four at once cost little more than one.
        Parallel.ForEach(round, new ParallelOptions { MaxDegreeOfParallelism = 4 }, item => item.Sync());
    }

    private sealed class Item(SafeFileHandle? file, IReadOnlyList<string> directories)
    {
        internal TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        internal void Sync()
        {
            try
            {
                if (file is not null)
                {
                    Posix.SyncFile(file);
                }

                foreach (var directory in directories)
                {
                    Posix.SyncDirectory(directory);
                }

                Done.SetResult();
            }
            catch (Exception exception)
            {
                // Whatever it is belongs to whoever waits for this item, not to the thread that serves them all.
                Done.SetException(exception);
            }
        }
    }
}
