using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Mono.Unix.Native;

namespace HashStore.Storage.Durability;

/// <summary>
/// The few system calls that .NET has no method for. Mono.Posix gives the portable ones; those that only Linux has are declared here.
/// Every failure is an <see cref="IOException"/> whose HResult is the errno, as .NET's own file methods throw it.
/// </summary>
internal static partial class Posix
{
    /// <summary>Whether <see cref="SyncFileSystem"/> is known to reach the disk: a network or user-space file system may take it for a hint.</summary>
    internal static bool SyncsWhole(SafeFileHandle anyFileOnIt)
    {
        Span<byte> buffer = stackalloc byte[StatFsBytes];
        return SyncFsReportsErrors && fstatfs(anyFileOnIt, ref MemoryMarshal.GetReference(buffer)) == 0 && MemoryMarshal.Read<long>(buffer) is Ext4 or Xfs or Btrfs or F2fs or Tmpfs;
    }

    /// <summary>Asks the kernel to begin writing a range, without waiting: keeps the last sync of a large file short.</summary>
    internal static void StartWriting(SafeFileHandle file, long offset, long length)
    {
        // A hint only: a file system without it still writes at the sync that follows, which reports errors.
        _ = sync_file_range(file, offset, length, SyncFileRangeWrite);
    }

    /// <summary>Drops what is in the page cache of a range, so that reading much once does not push out what is read often, and what is read next comes from the disk.</summary>
    internal static void DropCache(SafeFileHandle file, long offset, long length)
    {
        // A hint only: where the file system takes no notice of it, more memory is used.
        _ = posix_fadvise(file, offset, length, DontNeed);
    }

    /// <summary>Takes an advisory lock on an open file, which the kernel drops when the process dies; an exclusive one, or one that many can have at the same time.</summary>
    /// <returns>False when <paramref name="wait"/> is false and somebody else holds it.</returns>
    internal static bool Lock(SafeFileHandle file, bool wait, bool shared = false)
    {
        while (flock(file, (shared ? LockShared : LockExclusive) | (wait ? 0 : LockNonBlocking)) != 0)
        {
            var errno = Marshal.GetLastPInvokeError();
            if (errno == Eagain && !wait)
            {
                return false;
            }

            if (errno != Eintr)
            {
                throw Error(errno, "flock");
            }
        }

        return true;
    }

    /// <summary>Drops the lock.</summary>
    internal static void Unlock(SafeFileHandle file)
    {
        if (flock(file, LockUnlock) != 0)
        {
            throw LastPInvokeError("flock");
        }
    }

    /// <summary>
    /// Asks the file system to put the folders that are made in a directory far from each other (chattr +T; ext4 does, others refuse or take no notice). New inodes lie near their folder, and ext4 without a journal
    /// looks at every inode there that was freed in the last minutes before it takes one: after a mass deletion nearby that costs up to a millisecond for each new file.
    /// </summary>
    /// <returns>Whether it was taken.</returns>
    internal static bool TrySpread(string directory)
    {
        var descriptor = Syscall.open(directory, OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY | OpenFlags.O_CLOEXEC);
        if (descriptor < 0)
        {
            return false;
        }

        try
        {
            var flags = 0L;
            if (ioctl(descriptor, GetFlags, ref flags) != 0)
            {
                return false;
            }

            flags |= TopDirectory;
            return ioctl(descriptor, SetFlags, ref flags) == 0;
        }
        finally
        {
            _ = Syscall.close(descriptor);
        }
    }

    /// <summary>The errno of an exception that this class or .NET's file methods threw; 0 where there is none.</summary>
    internal static int ErrnoOf(Exception exception) => exception switch
    {
        UnauthorizedAccessException { InnerException: IOException inner } => inner.HResult,
        UnauthorizedAccessException => Eacces,
        FileNotFoundException or DirectoryNotFoundException => Enoent,
        IOException io when io.HResult is > 0 and < 200 => io.HResult,
        _ => 0,
    };

    private static IOException LastError(string what) => Error(NativeConvert.FromErrno(Stdlib.GetLastError()), what);

    private static IOException LastPInvokeError(string what) => Error(Marshal.GetLastPInvokeError(), what);

    internal static IOException Error(int errno, string what) => new($"{what}: {new Win32Exception(errno).Message}", errno);

    // Linux values, the same on x86-64 and arm64 (asm-generic/errno-base.h, fcntl.h, linux/fs.h, linux/magic.h).
    internal const int Enoent = 2, Eio = 5, Eintr = 4, Eagain = 11, Eacces = 13, Eexist = 17, Exdev = 18, Einval = 22, Emfile = 24, Enospc = 28, Erofs = 30, Emlink = 31, Enosys = 38, Edquot = 122;
    internal const FilePermissions PublicDirectory = (FilePermissions)0x1ED; // 0755

    // syncfs(2): "before Linux 5.8 … did not report I/O errors of the write-back".
    private static readonly bool SyncFsReportsErrors = Environment.OSVersion.Version >= new Version(5, 8);

    private const int AtFdcwd = -100;
    private const uint SyncFileRangeWrite = 2;
    private const int DontNeed = 4; // POSIX_FADV_DONTNEED
    private const int LockShared = 1, LockExclusive = 2, LockNonBlocking = 4, LockUnlock = 8;
    private const nuint GetFlags = 0x80086601, SetFlags = 0x40086602; // FS_IOC_GETFLAGS, FS_IOC_SETFLAGS
    private const long TopDirectory = 0x00020000; // FS_TOPDIR_FL
    private const int StatFsBytes = 256; // struct statfs is 120 bytes; f_type is its first word
    private const long Ext4 = 0xEF53, Xfs = 0x58465342, Btrfs = 0x9123683E, F2fs = 0xF2F52010, Tmpfs = 0x01021994;

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fstatfs(SafeFileHandle file, ref byte buffer);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int sync_file_range(SafeFileHandle file, long offset, long length, uint flags);

    [LibraryImport("libc")]
    private static partial int posix_fadvise(SafeFileHandle file, long offset, long length, int advice);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int flock(SafeFileHandle file, int operation);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ioctl(int descriptor, nuint request, ref long argument);
}
