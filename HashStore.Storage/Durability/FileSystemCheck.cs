namespace HashStore.Storage.Durability;

/// <summary>
/// Tries in the real place, at every start, what every upload will need: so that a bad mount fails now with a clear message, not at night in the middle of an upload.
/// </summary>
internal static class FileSystemCheck
{
    /// <summary>Names with this prefix are HashStore's own passing work inside a served tree.</summary>
    private const string OwnPrefix = ".hs~";

    /// <summary>Begins the names of what <see cref="Run"/> makes and removes again.</summary>
    internal const string Prefix = OwnPrefix + "selfcheck-";

    /// <summary>Writes and syncs in STATE, renames without replacing, links and symlinks from there into ROOT, and syncs ROOT.</summary>
    /// <exception cref="StoreException">One of these does not work; the message says which and what to do.</exception>
    internal static void Run(StorePaths paths)
    {
        var name = Prefix + Guid.NewGuid().ToString("N");
        string staged = Path.Combine(paths.State, name), published = Path.Combine(paths.Root, name), link = published + "-link", symlink = published + "-symlink";
        try
        {
            Try(paths, "write and sync a file", () => WriteAndSync(staged));
            Try(paths, "make a hard link from STATE to ROOT", () => Posix.Link(staged, link));
            Try(paths, "make a symbolic link in ROOT", () => Posix.MakeLink(link, symlink));
            Try(paths, "rename from STATE to ROOT without replacing", () => RenameBothWays(staged, published, link));
            Try(paths, "sync the directories", () => SyncBoth(paths));
        }
        finally
        {
            foreach (var left in (string[])[staged, published, link, symlink])
            {
                TryRemove(left);
            }
        }
    }

    private static void WriteAndSync(string path)
    {
        using var file = Posix.OpenToWrite(path, FileMode.CreateNew);
        Posix.Write(file, [0], 0);
        Posix.SyncFile(file);
    }

    private static void RenameBothWays(string staged, string published, string link)
    {
        if (Posix.RenameWithoutReplacing(staged, link))
        {
            throw new IOException("a rename that must not replace did replace");
        }

        if (!Posix.RenameWithoutReplacing(staged, published))
        {
            throw new IOException("a rename onto a free name found something there");
        }
    }

    private static void SyncBoth(StorePaths paths)
    {
        Posix.SyncDirectory(paths.State);
        Posix.SyncDirectory(paths.Root);
    }

    private static void Try(StorePaths paths, string what, Action step)
    {
        try
        {
            step();
        }
        catch (Exception exception) when (StorageErrors.Knows(exception))
        {
            throw Posix.ErrnoOf(exception) switch
            {
                Posix.Erofs or Posix.Eacces or Posix.Enospc or Posix.Edquot => StorageErrors.Translate(exception),
                Posix.Exdev => new StoreException(
                    StoreFault.UnfitFileSystem,
                    $"STATE ({paths.State}) and ROOT ({paths.Root}) lie on different file systems or mounts, so bytes cannot be published in one step. Give a --state on ROOT's own mount.",
                    exception),
                _ => new StoreException(
                    StoreFault.UnfitFileSystem,
                    $"The file system of {paths.Root} cannot {what} ({exception.Message}). HashStore needs one with hard links, symbolic links and sync, such as ext4, XFS or Btrfs.",
                    exception),
            };
        }
    }

    private static void TryRemove(string path)
    {
        try
        {
            _ = Posix.Unlink(path);
        }
        catch (Exception exception) when (StorageErrors.Knows(exception))
        {
            // The step that failed has its own message; an empty file with our prefix is harmless, and fsck lists it.
        }
    }
}
