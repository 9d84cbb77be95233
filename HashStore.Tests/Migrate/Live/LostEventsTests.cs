using HashStore.Migrate.Legacy;
using HashStore.Migrate.Live;
using HashStore.Storage.Durability;
using Xunit;

namespace HashStore.Tests.Migrate.Live;

/// <summary>Whatever the watcher cannot know, it says.</summary>
public sealed class LostEventsTests
{
    private const int Storm = 20_000;

    [Fact]
    public async Task In_a_storm_of_files_nothing_is_lost_without_a_word()
    {
        using var tree = new WatchedTree();
        var missing = Enumerable.Range(0, Storm).Select(number => $"Storm_{number}.jpg").ToHashSet();
        foreach (var name in missing.Where((_, number) => number % 2 == 0))
        {
            _ = tree.Current(name); // half of the folders are new
        }

        tree.Watched();
        var storming = Task.Run(() =>
        {
            foreach (var name in Enumerable.Range(0, Storm).Select(number => $"Storm_{number}.jpg"))
            {
                tree.File(tree.Current(name), "x");
            }
        });
        var lost = false;
        while (missing.Count > 0 && !lost)
        {
            var next = await tree.NextAsync();
            missing.ExceptWith(next.Names);
            lost = next.Lost is not null;
        }

        await storming;
        Assert.True(lost || missing.Count == 0);
    }

    [Fact]
    public async Task A_full_queue_of_the_kernels_is_told()
    {
        var clock = new StandingClock();
        using var tree = new WatchedTree(clock: clock);
        var path = tree.Current("Name.jpg");
        tree.Watched();
        tree.File(path); // the reader asks the clock, and stands
        await clock.ReaderAsync();
        var limit = int.Parse(await File.ReadAllTextAsync("/proc/sys/fs/inotify/max_queued_events"), null);
        var content = "x"u8.ToArray();
        for (var number = 0; number <= limit / 2; number++)
        {
            await File.WriteAllBytesAsync($"{path}.{number}.jpg", content); // two events at least; equal ones behind each other would be one
        }

        clock.GoOn();
        Assert.Contains("max_queued_events", (await tree.NextAsync()).Lost, StringComparison.Ordinal);
        tree.File(tree.Current("After.jpg"));
        await tree.UntilAsync("After.jpg");
    }

    [Fact]
    public async Task More_names_than_are_held_are_told()
    {
        using var tree = new WatchedTree(limit: 100);
        var paths = Enumerable.Range(0, 1000).Select(number => tree.Current($"Many_{number}.jpg")).ToList();
        tree.Watched();
        paths.ForEach(path => tree.File(path));
        var told = await tree.NextAsync();
        Assert.Contains("100 names", told.Lost, StringComparison.Ordinal);
        Assert.Empty(told.Names);
    }

    [Fact]
    public async Task A_watch_that_is_refused_is_told_with_the_setting_and_set_later()
    {
        var room = 10;
        using var tree = new WatchedTree(watch: (queue, folder, events) => room-- > 0 ? Posix.Watch(queue, folder, events) : throw Posix.Error(Posix.Enospc, $"watch {folder}"));
        for (var number = 0; number < 100; number++)
        {
            _ = tree.Current($"Many_{number}.jpg");
        }

        var problem = tree.Watcher.SetWatches();
        Assert.Contains("fs.inotify.max_user_watches", problem, StringComparison.Ordinal);
        Assert.Contains((await File.ReadAllTextAsync("/proc/sys/fs/inotify/max_user_watches")).Trim(), problem, StringComparison.Ordinal);
        room = int.MaxValue;
        Assert.Null(tree.Watcher.SetWatches());
        await tree.ExpectNothingAsync();
    }

