namespace HashStore.Migrate.Live;

/// <summary>One walk over the folders that are watched.</summary>
internal sealed class WatchWalk
{
    /// <summary>Whether files that are there already count as new.</summary>
    internal bool LooksForFiles { get; init; }

    /// <summary>The numbers of the watches that were set, or were there.</summary>
    internal HashSet<int> Watched { get; } = [];

    /// <summary>The first folder that could not be watched, and what to do.</summary>
    internal string? Problem { get; set; }
}
