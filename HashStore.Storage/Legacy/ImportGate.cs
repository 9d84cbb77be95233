using HashStore.Storage.Durability;

namespace HashStore.Storage.Legacy;

/// <summary>
/// Tells whether the legacy tables of a store are whole: while an import writes them, and after one that was broken off, a name may have its current version there and not yet its old ones. A note in STATE says so, which is
/// there before the first row changes and goes after the last.
/// </summary>
internal sealed class ImportGate(StorePaths paths, TimeProvider clock)
{
    private static readonly TimeSpan wait = TimeSpan.FromMilliseconds(50);

    /// <summary>Makes an import that was broken off again; null for who has no tables to read.</summary>
    internal Func<CancellationToken, Task>? Reimport { get; init; }

    /// <summary>Whether an import is under way, or was broken off.</summary>
    internal bool IsUnfinished => File.Exists(paths.ImportUnfinished);

    /// <summary>Which import the tables are of, as a number that every import changes; null while they are not whole. What was read between two looks that say the same is of one import.</summary>
    internal long? Look()
    {
        var import = FileStat.Of(paths.ImportLock)?.Modified ?? 0; // before the note: an import writes it first
        return IsUnfinished ? null : import;
    }

    /// <summary>Waits until the tables are whole.</summary>
    /// <returns>As <see cref="Look"/>; null when an import was still under way after <paramref name="patience"/>.</returns>
    /// <exception cref="StoreException">An import was broken off, and cannot be made again here.</exception>
    internal async Task<long?> WaitAsync(TimeSpan patience, CancellationToken cancellation)
    {
        var start = clock.GetTimestamp();
        while (true)
        {
            if (Look() is { } import)
            {
                return import;
            }

            if (IsBrokenOff())
            {
                if (Reimport is not null)
                {
                    await Reimport(cancellation); // of several who see it, one after the other
                    continue;
                }

                throw new StoreException(
                    StoreFault.Unavailable, "An import of legacy tables was broken off, so they are incomplete here: import them again (`hashstore-migrate import`, or `run` with --tables), then try again.");
            }

            if (patience != Timeout.InfiniteTimeSpan && clock.GetElapsedTime(start) >= patience)
            {
                return null;
            }

            await Task.Delay(wait, clock, cancellation);
        }
    }

    /// <summary>An import begins; only with the lock.</summary>
    internal void Close()
    {
        using (var note = Posix.OpenToWrite(paths.ImportUnfinished, FileMode.Create))
        {
            Posix.SyncFile(note);
        }

        Posix.SyncDirectory(paths.State); // a power loss may keep rows of the import: then it keeps the note, too
        CrashPoints.Pass(CrashPoint.ImportBegun);
        File.SetLastWriteTimeUtc(paths.ImportLock, clock.GetUtcNow().UtcDateTime);
    }

    /// <summary>All its rows are written.</summary>
    internal void Open()
    {
        CrashPoints.Pass(CrashPoint.ImportWritten);
        _ = Posix.Unlink(paths.ImportUnfinished);
    }

    /// <summary>The note is there, and nobody is at work.</summary>
    private bool IsBrokenOff()
    {
        using var alone = new FileLock(paths.ImportLock);
        return alone.TryShare() && IsUnfinished;
    }
}
