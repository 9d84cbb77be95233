using System.Security.Cryptography;
using HashStore.Migrate.Legacy;
using HashStore.Schema;
using HashStore.Schema.Tables;
using HashStore.Storage;
using HashStore.Storage.Durability;

namespace HashStore.Migrate.Undo;

/// <summary>A file that an undo puts into the legacy tree.</summary>
/// <param name="Path">Its legacy path.</param>
/// <param name="Prepared">Where it is prepared, beside its path.</param>
/// <param name="Source">The object or thumbnail that has its bytes, absolute.</param>
/// <param name="Sha256">What the bytes must be; null: they are taken as they are.</param>
/// <param name="Attributes">Mode, owner and times to give it; null for a file that was never there.</param>
/// <param name="Written">UTC, when a file that was never there was uploaded.</param>
internal sealed record FileToRestore(string Path, string Prepared, string Source, ContentDigest? Sha256, LedgerRow? Attributes, DateTime? Written)
{
    /// <summary>Whether it must not be the object itself, even where that was made of this path's file.</summary>
    internal bool IsCopy { get; init; }

    /// <summary>Whether something lies at <see cref="Prepared"/>.</summary>
    internal bool IsPrepared { get; set; }

    /// <summary>Why it could not be restored.</summary>
    internal string? Problem { get; set; }

    /// <summary>Whether the site put a file of its own at the path, which stays.</summary>
    internal bool IsTheSites { get; set; }
}

/// <summary>
/// Puts files back into the legacy tree: each is prepared beside its path, all are made durable together, then each is exchanged with the link in one step, so that the path always answers.
/// Copied bytes are hashed on their way; a file whose bytes are not the recorded ones is not restored, and its link stays.
/// </summary>
internal sealed class FileRestorer(LegacyTree tree)
{
    private const int BufferBytes = 1 << 20;

    /// <summary>0644: what web servers and wikis give their uploads.</summary>
    private const int OrdinaryMode = 0x1A4;

    private readonly HashSet<(long Device, long Inode)> given = [];
    private readonly byte[] buffer = new byte[BufferBytes];

    /// <summary>Restores files; those that cannot be say why.</summary>
    internal void Restore(IReadOnlyList<FileToRestore> files)
    {
        foreach (var file in files)
        {
            try
            {
                Prepare(file);
            }
            catch (Exception exception) when (StorageErrors.Knows(exception))
            {
                if (Posix.ErrnoOf(exception) is Posix.Enospc or Posix.Edquot or Posix.Erofs)
                {
                    throw StorageErrors.Translate(exception);
                }

                file.Problem = exception.Message;
            }
        }

        CrashPoints.Pass(CrashPoint.UndoPrepared);
        MakeDurable();
        foreach (var file in files.Where(file => file.Problem is null && file.IsPrepared))
        {
            Exchange(file);
        }

        foreach (var file in files.Where(file => file.Problem is not null && file.IsPrepared))
        {
            _ = Posix.Unlink(file.Prepared);
        }
    }

    /// <summary>Makes everything that was done to the tree durable.</summary>
    internal void MakeDurable()
    {
        Posix.SyncFileSystemOf(tree.Root);
        if (!tree.IsInPlace)
        {
            Posix.SyncFileSystemOf(tree.Store.State);
        }
    }

    private void Prepare(FileToRestore file)
    {
        if (FileStat.Of(file.Source) is not { IsFile: true } source)
        {
            file.Problem = $"Its bytes are not there: {file.Source}.";
            return;
        }

        var full = tree.FullPath(file.Path);
        var folder = Path.GetDirectoryName(full)!;
        MakeFolders(folder);
        var prepared = file.Prepared;
        _ = Posix.Unlink(prepared); // of an undo that was interrupted
        file.IsPrepared = true;

        // The file that was converted is the object itself: it goes back as it is. Every other path with the same content gets a copy.
        if (!file.IsCopy && file.Attributes is { } row && row.Device == source.Device && row.Inode == source.Inode && given.Add((row.Device, row.Inode)))
        {
            Posix.Link(file.Source, prepared);
        }
        else
        {
            Copy(file, prepared);
        }

        if (file.Problem is null)
        {
            SetAttributes(file, prepared);
        }
    }

    private void Copy(FileToRestore file, string prepared)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using (var from = File.OpenHandle(file.Source))
        using (var to = Posix.OpenToWrite(prepared, FileMode.CreateNew))
        {
            long offset = 0;
            for (int count; (count = RandomAccess.Read(from, buffer, offset)) > 0; offset += count)
            {
                hash.AppendData(buffer, 0, count);
                Posix.Write(to, buffer.AsSpan(0, count), offset);
            }
        }

        if (file.Sha256 is { } expected && new ContentDigest(hash.GetHashAndReset()) != expected)
        {
            file.Problem = $"The bytes of {file.Source} are not those that were converted: run hashstore-migrate fsck --full.";
        }
    }

    private static void SetAttributes(FileToRestore file, string prepared)
    {
        if (file.Attributes is { } row)
        {
            // Owner before mode: a change of owner takes set-user-id bits away.
            if (FileStat.Of(prepared) is { } now && (now.Owner != row.Owner || now.Group != row.Group))
            {
                Posix.SetOwner(prepared, row.Owner, row.Group);
            }

            Posix.SetMode(prepared, row.Mode & FileStat.PermissionMask);
            if (row.Xattrs is { } attributes)
            {
                _ = Posix.WriteXattrs(prepared, attributes);
            }

            Posix.SetTimes(prepared, row.Accessed, row.Modified);
            return;
        }

        Posix.SetMode(prepared, OrdinaryMode);
        if (file.Written is { } written)
        {
            var nanoseconds = (written - DateTime.UnixEpoch).Ticks * 100;
            Posix.SetTimes(prepared, nanoseconds, nanoseconds);
        }
    }

    private void Exchange(FileToRestore file)
    {
        var full = tree.FullPath(file.Path);
        var prepared = file.Prepared;
        if (FileStat.Of(full) is null)
        {
            file.Problem = Posix.RenameWithoutReplacing(prepared, full) ? null : "Something was put there meanwhile: undo again.";
            return;
        }

        try
        {
            Posix.Exchange(prepared, full);
            CrashPoints.Pass(CrashPoint.UndoExchanged);
        }
        catch (IOException exception) when (exception.HResult is Posix.Einval or Posix.Enosys)
        {
            Posix.Rename(prepared, full); // a file system without the exchange; nothing writes to this tree, as the conversion was told
            return;
        }

        if (FileStat.Of(prepared) is { IsLink: false })
        {
            // The site put a file of its own there: that is today's state.
            Posix.Exchange(prepared, full);
            file.IsTheSites = true;
        }

        _ = Posix.Unlink(prepared);
    }

    private static void MakeFolders(string folder)
    {
        if (!Directory.Exists(folder))
        {
            MakeFolders(Path.GetDirectoryName(folder)!);
            _ = Posix.MakeDirectory(folder);
        }
    }
}
