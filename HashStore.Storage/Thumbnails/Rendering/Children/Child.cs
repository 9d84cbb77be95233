using System.IO.Pipes;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace HashStore.Storage.Thumbnails.Rendering.Children;

/// <summary>
/// A child process: a session of its own, no open files but those it is given, killed with its whole group; a thread waits for it. <see cref="Watch"/> does that when the server cannot.
/// </summary>
internal sealed class Child
{
    /// <summary>How much of its complaints is kept, 4 KiB.</summary>
    private const int ComplaintBytes = 4 << 10;

    /// <summary>The thread's stack: it does nothing but wait.</summary>
    private const int StackBytes = 256 << 10;

    /// <summary>How often, and after what time each, to look whether a killed session is gone: a second at most.</summary>
    private const int MaxLooks = 100;

    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(10);

    private readonly Lock gate = new();
    private readonly TaskCompletionSource started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int pid;
    private bool isReaped, timedOut;

    private Child()
    {
    }

    /// <summary>Runs a program to its end.</summary>
    /// <param name="launch">What to run.</param>
    /// <param name="input">Its standard input.</param>
    /// <param name="output">Its standard output.</param>
    /// <param name="timeout">After which it is killed.</param>
    /// <param name="clock">Measures that.</param>
    /// <param name="cancellation">Kills it.</param>
    /// <exception cref="IOException">It could not be started.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled, and is dead.</exception>
    public static async Task<ChildEnd> RunAsync(
        Launch launch, SafeFileHandle input, SafeFileHandle output, TimeSpan timeout, TimeProvider clock, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        using var complaints = MemoryFile();
        using var alive = new AnonymousPipeServerStream(PipeDirection.Out, HandleInheritability.None);
        var child = new Child();
        new Thread(() => child.Live(launch, input, output, complaints, alive.ClientSafePipeHandle), StackBytes) { IsBackground = true, Name = "renderer" }.Start();
        await child.started.Task;
        using (clock.CreateTimer(_ => child.Kill(becauseOfTime: true), null, timeout, Timeout.InfiniteTimeSpan))
        using (cancellation.Register(() => child.Kill(becauseOfTime: false)))
        {
            await child.ended.Task;
        }

        var status = child.Reap();
        await child.GoneAsync();
        cancellation.ThrowIfCancellationRequested();
        var signal = status & 0x7F;
        return new ChildEnd(signal == 0 ? (status >> 8) & 0xFF : null, signal, child.timedOut && signal != 0, Text(complaints, ComplaintBytes));
    }

    // On the thread of its own.
    private void Live(Launch launch, params SafeHandle[] files)
    {
        var error = Spawn.Start(launch, files, out var spawned);
        if (error != 0)
        {
            started.SetException(new IOException($"{launch.Program} could not be started: errno {error}.", error));
            return;
        }

        pid = spawned;
        started.SetResult();
        Wait(spawned);
        ended.SetResult();
    }

    // The child stays a zombie, so that its number remains its own until everything of its group is killed.
    private static unsafe void Wait(int pid)
    {
        var what = stackalloc byte[ChildCalls.StructureBytes];
        while (ChildCalls.waitid(ChildCalls.ProcessById, pid, what, ChildCalls.WaitExited | ChildCalls.WaitOnly) != 0 && *ChildCalls.__errno_location() == ChildCalls.Eintr)
        {
        }
    }

    private void Kill(bool becauseOfTime)
    {
        lock (gate)
        {
            if (!isReaped)
            {
                timedOut |= becauseOfTime;
                _ = ChildCalls.kill(-pid, ChildCalls.SignalKill); // nobody left is as good
            }
        }
    }

    // What was killed with its leader takes a moment to be gone, and in a container without an init its remains stay.
    private async Task GoneAsync()
    {
        for (var looks = 0; looks < MaxLooks && ChildCalls.kill(-pid, 0) == 0; looks++)
        {
            await Task.Delay(LookAgain);
        }
    }

    private unsafe int Reap()
    {
        lock (gate)
        {
            _ = ChildCalls.kill(-pid, ChildCalls.SignalKill);
            isReaped = true;
            int status;
            while (ChildCalls.waitpid(pid, &status, 0) < 0)
            {
                if (*ChildCalls.__errno_location() != ChildCalls.Eintr)
                {
                    throw new IOException("Somebody else waited for the renderer's child.");
                }
            }

            return status;
        }
    }

    /// <summary>A file without a path, gone when it is closed.</summary>
    internal static unsafe SafeFileHandle MemoryFile()
    {
        fixed (byte* name = "stderr\0"u8)
        {
            var descriptor = ChildCalls.memfd_create(name, ChildCalls.MemoryCloseOnExec);
            return descriptor >= 0 ? new SafeFileHandle(descriptor, ownsHandle: true) : throw new IOException($"memfd_create: errno {*ChildCalls.__errno_location()}");
        }
    }

    /// <summary>The first of a file.</summary>
    internal static string Text(SafeFileHandle file, long length)
    {
        var bytes = new byte[length];
        return Encoding.UTF8.GetString(bytes, 0, RandomAccess.Read(file, bytes, 0));
    }
}
