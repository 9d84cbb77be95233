using HashStore.Migrate.Legacy;
using HashStore.Schema.Tables;
using HashStore.Storage;
using HashStore.Storage.Content;
using HashStore.Storage.Durability;
using HashStore.Storage.Staging;
using Microsoft.Win32.SafeHandles;

namespace HashStore.Migrate.Conversion;

/// <summary>
/// Takes legacy files into the staging area: opened without following a link, leased, read once, hashed, and hard-linked. A file with further hard links, on another mount, or on a file system without
/// leases is copied instead. Used by one thread, which needs the stack of <see cref="MediaMetadata.StackBytes"/>.
/// </summary>
internal sealed class FileTaker(LegacyTree tree, Store store, ConversionOptions options, Pace pace)
{
    /// <summary>Files up to this size are hashed in one piece.</summary>
    private const int BufferBytes = 1 << 20;

    private static readonly long OwnUser = Mono.Unix.Native.Syscall.geteuid();

    private readonly byte[] buffer = GC.AllocateUninitializedArray<byte>(BufferBytes);
    private readonly long storeDevice = FileStat.Of(store.Paths.Staging)!.Value.Device;

    /// <summary>Takes a file; what goes wrong is said in <see cref="TakenFile.Result"/>.</summary>
    /// <exception cref="StoreException">The store's own disk failed or is full: nothing else would fare better.</exception>
    internal void Take(TakenFile file)
    {
        SafeFileHandle? handle = null;
        try
        {
            handle = Posix.OpenToRead(tree.FullPath(file.Row.Path));
            Take(file, handle);
        }
        catch (Exception exception) when (StorageErrors.Knows(exception))
        {
            Refuse(file, exception);
        }
        finally
        {
            if (file.Result != TakeResult.Taken)
            {
                handle?.Dispose();
            }
        }
    }

    private void Take(TakenFile file, SafeFileHandle handle)
    {
        // 1. Is it what the ledger describes? Only that may be changed: undo knows nothing else.
        var before = FileStat.Of(handle);
        var row = file.Row;
        if (!before.IsFile)
        {
            file.Refuse(TakeResult.Failed, "It is no plain file.");
            return;
        }

        if (before.Device != row.Device || before.Inode != row.Inode || before.Size != row.Size || before.Modified != row.Modified)
        {
            file.Refuse(TakeResult.Busy, "It was changed or replaced while the conversion ran: run again.");
            return;
        }

        // 2. Is nobody writing to it?
        var leased = !options.QuietTree;
        if (leased && !Posix.TryLease(handle))
        {
            file.Refuse(TakeResult.Busy, "Somebody has it open for writing: run again.");
            return;
        }

        // 3. Its bytes. A file with another link could be written to through that one.
        var staged = before.LinkCount == 1 && before.Device == storeDevice && leased ? Link(handle) : null;
        var links = staged is not null;
        staged ??= Copy(handle);
        var taken = false;
        try
        {
            if (links && before.Owner != OwnUser)
            {
                Posix.SetOwner(handle, OwnUser, before.Group);
            }
            else if (!links)
            {
                Posix.SetTimes(staged.Path, before.Accessed, before.Modified); // as a link would have: wikis tell by it whether a thumbnail is older than what it shows
            }

            var facts = store.FactsOf(staged, Media(file, handle, staged, isInBuffer: links && staged.Size < buffer.Length));

            // 4. Did it stay the same?
            if (!FileStat.Of(handle).IsSameContent(before) || (leased && !Posix.HasLease(handle)) || staged.Size != before.Size)
            {
                file.Refuse(TakeResult.Busy, "It was changed while it was read: run again.");
                return;
            }

            file.Take(staged, facts, before, leased, links ? null : handle);
            taken = true;
        }
        finally
        {
            if (!taken)
            {
                if (links)
                {
                    GiveBack(handle, before);
                }

                staged.Dispose();
            }
        }
    }

    /// <summary>What the content says of itself; thumbnails and what is only kept are not asked.</summary>
    private MediaMetadata Media(TakenFile file, SafeFileHandle handle, StagedFile staged, bool isInBuffer)
    {
        if (file.Row.Kind is LedgerKind.Thumb or LedgerKind.ArchiveThumb || !MetadataParser.Understands(staged.Type.Mime))
        {
            return MediaMetadata.Empty;
        }

        using Stream content = isInBuffer
            ? new MemoryStream(buffer, 0, (int)staged.Size, writable: false)
            : new HandleStream(handle);
        return MediaMetadata.ReadOnThisThread(content, staged.Type.Mime, store.Clock, MediaMetadataLimits.Default);
    }

    /// <summary>Null where this file cannot be linked: another mount of the same device, too many links, or links to others' files are forbidden.</summary>
    private StagedFile? Link(SafeFileHandle handle)
    {
        try
        {
            return store.Staging.StageLink(handle, buffer, pace.Spend);
        }
        catch (IOException exception) when (Posix.ErrnoOf(exception) is Posix.Exdev or Posix.Eperm or Posix.Emlink)
        {
            return null;
        }
    }

    private StagedFile Copy(SafeFileHandle handle)
    {
        using var content = new HandleStream(handle, pace.Spend);
        return store.StageAsync(content, new StageLimits(long.MaxValue, null, []), CancellationToken.None).GetAwaiter().GetResult();
    }

    /// <summary>A file that stays gets its mode and owner back.</summary>
    private static void GiveBack(SafeFileHandle handle, FileStat before)
    {
        if (before.Owner != OwnUser)
        {
            Posix.SetOwner(handle, before.Owner, before.Group);
        }

        Posix.SetMode(handle, before.Permissions);
    }

    private static void Refuse(TakenFile file, Exception exception)
    {
        switch (Posix.ErrnoOf(exception))
        {
            case Posix.Enoent or Posix.Enotdir:
                file.Refuse(TakeResult.Vanished, "It vanished while the conversion ran.");
                break;
            case Posix.Eloop:
                file.Refuse(TakeResult.Busy, "It was replaced by a symbolic link while the conversion ran.");
                break;
            case Posix.Enospc or Posix.Edquot or Posix.Erofs or Posix.Emfile:
                throw StorageErrors.Translate(exception);
            default:
                file.Refuse(TakeResult.Failed, $"It cannot be read: {exception.Message}");
                break;
        }
    }
}
