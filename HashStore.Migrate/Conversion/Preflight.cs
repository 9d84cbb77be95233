using HashStore.Migrate.Legacy;
using HashStore.Migrate.Undo;
using HashStore.Storage;
using HashStore.Storage.Durability;
using HashStore.Storage.Leasing;
using Mono.Unix.Native;

namespace HashStore.Migrate.Conversion;

/// <summary>What a conversion needs, counted from an inventory.</summary>
internal sealed record ConversionNeeds
{
    /// <summary>Files to be converted.</summary>
    internal long Files { get; init; }

    /// <summary>Their bytes.</summary>
    internal long Bytes { get; init; }

    /// <summary>Bytes that have to be copied: of files with further hard links or on another mount.</summary>
    internal long BytesToCopy { get; init; }

    /// <summary>Space for copies and rows.</summary>
    internal long SpaceNeeded => DatabaseBytes + BytesToCopy + (Files * RowBytes);

    /// <summary>A link each, and the directories of objects and thumbnails.</summary>
    internal long InodesNeeded => Files + (2 * ObjectDirectories);

    /// <summary>What the rows and indexes of a path take, measured: about 1.2 KB; and the log while they are written.</summary>
    private const long RowBytes = 2048;

    /// <summary>An empty database and its log while tables are made in it.</summary>
    private const long DatabaseBytes = 4 << 20;

    private const long ObjectDirectories = 4096 + 256 + 16;
}

/// <summary>
/// Finds out before the first file whether a tree can be converted; what cannot work is refused with what to do. It tries the real calls on a file of its own beside the uploads.
/// </summary>
internal sealed class Preflight(LegacyTree tree, ConversionOptions options)
{
    private readonly List<string> findings = [], warnings = [];

    /// <summary>What was found, a sentence each.</summary>
    internal IReadOnlyList<string> Findings => findings;

    /// <summary>What may be wrong.</summary>
    internal IReadOnlyList<string> Warnings => warnings;

    /// <summary>Whether links are put in place without the atomic exchange, which this file system lacks.</summary>
    internal bool WithoutExchange { get; private set; }

    /// <summary>Checks where things lie, before a store is made.</summary>
    /// <exception cref="StoreException">It cannot work like this.</exception>
    internal static void CheckPlaces(StorePaths paths, string tree)
    {
        var user = Syscall.geteuid();
        if (user != 0 && IsInside(paths.State, paths.Root) && FileStat.Of(tree) is { } folder && folder.Owner == user && !File.Exists(paths.Layout))
        {
            throw new StoreException(
                StoreFault.Conflict,
                $"The tree {tree} belongs to the user who runs this. Where that is the web server's user too, the store's private folder would lie in its reach: "
                + $"give a folder outside of everything that is served, on the same file system, as --state DIR (and to the server as well).");
        }
    }

    /// <summary>Tries what the conversion does.</summary>
    /// <param name="staging">A folder on the store's file system.</param>
    /// <exception cref="StoreException">It cannot work like this.</exception>
    internal void TryCalls(string staging)
    {
        var probe = $"{tree.Root}/{UndoLeftovers.ProbePrefix}{LeaseHolder.Mark}-{Guid.NewGuid():N}";
        var link = probe + "-link";
        try
        {
            File.WriteAllText(probe, "hashstore");
            TryLease(probe);
            TryLink(probe, $"{staging}/probe-{Guid.NewGuid():N}");
            TryExchange(probe, link);
        }
        catch (Exception exception) when (StorageErrors.Knows(exception))
        {
            throw new StoreException(StoreFault.NotWritable, $"The tree {tree.Root} cannot be converted by this user: {exception.Message}. Run this as the owner of the files.", exception);
        }
        finally
        {
            foreach (var left in new[] { probe, link }.Where(path => FileStat.Of(path) is not null))
            {
                _ = Posix.Unlink(left);
            }

            tree.RestoreTimes();
        }

        CheckReach();
    }

