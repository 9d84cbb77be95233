using System.Data.Common;
using HashStore.Migrate.Legacy;
using HashStore.Migrate.Legacy.Tables;
using HashStore.Storage;

namespace HashStore.Migrate.Live;

/// <summary>Why the whole tree is gone through.</summary>
internal enum PassCause
{
    /// <summary>The following begins.</summary>
    Start,

    /// <summary>It is time again.</summary>
    Interval,

    /// <summary>The legacy tables changed.</summary>
    Tables,

    /// <summary>More happened in the tree than is known.</summary>
    Lost,

    /// <summary>The last pass failed.</summary>
    Retry,
}

/// <summary>How a tree is followed.</summary>
internal sealed record FollowOptions
{
    /// <summary>Between the end of a pass and the next one that has no other cause: nothing stays unseen longer than this and the time of a pass.</summary>
    internal TimeSpan Interval { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The legacy tables, which are looked at every second; null: none.</summary>
    internal string? Tables { get; init; }

    /// <summary>Whether a first pass that fails ends it, as befits a command; else it is tried again.</summary>
    internal bool EndsWhenFirstPassFails { get; init; }
}

/// <summary>Hears how the following goes. Methods are called by one thread at a time.</summary>
internal interface IFollowListener
{
    /// <summary>The tree is watched from now on.</summary>
    void Watching(int folders);

    /// <summary>The whole tree was gone through.</summary>
    void Passed(PassCause cause, TimeSpan time);

    /// <summary>Names that something happened to were followed.</summary>
    void Reconciled(IReadOnlyCollection<string> names);

