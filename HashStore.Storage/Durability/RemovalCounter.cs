using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;

namespace HashStore.Storage.Durability;

/// <summary>
/// A number in a memory-mapped file of STATE that every process of this machine sees at once: whoever takes an object out of the public tree counts up, and
/// whoever serves from a cache looks whether the number is still the one that it read before it asked the database. Costs a memory read where a stat of the object costs a system call.
/// </summary>
internal sealed unsafe class RemovalCounter : IDisposable
{
    /// <summary>Where a closed counter counts: a request that outlived the drain may still come, and unmapped memory would end the process. Lives as long as the process.</summary>
    private static readonly nint Closed = (nint)NativeMemory.AllocZeroed(sizeof(long));

    private readonly MemoryMappedFile file;
    private readonly MemoryMappedViewAccessor view;
    private nint counter;

    internal RemovalCounter(string path)
    {
        var stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        if (stream.Length < sizeof(long))
        {
            // Mapped memory over a hole of the file gets its block when it is first touched; where the disk is full then, that kills the process (SIGBUS).
            stream.Write(new byte[sizeof(long)]);
            stream.Flush(flushToDisk: true);
        }

        file = MemoryMappedFile.CreateFromFile(stream, null, sizeof(long), MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, leaveOpen: false);
        view = file.CreateViewAccessor(0, sizeof(long));
        byte* start = null;
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        counter = (nint)start;
    }

    /// <summary>The number now.</summary>
    internal long Current => Volatile.Read(ref *(long*)Volatile.Read(ref counter));

    /// <summary>Counts up: whatever any process has cached before is checked again.</summary>
    internal void Increment() => Interlocked.Increment(ref *(long*)Volatile.Read(ref counter));

    public void Dispose()
    {
        if (Interlocked.Exchange(ref counter, Closed) != Closed)
        {
            view.SafeMemoryMappedViewHandle.ReleasePointer();
            view.Dispose();
            file.Dispose();
        }
    }
}
