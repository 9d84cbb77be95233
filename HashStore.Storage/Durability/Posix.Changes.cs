using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Mono.Unix.Native;

namespace HashStore.Storage.Durability;

/// <summary>The calls that change the file system. Each is told to <see cref="FileCalls"/>, where tests make it fail and record what is durable; so nothing else in the write paths changes files.</summary>
internal static partial class Posix
{
    /// <summary>Opens a file to write to it, or makes it; others may read, rename and remove it meanwhile.</summary>
    /// <param name="path">The file.</param>
    /// <param name="mode">Whether it may be there, or must.</param>
    /// <param name="reserve">Bytes to reserve.</param>
    /// <exception cref="IOException">As <see cref="File.OpenHandle"/>.</exception>
    internal static SafeFileHandle OpenToWrite(string path, FileMode mode, long reserve = 0)
    {
        switch (FileCalls.Before(FileCallKind.Create, path))
        {
            case 0:
                break;
            case Enoent:
                throw new FileNotFoundException($"open {path}", path); // what .NET makes of it
            case var errno:
                throw Error(errno, $"open {path}");
        }

        var file = File.OpenHandle(path, mode, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, FileOptions.None, reserve);
        FileCalls.After(FileCallKind.Create, path);
        return file;
    }

    /// <summary>Writes bytes at a place of a file.</summary>
    internal static void Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, long offset)
    {
        Check(FileCalls.Before(FileCallKind.Write, file), "write");
        RandomAccess.Write(file, bytes, offset);
        FileCalls.After(FileCallKind.Write, file);
    }

    /// <summary>Cuts a file.</summary>
    internal static void SetLength(SafeFileHandle file, long length)
    {
        Check(FileCalls.Before(FileCallKind.Write, file), "truncate");
        RandomAccess.SetLength(file, length);
        FileCalls.After(FileCallKind.Write, file);
    }

    /// <summary>Makes a file's bytes durable, not its name.</summary>
    internal static void SyncFile(SafeFileHandle file)
    {
        Check(FileCalls.Before(FileCallKind.SyncFile, file), "fsync");
        RandomAccess.FlushToDisk(file);
        FileCalls.After(FileCallKind.SyncFile, file);
    }

    /// <summary>Renames without replacing, in one step.</summary>
    /// <returns>False when <paramref name="to"/> exists.</returns>
    internal static bool RenameWithoutReplacing(string from, string to)
    {
        var errno = Change(FileCallKind.RenameNew, from, to, static (from, to) => renameat2(AtFdcwd, from, AtFdcwd, to!, RenameNoReplace) == 0 ? 0 : LastErrno);
        switch (errno)
        {
            case 0:
                return true;
            case Eexist:
                return false;
            case Einval or Enosys:
                return LinkThenUnlink(from, to);
            default:
                throw Error(errno, $"rename {from} to {to}");
        }
    }

    /// <summary>Renames, replacing what is there. Unlike <see cref="File.Move(string, string, bool)"/> it never copies across file systems.</summary>
    internal static void Rename(string from, string to)
    {
        var errno = Change(FileCallKind.Rename, from, to, static (from, to) => Stdlib.rename(from, to!) == 0 ? 0 : LastErrno);
        Check(errno, "rename", from, to);
    }

    /// <summary>Gives two paths each other's files in one step.</summary>
    internal static void Exchange(string one, string other)
    {
        var errno = Change(FileCallKind.Exchange, one, other, static (one, other) => renameat2(AtFdcwd, one, AtFdcwd, other!, RenameExchange) == 0 ? 0 : LastErrno);
        Check(errno, "exchange", one, other);
    }

    /// <summary>Makes a hard link.</summary>
    internal static void Link(string existing, string link)
    {
        var errno = Change(FileCallKind.Link, existing, link, static (existing, link) => Syscall.link(existing, link!) == 0 ? 0 : LastErrno);
        Check(errno, "link", existing, link);
    }

    /// <summary>Makes a hard link to an open file, whatever its path has become meanwhile.</summary>
    internal static void LinkOpenFile(SafeFileHandle file, string link)
    {
        var added = false;
        try
        {
            file.DangerousAddRef(ref added);
            var existing = $"/proc/self/fd/{file.DangerousGetHandle()}";
            var source = FileCalls.AreObserved ? PathOf(file) ?? existing : existing;
            var errno = FileCalls.Before(FileCallKind.Link, source, link);
            if (errno == 0 && linkat(AtFdcwd, existing, AtFdcwd, link, FollowLink) != 0)
            {
                errno = LastErrno;
            }

            Check(errno, "link", link);
            FileCalls.After(FileCallKind.Link, source, link);
        }
        finally
        {
            if (added)
            {
                file.DangerousRelease();
            }
        }
    }

    /// <summary>Makes a symbolic link.</summary>
    internal static void MakeLink(string target, string link)
    {
        var errno = Change(FileCallKind.Symlink, link, target, static (link, target) => symlink(target!, link) == 0 ? 0 : LastErrno);
        Check(errno, "symlink", link);
    }

    /// <summary>Removes a file or link; false when it was not there.</summary>
    internal static bool Unlink(string path)
    {
        var errno = Change(FileCallKind.Unlink, path, null, static (path, unused) => unlink(path) == 0 ? 0 : LastErrno);
        return errno switch
        {
            0 => true,
            Enoent or Enotdir => false,
            _ => throw Error(errno, $"unlink {path}"),
        };
    }

    /// <summary>Makes one directory with mode 0755 whatever the umask is, so that the web server can read.</summary>
    /// <returns>False when it was there.</returns>
    internal static bool MakeDirectory(string path)
    {
        var errno = Change(FileCallKind.MakeDirectory, path, null, static (path, unused) => Syscall.mkdir(path, PublicDirectory) == 0 && Syscall.chmod(path, PublicDirectory) == 0 ? 0 : LastErrno);
        return errno switch
        {
            0 => true,
            Eexist => false,
            _ => throw Error(errno, $"mkdir {path}"),
        };
    }

    /// <summary>Makes a directory of STATE, as private as the umask says, and those above it.</summary>
    internal static void MakePrivateDirectory(string path)
    {
        Check(FileCalls.Before(FileCallKind.MakeDirectory, path), "mkdir", path);
        Directory.CreateDirectory(path);
        FileCalls.After(FileCallKind.MakeDirectory, path);
    }

    /// <summary>Removes a directory if nothing is in it.</summary>
    internal static bool RemoveEmptyDirectory(string path)
    {
        var errno = Change(FileCallKind.RemoveDirectory, path, null, static (path, unused) => rmdir(path) == 0 ? 0 : LastErrno);
        return errno switch
        {
            0 => true,
            Enoent or Enotempty or Eexist => false,
            _ => throw Error(errno, $"rmdir {path}"),
        };
    }

    /// <summary>Removes a directory with what is in it.</summary>
    internal static void RemoveDirectory(string path)
    {
        Check(FileCalls.Before(FileCallKind.RemoveDirectory, path), "rmdir", path);
        Directory.Delete(path, recursive: true);
        FileCalls.After(FileCallKind.RemoveDirectory, path);
    }

    /// <summary>Makes the entries of a directory durable.</summary>
    internal static void SyncDirectory(string path)
    {
        var errno = Change(FileCallKind.SyncDirectory, path, null, static (path, unused) =>
        {
            var descriptor = Syscall.open(path, OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY);
            if (descriptor < 0)
            {
                return LastErrno;
            }

            var errno = Syscall.fsync(descriptor) == 0 ? 0 : LastErrno;
            _ = Syscall.close(descriptor);
            return errno;
        });
        Check(errno, "fsync", path);
    }

    /// <summary>Makes everything written to a file system so far durable, data and names.</summary>
    internal static void SyncFileSystem(SafeFileHandle anyFileOnIt)
    {
        var errno = FileCalls.Before(FileCallKind.SyncFileSystem, anyFileOnIt);
        if (errno == 0 && syncfs(anyFileOnIt) != 0)
        {
            errno = LastErrno;
        }

        Check(errno, "syncfs");

        FileCalls.After(FileCallKind.SyncFileSystem, anyFileOnIt);
    }

    /// <summary>The same for the file system that a folder is on.</summary>
    internal static void SyncFileSystemOf(string folder)
    {
        using var handle = new SafeFileHandle(Syscall.open(folder, OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY), ownsHandle: true);
        if (handle.IsInvalid)
        {
            throw LastError($"open {folder}");
        }

        SyncFileSystem(handle);
    }

    /// <summary>Sets permission bits.</summary>
    internal static void SetMode(SafeFileHandle file, int permissions)
    {
        var errno = FileCalls.Before(FileCallKind.SetAttributes, file);
        if (errno == 0 && fchmod(file, (uint)permissions) != 0)
        {
            errno = LastErrno;
        }

        Check(errno, "fchmod");
    }

    /// <summary>Sets permission bits.</summary>
    internal static void SetMode(string path, int permissions)
    {
        var errno = FileCalls.Before(FileCallKind.SetAttributes, path);
        if (errno == 0 && chmod(path, (uint)permissions) != 0)
        {
            errno = LastErrno;
        }

        Check(errno, "chmod", path);
    }

    /// <summary>Sets owner and group, of a link itself where the path is one.</summary>
    internal static void SetOwner(string path, long owner, long group)
    {
        var errno = FileCalls.Before(FileCallKind.SetAttributes, path);
        if (errno == 0 && fchownat(AtFdcwd, path, (uint)owner, (uint)group, NoFollowLink) != 0)
        {
            errno = LastErrno;
        }

        Check(errno, "chown", path);
    }

    /// <summary>Sets owner and group.</summary>
    internal static void SetOwner(SafeFileHandle file, long owner, long group)
    {
        var errno = FileCalls.Before(FileCallKind.SetAttributes, file);
        if (errno == 0 && fchown(file, (uint)owner, (uint)group) != 0)
        {
            errno = LastErrno;
        }

        Check(errno, "fchown");
    }

    /// <summary>Sets the times of last access and last write, in nanoseconds since 1970; of a link itself where the path is one.</summary>
    internal static void SetTimes(string path, long accessed, long modified)
    {
        Span<long> times = stackalloc long[4];
        (times[0], times[1]) = Split(accessed);
        (times[2], times[3]) = Split(modified);
        var errno = FileCalls.Before(FileCallKind.SetAttributes, path);
        if (errno == 0 && utimensat(AtFdcwd, path, ref MemoryMarshal.GetReference(times), NoFollowLink) != 0)
        {
            errno = LastErrno;
        }

        Check(errno, "utimensat", path);
    }

    /// <summary>Makes a call, unless a test lets it fail.</summary>
    /// <returns>The errno; 0: it succeeded.</returns>
    private static int Change(FileCallKind kind, string path, string? other, Func<string, string?, int> call)
    {
        var errno = FileCalls.Before(kind, path, other);
        if (errno == 0)
        {
            errno = call(path, other);
        }

        if (errno == 0)
        {
            FileCalls.After(kind, path, other);
        }

        return errno;
    }

    private static void Check(int errno, string what, string? path = null, string? other = null)
    {
        if (errno != 0)
        {
            throw Error(errno, string.Join(' ', what, path, other).TrimEnd());
        }
    }

    private static bool LinkThenUnlink(string from, string to)
    {
        var errno = Change(FileCallKind.Link, from, to, static (from, to) => Syscall.link(from, to!) == 0 ? 0 : LastErrno);
        if (errno is not (0 or Eexist))
        {
            throw Error(errno, $"link {from} to {to}");
        }

        return errno == 0 && Unlink(from);
    }

    /// <summary>Of the last call in this thread, by Mono.Posix's declarations and by those here.</summary>
    private static int LastErrno => Marshal.GetLastPInvokeError();

    private const uint RenameNoReplace = 1, RenameExchange = 2;
    private const int FollowLink = 0x400, NoFollowLink = 0x100;

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int renameat2(int oldDirectory, string oldPath, int newDirectory, string newPath, uint flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int syncfs(SafeFileHandle file);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int linkat(int oldDirectory, string oldPath, int newDirectory, string newPath, int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int symlink(string target, string link);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int unlink(string path);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int rmdir(string path);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fchmod(SafeFileHandle file, uint mode);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int chmod(string path, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fchown(SafeFileHandle file, uint owner, uint group);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int fchownat(int directory, string path, uint owner, uint group, int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int utimensat(int directory, string path, ref long times, int flags);
}
