using System.Collections.Concurrent;
using HashStore.Storage.Durability;

namespace HashStore.Storage.Objects;

/// <summary>
/// A tree of sharded directories into which staged files are published: objects, thumbnails. The durable recipe, each line with its reason:
///  1. the staged file is synced already, has its mode and lies on the same mount, so a rename publishes it whole or not at all;
///  2. rename without replacing: who comes second finds the first one's bytes, and nothing is ever overwritten;
///  3. directories are made only when the rename misses them: after the first days all 4,096 are there;
///  4. the leaf directory is synced, else the new name can vanish in a power loss;
///  5. the first time that this process uses a directory, its parents are synced too: somebody may have made it a moment ago and not yet synced.
/// </summary>
internal sealed class DurableTree(string top, SyncQueue syncs)
{
    /// <summary>How often directories are made anew that somebody removes at the same moment: thumbnails can be removed at any time.</summary>
    private const int MaxTries = 20;

    /// <summary>Directories whose own entries in their parents are known to be durable: at most 4,096 leaves.</summary>
    private readonly ConcurrentDictionary<string, bool> durableDirectories = new(StringComparer.Ordinal);

    /// <summary>Publishes a staged file; durable on return.</summary>
    /// <param name="path">Its place below the top, with slashes.</param>
    /// <param name="stagedPath">The staged file.</param>
    /// <returns>False when something is there already; then the staged file stays where it is.</returns>
    internal async Task<bool> AddAsync(string path, string stagedPath)
    {
        var added = Publish(path, stagedPath);
        CrashPoints.Pass(CrashPoint.ObjectNamed);

        // Also when somebody else's file was found: it may be a moment old and not yet synced.
        await SyncNameAsync(Path.GetDirectoryName(Path.Combine(top, path))!);
        return added;
    }

    /// <summary>The same without the syncs of directories: after a power loss the file is there whole or not at all.</summary>
    internal bool Publish(string path, string stagedPath)
    {
        var target = Path.Combine(top, path);
        for (var tries = 1; ; tries++)
        {
            try
            {
                return Posix.RenameWithoutReplacing(stagedPath, target);
            }
            catch (IOException exception) when (exception.HResult == Posix.Enoent && tries < MaxTries && File.Exists(stagedPath))
            {
                TryMakeParents(Path.GetDirectoryName(target)!);
            }
        }
    }

    /// <summary>Makes a directory's entries durable, and its own in its parents if this process has not yet done so.</summary>
    internal async Task SyncNameAsync(string directory)
    {
        if (durableDirectories.ContainsKey(directory))
        {
            await syncs.SyncDirectoriesAsync([directory]);
            return;
        }

        var chain = new List<string> { directory };
        for (var parent = directory; parent.Length > top.Length;)
        {
            parent = Path.GetDirectoryName(parent)!;
            chain.Add(parent);
        }

        await syncs.SyncDirectoriesAsync(chain);
        durableDirectories[directory] = true;
    }

    /// <summary>Makes a directory below the top whose own name is durable before anything comes into it that exists nowhere else.</summary>
    internal async Task MakeDurableAsync(string directory)
    {
        MakeParents(directory);
        if (!durableDirectories.ContainsKey(directory))
        {
            await SyncNameAsync(directory);
        }
    }

    private void TryMakeParents(string directory)
    {
        try
        {
            MakeParents(directory);
        }
        catch (IOException exception) when (exception.HResult == Posix.Enoent)
        {
            // Somebody removes the tree just now: the rename that follows says whether it is there.
        }
    }

    /// <summary>Makes a directory below the top and those above it.</summary>
    internal void MakeParents(string directory)
    {
        if (Directory.Exists(directory))
        {
            return;
        }

        // Removed since this process last synced it (a collector tidies empty directories): its name has to become durable again.
        durableDirectories.TryRemove(directory, out _);
        var parent = Path.GetDirectoryName(directory)!;
        if (parent.Length >= top.Length)
        {
            MakeParents(parent);
        }

        Posix.MakeDirectory(directory);
    }
}
