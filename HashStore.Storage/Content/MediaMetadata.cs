namespace HashStore.Storage.Content;

/// <summary>What reading one content's metadata may cost.</summary>
/// <param name="Time">How long it may take.</param>
/// <param name="BytesRead">How many bytes of the content may be read.</param>
/// <param name="JsonBytes">The longest JSON text to make, in bytes.</param>
public sealed record MediaMetadataLimits(TimeSpan Time, long BytesRead, int JsonBytes)
{
    /// <summary>5 s, 32 MiB, 64 KiB: more than pictures and films of cameras need.</summary>
    public static MediaMetadataLimits Default { get; } = new(TimeSpan.FromSeconds(5), 32L << 20, 64 << 10);
}

/// <summary>What a picture's, film's or sound's own headers declare. Nothing is decoded, and nothing of it can be relied on.</summary>
/// <param name="Width">Pixels, positive.</param>
/// <param name="Height">Pixels, positive.</param>
/// <param name="Bits">Bits per channel (per pixel for palettes), positive.</param>
/// <param name="PlaytimeMilliseconds">The duration, positive.</param>
/// <param name="Json">Further metadata: <c>{"Directory":{"Tag name":"description"}}</c>.</param>
/// <param name="Problem">Why something is missing although the type is one that is read: for the log.</param>
public sealed record MediaMetadata(int? Width, int? Height, int? Bits, long? PlaytimeMilliseconds, string? Json, string? Problem = null)
{
    /// <summary>
    /// The stack of the thread that parses, in bytes: 64 MiB of address space, of which only what is used becomes memory. A JPEG's EXIF block of 64 KiB chains
    /// 11,000 directories, each a recursive call in the library, and XML in such a block nests as deep. <see cref="GuardedStream"/>
    /// sees only the depth of what is read through it.
    /// </summary>
    internal const int StackBytes = 64 << 20;

    /// <summary>Nothing known.</summary>
    public static MediaMetadata Empty { get; } = new(null, null, null, null, null);

    /// <summary>
    /// Reads the metadata of a content. Damaged or hostile content never makes it throw: what could be had is returned, with <see cref="Problem"/>.
    /// Types that are not understood return <see cref="Empty"/> without a read.
    /// </summary>
    /// <param name="seekable">The content; its position is lost.</param>
    /// <param name="mime">Its type, as <see cref="ContentSniffer"/> found it.</param>
    /// <param name="clock">Measures the time limit.</param>
    /// <param name="limits">What it may cost.</param>
    public static MediaMetadata Read(Stream seekable, string mime, TimeProvider clock, MediaMetadataLimits limits)
    {
        if (!MetadataParser.Understands(mime))
        {
            return Empty;
        }

        var result = Empty;
        var thread = new Thread(() => result = ReadOnThisThread(seekable, mime, clock, limits), StackBytes) { IsBackground = true, Name = "metadata" };
        thread.Start();
        thread.Join();
        return result;
    }

    /// <summary>As <see cref="Read"/>, for a caller whose thread has a stack of <see cref="StackBytes"/> already.</summary>
    internal static MediaMetadata ReadOnThisThread(Stream seekable, string mime, TimeProvider clock, MediaMetadataLimits limits)
    {
        if (!MetadataParser.Understands(mime))
        {
            return Empty;
        }

        var parser = new MetadataParser(new GuardedStream(seekable, clock, limits), mime, limits);
        parser.Run();
        return parser.Result;
    }
}
