namespace HashStore.Storage.Thumbnails.Rendering;

/// <summary>The renderer's limits. Each is checked before a child is started where the file declares enough, and by the kernel while it runs.</summary>
public sealed record RenderSettings
{
    /// <summary>Processors that are used at the most unless <see cref="MaxProcesses"/> says so: each renderer may take <see cref="MemoryBytes"/>.</summary>
    private const int MostProcessors = 4;

    /// <summary>Thumbnails made at the same time. One processor is left to those who read: a thread that wakes behind a renderer may wait for its next tick, however low the renderer's priority is.</summary>
    public int MaxProcesses { get; init; } = Math.Clamp(Environment.ProcessorCount - 1, 1, MostProcessors);

    /// <summary>Thumbnails that wait for their turn; more are told <see cref="RenderResult.Busy"/>.</summary>
    public int MaxQueued { get; init; } = 100;

    /// <summary>How long one child may run.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Bytes of address space of one child.</summary>
    public long MemoryBytes { get; init; } = 1L << 30;

    /// <summary>Bytes of one thumbnail.</summary>
    public long MaxOutputBytes { get; init; } = 32L << 20;

    /// <summary>Pixels of one picture of an original.</summary>
    public long MaxPixels { get; init; } = 100_000_000;

    /// <summary>Pixels of width or height of a thumbnail.</summary>
    public int MaxEdge { get; init; } = 8192;

    /// <summary>Frames of a GIF or WebP.</summary>
    public int MaxFrames { get; init; } = 1000;

    /// <summary>Pixels of all frames of a moving thumbnail; a larger one shows the first frame alone.</summary>
    public long MaxMovingPixels { get; init; } = 12_500_000;

    /// <summary>Pages of a document, and directories of a TIFF.</summary>
    public int MaxPages { get; init; } = 10_000;

    /// <summary>Bytes of a drawing.</summary>
    public long MaxSvgBytes { get; init; } = 10L << 20;

    /// <summary>Elements of a drawing inside each other.</summary>
    public int MaxSvgDepth { get; init; } = 200;

    /// <summary>Bytes of a document.</summary>
    public long MaxPdfBytes { get; init; } = 512L << 20;

    /// <summary>Whether children are started also where the machine offers no way to confine them. docs/SECURITY.md says what that means.</summary>
    public bool AllowUnconfined { get; init; }

    /// <summary>Programs that do not lie in /usr/bin, by name.</summary>
    public IReadOnlyDictionary<string, string> Programs { get; init; } = new Dictionary<string, string>();

    /// <summary>For tests of what a lesser machine does.</summary>
    internal bool UseBubblewrap { get; init; } = true;

    /// <summary>For tests of what a lesser machine does.</summary>
    internal bool UseGuard { get; init; } = true;
}
