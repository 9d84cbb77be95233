using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace HashStore.Schema;

/// <summary>
/// The name of a file in the store, as it stands in URLs and in the table <c>filename</c>: compared code unit by code unit, with case.
/// New names pass <see cref="TryParse"/>, which follows MediaWiki's rules for titles and for uploads, so that a wiki and the store never disagree
/// about a name. Names that a wiki has already given are kept as they are by <see cref="FromStored"/>. The default value is empty and no valid name.
/// </summary>
public readonly struct FileName : IEquatable<FileName>
{
    /// <summary>
    /// The longest name, in bytes of UTF-8: MediaWiki's limit for uploads. The 255 bytes that a file system or a column holds, less the 15 of the
    /// timestamp and the <c>!</c> that an archived version is prefixed with.
    /// </summary>
    public const int MaxBytes = 240;

    // Normalising reorders runs of combining marks at a quadratic cost, so a text is bounded before it. Generous: a name of 240 bytes has
    // at most 720 code units when it is decomposed, and the rest is left for spaces that collapse.
    private const int MaxTextChars = 1024;

    // What TitleParser collapses to one underscore. Tabs and line breaks are not among it: they are illegal.
    private static readonly SearchValues<char> Spaces = SearchValues.Create(
        " _\u00A0\u1680\u180E\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200A\u2028\u2029\u202F\u205F\u3000");

    // Invisible marks that come along when a name is copied from a page with mixed writing directions.
    private static readonly SearchValues<char> BidiMarks = SearchValues.Create("\u200E\u200F\u202A\u202B\u202C\u202D\u202E");

    private readonly string? value;

    private FileName(string name) => value = name;

    /// <summary>The name with underscores for spaces; empty for the default value.</summary>
    public string Value => value ?? "";

    /// <summary>Whether this is the default value, which names nothing.</summary>
    public bool IsEmpty => Value.Length == 0;

    /// <summary>What follows the last dot, in the case it is written in; empty without a dot, or where the only dot is the first character.</summary>
    public ReadOnlySpan<char> Extension
    {
        get
        {
            var dot = Value.LastIndexOf('.');
            return dot > 0 ? Value.AsSpan(dot + 1) : default;
        }
    }

    /// <summary>
    /// Wraps a name that the database or a legacy tree already holds, unchanged and unchecked: it may break every rule of <see cref="TryParse"/>.
    /// </summary>
    /// <exception cref="ArgumentException">The name is empty.</exception>
    public static FileName FromStored(string text)
    {
        ArgumentException.ThrowIfNullOrEmpty(text);
        return new FileName(text);
    }

    /// <summary>
    /// Normalises and checks a name that somebody asks for. Parsing a result again gives the same name.
    /// </summary>
    /// <param name="text">The name, with spaces or underscores, without a namespace.</param>
    /// <param name="capitalise">Whether the first letter becomes upper case, as in wikis with <c>$wgCapitalLinks</c>.</param>
    /// <param name="name">The normalised name, or the default value.</param>
    /// <param name="problem">One sentence for whoever chose the name: what is wrong with it, and which character.</param>
    public static bool TryParse(string? text, bool capitalise, out FileName name, [NotNullWhen(false)] out string? problem)
    {
        name = default;

        // 1. Only well-formed text can be normalised.
        problem = FindUnreadable(text ??= "");
        if (problem is not null)
        {
            return false;
        }

        // 2. MediaWiki normalises first and strips then, which can leave a letter and its accent apart where a mark stood between them.
        //    The other order is the same for all other names and always ends in form C.
        var normal = CollapseSpaces(Strip(text).Normalize(NormalizationForm.FormC));
        if (capitalise)
        {
            normal = Capitalise(normal);
        }

        // 3. Everything else is checked on the result, as normalising can make characters: U+037E becomes a semicolon.
        problem = FindProblem(normal);
        if (problem is not null)
        {
            return false;
        }

        name = new FileName(normal);
        return true;
    }

    /// <summary>The name as one segment of a URL's path, percent-encoded (RFC 3986).</summary>
    public string ToUrlSegment() => UrlSegment.Encode(Value);

    /// <inheritdoc/>
    public bool Equals(FileName other) => string.Equals(Value, other.Value, StringComparison.Ordinal);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is FileName other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => Value.GetHashCode(StringComparison.Ordinal);

    /// <summary>The same as <see cref="Value"/>.</summary>
    public override string ToString() => Value;

    /// <summary>Ordinal equality.</summary>
    public static bool operator ==(FileName left, FileName right) => left.Equals(right);

    /// <summary>Ordinal inequality.</summary>
    public static bool operator !=(FileName left, FileName right) => !left.Equals(right);

    private static string? FindUnreadable(string text)
    {
        if (text.Length > MaxTextChars)
        {
            return $"The name is {text.Length} characters long; a name has at most {MaxBytes} bytes of UTF-8.";
        }

        for (var rest = text.AsSpan(); !rest.IsEmpty;)
        {
            if (Rune.DecodeFromUtf16(rest, out var rune, out var consumed) != OperationStatus.Done)
            {
                return $"The name contains half a surrogate pair ({Code(rest[0])}), which is not a character.";
            }

            switch (rune.Value)
            {
                // Its usual origin is a name in another encoding, of which the real characters are already lost.
                case 0xFFFD:
                    return "The name contains the replacement character (U+FFFD): it was probably not sent as UTF-8.";
                case 0xFFFE or 0xFFFF:
                    return $"The name contains {Code(rest[0])}, which Unicode reserves and no text may contain.";
            }

            rest = rest[consumed..];
        }

        return null;
    }

    private static string Strip(string text) =>
        text.AsSpan().ContainsAny(BidiMarks) ? string.Concat(text.Where(c => !BidiMarks.Contains(c))) : text;

    private static string CollapseSpaces(string text)
    {
        var collapsed = new StringBuilder(text.Length);
        foreach (var c in text)
        {
            var isSpace = Spaces.Contains(c);
            if (!isSpace || (collapsed.Length > 0 && collapsed[^1] != '_'))
            {
                collapsed.Append(isSpace ? '_' : c);
            }
        }

        return collapsed.ToString().TrimEnd('_');
    }

    private static string Capitalise(string text)
    {
        if (text.Length == 0)
        {
            return text;
        }

        var first = Rune.GetRuneAt(text, 0);
        var upper = ToTitleUpper(first);

        // An upper-case letter can compose with the accent after it where the lower-case one could not: MediaWiki's T400057.
        return upper == first ? text : string.Concat(upper.ToString(), text.AsSpan(first.Utf16SequenceLength)).Normalize(NormalizationForm.FormC);
    }

    // The mapping of one character to one: "ß" stays, as wikis that began before PHP 7.3 keep it. Wikis in Turkish, Azerbaijani and Karakalpak
    // map "i" to "İ" instead; that is not followed.
    private static Rune ToTitleUpper(Rune rune) => rune.Value switch
    {
        // .NET's invariant culture keeps the dotless i, Unicode and PHP do not.
        0x0131 => new Rune('I'),

        // Georgian's capitals (Unicode 11) are for words written all in capitals; MediaWiki's titles keep the ordinary letters.
        >= 0x10D0 and <= 0x10FF => rune,
        _ => Rune.ToUpperInvariant(rune),
    };

    private static string? FindProblem(string name)
    {
        if (name.Length == 0)
        {
            return "The name is empty.";
        }

        // A path's "." and ".." would be resolved by browsers, and by every file system.
        if (name is "." or "..")
        {
            return $"The name \"{name}\" stands for a directory.";
        }

        // Before the characters, so that no problem quotes more than this.
        var bytes = Encoding.UTF8.GetByteCount(name);
        if (bytes > MaxBytes)
        {
            return $"The name is {bytes} bytes long in UTF-8; at most {MaxBytes} are allowed.";
        }

        for (var i = 0; i < name.Length; i++)
        {
            if (FindProblemAt(name.AsSpan(i)) is { } problem)
            {
                return problem;
            }
        }

        return null;
    }

    private static string? FindProblemAt(ReadOnlySpan<char> rest)
    {
        switch (rest[0])
        {
            // Wikitext gives these a meaning in links and templates, HTML or URLs.
            case '#' or '<' or '>' or '[' or ']' or '{' or '}' or '|':

            // UploadBase: separators of namespaces and directories.
            case ':' or '/' or '\\':
                return $"The name contains \"{rest[0]}\" ({Code(rest[0])}), which is not allowed in names.";

            // Such a name changes when it is decoded once too often.
            case '%' when rest.Length >= 3 && char.IsAsciiHexDigit(rest[1]) && char.IsAsciiHexDigit(rest[2]):
                return $"The name contains \"{rest[..3]}\", which reads as a percent escape of URLs.";
            case '&' when ReferenceLength(rest) is var length and > 0:
                return $"The name contains \"{rest[..length]}\", which reads as a character reference of HTML.";

            // Wikitext replaces these with the signature of whoever saves a page.
            case '~' when rest.StartsWith("~~~"):
                return "The name contains three tildes (\"~~~\"), which wikis turn into a signature.";

            // MediaWiki lets U+0080 to U+009F pass, only because it checks bytes; refused here, as they are invisible and nearly always
            // Windows-1252 text that was taken for Latin-1.
            case var c when char.IsControl(c):
                return $"The name contains the control character {Code(c)}.";
            default:
                return null;
        }
    }

    // "&name;", "&#123;" or "&#x1f;", at the start of the text; 0 if there is none. Names may have non-ASCII letters: MediaWiki had two Hebrew and
    // Arabic ones of its own, and its pattern takes any.
    private static int ReferenceLength(ReadOnlySpan<char> text)
    {
        var end = text.IndexOf(';');
        var body = end < 0 ? default : text[1..end];
        if (body.StartsWith("#"))
        {
            body = body[1..];
        }

        foreach (var c in body)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c < 0x80)
            {
                return 0;
            }
        }

        return body.IsEmpty ? 0 : end + 1;
    }

    private static string Code(char c) => $"U+{(int)c:X4}";
}
