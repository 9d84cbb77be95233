using System.IO.Enumeration;
using HashStore.Migrate.Legacy;
using HashStore.Storage;
using HashStore.Storage.Durability;
using Microsoft.Win32.SafeHandles;

namespace HashStore.Migrate.Live;

/// <summary>
/// Tells to which names something happens in a legacy tree, by the kernel's events (inotify(7)). The folders watched:
/// <code>
/// ROOT, ROOT/1, ROOT/1/12                        originals, and the folders above them, in which further hash directories may appear
/// ROOT/archive, …/archive/1, …/archive/1/12      old versions
/// </code>
/// Thumbnails and the deleted zone are not: ten thousands of folders; a deletion shows in the folder that the original leaves. What the kernel did not tell, or would not watch, is said to be lost: a whole pass finds it.
/// Safe for two threads: one calls <see cref="NextAsync"/>, another everything else.
/// </summary>
internal sealed class TreeWatcher : IDisposable
{
    private const FolderEvents Asked = FolderEvents.CloseWrite | FolderEvents.MovedFrom | FolderEvents.MovedTo | FolderEvents.Create | FolderEvents.Delete
        | FolderEvents.DeleteSelf | FolderEvents.MoveSelf | FolderEvents.OnlyFolders | FolderEvents.NoFollow;

    private readonly Lock gate = new();
    private readonly Dictionary<int, string> folders = []; // relative, by the number of the watch
    private readonly Func<LegacyTree> look;
    private readonly TimeProvider clock;
    private readonly Func<SafeFileHandle, string, FolderEvents, int> watch;
    private readonly PendingNames pending;
    private readonly SafeFileHandle bell = Posix.MakeBell();
    private LegacyTree tree;
    private FileStat? root;
    private SafeFileHandle? queue;
    private Thread? reader;
    private IOException? failure;
    private TaskCompletionSource news = NewSignal();

    /// <summary>Makes one that watches nothing yet.</summary>
    /// <param name="look">The tree; asked again whenever the watches are set, because hash directories may have appeared in one that had none.</param>
    /// <param name="clock">Tells when a name is quiet.</param>
    /// <param name="limit">Names that are held at most.</param>
    /// <param name="watch">Sets a watch; null: <see cref="Posix.Watch"/>.</param>
    internal TreeWatcher(Func<LegacyTree> look, TimeProvider clock, int limit = PendingNames.DefaultLimit, Func<SafeFileHandle, string, FolderEvents, int>? watch = null)
    {
        (this.look, this.clock, this.watch) = (look, clock, watch ?? Posix.Watch);
        tree = look();
        pending = new PendingNames(clock, limit);
    }

    /// <summary>How many folders are watched.</summary>
    internal int Folders
    {
        get
        {
            lock (gate)
            {
                return folders.Count;
            }
        }
    }

    /// <summary>Watches all folders that are there; those that are watched already stay so. What happened before is not told: a whole pass after this finds it.</summary>
    /// <returns>Null; or which folders are not watched, why, and what to do: what happens there is found by whole passes only.</returns>
    internal string? SetWatches()
    {
        try
        {
            Open();
        }
        catch (IOException exception)
        {
            return WatchRefusal.OfTree(tree.Root, exception);
        }

        List<int> before;
        lock (gate)
        {
            before = [.. folders.Keys];
            tree = LookAgain();
            root = RootNow();
        }

        var walk = new WatchWalk();
        if (Watch("", walk) is null)
        {
            walk.Problem ??= $"There is no folder {tree.Root} to watch.";
        }

        before.RemoveAll(walk.Watched.Contains);
        lock (gate)
        {
            before.ForEach(Forget);
        }

        return walk.Problem;
    }

    /// <summary>Whether the root is still the folder that it was when the watches were set: no event tells that a folder above it was moved, or that something was mounted over it.</summary>
    internal bool HasSameRoot()
    {
        lock (gate)
        {
            return RootNow() is { } now ? root is { } then && now.IsSameFile(then) : root is null;
        }
    }

