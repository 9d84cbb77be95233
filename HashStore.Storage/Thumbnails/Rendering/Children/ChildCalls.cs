using System.Runtime.InteropServices;

namespace HashStore.Storage.Thumbnails.Rendering.Children;

/// <summary>The system calls that start, confine and end a child.</summary>
internal static unsafe partial class ChildCalls
{
    /// <summary>spawn.h, signal.h, sys/wait.h, linux/memfd.h; the same on all machines that .NET runs on.</summary>
    internal const short SpawnSetSignalDefaults = 0x04, SpawnSetSignalMask = 0x08, SpawnSetSession = 0x80;
    internal const int SignalKill = 9, ProcessById = 1, WaitExited = 4, WaitOnly = 0x01000000, Eintr = 4;
    internal const int MemoryCloseOnExec = 1;

    /// <summary>Room for posix_spawn_file_actions_t (80 bytes), posix_spawnattr_t (336), sigset_t (128) and siginfo_t (128) of any C library.</summary>
    internal const int StructureBytes = 512;

    [LibraryImport("libc")]
    internal static partial int posix_spawn(int* pid, byte* path, void* actions, void* attributes, byte** arguments, byte** environment);

    [LibraryImport("libc")]
    internal static partial int posix_spawn_file_actions_init(void* actions);

    [LibraryImport("libc")]
    internal static partial int posix_spawn_file_actions_destroy(void* actions);

    [LibraryImport("libc")]
    internal static partial int posix_spawn_file_actions_adddup2(void* actions, int from, int to);

    [LibraryImport("libc")]
    internal static partial int posix_spawnattr_init(void* attributes);

    [LibraryImport("libc")]
    internal static partial int posix_spawnattr_destroy(void* attributes);

    [LibraryImport("libc")]
    internal static partial int posix_spawnattr_setflags(void* attributes, short flags);

    [LibraryImport("libc")]
    internal static partial int posix_spawnattr_setsigdefault(void* attributes, void* signals);

    [LibraryImport("libc")]
    internal static partial int posix_spawnattr_setsigmask(void* attributes, void* signals);

    [LibraryImport("libc")]
    internal static partial int sigfillset(void* signals);

    [LibraryImport("libc")]
    internal static partial int sigemptyset(void* signals);


    [LibraryImport("libc")]
    internal static partial int waitid(int kind, int id, void* what, int options);

    [LibraryImport("libc")]
    internal static partial int waitpid(int pid, int* status, int options);

    [LibraryImport("libc")]
    internal static partial int kill(int pid, int signal);

    [LibraryImport("libc")]
    internal static partial int* __errno_location();

    [LibraryImport("libc")]
    internal static partial nint syscall(nint number, nint one, nint two, nint three);

    [LibraryImport("libc")]
    internal static partial int memfd_create(byte* name, uint flags);

    [LibraryImport("libc")]
    internal static partial uint getuid();
}
