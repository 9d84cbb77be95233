using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace HashStore.Storage.Safety;

/// <summary>
/// Finds styles that load or run something (CSS Syntax Level 3). Reads them as browsers do, comments and escapes undone first: <c>u\72l(…)</c> is <c>url(…)</c>.
/// </summary>
internal static partial class CssScan
{
    /// <summary>What is wrong; null: nothing.</summary>
    /// <param name="css">A style sheet, declarations, or an attribute's value.</param>
    /// <param name="isSheet">Whether rules may stand in it: an at-sign is harmless elsewhere.</param>
    internal static string? Find(string css, bool isSheet)
    {
        // Nearly all attributes are numbers and words.
        if (!isSheet && css.AsSpan().IndexOfAny("(\\:") < 0)
        {
            return null;
        }

        var plain = Unescape(WithoutComments(css)).ToLowerInvariant();
        if (isSheet && plain.Contains("@import", StringComparison.Ordinal))
        {
            return "styles that import others";
        }

        if (Running().Match(plain) is { Success: true } running)
        {
            return $"styles with {SvgRules.Shown(running.Value)}";
        }

        foreach (var match in Loading().EnumerateMatches(plain))
        {
            if (!IsWithin(plain.AsSpan(match.Index + match.Length)))
            {
                return $"styles that load {SvgRules.Shown(plain[match.Index..Math.Min(plain.Length, match.Index + 80)])}";
            }
        }

        return null;
    }

    /// <summary>Whether an address names a part of the document itself, or holds a picture or a font.</summary>
    private static bool IsWithin(ReadOnlySpan<char> rest)
    {
        var start = rest[..Math.Min(rest.Length, 200)].Trim(" \t\r\n\f\"'");
        if (start.StartsWith("#"))
        {
            return true;
        }

        var dense = SvgRules.Dense(start.ToString());
        return SvgRules.IsRasterData(dense) || dense.StartsWith("data:font/", StringComparison.Ordinal) || dense.StartsWith("data:application/font", StringComparison.Ordinal)
            || dense.StartsWith("data:application/x-font", StringComparison.Ordinal) || dense.StartsWith("data:application/vnd.ms-fontobject", StringComparison.Ordinal);
    }

    private static string WithoutComments(string css)
    {
        if (!css.Contains("/*", StringComparison.Ordinal))
        {
            return css;
        }

        var text = new StringBuilder(css.Length);
        for (var at = 0; at < css.Length;)
        {
            var open = css.IndexOf("/*", at, StringComparison.Ordinal);
            var close = open < 0 ? -1 : css.IndexOf("*/", open + 2, StringComparison.Ordinal);
            if (close < 0)
            {
                // What an open comment hides is looked at all the same.
                return text.Append(css, at, css.Length - at).ToString();
            }

            text.Append(css, at, open - at);
            at = close + 2;
        }

        return text.ToString();
    }

    /// <summary>"\" with one to six hexadecimal digits and a space that belongs to them, or with any other character (CSS Syntax Level 3, 4.3.7).</summary>
    private static string Unescape(string css)
    {
        if (!css.Contains('\\', StringComparison.Ordinal))
        {
            return css;
        }

        var text = new StringBuilder(css.Length);
        for (var at = 0; at < css.Length; at++)
        {
            if (css[at] != '\\' || at + 1 == css.Length)
            {
                text.Append(css[at]);
                continue;
            }

            var end = at + 1;
            while (end < css.Length && end - at <= 6 && char.IsAsciiHexDigit(css[end]))
            {
                end++;
            }

            if (end == at + 1)
            {
                text.Append(css[++at] is '\n' or '\r' or '\f' ? "" : css[at]);
                continue;
            }

            var value = int.Parse(css.AsSpan(at + 1, end - at - 1), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
            text.Append(Rune.TryCreate(value, out var rune) && value != 0 ? rune.ToString() : "\uFFFD");
            at = end < css.Length && css[end] is ' ' or '\t' or '\n' or '\r' or '\f' ? end : end - 1;
        }

        return text.ToString();
    }

    // Without the dash before it: scroll-behavior is harmless.
    [GeneratedRegex(@"(?:expression\s*\(|(?:java|vb|ecma)\s*script\s*:|-moz-binding|(?<![-a-z])behaviou?r\s*:|(?<![-a-z])(?:-[a-z]+-)?image-set\s*\(|(?<![-a-z])src\s*\()")]
    private static partial Regex Running();

    [GeneratedRegex(@"url(?:-prefix)?\s*\(")]
    private static partial Regex Loading();
}
