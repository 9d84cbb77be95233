using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace HashStore.Storage.Durability;

/// <summary>The calls that taking over somebody else's files needs: leases, links, exchanges, attributes.</summary>
internal static partial class Posix
{
    /// <summary>Opens a plain file for reading without following a link at its end, without waiting at a FIFO and without changing its access time where that is allowed.</summary>
    /// <exception cref="IOException">It is not there, is a link (ELOOP), or may not be read.</exception>
    internal static SafeFileHandle OpenToRead(string path)
    {
        var descriptor = open(path, OpenReadOnly | OpenNoFollow | OpenNonBlocking | OpenCloseOnExec | OpenNoAccessTime);
        if (descriptor < 0 && Marshal.GetLastPInvokeError() == Eperm)
        {
            descriptor = open(path, OpenReadOnly | OpenNoFollow | OpenNonBlocking | OpenCloseOnExec); // somebody else's file
        }

        return descriptor >= 0 ? new SafeFileHandle(descriptor, ownsHandle: true) : throw LastPInvokeError($"open {path}");
    }

    /// <summary>
    /// Takes a read lease: refused while anybody has the file open for writing; lost, which <see cref="HasLease"/> tells, as soon as somebody wants to. Such a writer waits until the file is closed here, at most
    /// /proc/sys/fs/lease-break-time (45 s).
    /// </summary>
    /// <returns>False when somebody writes to it.</returns>
    /// <exception cref="IOException">The file system has no leases, or the file is another user's.</exception>
    internal static bool TryLease(SafeFileHandle file)
    {
        // The kernel tells of a wish to write by a signal; the default one, SIGIO, would end the process, SIGURG is ignored unless asked for.
        if (fcntl(file, SetSignal, SignalUrgent) != 0)
        {
            throw LastPInvokeError("fcntl F_SETSIG");
        }

        if (fcntl(file, SetLease, ReadLease) == 0)
        {
            return true;
        }

        return Marshal.GetLastPInvokeError() == Eagain ? false : throw LastPInvokeError("fcntl F_SETLEASE");
    }

    /// <summary>Whether the lease still holds and nobody waits for its end.</summary>
    internal static bool HasLease(SafeFileHandle file) => fcntl(file, GetLease, 0) == ReadLease;

    /// <summary>What a symbolic link says; null when the path is none.</summary>
    internal static string? ReadLink(string path)
    {
        Span<byte> buffer = stackalloc byte[MaxPath];
        var length = (int)readlink(path, ref MemoryMarshal.GetReference(buffer), MaxPath);
        if (length >= 0)
        {
            return Encoding.UTF8.GetString(buffer[..length]);
        }

        return Marshal.GetLastPInvokeError() is Einval or Enoent or Enotdir ? null : throw LastPInvokeError($"readlink {path}");
    }

    /// <summary>Where an open file lies, by the kernel's own word; null where /proc is not mounted.</summary>
    internal static string? PathOf(SafeFileHandle file)
    {
        var added = false;
        try
        {
            file.DangerousAddRef(ref added);
            return ReadLink($"/proc/self/fd/{file.DangerousGetHandle()}");
        }
        finally
        {
            if (added)
            {
                file.DangerousRelease();
            }
        }
    }

    /// <summary>Sets the time of the last access alone, in nanoseconds since 1970; whatever the mount says of access times, it is kept.</summary>
    /// <returns>False when the file is another user's.</returns>
    internal static bool TrySetAccessed(SafeFileHandle file, long accessed)
    {
        Span<long> times = stackalloc long[4];
        (times[0], times[1]) = Split(accessed);
        (times[2], times[3]) = (0, OmitTime);
        if (futimens(file, ref MemoryMarshal.GetReference(times)) == 0)
        {
            return true;
        }

        return Marshal.GetLastPInvokeError() is Eperm or Eacces or Erofs ? false : throw LastPInvokeError("futimens");
    }

