using Microsoft.Win32.SafeHandles;

namespace HashStore.Storage.Durability;

/// <summary>
/// A lock between processes, held on a small file in STATE. The kernel drops it with the process, so none outlives a crash.
/// One instance is used by one thread at a time.
/// </summary>
internal sealed class FileLock : IDisposable
{
    private readonly SafeFileHandle file;

    internal FileLock(string path) => file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);

    /// <summary>Waits for the lock; disposing what comes back drops it.</summary>
    internal Held Acquire()
    {
        _ = Posix.Lock(file, wait: true);
        return new Held(file);
    }

    /// <summary>Takes the lock for as long as this instance lives, if nobody holds it.</summary>
    internal bool TryKeep() => Posix.Lock(file, wait: false);

    /// <summary>The same beside others who share it: all of them keep those out who want it alone.</summary>
    internal bool TryShare() => Posix.Lock(file, wait: false, shared: true);

    public void Dispose() => file.Dispose();

    /// <summary>The lock while it is held.</summary>
    internal readonly struct Held(SafeFileHandle file) : IDisposable
    {
        public void Dispose() => Posix.Unlock(file);
    }
}
