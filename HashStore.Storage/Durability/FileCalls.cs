using System.Collections.Immutable;
using Microsoft.Win32.SafeHandles;

namespace HashStore.Storage.Durability;

/// <summary>What a call that changes the file system does.</summary>
internal enum FileCallKind
{
    /// <summary>A file is made, or opened to be written.</summary>
    Create,

    /// <summary>Bytes are written to a file, or it is cut.</summary>
    Write,

    /// <summary>A file is made durable, without its name.</summary>
    SyncFile,

    /// <summary>A file or folder gets another name, over what is there.</summary>
    Rename,

    /// <summary>The same, unless something is there.</summary>
    RenameNew,

    /// <summary>A file gets a further name.</summary>
    Link,

    /// <summary>A symbolic link is made; <see cref="FileCall.Other"/> is what it says.</summary>
    Symlink,

    /// <summary>Two names exchange their files.</summary>
    Exchange,

    /// <summary>A name goes.</summary>
    Unlink,

    /// <summary>A folder is made.</summary>
    MakeDirectory,

    /// <summary>A folder goes, with what is in it.</summary>
    RemoveDirectory,

    /// <summary>The names in a folder are made durable.</summary>
    SyncDirectory,

    /// <summary>Everything on the file system of the path is made durable.</summary>
    SyncFileSystem,

    /// <summary>Mode, owner, times or attributes change.</summary>
    SetAttributes,
}

/// <summary>A call that changes the file system.</summary>
/// <param name="Kind">What it does.</param>
/// <param name="Path">What it is done to; of a link, rename or exchange the first path.</param>
/// <param name="Other">The second path.</param>
internal readonly record struct FileCall(FileCallKind Kind, string Path, string? Other = null);

/// <summary>Sees the calls that change a folder.</summary>
internal interface IFileCallObserver
{
    /// <summary>A call is about to be made, on whatever thread.</summary>
    /// <returns>The errno with which it shall fail instead; 0: it is made.</returns>
    int Before(in FileCall call);

    /// <summary>The call was made and succeeded.</summary>
    void After(in FileCall call);
}

/// <summary>
/// The seam below all changing file operations of the write paths: tests inject errors here and record what a power loss would leave. An observer sees the calls below one folder, so that tests run beside each
/// other; without one a call costs one read.
/// </summary>
internal static class FileCalls
{
    private static ImmutableArray<(string Folder, IFileCallObserver Observer)> observers = [];

    /// <summary>Whether anybody sees calls.</summary>
    internal static bool AreObserved => !observers.IsEmpty;

    /// <summary>Lets somebody see the calls below a folder until what comes back is disposed.</summary>
    internal static IDisposable Observe(string folder, IFileCallObserver observer)
    {
        var entry = (Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)), observer);
        ImmutableInterlocked.Update(ref observers, (all, added) => all.Add(added), entry);
        return new Registration(entry);
    }

    /// <summary>A call is about to be made.</summary>
    /// <returns>The errno with which it shall fail instead; 0: make it.</returns>
    internal static int Before(FileCallKind kind, string path, string? other = null)
    {
        foreach (var (folder, observer) in observers)
        {
            if (IsBelow(folder, path, other) && observer.Before(new FileCall(kind, path, other)) is not 0 and var errno)
            {
                return errno;
            }
        }

        return 0;
    }

    /// <summary>The same for an open file.</summary>
    internal static int Before(FileCallKind kind, SafeFileHandle file) => observers.IsEmpty || Posix.PathOf(file) is not { } path ? 0 : Before(kind, path);

    /// <summary>A call was made and succeeded.</summary>
    internal static void After(FileCallKind kind, string path, string? other = null)
    {
        foreach (var (folder, observer) in observers)
        {
            if (IsBelow(folder, path, other))
            {
                observer.After(new FileCall(kind, path, other));
            }
        }
    }

    /// <summary>The same for an open file.</summary>
    internal static void After(FileCallKind kind, SafeFileHandle file)
    {
        if (!observers.IsEmpty && Posix.PathOf(file) is { } path)
        {
            After(kind, path);
        }
    }

    private static bool IsBelow(string folder, string path, string? other) => IsBelow(folder, path) || (other is not null && IsBelow(folder, other));

    private static bool IsBelow(string folder, string path) => path.StartsWith(folder, StringComparison.Ordinal) && (path.Length == folder.Length || path[folder.Length] == '/');

    private sealed class Registration((string Folder, IFileCallObserver Observer) entry) : IDisposable
    {
        public void Dispose() => ImmutableInterlocked.Update(ref observers, (all, removed) => all.Remove(removed), entry);
    }
}
