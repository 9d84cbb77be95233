namespace HashStore.Storage.Thumbnails;

/// <summary>What happened to thumbnails since the start; the server shows it at <c>/metrics</c>.</summary>
public sealed class ThumbnailMeters
{
    private int underWay;

    /// <summary>Renderings that were begun.</summary>
    public Counter Started { get; } = new();

    /// <summary>Thumbnails that were made.</summary>
    public Counter Made { get; } = new();

    /// <summary>Their bytes.</summary>
    public Counter MadeBytes { get; } = new();

    /// <summary>Renderings that failed: the original is broken or beyond a limit.</summary>
    public Counter Failed { get; } = new();

    /// <summary>Requests that were refused because too many thumbnails waited.</summary>
    public Counter Refused { get; } = new();

    /// <summary>Requests that were answered from the memory of failures.</summary>
    public Counter Remembered { get; } = new();

    /// <summary>Thumbnails that the collector removed.</summary>
    public Counter Collected { get; } = new();

    /// <summary>Their bytes.</summary>
    public Counter CollectedBytes { get; } = new();

    /// <summary>Thumbnails that are being made or wait for it.</summary>
    public int UnderWay => Volatile.Read(ref underWay);

    internal void Begin()
    {
        Started.Add();
        Interlocked.Increment(ref underWay);
    }

    internal void End() => Interlocked.Decrement(ref underWay);
}