    [Fact]
    public async Task A_new_folder_whose_watch_is_refused_is_a_loss()
    {
        var room = 4; // the root, and three folders that are not there
        using var tree = new WatchedTree(watch: (queue, folder, events) => room-- > 0 || !Directory.Exists(folder) ? Posix.Watch(queue, folder, events) : throw Posix.Error(Posix.Enospc, $"watch {folder}"));
        tree.Watched();
        Directory.CreateDirectory(tree["1"]);
        Assert.Contains("fs.inotify.max_user_watches", (await tree.NextAsync()).Lost, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_root_that_vanishes_is_a_loss_and_comes_back()
    {
        using var tree = new WatchedTree();
        tree.File("1/12/Name.jpg");
        tree.Watched();
        Directory.Move(tree.Root, tree.Outside("away"));
        Assert.Contains("removed, moved or unmounted", (await tree.NextAsync()).Lost, StringComparison.Ordinal);
        Assert.False(tree.Watcher.HasSameRoot());
        Assert.Contains("no folder", tree.Watcher.SetWatches(), StringComparison.Ordinal);
        Assert.Equal(0, tree.Watcher.Folders);

        Directory.CreateDirectory(tree.Root);
        Assert.False(tree.Watcher.HasSameRoot());
        tree.Watched();
        Assert.True(tree.Watcher.HasSameRoot());
        tree.File(tree.Outside("away/1/12/Other.jpg")); // the old place is forgotten
        await tree.ExpectNothingAsync();
    }

    [Fact]
    public void A_root_whose_parent_moves_is_no_longer_the_same()
    {
        using var tree = new WatchedTree();
        tree.Watched();
        Assert.True(tree.Watcher.HasSameRoot());
        var above = Path.GetDirectoryName(tree.Root)!;
        Directory.Move(above, above + "-moved");
        Assert.False(tree.Watcher.HasSameRoot());
        Directory.Move(above + "-moved", above);
        Assert.True(tree.Watcher.HasSameRoot());
    }

    [Fact]
    public async Task A_first_hash_directory_in_a_tree_that_had_none_is_a_loss()
    {
        using var tree = new WatchedTree(levels: 0);
        tree.Watched();
        Directory.CreateDirectory(tree["1"]);
        Assert.Contains("hash directory", (await tree.NextAsync()).Lost, StringComparison.Ordinal);
    }

    [Fact]
    public void A_tree_that_got_hash_directories_is_watched_there_from_the_next_pass_on()
    {
        using var tree = new WatchedTree();
        using var watcher = new TreeWatcher(() => LegacyTree.Open(null, tree.Tree.Store, null), TimeProvider.System);
        Assert.Null(watcher.SetWatches());
        Assert.Equal(1, watcher.Folders);
        tree.File("1/12/Name.jpg");
        Assert.Null(watcher.SetWatches());
        Assert.Equal(3, watcher.Folders);
    }

    [Fact]
    public async Task Watches_may_be_set_as_often_as_one_likes()
    {
        using var tree = new WatchedTree();
        tree.File("1/12/Name.jpg");
        tree.Watched();
        var folders = tree.Watcher.Folders;
        for (var times = 0; times < 20; times++)
        {
            tree.Watched();
        }

        Assert.Equal(folders, tree.Watcher.Folders);
        tree.File("1/12/Name.jpg", "new");
        await tree.ExpectAsync("Name.jpg");
    }

    /// <summary>A clock that lets the first who asks wait, and nobody afterwards.</summary>
    private sealed class StandingClock : TimeProvider
    {
        private static readonly TimeSpan patience = TimeSpan.FromSeconds(60);

        private readonly TaskCompletionSource asked = new(TaskCreationOptions.RunContinuationsAsynchronously), goOn = new(TaskCreationOptions.RunContinuationsAsynchronously);

        internal Task ReaderAsync() => asked.Task.WaitAsync(patience);

        internal void GoOn() => goOn.SetResult();

        public override long GetTimestamp()
        {
            asked.TrySetResult();
            Assert.True(goOn.Task.Wait(patience));
            return System.GetTimestamp();
        }
    }
}