    /// <summary>Waits until names are quiet, or something was lost.</summary>
    /// <exception cref="IOException">The kernel tells nothing any more.</exception>
    internal async Task<WatchedNames> NextAsync(CancellationToken cancellation)
    {
        while (true)
        {
            Task changed;
            TimeSpan wait;
            lock (gate)
            {
                if (failure is not null)
                {
                    throw failure;
                }

                if (pending.Take() is { } names)
                {
                    return names;
                }

                if (news.Task.IsCompleted)
                {
                    news = NewSignal();
                }

                (changed, wait) = (news.Task, pending.Wait() ?? Timeout.InfiniteTimeSpan);
            }

            using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            await Task.WhenAny(changed, Task.Delay(wait, clock, end.Token));
            await end.CancelAsync();
            cancellation.ThrowIfCancellationRequested();
        }
    }

    private LegacyTree LookAgain()
    {
        try
        {
            return look();
        }
        catch (StoreException)
        {
            return tree; // it is gone: that shows when it is watched
        }
    }

    private void Open()
    {
        if (queue is null)
        {
            var opened = queue = Posix.OpenEvents();
            reader = new Thread(() => Read(opened)) { IsBackground = true, Name = "tree watcher" };
            reader.Start();
        }
    }

    public void Dispose()
    {
        Posix.Ring(bell);
        reader?.Join();
        queue?.Dispose();
        bell.Dispose();
    }

    /// <summary>The thread: takes events from the kernel as fast as it can, so that its queue never fills up.</summary>
    private void Read(SafeFileHandle from)
    {
        var buffer = new byte[Posix.EventsBytes];
        var events = new List<FolderEvent>();
        try
        {
            while (Posix.WaitForEvents(from, bell))
            {
                events.Clear();
                Posix.ReadEvents(from, buffer, events);
                lock (gate)
                {
                    var wasEmpty = pending.IsEmpty;
                    events.ForEach(Apply);
                    if (wasEmpty && !pending.IsEmpty)
                    {
                        news.TrySetResult();
                    }
                }
            }
        }
        catch (IOException exception)
        {
            lock (gate)
            {
                failure = new IOException($"The tree {tree.Root} is not watched any more: {exception.Message}", exception);
                news.TrySetResult();
            }
        }
    }

    private void Apply(FolderEvent told)
    {
        if ((told.Events & FolderEvents.Overflow) != 0)
        {
            pending.Lose("The tree changed faster than the kernel could tell (fs.inotify.max_queued_events).");
            return;
        }

        if (!folders.TryGetValue(told.Watch, out var folder))
        {
            return; // what is left of a watch that was ended
        }

        if ((told.Events & (FolderEvents.Ignored | FolderEvents.DeleteSelf | FolderEvents.MoveSelf | FolderEvents.Unmount)) != 0)
        {
            ApplyToFolderItself(told, folder);
            return;
        }

        if (told.Name is not { Length: > 0 } name)
        {
            return; // it is not valid UTF-8: no name of a wiki's
        }

        if ((told.Events & FolderEvents.IsFolder) != 0)
        {
            ApplyToFolder(told, Below(folder, name));
        }
        else
        {
            ApplyToFile(told, Below(folder, name), name);
        }
    }

    private void ApplyToFile(FolderEvent told, string path, string file)
    {
        var isOwn = file.StartsWith(Inventory.OwnPrefix, StringComparison.Ordinal);
        var name = isOwn || file.StartsWith('.') || !LegacyPath.TryParse(path, out var parsed) ? null : parsed.Value.Name;
        if (name is null && !isOwn)
        {
            return;
        }

        if ((told.Events & FolderEvents.MovedFrom) != 0)
        {
            pending.NoteFrom(name, told.Cookie);
        }
        else if ((told.Events & FolderEvents.MovedTo) != 0)
        {
            pending.NoteTo(name, told.Cookie);
        }
        else if (name is not null)
        {
            pending.Note(name);
        }
    }

