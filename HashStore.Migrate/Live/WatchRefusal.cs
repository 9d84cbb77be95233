using HashStore.Storage.Durability;

namespace HashStore.Migrate.Live;

/// <summary>What to say when the kernel does not watch, and what to do about it.</summary>
internal static class WatchRefusal
{
    private const string MaxWatches = "fs.inotify.max_user_watches", MaxWatchesInside = "user.max_inotify_watches", MaxInstances = "fs.inotify.max_user_instances";

    /// <summary>Nothing can be watched.</summary>
    internal static string OfTree(string root, IOException exception) =>
        $"The tree {root} cannot be watched ({exception.Message}). Raise {MaxInstances} (now {Limit(MaxInstances)}): sysctl -w {MaxInstances}=1024.";

    /// <summary>A folder cannot be watched.</summary>
    internal static string OfFolder(string folder, Exception exception)
    {
        var what = Posix.ErrnoOf(exception) == Posix.Enospc
            ? $"The kernel refuses to watch more folders for this user: {MaxWatches} is {Limit(MaxWatches)}, {MaxWatchesInside} {Limit(MaxWatchesInside)}. Raise the lower one: sysctl -w {MaxWatches}=1048576."
            : $"{folder} cannot be watched: {exception.Message}.";
        return $"{what} (Until then what happens in the other folders is found by the regular passes only.)";
    }

    /// <summary>A limit of the kernel's, as it stands now.</summary>
    private static string Limit(string name)
    {
        try
        {
            return File.ReadAllText("/proc/sys/" + name.Replace('.', '/')).Trim();
        }
        catch (Exception exception) when (StorageErrors.Knows(exception))
        {
            return "not known"; // a container may hide it
        }
    }
}
