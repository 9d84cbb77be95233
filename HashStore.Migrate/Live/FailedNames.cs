using System.Collections.Concurrent;
using HashStore.Storage.Durability;

namespace HashStore.Migrate.Live;

/// <summary>Names that could not be converted a moment ago: they are served as they are, and not tried again with every request.</summary>
internal sealed class FailedNames(TimeProvider clock)
{
    /// <summary>Names that are remembered at the most.</summary>
    private const int Capacity = 10_000;

    /// <summary>After that it is tried again, although nothing has changed; one that another converter had, soon.</summary>
    private static readonly TimeSpan term = TimeSpan.FromMinutes(1), heldTerm = TimeSpan.FromMilliseconds(500);

    private readonly ConcurrentDictionary<string, (FileStat? File, long Since, bool IsHeld)> names = new(StringComparer.Ordinal);

    /// <summary>Whether a name failed a moment ago with the file that it still has.</summary>
    /// <param name="name">The name.</param>
    /// <param name="file">The file at its path.</param>
    /// <param name="heldToo">Whether names count that another converter had.</param>
    internal bool Has(string name, FileStat? file, bool heldToo = true) => names.TryGetValue(name, out var failure)
        && (!failure.IsHeld || heldToo) && clock.GetElapsedTime(failure.Since) < (failure.IsHeld ? heldTerm : term)
        && (file is { } now ? failure.File is { } then && now.IsSameContent(then) : failure.File is null);

    /// <summary>Remembers a name.</summary>
    internal void Add(string name, string path, bool isHeld = false)
    {
        if (names.Count >= Capacity)
        {
            names.Clear(); // the next minute tries each of them once more
        }

        names[name] = (FileStat.Of(path), clock.GetTimestamp(), isHeld);
    }

    /// <summary>It was tried again by somebody who asked for it.</summary>
    internal void Forget(string name) => names.TryRemove(name, out _);
}
