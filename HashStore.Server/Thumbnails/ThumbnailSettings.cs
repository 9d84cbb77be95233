using HashStore.Storage.Thumbnails;
using HashStore.Storage.Thumbnails.Rendering;

namespace HashStore.Server.Thumbnails;

/// <summary>How thumbnails are made and kept (section <c>HashStore:Thumbnails</c>).</summary>
internal sealed class ThumbnailSettings
{
    /// <summary>The steps that Wikimedia's wikis have, 3840 for wide screens included.</summary>
    private static readonly int[] usualSteps = [20, 40, 60, 120, 250, 330, 500, 960, 1280, 1920, 3840];

    /// <summary>Use is known to the hour.</summary>
    private static readonly TimeSpan shortestAge = TimeSpan.FromDays(1);

    private static readonly TimeSpan longestAge = TimeSpan.FromDays(36_500);

    private static readonly TimeSpan shortestInterval = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan longestInterval = TimeSpan.FromDays(30);

    /// <summary>Widths that thumbnails are made in, ascending; null: the usual ones.</summary>
    public int[]? Steps { get; set; }

    /// <summary>Whether clients that take WebP get it.</summary>
    public bool WebP { get; set; }

    /// <summary>How long a failure is remembered.</summary>
    public TimeSpan FailureMemory { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Thumbnails that nobody used for so long are removed.</summary>
    public TimeSpan? MaxAge { get; set; }

    /// <summary>Bytes that thumbnails may take before the least recently used are removed.</summary>
    public long? MaxBytes { get; set; }

    /// <summary>Time between two passes of the collector.</summary>
    public TimeSpan CollectInterval { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>The renderer's limits.</summary>
    public RenderSettings Rendering { get; set; } = new();

    /// <summary>What the collector goes by.</summary>
    internal CollectionLimits Limits => new(MaxAge, MaxBytes);

    /// <summary>Which thumbnails there can be.</summary>
    /// <exception cref="HashStore.Storage.StoreException">The steps make no sense.</exception>
    internal ThumbRules Rules => new(Steps is { Length: > 0 } ? Steps : usualSteps);

    /// <summary>Checks them.</summary>
    /// <exception cref="HashStore.Storage.StoreException">A setting makes no sense.</exception>
    public void Check()
    {
        _ = Rules;
        if (FailureMemory < TimeSpan.Zero || FailureMemory > longestAge || MaxAge < shortestAge || MaxAge > longestAge || MaxBytes < 0
            || CollectInterval < shortestInterval || CollectInterval > longestInterval)
        {
            throw ServerSettings.Bad(
                "Thumbnails: FailureMemory is a time such as 00:05:00, MaxAge one of a day (1.00:00:00) or more, MaxBytes 0 or more, CollectInterval from a second to 30 days.");
        }

        if (Rendering.MaxProcesses < 1 || Rendering.MaxQueued < 0 || Rendering.Timeout <= TimeSpan.Zero || Rendering.MemoryBytes < 1 || Rendering.MaxOutputBytes < 1
            || Rendering.MaxPixels < 1)
        {
            throw ServerSettings.Bad("Thumbnails:Rendering: MaxQueued is 0 or more, the other limits are 1 or more.");
        }
    }
}
