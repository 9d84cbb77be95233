namespace HashStore.Storage.Thumbnails.Rendering;

/// <summary>What came of a <see cref="RenderJob"/>. These seven and no others.</summary>
public abstract record RenderResult
{
    private RenderResult()
    {
    }

    /// <summary>The thumbnail is written.</summary>
    /// <param name="Width">Its pixels of width; those asked for, but where the original has another form.</param>
    /// <param name="Height">Its pixels of height.</param>
    public sealed record Made(int Width, int Height) : RenderResult;

    /// <summary>The original is beyond a limit; nothing was started where the file itself declares so.</summary>
    /// <param name="Limit">A sentence: what was found, what the limit is.</param>
    public sealed record TooLarge(string Limit) : RenderResult;

    /// <summary>The original cannot be read.</summary>
    /// <param name="Reason">A sentence; nothing in it comes from the file unchecked.</param>
    public sealed record Broken(string Reason) : RenderResult;

    /// <summary>So many thumbnails wait that no more are taken.</summary>
    /// <param name="RetryAfter">When to ask again.</param>
    public sealed record Busy(TimeSpan RetryAfter) : RenderResult;

    /// <summary>This server cannot make it.</summary>
    /// <param name="Remedy">A sentence: what to install, or that the type has no thumbnails.</param>
    public sealed record Unsupported(string Remedy) : RenderResult;

    /// <summary>The original is not wider than what was asked for, so it is its own thumbnail.</summary>
    /// <param name="Width">The original's width in pixels.</param>
    public sealed record NotScaled(int Width) : RenderResult;

    /// <summary>The document has no such page.</summary>
    public sealed record NoSuchPage : RenderResult;
}
