using System.Runtime.InteropServices;
using System.Text;
using System.Text.Unicode;
using Microsoft.Win32.SafeHandles;

namespace HashStore.Storage.Durability;

/// <summary>What happens in a watched folder: the bits of linux/inotify.h.</summary>
[Flags]
internal enum FolderEvents : uint
{
    None = 0,

    /// <summary>A file that was open for writing was closed.</summary>
    CloseWrite = 0x8,

    /// <summary>A name went by a rename; <see cref="FolderEvent.Cookie"/> is that of the other half.</summary>
    MovedFrom = 0x40,

    /// <summary>A name came by a rename.</summary>
    MovedTo = 0x80,

    /// <summary>A file, link or folder was made.</summary>
    Create = 0x100,

    /// <summary>A name was removed.</summary>
    Delete = 0x200,

    /// <summary>The watched folder itself was removed.</summary>
    DeleteSelf = 0x400,

    /// <summary>The watched folder itself was moved.</summary>
    MoveSelf = 0x800,

    /// <summary>The file system was unmounted.</summary>
    Unmount = 0x2000,

    /// <summary>Events were dropped, because nobody read them in time; it belongs to no watch.</summary>
    Overflow = 0x4000,

    /// <summary>The watch is no more.</summary>
    Ignored = 0x8000,

    /// <summary>Asked for: nothing but a folder is watched.</summary>
    OnlyFolders = 0x01000000,

    /// <summary>Asked for: a link is not followed.</summary>
    NoFollow = 0x02000000,

    /// <summary>It happened to a folder.</summary>
    IsFolder = 0x40000000,
}

/// <summary>Something that happened in a watched folder.</summary>
/// <param name="Watch">The number that <see cref="Posix.Watch"/> gave.</param>
/// <param name="Events">What happened.</param>
/// <param name="Cookie">The same for both halves of a rename.</param>
/// <param name="Name">The name in the folder; empty where it happened to the folder itself; null where it is not valid UTF-8.</param>
internal readonly record struct FolderEvent(int Watch, FolderEvents Events, uint Cookie, string? Name);

/// <summary>Being told what happens in folders (inotify(7)), and waiting for it in a way that can be ended.</summary>
internal static partial class Posix
{
    /// <summary>Bytes for one reading of events: room for some thousand, and for the longest name (inotify(7): sizeof(struct inotify_event) + NAME_MAX + 1).</summary>
    internal const int EventsBytes = 64 << 10;

    /// <summary>Opens a queue of events without watches.</summary>
    /// <exception cref="IOException">EMFILE: this user has too many of them (fs.inotify.max_user_instances), or too many open files.</exception>
    internal static SafeFileHandle OpenEvents()
    {
        var descriptor = inotify_init1(OpenCloseOnExec | OpenNonBlocking);
        return descriptor >= 0 ? new SafeFileHandle(descriptor, ownsHandle: true) : throw LastPInvokeError("inotify_init1");
    }

    /// <summary>Watches a folder. A folder that is watched already keeps its number, whatever its path was.</summary>
    /// <exception cref="IOException">ENOENT, ENOTDIR: there is no such folder; ENOSPC: this user watches too many (fs.inotify.max_user_watches).</exception>
    internal static int Watch(SafeFileHandle queue, string folder, FolderEvents events)
    {
        var watch = inotify_add_watch(queue, folder, (uint)events);
        return watch >= 0 ? watch : throw LastPInvokeError($"watch {folder}");
    }

    /// <summary>Ends a watch; one that has ended by itself is left alone.</summary>
    internal static void EndWatch(SafeFileHandle queue, int watch)
    {
        if (inotify_rm_watch(queue, watch) != 0 && Marshal.GetLastPInvokeError() != Einval)
        {
            throw LastPInvokeError("inotify_rm_watch");
        }
    }

