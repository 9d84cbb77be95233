using HashStore.Storage;
using HashStore.Storage.Durability;

namespace HashStore.Migrate.Conversion;

/// <summary>
/// Conversions of any number of processes go together (leases keep them off each other's names); an undo wants to be alone, and after it nothing is converted until somebody asks for it.
/// </summary>
internal static class ConversionTurn
{
    /// <summary>The right to convert, until it is disposed of.</summary>
    /// <exception cref="StoreException">An undo is under way.</exception>
    internal static IDisposable Share(StorePaths paths) =>
        TryShare(paths) ?? throw new StoreException(StoreFault.Unavailable, "An undo works on this store: wait for it, or stop it.");

    /// <summary>The same; null while an undo is under way.</summary>
    internal static IDisposable? TryShare(StorePaths paths)
    {
        var turn = new FileLock(paths.ConversionLock);
        if (turn.TryShare())
        {
            return turn;
        }

        turn.Dispose();
        return null;
    }

    /// <summary>The right to undo, until it is disposed of.</summary>
    /// <exception cref="StoreException">A conversion or another undo is under way.</exception>
    internal static IDisposable Keep(StorePaths paths)
    {
        var turn = new FileLock(paths.ConversionLock);
        if (turn.TryKeep())
        {
            return turn;
        }

        turn.Dispose();
        throw new StoreException(StoreFault.Unavailable, "A conversion or another undo works on this store: wait for it, or stop it (of a server: POST /api/conversion {\"action\":\"pause\"}).");
    }

    /// <summary>Whether servers may convert by themselves.</summary>
    internal static bool IsOn(StorePaths paths) => !File.Exists(paths.ConversionOff);

    /// <summary>Somebody asks for a conversion.</summary>
    internal static void SwitchOn(StorePaths paths) => _ = Posix.Unlink(paths.ConversionOff);

    /// <summary>An undo begins: servers shall not convert again what it restores.</summary>
    internal static void SwitchOff(StorePaths paths)
    {
        Posix.OpenToWrite(paths.ConversionOff, FileMode.OpenOrCreate).Dispose();
        Posix.SyncDirectory(paths.State);
    }
}
