using System.Collections.Concurrent;
using HashStore.Storage.Content;

namespace HashStore.Migrate.Conversion;

/// <summary>The threads that read and hash. Files wait in one bounded queue.</summary>
internal sealed class TakerThreads : IDisposable
{
    private const int QueueCapacity = 2048;

    private readonly BlockingCollection<(TakenFile File, Countdown Batch)> queue = new(QueueCapacity);
    private readonly List<Thread> threads = [];

    internal TakerThreads(int count, Func<FileTaker> newTaker)
    {
        for (var i = 0; i < count; i++)
        {
            var taker = newTaker();
            var thread = new Thread(() => Run(taker), MediaMetadata.StackBytes) { IsBackground = true, Name = $"hashstore-take-{i}" };
            thread.Start();
            threads.Add(thread);
        }
    }

    /// <summary>Takes files; returns when all of them are dealt with.</summary>
    internal Task TakeAsync(IReadOnlyCollection<TakenFile> files)
    {
        var batch = new Countdown(files.Count);
        foreach (var file in files)
        {
            queue.Add((file, batch));
        }

        return batch.Done;
    }

    public void Dispose()
    {
        queue.CompleteAdding();
        foreach (var thread in threads)
        {
            thread.Join();
        }

        queue.Dispose();
    }

    private void Run(FileTaker taker)
    {
        foreach (var (file, batch) in queue.GetConsumingEnumerable())
        {
            try
            {
                if (!batch.HasFailed)
                {
                    taker.Take(file);
                }

                batch.Signal(null);
            }
#pragma warning disable CA1031 // whatever it is belongs to who waits for the batch, not to the thread that serves them all
            catch (Exception exception)
#pragma warning restore CA1031
            {
                batch.Signal(exception);
            }
        }
    }

    private sealed class Countdown
    {
        private readonly TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int left;
        private Exception? problem;

        internal Countdown(int count)
        {
            left = count;
            if (count == 0)
            {
                done.SetResult();
            }
        }

        internal Task Done => done.Task;

        internal bool HasFailed => Volatile.Read(ref problem) is not null;

        internal void Signal(Exception? failure)
        {
            if (failure is not null)
            {
                Interlocked.CompareExchange(ref problem, failure, null);
            }

            if (Interlocked.Decrement(ref left) == 0)
            {
                if (problem is null)
                {
                    done.SetResult();
                }
                else
                {
                    done.SetException(problem);
                }
            }
        }
    }
}