    /// <summary>Something does not work; it goes on and tries again.</summary>
    void Problem(string message);
}

/// <summary>
/// Follows a living legacy tree, until it is cancelled: the watches are set, then the whole tree is gone through, and from then on
/// <code>
/// names that something happened to, as soon as they are quiet                        ──► reconcile
/// every interval; when something was lost; when the legacy tables changed; again     ──► the watches that are missing, then a pass
/// </code>
/// Names do not wait for a pass that is under way: the first one may take hours, and what the wiki hides meanwhile is to be hidden here. Passes take at most about half of the time, except where the interval
/// says otherwise.
/// </summary>
/// <param name="tree">The tree; asked again before every pass.</param>
/// <param name="options">How.</param>
/// <param name="pass">Goes through the whole tree and the tables.</param>
/// <param name="reconcile">Follows some names; runs while a pass does, too, and sees to it that the tables were read.</param>
/// <param name="listener">Told how it goes.</param>
/// <param name="clock">The time.</param>
internal sealed class TreeFollower(
    Func<LegacyTree> tree, FollowOptions options, Func<CancellationToken, Task> pass, Func<IReadOnlyCollection<string>, CancellationToken, Task> reconcile, IFollowListener listener, TimeProvider clock)
{
    /// <summary>Problems that are remembered, so that they are told once.</summary>
    private const int MaxTold = 100;

    /// <summary>How often the tables and the root are looked at: a few system calls.</summary>
    private static readonly TimeSpan tick = TimeSpan.FromSeconds(1);

    /// <summary>Tables that never keep still (the database of a busy wiki) are read all the same, so long after the first change.</summary>
    private static readonly TimeSpan longestChange = TimeSpan.FromSeconds(5);

    /// <summary>The longest wait before a failed pass is tried again.</summary>
    private static readonly TimeSpan longestRetry = TimeSpan.FromMinutes(1);

    private readonly Lock gate = new();
    private readonly HashSet<string> told = new(StringComparer.Ordinal);
    private volatile bool lost;

    /// <summary>Follows. What is under way when it is cancelled is finished first.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <exception cref="StoreException">The first pass failed, where that ends it.</exception>
    internal async Task RunAsync(CancellationToken cancellation)
    {
        using var watcher = new TreeWatcher(tree, clock);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task[] both = [FollowPassesAsync(watcher, end.Token), FollowNamesAsync(watcher, end.Token)];
        await Task.WhenAny(both);
        await end.CancelAsync();
        await Task.WhenAll(both);
    }

    private async Task FollowPassesAsync(TreeWatcher watcher, CancellationToken cancellation)
    {
        var cause = PassCause.Start;
        for (var failures = 0; ;)
        {
            // 1. Everything from here on is either seen by the pass or told by the watches, and what the tables are now is what the pass reads, or older.
            cancellation.ThrowIfCancellationRequested();
            lost = false;
            var stamp = options.Tables is null ? null : TablesStamp.Of(options.Tables);
            var refused = watcher.SetWatches();
            Tell(refused);
            if (cause == PassCause.Start)
            {
                Tell(to => to.Watching(watcher.Folders));
            }

            // 2. The pass.
            var start = clock.GetTimestamp();
            try
            {
                await pass(cancellation);
                failures = 0;
                Forget(refused);
                Tell(to => to.Passed(cause, clock.GetElapsedTime(start)));
            }
            catch (Exception exception) when (IsPassing(exception) && !(options.EndsWhenFirstPassFails && cause == PassCause.Start))
            {
                failures++;
                Tell(exception.Message);
            }

            // 3. The next one.
            cause = failures > 0
                ? await WaitForRetryAsync(failures, cancellation)
                : await WaitForCauseAsync(watcher, stamp, clock.GetElapsedTime(start), cancellation);
        }
    }

    private async Task FollowNamesAsync(TreeWatcher watcher, CancellationToken cancellation)
    {
        while (true)
        {
            var watched = await watcher.NextAsync(cancellation);
            if (watched.Lost is { } reason)
            {
                Tell(to => to.Problem($"{reason} The whole tree is gone through."));
                lost = true;
            }

            if (watched.Names.Count == 0)
            {
                continue;
            }

            try
            {
                await reconcile(watched.Names, cancellation);
                Tell(to => to.Reconciled(watched.Names));
            }
            catch (Exception exception) when (IsPassing(exception))
            {
                Tell(exception.Message);
                lost = true; // the pass that follows looks at these names too
            }
        }
    }

    /// <summary>Waits 1, 2, 4, … seconds.</summary>
    private async Task<PassCause> WaitForRetryAsync(int failures, CancellationToken cancellation)
    {
        var wait = TimeSpan.FromSeconds(1L << Math.Min(failures - 1, 10));
        await Task.Delay(wait < longestRetry ? wait : longestRetry, clock, cancellation);
        return PassCause.Retry;
    }

    /// <summary>Waits for the reason of the next pass.</summary>
    /// <param name="watcher">Knows the root.</param>
    /// <param name="read">What the tables looked like when they were read.</param>
    /// <param name="took">How long the last pass took: unless it is time, the next one lets as much time go by.</param>
    /// <param name="cancellation">Ends it.</param>
    private async Task<PassCause> WaitForCauseAsync(TreeWatcher watcher, string? read, TimeSpan took, CancellationToken cancellation)
    {
        var start = clock.GetTimestamp();
        var seen = read;
        TimeSpan? changed = null;
        while (true)
        {
            var elapsed = clock.GetElapsedTime(start);
            if (elapsed >= options.Interval)
            {
                return PassCause.Interval;
            }

            if (!lost && !watcher.HasSameRoot())
            {
                Tell(to => to.Problem("The root of the tree is no longer the folder that it was. The whole tree is gone through."));
                lost = true;
            }

            // Tables are read when they have kept still for a moment: a dump that is being written is no dump yet.
            var isStill = true;
            if (options.Tables is not null && TablesStamp.Of(options.Tables) is { } now)
            {
                (isStill, seen) = (now == seen, now);
                changed = now == read ? null : changed ?? elapsed;
            }

            if (elapsed >= took)
            {
                if (lost)
                {
                    return PassCause.Lost;
                }

                if (changed is { } since && (isStill || elapsed - since >= longestChange))
                {
                    return PassCause.Tables;
                }
            }

            var left = options.Interval - elapsed;
            await Task.Delay(left < tick ? left : tick, clock, cancellation);
        }
    }

    /// <summary>Whether it can be over when it is tried again: the disk, the database, the tables, the operator.</summary>
    private static bool IsPassing(Exception exception) =>
        exception is StoreException or LegacyTablesException or IOException or UnauthorizedAccessException or DbException;

    /// <summary>Tells a problem, once until a pass goes well.</summary>
    private void Tell(string? problem)
    {
        lock (gate)
        {
            if (problem is null || !told.Add(problem))
            {
                return;
            }

            if (told.Count > MaxTold)
            {
                told.Clear();
            }

            listener.Problem(problem);
        }
    }

    /// <summary>A pass went well: what goes wrong from now on is told again, apart from what still does.</summary>
    private void Forget(string? still)
    {
        lock (gate)
        {
            told.Clear();
            if (still is not null)
            {
                told.Add(still);
            }
        }
    }

    private void Tell(Action<IFollowListener> tell)
    {
        lock (gate)
        {
            tell(listener);
        }
    }
}
