using HashStore.Schema;
using HashStore.Storage.Durability;
using Microsoft.Win32.SafeHandles;

namespace HashStore.Storage.Objects;

/// <summary>
/// Objects as files below ROOT (public) and below STATE's <c>deleted</c> folder, both on one file system.
/// How they come there durably is <see cref="DurableTree"/>'s.
/// </summary>
internal sealed partial class LocalObjects(string root, string deleted, SyncQueue syncs) : IObjectBackend, IListableBackend, IRekeyableBackend
{
    /// <summary>How often directories are made anew that somebody removes at the same moment.</summary>
    private const int MaxTries = 20;

    private readonly DurableTree publicTree = new(root, syncs), deletedTree = new(deleted, syncs);

    public async ValueTask<bool> AddAsync(ContentKey key, string stagedPath, Zone zone) => await TreeOf(zone).AddAsync(ObjectPath.Of(key), stagedPath);

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
        if (File.Exists(source))
        {
            // A power loss that kept the rename and not the directory would leave the object nowhere.
            await TreeOf(to).MakeDurableAsync(targetDirectory);
        }

        if (!TryRename(TreeOf(to), source, target))
        {
            // Another process was faster, and may have died before it synced: a power loss must not bring back what is gone.
            if (File.Exists(target))
            {
                await TreeOf(to).SyncNameAsync(targetDirectory);
                await syncs.SyncDirectoriesAsync(Directory.Exists(sourceDirectory) ? [sourceDirectory] : []);
            }

            return false;
        }

        // Renaming one hard link of a file onto another one does nothing (POSIX rename), and a power loss may have left both.
        _ = Posix.Unlink(source);
        CrashPoints.Pass(CrashPoint.ObjectMoved);

        // The new name first: a power loss between the two leaves the object in both places, never in none.
        await TreeOf(to).SyncNameAsync(targetDirectory);
        CrashPoints.Pass(CrashPoint.ObjectMoveSynced);
        await syncs.SyncDirectoriesAsync([sourceDirectory]);
        return true;
    }

    /// <summary>False: it is not there.</summary>
    private static bool TryRename(DurableTree tree, string source, string target)
    {
        for (var tries = 1; File.Exists(source); tries++)
        {
            tree.MakeParents(Path.GetDirectoryName(target)!);
            try
            {
                Posix.Rename(source, target);
                return true;
            }
            catch (IOException exception) when (exception.HResult == Posix.Enoent && tries < MaxTries)
            {
                // Either it went, or somebody tidied the directory away: only the first is the end.
            }
        }

        return false;
    }

    public async ValueTask<bool> RemoveAsync(ContentKey key, Zone zone)
    {
        var path = PathOf(key, zone);
        if (!File.Exists(path))
        {
            return false;
        }

        _ = Posix.Unlink(path);
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

    private DurableTree TreeOf(Zone zone) => zone == Zone.Public ? publicTree : deletedTree;

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

        public override void Forget(long offset, long length) => Posix.DropCache(handle, offset, length);

        protected override void Dispose(bool disposing) => handle.Dispose();
    }
}
