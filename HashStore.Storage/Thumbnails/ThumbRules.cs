using HashStore.Storage.Serving;
using HashStore.Storage.Thumbnails.Rendering;

namespace HashStore.Storage.Thumbnails;

/// <summary>What the rules say of a thumbnail that was asked for and is not there.</summary>
public abstract record ThumbRuling
{
    private ThumbRuling()
    {
    }

    /// <summary>It may be made.</summary>
    public sealed record Make(ThumbParameters Parameters, ThumbnailFormat Format) : ThumbRuling;

    /// <summary>Another one shows the same, or nearly.</summary>
    public sealed record Other(ThumbParameters Parameters, ThumbnailFormat Format) : ThumbRuling;

    /// <summary>The original is not larger.</summary>
    public sealed record Original : ThumbRuling;

    /// <summary>There is no such thumbnail.</summary>
    public sealed record Unknown(string Reason) : ThumbRuling;
}

/// <summary>
/// Which thumbnails there can be, so that nobody can fill the disk by counting: of each original and page one for each step of widths up to the first that the original does not fill.
/// </summary>
public sealed class ThumbRules
{
    private readonly int[] steps;

    /// <summary>Takes the widths that there are thumbnails of.</summary>
    /// <param name="steps">Pixels, ascending.</param>
    public ThumbRules(IReadOnlyList<int> steps)
    {
        ArgumentNullException.ThrowIfNull(steps);
        this.steps = [.. steps];
        if (this.steps.Length == 0 || this.steps[0] < 1 || this.steps[^1] > ThumbParameters.MaxWidth || this.steps.Zip(this.steps.Skip(1)).Any(pair => pair.First >= pair.Second))
        {
            throw new StoreException(StoreFault.BadSetting, $"Thumbnails: Steps are widths from 1 to {ThumbParameters.MaxWidth} pixels, each larger than the one before.");
        }
    }

    /// <summary>The format of a thumbnail; null for a type without thumbnails.</summary>
    public static ThumbnailFormat? FormatOf(string mime, ThumbParameters parameters) => Renderer.OutputFor(mime, parameters.Lossless == true);

    /// <summary>Whether a type's thumbnails have parameters that end like a film's.</summary>
    public static bool IsFilm(string mime)
    {
        ArgumentNullException.ThrowIfNull(mime);
        return mime.StartsWith("video/", StringComparison.Ordinal);
    }

    /// <summary>What shows an original in the usual way: its first page.</summary>
    public static ThumbParameters Usual(string mime, int width) => Spell(mime, new ThumbParameters(width)) ?? new ThumbParameters(width);

    /// <summary>Decides about a thumbnail to which a link in the legacy tree leads: it was there, so it is made again in its own width.</summary>
    /// <param name="original">What it shall show.</param>
    /// <param name="asked">How.</param>
    public ThumbRuling DecideLinked(ServedObject original, ThumbParameters asked)
    {
        ArgumentNullException.ThrowIfNull(original);
        return FormatOf(original.Mime, asked) is { } format && Spell(original.Mime, asked) == asked ? new ThumbRuling.Make(asked, format) : Decide(original, asked);
    }

    /// <summary>Decides about a thumbnail.</summary>
    /// <param name="original">What it shall show.</param>
    /// <param name="asked">How.</param>
    public ThumbRuling Decide(ServedObject original, ThumbParameters asked)
    {
        ArgumentNullException.ThrowIfNull(original);
        if (FormatOf(original.Mime, asked) is not { } format)
        {
            return new ThumbRuling.Unknown($"There are no thumbnails of {original.Mime}.");
        }

        if (Spell(original.Mime, asked) is not { } spelled)
        {
            return new ThumbRuling.Unknown($"Thumbnails of {original.Mime} have no such parameters.");
        }

        // A picture that was turned by its EXIF data is as wide as it is high in its file; the renderer knows which.
        var own = original is { Width: { } width, Height: { } height } && HasOwnSize(original.Mime) ? Math.Max(width, height) : int.MaxValue;
        var step = Math.Min(Step(spelled.Width), Step(own));
        if (step >= own && IsShownAsPicture(original.Mime))
        {
            return new ThumbRuling.Original();
        }

        var ruled = spelled with { Width = step };
        return ruled == asked ? new ThumbRuling.Make(ruled, format) : new ThumbRuling.Other(ruled, format);
    }

    /// <summary>The parameters that a type's thumbnails have, in their one spelling; null when the type has no such ones.</summary>
    private static ThumbParameters? Spell(string mime, ThumbParameters asked) => mime switch
    {
        "image/tiff" => asked is { Language: null, IsStill: false } ? asked with { Page = asked.Page ?? 1, Lossless = asked.Lossless ?? false } : null,
        "application/pdf" => asked is { Language: null, IsStill: false, Lossless: null } ? asked with { Page = asked.Page ?? 1 } : null,
        "image/svg+xml" => asked is { Page: null, IsStill: false, Lossless: null } ? asked : null,
        _ when IsFilm(mime) => asked is { Page: null, Language: null, Lossless: null } ? asked with { IsStill = true } : null,
        _ => asked is { Page: null, Language: null, Lossless: null, IsStill: false } ? asked : null,
    };

    /// <summary>Whether a page can show the original itself in the place of a thumbnail.</summary>
    private static bool IsShownAsPicture(string mime) => mime is "image/jpeg" or "image/png" or "image/gif" or "image/webp";

    /// <summary>Whether the original's pixels are the most that there are: drawings and pages have any size.</summary>
    private static bool HasOwnSize(string mime) => IsShownAsPicture(mime) || mime == "image/tiff" || IsFilm(mime);

    /// <summary>The next step up, or the largest.</summary>
    private int Step(int width) => Array.Find(steps, step => step >= width) is > 0 and var next ? next : steps[^1];
}
