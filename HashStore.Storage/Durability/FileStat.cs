using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace HashStore.Storage.Durability;

/// <summary>
/// What the file system knows of a file, to the nanosecond; taken with statx(2), whose layout is the same on every processor.
/// </summary>
/// <param name="Device">The device, major and minor number in one.</param>
/// <param name="Inode">The inode.</param>
/// <param name="LinkCount">Number of hard links.</param>
/// <param name="Mode">Type and permission bits.</param>
/// <param name="Owner">Number of the owner.</param>
/// <param name="Group">Number of the group.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Modified">Last write, nanoseconds since 1970.</param>
/// <param name="Accessed">Last access, nanoseconds since 1970.</param>
/// <param name="Changed">Last change of the inode, nanoseconds since 1970.</param>
internal readonly record struct FileStat(
    long Device, long Inode, int LinkCount, int Mode, long Owner, long Group, long Size, long Modified, long Accessed, long Changed)
{
    private const int TypeMask = 0xF000, Regular = 0x8000, Link = 0xA000, Folder = 0x4000; // stat.h: S_IFMT, S_IFREG, S_IFLNK, S_IFDIR

    /// <summary>The bits that chmod sets.</summary>
    internal const int PermissionMask = 0xFFF;

    /// <summary>A plain file, 0644: of what never was a file of its own.</summary>
    internal const int PlainFile = 0x81A4;

    internal bool IsFile => (Mode & TypeMask) == Regular;

    internal bool IsLink => (Mode & TypeMask) == Link;

    internal bool IsFolder => (Mode & TypeMask) == Folder;

    internal int Permissions => Mode & PermissionMask;

    /// <summary>Whether both describe one file whose bytes nobody has written to in between.</summary>
    internal bool IsSameContent(FileStat other) => IsSameFile(other) && Size == other.Size && Modified == other.Modified;

    /// <summary>Whether both describe one file.</summary>
    internal bool IsSameFile(FileStat other) => Device == other.Device && Inode == other.Inode;

    /// <summary>Looks at a path without following a link at its end; null when nothing is there.</summary>
    /// <exception cref="IOException">It cannot be looked at.</exception>
    internal static FileStat? Of(string path) => Take(path, NoFollow, AtFdcwd, null);

    /// <summary>Looks at an open file.</summary>
    internal static FileStat Of(SafeFileHandle file)
    {
        var added = false;
        try
        {
            file.DangerousAddRef(ref added);
            return Take("", EmptyPath, (int)file.DangerousGetHandle(), "an open file") ?? throw Posix.Error(Posix.Enoent, "stat");
        }
        finally
        {
            if (added)
            {
                file.DangerousRelease();
            }
        }
    }

    private static FileStat? Take(string path, int flags, int directory, string? shown)
    {
        Unsafe.SkipInit(out Statx raw);
        if (Posix.statx(directory, path, flags, BasicStats, ref Unsafe.As<Statx, byte>(ref raw)) == 0)
        {
            return new FileStat(
                ((long)raw.DeviceMajor << 32) | raw.DeviceMinor, (long)raw.Inode, (int)raw.Links, raw.Mode, raw.Uid, raw.Gid, (long)raw.Size,
                raw.Modified.Nanoseconds, raw.Accessed.Nanoseconds, raw.Changed.Nanoseconds);
        }

        var errno = Marshal.GetLastPInvokeError();
        return errno is Posix.Enoent or Posix.Enotdir ? null : throw Posix.Error(errno, $"stat {shown ?? path}");
    }

    private const int AtFdcwd = -100, NoFollow = 0x100, EmptyPath = 0x1000;
    private const uint BasicStats = 0x7FF;

    [StructLayout(LayoutKind.Sequential)]
    private struct StatxTime
    {
        internal long Seconds;
        internal uint Fraction;
        internal int Reserved;

        internal readonly long Nanoseconds => (Seconds * 1_000_000_000) + Fraction;
    }

    /// <summary>struct statx of linux/stat.h.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 256)]
    private struct Statx
    {
        internal uint Mask, BlockSize;
        internal ulong Attributes;
        internal uint Links, Uid, Gid;
        internal ushort Mode, Spare;
        internal ulong Inode, Size, Blocks, AttributesMask;
        internal StatxTime Accessed, Born, Changed, Modified;
        internal uint RdevMajor, RdevMinor, DeviceMajor, DeviceMinor;
    }
}
