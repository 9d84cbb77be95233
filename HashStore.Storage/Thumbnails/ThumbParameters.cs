using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.RegularExpressions;

namespace HashStore.Storage.Thumbnails;

/// <summary>
/// How a thumbnail shows its original, as MediaWiki writes it before the name (its handlers' <c>makeParamString</c>):
/// <code>
/// 500px                   pictures
/// langde-500px            drawings with texts in several languages
/// page2-500px             documents
/// lossy-page1-500px       TIFF; lossless-page1-500px
/// 500px-                  stills of films
/// </code>
/// Every way of showing has one spelling: no leading zeros, lower case.
/// </summary>
/// <param name="Width">Pixels.</param>
/// <param name="Page">The page of a document, from 1.</param>
/// <param name="Language">The language of a drawing's texts.</param>
/// <param name="Lossless">Of a TIFF: false as JPEG, true as PNG.</param>
/// <param name="IsStill">Whether it is a film's.</param>
public readonly partial record struct ThumbParameters(int Width, int? Page = null, string? Language = null, bool? Lossless = null, bool IsStill = false)
{
    /// <summary>The widest that can be asked for, in pixels.</summary>
    public const int MaxWidth = 99_999;

    /// <summary>The longest language tag: RFC 5646 section 4.4.1 knows none longer.</summary>
    private const int MaxLanguageChars = 35;

    /// <summary>As it stands in a name.</summary>
    public override string ToString()
    {
        var lossless = Lossless switch { true => "lossless-", false => "lossy-", null => "" };
        var page = Page is { } number ? string.Create(CultureInfo.InvariantCulture, $"page{number}-") : "";
        var language = Language is null ? "" : $"lang{Language}-";
        return string.Create(CultureInfo.InvariantCulture, $"{lossless}{page}{language}{Width}px{(IsStill ? "-" : "")}");
    }

    /// <summary>Reads what <see cref="ToString"/> wrote; everything else is unknown.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out ThumbParameters? parameters)
    {
        parameters = null;
        if (Grammar().Match(text) is not { Success: true } match || match.Groups["language"].Length > MaxLanguageChars)
        {
            return false;
        }

        parameters = new ThumbParameters(
            int.Parse(match.Groups["width"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture),
            match.Groups["page"] is { Success: true } page ? int.Parse(page.ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture) : null,
            match.Groups["language"] is { Success: true } language ? language.Value : null,
            match.Groups["loss"] is { Success: true } loss ? loss.Value == "lossless" : null,
            match.Groups["still"].Success);
        return true;
    }

    [GeneratedRegex(
        @"\A(?:(?:(?<loss>lossy|lossless)-)?page(?<page>[1-9][0-9]{0,5})-|lang(?<language>[a-z]{2,8}(?:-[a-z0-9]{1,8})*)-)?(?<width>[1-9][0-9]{0,4})px(?<still>-)?\z",
        RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant)]
    private static partial Regex Grammar();
}
