using System.Collections.Concurrent;
using HashStore.Schema;
using HashStore.Storage.Durability;
using Microsoft.Win32.SafeHandles;

namespace HashStore.Storage.Objects;

/// <summary>
/// Objects as files below ROOT (public) and below STATE's <c>deleted</c> folder, both on one file system.
///
/// The durable recipe, each line with its reason:
///  1. the staged file is synced already, has mode 0444 and lies on the same mount, so a rename publishes it whole or not at all;
///  2. rename without replacing: who comes second finds the first one's bytes, and nothing is ever overwritten;
///  3. directories are made only when the rename misses them: after the first days all 4,096 are there;
///  4. the leaf directory is synced, else the new name can vanish in a power loss;
///  5. the first time that this process uses a directory, its parents are synced too: somebody may have made it a moment ago and not yet synced.
/// </summary>
internal sealed class LocalObjects(string root, string deleted, SyncQueue syncs) : IObjectBackend, IListableBackend
{
    /// <summary>Directories whose own entries in their parents are known to be durable: at most 4,096 leaves.</summary>
    private readonly ConcurrentDictionary<string, bool> durableDirectories = new(StringComparer.Ordinal);

    public async ValueTask<bool> AddAsync(ContentKey key, string stagedPath)
    {
        var target = PathOf(key, Zone.Public);
        var directory = Path.GetDirectoryName(target)!;
        bool added;
        try
        {
            added = Posix.RenameWithoutReplacing(stagedPath, target);
        }
        catch (IOException exception) when (exception.HResult == Posix.Enoent && File.Exists(stagedPath))
        {
            MakeParents(root, directory);
            added = Posix.RenameWithoutReplacing(stagedPath, target);
        }

        // Also when somebody else's object was found: it may be a moment old and not yet synced.
        await SyncNameAsync(root, directory);
        return added;
    }

    public ValueTask<ObjectBytes?> OpenAsync(ContentKey key, Zone zone)
    {
        try
        {
            var handle = File.OpenHandle(PathOf(key, zone), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            return new(new LocalBytes(handle));
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return new((ObjectBytes?)null);
        }
    }

    public ValueTask<ObjectStat?> StatAsync(ContentKey key, Zone zone)
    {
        var file = new FileInfo(PathOf(key, zone));
        return new(file.Exists ? new ObjectStat(file.Length, file.LastWriteTimeUtc) : null);
    }

    public async ValueTask<bool> MoveAsync(ContentKey key, Zone from)
    {
        var to = from == Zone.Public ? Zone.Deleted : Zone.Public;
        string source = PathOf(key, from), target = PathOf(key, to);
        string sourceDirectory = Path.GetDirectoryName(source)!, targetDirectory = Path.GetDirectoryName(target)!;
        if (!File.Exists(source))
        {
            return false;
        }

        MakeParents(RootOf(to), targetDirectory);
        try
        {
            Posix.Rename(source, target);
        }
        catch (IOException exception) when (exception.HResult == Posix.Enoent)
        {
            return false; // another process was faster
        }

        // Renaming one hard link of a file onto another one does nothing (POSIX rename), and a power loss may have left both.
        File.Delete(source);

        // The new name first: a power loss between the two leaves the object in both places, never in none.
        await SyncNameAsync(RootOf(to), targetDirectory);
        await syncs.SyncDirectoriesAsync([sourceDirectory]);
        return true;
    }

    public async ValueTask<bool> RemoveAsync(ContentKey key, Zone zone)
    {
        var path = PathOf(key, zone);
        if (!File.Exists(path))
        {
            return false;
        }

        File.Delete(path);
        await syncs.SyncDirectoriesAsync([Path.GetDirectoryName(path)!]);
        return true;
    }

    public IEnumerable<ListedObject> List(Zone zone)
    {
        var top = RootOf(zone);
        foreach (var first in OneDigitDirectories(top))
        {
            foreach (var second in OneDigitDirectories(first))
            {
                foreach (var third in OneDigitDirectories(second))
                {
                    foreach (var listed in ListDirectory(top, third))
                    {
                        yield return listed;
                    }
                }
            }
        }
    }

    /// <summary>One leaf directory at a time is held in memory: a four-thousandth of the store.</summary>
    private static List<ListedObject> ListDirectory(string top, string directory)
    {
        var found = new List<ListedObject>();
        try
        {
            foreach (var file in new DirectoryInfo(directory).EnumerateFileSystemInfos())
            {
                var path = Path.GetRelativePath(top, file.FullName);
                var plain = file is FileInfo { LinkTarget: null };
                found.Add(new ListedObject(path, plain && ObjectPath.TryParse(path, out var key) ? key : null, file is FileInfo { Exists: true } f ? f.Length : 0));
            }
        }
        catch (DirectoryNotFoundException)
        {
            // Tidied away by another process.
        }
        catch (Exception exception) when (StorageErrors.Knows(exception))
        {
            found.Add(new ListedObject(Path.GetRelativePath(top, directory), null, 0, exception.Message));
        }

        return found;
    }

    private static IEnumerable<string> OneDigitDirectories(string parent)
    {
        foreach (var digit in "0123456789abcdef")
        {
            var path = Path.Combine(parent, digit.ToString());
            if (new DirectoryInfo(path) is { Exists: true, LinkTarget: null })
            {
                yield return path;
            }
        }
    }

    private async Task SyncNameAsync(string top, string directory)
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

    private void MakeParents(string top, string directory)
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
            MakeParents(top, parent);
        }

        Posix.MakeDirectory(directory);
    }

    private string RootOf(Zone zone) => zone == Zone.Public ? root : deleted;

    private string PathOf(ContentKey key, Zone zone) => Path.Combine(RootOf(zone), ObjectPath.Of(key));

    private sealed class LocalBytes(SafeFileHandle handle) : ObjectBytes
    {
        public override ObjectStat Stat => new(RandomAccess.GetLength(handle), File.GetLastWriteTimeUtc(handle));

        // Synchronous on purpose: the bytes are nearly always in the page cache, and .NET has no asynchronous file reading on Linux but a thread for each.
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, long offset, CancellationToken cancellation)
        {
            cancellation.ThrowIfCancellationRequested();
            return new(RandomAccess.Read(handle, buffer.Span, offset));
        }

        protected override void Dispose(bool disposing) => handle.Dispose();
    }
}
