using System.Data.Common;
using System.Diagnostics;
using System.Threading.Channels;
using HashStore.Storage.Durability;

namespace HashStore.Storage.Catalog;

/// <summary>
/// The one writer of this process: changes wait in one bounded queue, and those that arrive together share a transaction and its sync (group commit). A change is acknowledged when the
/// transaction that holds it is durable.
///
/// A change first checks, then writes: one that refuses (throws a <see cref="StoreException"/>) before it wrote leaves the others of its group alone. When anything else goes wrong, the whole
/// group is rolled back and each change is run again by itself, so that only the guilty one fails.
/// </summary>
internal sealed class CatalogWriter : IDisposable
{
    /// <summary>Changes that may wait; who comes later waits for a place.</summary>
    private const int QueueCapacity = 1024;

    /// <summary>Changes in one transaction.</summary>
    private const int MaxGroup = 256;

    /// <summary>A transaction that has run for so long commits, so that nobody waits long for it.</summary>
    private static readonly TimeSpan MaxGroupTime = TimeSpan.FromMilliseconds(30);

    private readonly Channel<Change> queue = Channel.CreateBounded<Change>(new BoundedChannelOptions(QueueCapacity) { SingleReader = true });
    private readonly StoreDatabase database;
    private readonly TimeProvider clock;
    private readonly Action<CatalogTransaction> checkStore;
    private readonly Thread thread;
    private DbConnection? connection;
    private CatalogTransaction? catalog;

    /// <summary>Starts the writer's thread.</summary>
    /// <param name="database">Where to write.</param>
    /// <param name="clock">The clock of the timestamps.</param>
    /// <param name="checkStore">Runs first in every transaction; throws when this process's view of the store is stale.</param>
    internal CatalogWriter(StoreDatabase database, TimeProvider clock, Action<CatalogTransaction> checkStore)
    {
        this.database = database;
        this.clock = clock;
        this.checkStore = checkStore;
        thread = new Thread(Run) { IsBackground = true, Name = "hashstore-catalog" };
        thread.Start();
    }

    /// <summary>Number of changes that wait now.</summary>
    internal int Depth => queue.Reader.Count;

    /// <summary>Runs a change on the writer's thread and returns its result when it is durable. May run it twice: it must have no effect but through the transaction.</summary>
    /// <exception cref="StoreException">The change refused, or the database failed; nothing of it was kept.</exception>
    internal async Task<T> WriteAsync<T>(Func<CatalogTransaction, T> change)
    {
        var item = new Change<T>(change);
        await queue.Writer.WriteAsync(item);
        return await item.Done.Task;
    }

    public void Dispose()
    {
        queue.Writer.TryComplete();
        thread.Join();
    }

    private void Run()
    {
        var group = new List<Change>(MaxGroup);
        var last = 0;
        while (queue.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            if (last > 1)
            {
                Thread.Yield(); // under load others are about to come: let them, the group gets larger for nothing
            }

            if (!TryCommit(group, () => queue.Reader.TryRead(out var next) ? next : null, out var problem))
            {
                if (group.Count == 1)
                {
                    group[0].Fail(problem);
                }
                else
                {
                    CommitEach(group);
                }
            }

            last = group.Count;
            group.Clear();
        }

        Close();
    }

    /// <summary>Takes changes from <paramref name="next"/>, runs them in one transaction and commits it. The changes taken stand in <paramref name="group"/> also when it fails.</summary>
    private bool TryCommit(List<Change> group, Func<Change?> next, out Exception problem)
    {
        problem = null!;
        try
        {
            Open();
            var transaction = database.BeginExclusive(connection!);
            var committed = false;
            try
            {
                catalog!.Begin(transaction);
                checkStore(catalog);
                RunGroup(group, next);
                CrashPoints.Pass(CrashPoint.RowsWritten);
                database.Commit(connection!, transaction);
                CrashPoints.Pass(CrashPoint.RowsCommitted);
                committed = true;
            }
            finally
            {
                try
                {
                    transaction.Dispose();
                }
                catch (DbException) when (!committed)
                {
                    // SQLite rolls some failures back by itself (a full disk) and then refuses to do it again: what failed first is what has to be told.
                }
                finally
                {
                    database.EndExclusive();
                }
            }
        }
        catch (Exception exception)
        {
            // Whatever it is belongs to those who wait for the changes; the thread goes on with a new connection.
            problem = Translate(exception);
            Close();
            if (group.Count == 0 && next() is { } first)
            {
                group.Add(first);
            }

            return false;
        }

        foreach (var change in group)
        {
            change.Complete();
        }

        return true;
    }

    private void RunGroup(List<Change> group, Func<Change?> next)
    {
        var start = Stopwatch.GetTimestamp();
        while (group.Count < MaxGroup && Stopwatch.GetElapsedTime(start) < MaxGroupTime && next() is { } change)
        {
            group.Add(change);
            change.Run(catalog!);
        }
    }

    private void CommitEach(List<Change> group)
    {
        var one = new List<Change>(1);
        foreach (var change in group)
        {
            one.Clear();
            var given = false;
            if (!TryCommit(one, () => given ? null : (given = true, change).change, out var problem))
            {
                change.Fail(problem);
            }
        }
    }

    private void Open()
    {
        if (connection is null)
        {
            connection = database.OpenForWriting();
            catalog = new CatalogTransaction(connection, database.InsertedId, clock);
        }
    }

    private void Close()
    {
        try
        {
            catalog?.Dispose();
            connection?.Dispose();
        }
        catch (DbException)
        {
            // An exception that left this thread would end the whole program; a broken connection is simply not used again.
        }

        (catalog, connection) = (null, null);
    }

    private Exception Translate(Exception exception) => exception switch
    {
        DbException failure => database.Translate(failure),
        _ when StorageErrors.Knows(exception) => StorageErrors.Translate(exception),
        _ => exception,
    };

    private abstract class Change
    {
        /// <summary>Runs it; a refusal before anything was written is kept as its result.</summary>
        internal abstract void Run(CatalogTransaction catalog);

        /// <summary>Hands out the result.</summary>
        internal abstract void Complete();

        /// <summary>Hands out a failure.</summary>
        internal abstract void Fail(Exception problem);
    }

    private sealed class Change<T>(Func<CatalogTransaction, T> change) : Change
    {
        private T? result;
        private StoreException? refusal;

        internal TaskCompletionSource<T> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        internal override void Run(CatalogTransaction catalog)
        {
            (result, refusal) = (default, null);
            var before = catalog.Changes;
            try
            {
                result = change(catalog);
            }
            catch (StoreException exception) when (catalog.Changes == before)
            {
                refusal = exception;
            }
        }

        internal override void Complete()
        {
            if (refusal is not null)
            {
                Done.SetException(refusal);
            }
            else
            {
                Done.SetResult(result!);
            }
        }

        internal override void Fail(Exception problem) => Done.TrySetException(problem);
    }
}
