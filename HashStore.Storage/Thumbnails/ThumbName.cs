using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.RegularExpressions;
using HashStore.Schema;
using HashStore.Storage.Objects;
using HashStore.Storage.Thumbnails.Rendering;

namespace HashStore.Storage.Thumbnails;

/// <summary>
/// The name of a thumbnail in an address, taken apart (MediaWiki: File::generateThumbName):
/// <code>
/// 500px-Name.jpg                      parameters 500px, of Name.jpg
/// page2-500px-Name.pdf.jpg            parameters page2-500px, of Name.pdf, made a JPEG
/// 500px--Name.webm.jpg                parameters 500px-, of Name.webm
/// 500px-thumbnail.jpg                 parameters 500px, of a file with a long name
/// </code>
/// Nothing of it can name another folder: parameters and extension hold letters, digits, <c>-</c>, <c>=</c>, <c>_</c> and <c>.</c> only.
/// </summary>
/// <param name="Parameters">How it is shown; may be spelled in a way that only a legacy wiki knows.</param>
/// <param name="Rest">What follows the parameters and a <c>-</c>: the original's name, mostly with the extension of the thumbnail's format.</param>
/// <param name="Extension">The last extension, as it is written.</param>
public readonly partial record struct ThumbName(string Parameters, string Rest, string Extension)
{
    /// <summary>What stands for a long name.</summary>
    private const string Abbreviated = "thumbnail";

    /// <summary>What is longer is no extension.</summary>
    private const int MaxExtensionChars = 8;

    /// <summary>The longest segment of a path, in bytes.</summary>
    private const int MaxNameBytes = 255;

    /// <summary>The place of such a thumbnail.</summary>
    public ThumbPath PlaceOf(ContentKey key) => new(key, Parameters, Extension);

    /// <summary>Reads the name in a hash address, where nobody knows the original's name. A film's parameters end in a <c>-</c> of their own.</summary>
    /// <param name="file">The name.</param>
    /// <param name="isStill">Whether the original is a film.</param>
    /// <param name="name">What it consists of.</param>
    public static bool TryParse(string file, bool isStill, [NotNullWhen(true)] out ThumbName? name)
    {
        name = null;
        if (Grammar().Match(file) is not { Success: true } match)
        {
            return false;
        }

        var (parameters, rest) = (match.Groups["parameters"].Value, match.Groups["rest"].Value);
        if (isStill && rest.Length > 1 && rest[0] == '-')
        {
            (parameters, rest) = (parameters + "-", rest[1..]);
        }

        return TryMake(parameters, rest, out name);
    }

    /// <summary>Reads the name in a legacy address.</summary>
    /// <param name="file">The name.</param>
    /// <param name="original">The name of what it shows, as it stands in the address.</param>
    /// <param name="name">What it consists of.</param>
    public static bool TryParse(string file, string original, [NotNullWhen(true)] out ThumbName? name)
    {
        name = null;
        string[] originals = [original, Abbreviated + (original.LastIndexOf('.') is >= 0 and var dot ? original[dot..].ToLowerInvariant() : "")];
        var parts = originals.Select(one => ThumbPath.Split(file, one)).FirstOrDefault(parts => parts is not null);
        return parts is var (parameters, _) && TryMake(parameters, file[(parameters.Length + 1)..], out name);
    }

    /// <summary>The name of a thumbnail.</summary>
    /// <param name="parameters">How it is shown.</param>
    /// <param name="original">The original's name.</param>
    /// <param name="format">Its format.</param>
    public static string Of(ThumbParameters parameters, string original, ThumbnailFormat format) => Of(parameters.ToString(), original, format.Extension());

    /// <summary>The name of a thumbnail at some place.</summary>
    /// <param name="parameters">How it is shown, as the place has it.</param>
    /// <param name="original">The original's name.</param>
    /// <param name="format">The extension of its format, as the place has it.</param>
    public static string Of(string parameters, string original, string format)
    {
        ArgumentNullException.ThrowIfNull(original);
        var dot = original.LastIndexOf('.');
        var extension = dot < 0 ? "" : original[(dot + 1)..].ToLowerInvariant();
        var added = (extension == "jpeg" ? "jpg" : extension).Equals(format, StringComparison.OrdinalIgnoreCase) ? "" : "." + format;
        var name = $"{parameters}-{original}{added}";
        return Encoding.UTF8.GetByteCount(name) <= MaxNameBytes ? name
            : $"{parameters}-{Abbreviated}{(extension.Length is > 0 and <= MaxExtensionChars ? "." + extension : "")}{added}";
    }

    /// <summary>What the original may be called, the likelier name first; none when this is not the name of a thumbnail in that format.</summary>
    /// <param name="format">The format.</param>
    /// <param name="isOwnType">Whether the thumbnail has the original's type, so that its name needs no further extension.</param>
    public IReadOnlyList<string> OriginalsIn(ThumbnailFormat format, bool isOwnType)
    {
        var originals = new List<string>(2);
        if (isOwnType)
        {
            originals.Add(Rest);
        }

        if (Extension.Equals(format.Extension(), StringComparison.OrdinalIgnoreCase) && Rest.Length > Extension.Length + 1)
        {
            originals.Add(Rest[..^(Extension.Length + 1)]);
        }

        return originals;
    }

    /// <summary>Whether a name stands for a long one.</summary>
    public static bool IsAbbreviated(string original)
    {
        ArgumentNullException.ThrowIfNull(original);
        return original == Abbreviated || original.StartsWith(Abbreviated + ".", StringComparison.Ordinal);
    }

    private static bool TryMake(string parameters, string rest, [NotNullWhen(true)] out ThumbName? name)
    {
        var extension = rest[(rest.LastIndexOf('.') + 1)..];
        var found = new ThumbName(parameters, rest, extension);
        name = found;
        return extension.Length < rest.Length - 1 && PlainParameters().IsMatch(parameters) && PlainExtension().IsMatch(extension);
    }

    // Lazy up to the first width: a name may hold another one.
    [GeneratedRegex(@"\A(?<parameters>(?:[A-Za-z0-9=._]+-)*?[0-9]{1,9}px)-(?<rest>[^/\0]+)\z", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant)]
    private static partial Regex Grammar();

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9=._-]{0,99}\z", RegexOptions.CultureInvariant)]
    private static partial Regex PlainParameters();

    [GeneratedRegex(@"\A[A-Za-z0-9]{1,8}\z", RegexOptions.CultureInvariant)]
    private static partial Regex PlainExtension();
}