    /// <summary>Makes a bell: something that <see cref="WaitForEvents"/> hears.</summary>
    internal static SafeFileHandle MakeBell()
    {
        var descriptor = eventfd(0, OpenCloseOnExec | OpenNonBlocking);
        return descriptor >= 0 ? new SafeFileHandle(descriptor, ownsHandle: true) : throw LastPInvokeError("eventfd");
    }

    /// <summary>Rings the bell; it rings on.</summary>
    internal static void Ring(SafeFileHandle bell)
    {
        var one = 1L;
        if (write(bell, ref one, sizeof(long)) != sizeof(long))
        {
            throw LastPInvokeError("write to an eventfd");
        }
    }

    /// <summary>Waits until events can be read.</summary>
    /// <returns>False when the bell rang.</returns>
    internal static bool WaitForEvents(SafeFileHandle queue, SafeFileHandle bell)
    {
        bool ofQueue = false, ofBell = false;
        try
        {
            queue.DangerousAddRef(ref ofQueue);
            bell.DangerousAddRef(ref ofBell);
            Span<PollDescriptor> both =
            [
                new PollDescriptor { Descriptor = (int)queue.DangerousGetHandle(), Asked = PollIn },
                new PollDescriptor { Descriptor = (int)bell.DangerousGetHandle(), Asked = PollIn },
            ];
            while (poll(ref MemoryMarshal.GetReference(both), (nuint)both.Length, -1) < 0)
            {
                if (Marshal.GetLastPInvokeError() != Eintr)
                {
                    throw LastPInvokeError("poll");
                }
            }

            return both[1].Happened == 0;
        }
        finally
        {
            if (ofBell)
            {
                bell.DangerousRelease();
            }

            if (ofQueue)
            {
                queue.DangerousRelease();
            }
        }
    }

    /// <summary>Reads the events that are there, as many as the buffer has room for.</summary>
    /// <param name="queue">The queue.</param>
    /// <param name="buffer"><see cref="EventsBytes"/>.</param>
    /// <param name="events">Gets them, in their order.</param>
    internal static void ReadEvents(SafeFileHandle queue, Span<byte> buffer, List<FolderEvent> events)
    {
        var length = (int)read(queue, ref MemoryMarshal.GetReference(buffer), buffer.Length);
        if (length < 0)
        {
            if (Marshal.GetLastPInvokeError() is Eagain or Eintr)
            {
                return; // the next waiting brings them
            }

            throw LastPInvokeError("read events");
        }

        for (var at = 0; at < length;)
        {
            var head = MemoryMarshal.Read<EventHead>(buffer[at..]);
            var name = buffer.Slice(at + EventHead.Bytes, (int)head.NameBytes).TrimEnd((byte)0); // filled up with NULs
            events.Add(new FolderEvent(head.Watch, (FolderEvents)head.Mask, head.Cookie, Utf8.IsValid(name) ? Encoding.UTF8.GetString(name) : null));
            at += EventHead.Bytes + (int)head.NameBytes;
        }
    }

    private const short PollIn = 1;

    /// <summary>struct pollfd.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct PollDescriptor
    {
        internal int Descriptor;
        internal short Asked, Happened;
    }

    /// <summary>struct inotify_event; the name follows.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct EventHead
    {
        internal const int Bytes = 16;

        internal int Watch;
        internal uint Mask, Cookie, NameBytes;
    }

    // IN_CLOEXEC and IN_NONBLOCK, EFD_CLOEXEC and EFD_NONBLOCK are O_CLOEXEC and O_NONBLOCK.
    [LibraryImport("libc", SetLastError = true)]
    private static partial int inotify_init1(int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int inotify_add_watch(SafeFileHandle queue, string path, uint mask);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int inotify_rm_watch(SafeFileHandle queue, int watch);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int eventfd(uint initial, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint write(SafeFileHandle file, ref long value, nint size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint read(SafeFileHandle file, ref byte buffer, nint size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int poll(ref PollDescriptor first, nuint count, int timeout);
}
