namespace HashStore.Storage.Durability;

/// <summary>Turns what the disk says into a <see cref="StoreException"/> that names the guilty side.</summary>
internal static class StorageErrors
{
    /// <summary>Whether <see cref="Translate"/> knows this kind.</summary>
    internal static bool Knows(Exception exception) => exception is IOException or UnauthorizedAccessException;

    internal static StoreException Translate(Exception exception) => Posix.ErrnoOf(exception) switch
    {
        Posix.Enospc => new StoreException(StoreFault.NoSpace, "No space or no inodes are left on the store's file system; nothing was kept. Make room and try again.", exception),
        Posix.Edquot => new StoreException(StoreFault.NoSpace, "The disk quota of the store's user is used up; nothing was kept. Raise it and try again.", exception),
        Posix.Erofs => new StoreException(StoreFault.NotWritable, "The store's file system is mounted read-only; nothing was kept.", exception),
        Posix.Eacces or 1 => new StoreException(StoreFault.NotWritable, $"The store's user may not write there ({exception.Message}); nothing was kept.", exception),
        Posix.Emfile => new StoreException(StoreFault.Unavailable, "Too many open files: raise the limit (ulimit -n, LimitNOFILE=).", exception),
        _ => new StoreException(StoreFault.Unavailable, $"The store's disk failed: {exception.Message}", exception),
    };
}
