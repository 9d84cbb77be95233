using HashStore.Storage.Durability;
using HashStore.Storage.Staging;

namespace HashStore.Storage.Checking;

/// <summary>Something that an interrupted process left.</summary>
/// <param name="Path">Where it is, absolute.</param>
/// <param name="IsFolder">Whether it is a folder of the staging area, with what is in it.</param>
/// <param name="Bytes">Its bytes.</param>
/// <param name="What">What it is, as the end of a sentence.</param>
internal sealed record Leftover(string Path, bool IsFolder, long Bytes, string What);

/// <summary>
/// What processes that died left in ROOT and STATE. Nothing younger than <see cref="Passing"/> counts: a server that is just starting makes and removes the same things, and probing the lock of a folder
/// before its owner has it would take the lock away from under it.
/// </summary>
internal static class Leftovers
{
    /// <summary>What a start makes in passing lives for milliseconds.</summary>
    internal static readonly TimeSpan Passing = TimeSpan.FromMinutes(1);

    /// <summary>The folders to look into; a store that nobody has written to yet has no staging area.</summary>
    internal static IEnumerable<(string Folder, Func<List<Leftover>> Find)> Places(StorePaths paths, DateTime now, TimeSpan age)
    {
        yield return (paths.Staging, () => Staging(paths, now, age));
        yield return (paths.Root, () => Passed(paths.Root, FileSystemCheck.Prefix + "*", now, age));
        yield return (paths.State, () => Passed(paths.State, FileSystemCheck.Prefix + "*", now, age));
        yield return (paths.State, () => Passed(paths.State, Path.GetFileName(paths.Layout) + ".new", now, age));
    }

    /// <summary>Whether a file of ROOT or STATE, or a folder of the staging area, is still one that was left.</summary>
    internal static bool IsLeft(Leftover left, DateTime now, TimeSpan age) =>
        left.IsFolder ? new DirectoryInfo(left.Path) is { Exists: true } folder && !IsOwned(folder, now, age) : FileStat.Of(left.Path) is { IsFolder: false } && IsOld(new FileInfo(left.Path), now, age);

    private static List<Leftover> Passed(string folder, string pattern, DateTime now, TimeSpan age) =>
    [
        .. new DirectoryInfo(folder).EnumerateFiles(pattern).Where(file => IsOld(file, now, age))
            .Select(file => new Leftover(file.FullName, IsFolder: false, SizeOf(file), "left by a start that was interrupted; it can be removed")),
    ];

    private static List<Leftover> Staging(StorePaths paths, DateTime now, TimeSpan age)
    {
        var found = new List<Leftover>();
        foreach (var entry in new DirectoryInfo(paths.Staging).EnumerateFileSystemInfos())
        {
            if (entry is not DirectoryInfo folder)
            {
                found.AddRange(IsOld(entry, now, age) ? [new Leftover(entry.FullName, IsFolder: false, SizeOf(entry), "outside of every process's folder; it can be removed")] : []);
            }
            else if (!IsOwned(folder, now, age))
            {
                found.Add(new Leftover(folder.FullName, IsFolder: true, SizeOf(folder), "staged by a process that is gone; the next start of a server sweeps it"));
            }
        }

        return found;
    }

    /// <summary>
    /// Whether a process holds the folder's lock. The probe drops the lock at once; a sweep that comes in just then leaves the folder to the next sweep.
    /// </summary>
    private static bool IsOwned(DirectoryInfo folder, DateTime now, TimeSpan age)
    {
        var path = Path.Combine(folder.FullName, StagingArea.LockName);
        var file = new FileInfo(path);
        if (!IsOld(file.Exists ? file : folder, now, age))
        {
            return true;
        }

        try
        {
            // Opened for reading only: the probe must not make the file where there is none.
            using var handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            return !Posix.Lock(handle, wait: false);
        }
        catch (FileNotFoundException)
        {
            return !folder.Exists;
        }
        catch (DirectoryNotFoundException)
        {
            return true; // its owner has just ended
        }
    }

    private static bool IsOld(FileSystemInfo file, DateTime now, TimeSpan age) => now - file.LastWriteTimeUtc > age;

    /// <summary>A hard link to a file of the legacy tree counts as its bytes, though they stay.</summary>
    private static long SizeOf(FileSystemInfo entry)
    {
        try
        {
            return entry is DirectoryInfo folder ? folder.EnumerateFiles().Sum(file => file.Length) : ((FileInfo)entry).Length;
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return 0; // going just now, or a link that leads nowhere
        }
    }
}
