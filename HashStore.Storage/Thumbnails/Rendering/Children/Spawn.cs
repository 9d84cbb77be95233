using System.Runtime.InteropServices;
using System.Text;

namespace HashStore.Storage.Thumbnails.Rendering.Children;

/// <summary>Starts a program as the leader of a new session, with default signals, a given environment and no open files but those given.</summary>
internal static unsafe class Spawn
{
    /// <summary>Starts it.</summary>
    /// <param name="launch">What to start.</param>
    /// <param name="files">Its standard input, output and error, then what is open beyond.</param>
    /// <param name="pid">The child's number.</param>
    /// <returns>0, or the error's number.</returns>
    public static int Start(Launch launch, ReadOnlySpan<SafeHandle> files, out int pid)
    {
        byte* actions = stackalloc byte[ChildCalls.StructureBytes], attributes = stackalloc byte[ChildCalls.StructureBytes], signals = stackalloc byte[ChildCalls.StructureBytes];
        var arguments = Strings([launch.Program, .. launch.Arguments]);
        var environment = Strings(launch.Environment);
        var held = 0;
        _ = ChildCalls.posix_spawn_file_actions_init(actions);
        _ = ChildCalls.posix_spawnattr_init(attributes);
        try
        {
            // .NET opens everything to be closed in children; a copy is not.
            for (; held < files.Length; held++)
            {
                var added = false;
                files[held].DangerousAddRef(ref added);
                _ = ChildCalls.posix_spawn_file_actions_adddup2(actions, (int)files[held].DangerousGetHandle(), held);
            }

            _ = ChildCalls.posix_spawnattr_setflags(attributes, ChildCalls.SpawnSetSession | ChildCalls.SpawnSetSignalDefaults | ChildCalls.SpawnSetSignalMask);
            _ = ChildCalls.sigfillset(signals);
            _ = ChildCalls.posix_spawnattr_setsigdefault(attributes, signals);
            _ = ChildCalls.sigemptyset(signals);
            _ = ChildCalls.posix_spawnattr_setsigmask(attributes, signals);
            int child;
            var error = ChildCalls.posix_spawn(&child, arguments[0], actions, attributes, arguments, environment);
            pid = error == 0 ? child : 0;
            return error;
        }
        finally
        {
            _ = ChildCalls.posix_spawn_file_actions_destroy(actions);
            _ = ChildCalls.posix_spawnattr_destroy(attributes);
            foreach (var file in files[..held])
            {
                file.DangerousRelease();
            }

            NativeMemory.Free(arguments);
            NativeMemory.Free(environment);
        }
    }

    // One block: the pointers, null at the end, then the strings, each with a zero behind it.
    private static byte** Strings(IReadOnlyList<string> strings)
    {
        var bytes = strings.Sum(text => Encoding.UTF8.GetByteCount(text) + 1);
        var pointers = (byte**)NativeMemory.Alloc((nuint)(((strings.Count + 1) * sizeof(byte*)) + bytes));
        var at = (byte*)(pointers + strings.Count + 1);
        for (var index = 0; index < strings.Count; index++)
        {
            pointers[index] = at;
            at += Encoding.UTF8.GetBytes(strings[index], new Span<byte>(at, bytes));
            *at++ = 0;
        }

        pointers[strings.Count] = null;
        return pointers;
    }
}