    /// <summary>A folder came or went below one that is watched.</summary>
    private void ApplyToFolder(FolderEvent told, string path)
    {
        if (!IsWatched(path))
        {
            if (tree.Levels == 0 && LegacyPath.IsHashDirectory(path, "") && (told.Events & (FolderEvents.Create | FolderEvents.MovedTo)) != 0)
            {
                pending.Lose($"A hash directory appeared in {tree.Root}, which had none.");
            }

            return;
        }

        if ((told.Events & (FolderEvents.Create | FolderEvents.MovedTo)) != 0)
        {
            var walk = new WatchWalk { LooksForFiles = true };
            Watch(path, walk);
            if (walk.Problem is not null)
            {
                pending.Lose(walk.Problem);
            }
        }
        else if ((told.Events & FolderEvents.MovedFrom) != 0)
        {
            Forget(path);
            pending.Lose($"The folder {tree.FullPath(path)} was moved away.");
        }
    }

    /// <summary>A watched folder, or its watch, is no more. An empty folder that is removed says nothing new; the root does.</summary>
    private void ApplyToFolderItself(FolderEvent told, string folder)
    {
        if ((told.Events & FolderEvents.Ignored) != 0)
        {
            folders.Remove(told.Watch);
        }

        if (folder.Length == 0 || (told.Events & FolderEvents.Unmount) != 0)
        {
            pending.Lose($"The folder {tree.FullPath(folder)} was removed, moved or unmounted.");
        }
    }

    /// <summary>Watches a folder and the hash directories below it.</summary>
    /// <returns>The number of the watch; null when there is none.</returns>
    private int? Watch(string folder, WatchWalk walk)
    {
        try
        {
            int number;
            lock (gate)
            {
                number = watch(queue!, folder.Length == 0 ? $"{tree.Root}/." : tree.FullPath(folder), Asked); // the root may be a link, no other folder
                folders[number] = folder; // before its first event is looked at
            }

            walk.Watched.Add(number);
            foreach (var child in Children(folder))
            {
                Watch(child, walk);
            }

            if (walk.LooksForFiles)
            {
                LookAt(folder);
            }

            return number;
        }
        catch (Exception exception) when (StorageErrors.Knows(exception))
        {
            if (exception is not DirectoryNotFoundException && Posix.ErrnoOf(exception) is not (Posix.Enoent or Posix.Enotdir))
            {
                walk.Problem ??= WatchRefusal.OfFolder(tree.FullPath(folder), exception);
            }

            return null;
        }
    }

    /// <summary>Files may have come into a new folder before it was watched.</summary>
    private void LookAt(string folder)
    {
        foreach (var name in new FileSystemEnumerable<string>(
            tree.FullPath(folder), (ref entry) => entry.FileName.ToString(), new EnumerationOptions { AttributesToSkip = 0, IgnoreInaccessible = false })
        {
            ShouldIncludePredicate = (ref entry) => !entry.IsDirectory || entry.Attributes.HasFlag(FileAttributes.ReparsePoint),
        })
        {
            ApplyToFile(new FolderEvent(0, FolderEvents.Create, 0, name), Below(folder, name), name);
        }
    }

    private FileStat? RootNow()
    {
        try
        {
            return FileStat.Of($"{tree.Root}/.");
        }
        catch (IOException)
        {
            return null; // not there for this user
        }
    }

    private void Forget(string path)
    {
        folders.Where(pair => pair.Value == path || pair.Value.StartsWith(path + "/", StringComparison.Ordinal)).Select(pair => pair.Key).ToList().ForEach(Forget);
    }

    private void Forget(int number)
    {
        folders.Remove(number);
        Posix.EndWatch(queue!, number);
    }

    /// <summary>The folders below one that are watched, where they exist.</summary>
    private IEnumerable<string> Children(string folder)
    {
        if (folder.Length == 0)
        {
            yield return LegacyPath.ArchiveFolder;
        }

        var isTop = folder is "" or LegacyPath.ArchiveFolder;
        var last = isTop ? "" : folder[(folder.LastIndexOf('/') + 1)..];
        if (last.Length < tree.Levels)
        {
            foreach (var digit in "0123456789abcdef")
            {
                yield return Below(folder, last + digit);
            }
        }
    }

    private bool IsWatched(string path) => Children(path.Contains('/') ? path[..path.LastIndexOf('/')] : "").Contains(path);

    private static string Below(string folder, string name) => folder.Length == 0 ? name : $"{folder}/{name}";

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
