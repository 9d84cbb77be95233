using System.Collections.Concurrent;
using HashStore.Schema.Tables;
using HashStore.Storage.Durability;

namespace HashStore.Migrate.Live;

/// <summary>Names that could not be converted a moment ago: they are served as they are, and not tried again with every request.</summary>
internal sealed class FailedNames(TimeProvider clock)
{
    /// <summary>Names that are remembered at the most.</summary>
    private const int Capacity = 10_000;

    /// <summary>After that it is tried again, although nothing has changed.</summary>
    private static readonly TimeSpan term = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, (FileStat? File, long Since)> names = new(StringComparer.Ordinal);

    /// <summary>Whether a name failed a moment ago with the file that it still has.</summary>
    internal bool Has(string name, FileStat? file) => names.TryGetValue(name, out var failure) && clock.GetElapsedTime(failure.Since) < term
        && (file is { } now ? failure.File is { } then && now.IsSameContent(then) : failure.File is null);

    /// <summary>Remembers a name.</summary>
    internal void Add(string name, string path)
    {
        if (names.Count >= Capacity)
        {
            names.Clear(); // the next minute tries each of them once more
        }

        names[name] = (FileStat.Of(path), clock.GetTimestamp());
    }

    /// <summary>Remembers a name if its current version is not a link now.</summary>
    internal void Note(string name, string path, List<LedgerRow> decided)
    {
        if (FileStat.Of(path) is not { IsLink: true } || decided.Exists(row => row.State == LedgerState.Failed))
        {
            Add(name, path);
        }
        else
        {
            names.TryRemove(name, out _);
        }
    }
}