    /// <summary>The extended attributes of a file or link as one block: for each, name and value, each with its length before it (docs/FORMAT.md). Null when there are none.</summary>
    internal static byte[]? ReadXattrs(string path)
    {
        var length = (int)llistxattr(path, ref MemoryMarshal.GetReference(Span<byte>.Empty), 0);
        if (length <= 0)
        {
            // A file system without attributes has none.
            return length == 0 || Marshal.GetLastPInvokeError() is Enotsup or Enoent ? null : throw LastPInvokeError($"listxattr {path}");
        }

        var names = new byte[length];
        length = (int)llistxattr(path, ref names[0], names.Length);
        if (length <= 0)
        {
            return length == 0 ? null : throw LastPInvokeError($"listxattr {path}");
        }

        var block = new ArrayBufferWriter<byte>();
        foreach (var name in Encoding.UTF8.GetString(names, 0, length).Split('\0', StringSplitOptions.RemoveEmptyEntries))
        {
            var size = (int)lgetxattr(path, name, ref MemoryMarshal.GetReference(Span<byte>.Empty), 0);
            if (size < 0)
            {
                continue; // not readable for this user, or gone: what cannot be read cannot be kept
            }

            var value = new byte[size];
            size = size == 0 ? 0 : (int)lgetxattr(path, name, ref value[0], size);
            if (size >= 0)
            {
                Append(block, Encoding.UTF8.GetBytes(name));
                Append(block, value.AsSpan(0, size));
            }
        }

        return block.WrittenCount == 0 ? null : block.WrittenSpan.ToArray();
    }

    /// <summary>Sets the attributes that <see cref="ReadXattrs"/> read.</summary>
    /// <returns>The names of those that this user may not set.</returns>
    internal static List<string> WriteXattrs(string path, byte[] block)
    {
        var refused = new List<string>();
        for (var at = 0; at < block.Length;)
        {
            var name = Encoding.UTF8.GetString(Next(block, ref at));
            var value = Next(block, ref at);
            ref var first = ref MemoryMarshal.GetReference(value);
            if (lsetxattr(path, name, ref first, value.Length, 0) != 0)
            {
                refused.Add(name);
            }
        }

        return refused;
    }

    private static (long Seconds, long Nanoseconds) Split(long nanoseconds)
    {
        var (seconds, rest) = Math.DivRem(nanoseconds, 1_000_000_000);
        return rest < 0 ? (seconds - 1, rest + 1_000_000_000) : (seconds, rest);
    }

    private static void Append(ArrayBufferWriter<byte> block, ReadOnlySpan<byte> part)
    {
        System.Buffers.Binary.BinaryPrimitives.WriteInt32LittleEndian(block.GetSpan(4), part.Length);
        block.Advance(4);
        block.Write(part);
    }

    private static ReadOnlySpan<byte> Next(ReadOnlySpan<byte> block, ref int at)
    {
        var length = System.Buffers.Binary.BinaryPrimitives.ReadInt32LittleEndian(block[at..]);
        at += 4 + length;
        return block.Slice(at - length, length);
    }

    // asm-generic/fcntl.h, bits/fcntl-linux.h; O_NOFOLLOW differs on arm64.
    private const int OpenReadOnly = 0, OpenNonBlocking = 0x800, OpenCloseOnExec = 0x80000, OpenNoAccessTime = 0x40000;
    private static readonly int OpenNoFollow = RuntimeInformation.ProcessArchitecture is Architecture.Arm64 or Architecture.Arm ? 0x8000 : 0x20000;
    private const int SetSignal = 10, SetLease = 1024, GetLease = 1025, ReadLease = 0, SignalUrgent = 23;
    private const long OmitTime = (1L << 30) - 2; // linux/stat.h: UTIME_OMIT
    private const int MaxPath = 4096;
    internal const int Eperm = 1, Enxio = 6, Enotdir = 20, Enametoolong = 36, Enotempty = 39, Eloop = 40, Enotsup = 95;

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int statx(int directory, string path, int flags, uint mask, ref byte buffer);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fcntl(SafeFileHandle file, int command, int argument);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint readlink(string path, ref byte buffer, nint size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int futimens(SafeFileHandle file, ref long times);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint llistxattr(string path, ref byte names, nint size);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint lgetxattr(string path, string name, ref byte value, nint size);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int lsetxattr(string path, string name, ref byte value, nint size, int flags);
}