    /// <summary>Checks whether there is room for what the inventory found.</summary>
    /// <exception cref="StoreException">There is not.</exception>
    internal void CheckRoom(ConversionNeeds needs)
    {
        if (Syscall.statvfs(tree.Store.State is var state && Directory.Exists(state) ? state : tree.Root, out var room) != 0)
        {
            return; // a file system that does not say
        }

        var free = (long)(room.f_bavail * room.f_frsize);
        findings.Add($"Space: {ProgressBar.Bytes(needs.BytesToCopy)} to copy, {ProgressBar.Bytes(needs.SpaceNeeded)} needed in all, {ProgressBar.Bytes(free)} free.");
        if (needs.SpaceNeeded > free)
        {
            throw new StoreException(
                StoreFault.NoSpace, $"{ProgressBar.Bytes(needs.SpaceNeeded)} are needed on the store's file system ({ProgressBar.Bytes(needs.BytesToCopy)} of them for files that must be copied), {ProgressBar.Bytes(free)} are free: make room.");
        }

        if (room.f_files > 0)
        {
            var inodes = (long)room.f_favail;
            findings.Add($"Inodes: {needs.InodesNeeded} needed, {inodes} free.");
            if (needs.InodesNeeded > inodes)
            {
                throw new StoreException(StoreFault.NoSpace, $"{needs.InodesNeeded} inodes are needed on the store's file system for links and folders, {inodes} are free: make room.");
            }
        }
    }

    private void TryLease(string probe)
    {
        if (options.QuietTree)
        {
            findings.Add("Leases: not needed, the tree is said to be quiet (--quiet-tree); files are copied.");
            return;
        }

        using var handle = Posix.OpenToRead(probe);
        try
        {
            _ = Posix.TryLease(handle);
            findings.Add("Leases: work.");
        }
        catch (IOException exception)
        {
            throw new StoreException(
                StoreFault.UnfitFileSystem,
                $"The file system of {tree.Root} has no leases ({exception.Message}), so a file that is being written could not be told from a finished one. "
                + "If nothing writes to the tree while this runs (the wiki is read-only: $wgReadOnly, $wgEnableUploads = false), say so: --quiet-tree.",
                exception);
        }
    }

    private void TryLink(string probe, string staged)
    {
        try
        {
            Posix.Link(probe, staged);
            findings.Add("Hard links into the store: work, nothing is copied but files that have further links.");
        }
        catch (IOException exception) when (exception.HResult is Posix.Exdev or Posix.Eperm or Posix.Emlink)
        {
            findings.Add("Hard links into the store: do not work (another file system or mount), so every file is copied.");
        }
        finally
        {
            _ = Posix.Unlink(staged);
        }
    }

    private void TryExchange(string probe, string link)
    {
        Posix.MakeLink(probe, link);
        try
        {
            Posix.Exchange(probe, link);
            findings.Add("Atomic exchange: works.");
        }
        catch (IOException exception) when (options.QuietTree && exception.HResult is Posix.Einval or Posix.Enosys)
        {
            WithoutExchange = true;
            findings.Add("Atomic exchange: does not work; links replace files by rename, which is safe in a tree that nothing writes to.");
        }
        catch (IOException exception) when (exception.HResult is Posix.Einval or Posix.Enosys)
        {
            throw new StoreException(
                StoreFault.UnfitFileSystem,
                $"The file system of {tree.Root} cannot exchange two files in one step, so an upload of the site at the same moment could be lost. "
                + "If nothing writes to the tree while this runs, say so: --quiet-tree.",
                exception);
        }
    }

    /// <summary>Links lead to ROOT by its absolute path: whoever serves the tree must be able to go there.</summary>
    private void CheckReach()
    {
        for (var folder = tree.Store.Root; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (FileStat.Of(folder) is { } stat && (stat.Mode & 0x1) == 0)
            {
                warnings.Add($"{folder} cannot be entered by everybody (mode {Convert.ToString(stat.Permissions, 8)}): see to it that the web server's user can, or it will not follow the links. --probe URL tries it.");
            }
        }

        findings.Add($"Links: {(options.RelativeLinks ? "relative" : $"absolute, beginning with {options.LinkRoot ?? tree.Store.Root}")}; the web server must follow links (Apache: Options FollowSymLinks; PHP: open_basedir must allow it).");
    }

    private static bool IsInside(string path, string folder) => path == folder || path.StartsWith(folder + "/", StringComparison.Ordinal);
}
