using HashStore.Storage.Durability;
using HashStore.Storage.Staging;

namespace HashStore.Storage.Checking;

/// <summary>
/// What processes that died left in ROOT and STATE. Nothing younger than <see cref="Passing"/> counts: a server that is just starting makes and removes
/// the same things, and probing the lock of a folder before its owner has it would take the lock away from under it.
/// </summary>
internal static class LeftoverCheck
{
    /// <summary>What a start makes in passing lives for milliseconds.</summary>
    private static readonly TimeSpan Passing = TimeSpan.FromMinutes(1);

    internal static async Task RunAsync(CheckRun run)
    {
        var paths = run.Parts.Paths;
        await TryAsync(run, paths.Staging, () => Staging(run));
        await TryAsync(run, paths.Root, () => Passed(run, paths.Root, FileSystemCheck.Prefix + "*"));
        await TryAsync(run, paths.State, () => Passed(run, paths.State, FileSystemCheck.Prefix + "*"));
        await TryAsync(run, paths.State, () => Passed(run, paths.State, Path.GetFileName(paths.Layout) + ".new"));
    }

    private static async Task TryAsync(CheckRun run, string folder, Func<List<Finding>> look)
    {
        List<Finding> findings;
        try
        {
            findings = look();
        }
        catch (DirectoryNotFoundException)
        {
            return; // a store that nobody has written to yet has no staging area
        }
        catch (Exception exception) when (StorageErrors.Knows(exception))
        {
            findings = [new Finding(FindingKind.Unreadable, null, run.Relative(folder), exception.Message)];
        }

        foreach (var finding in findings)
        {
            await run.ReportAsync(finding);
        }
    }

    private static List<Finding> Passed(CheckRun run, string folder, string pattern) =>
    [
        .. new DirectoryInfo(folder).EnumerateFileSystemInfos(pattern)
            .Where(file => IsOld(run, file))
            .Select(file => Leftover(run, file, "left by a start that was interrupted; it can be removed")),
    ];

    private static List<Finding> Staging(CheckRun run)
    {
        var findings = new List<Finding>();
        foreach (var entry in new DirectoryInfo(run.Parts.Paths.Staging).EnumerateFileSystemInfos())
        {
            if (entry is not DirectoryInfo folder)
            {
                findings.AddRange(IsOld(run, entry) ? [Leftover(run, entry, "a file outside of every process's folder; it can be removed")] : []);
            }
            else if (!IsOwned(run, folder))
            {
                findings.Add(Leftover(run, folder, "staged by a process that is gone; the next start of a server sweeps it"));
            }
        }

        return findings;
    }

    /// <summary>
    /// Whether a process holds the folder's lock. The probe drops the lock at once; a sweep that comes in just then leaves the folder to the next sweep.
    /// </summary>
    private static bool IsOwned(CheckRun run, DirectoryInfo folder)
    {
        var path = Path.Combine(folder.FullName, StagingArea.LockName);
        var file = new FileInfo(path);
        if (!IsOld(run, file.Exists ? file : folder))
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

    private static bool IsOld(CheckRun run, FileSystemInfo file) => run.Now - file.LastWriteTimeUtc > Passing;

    private static Finding Leftover(CheckRun run, FileSystemInfo file, string what) =>
        new(FindingKind.Leftover, null, run.Relative(file.FullName), $"{(file is DirectoryInfo ? "A folder" : "A file")} {what}.");
}
