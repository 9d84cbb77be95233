using System.Globalization;
using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace HashStore.Tests.Http.Legacy;

/// <summary>The ways in which clients write a path into a request line.</summary>
internal static class Encodings
{
    /// <summary>What RFC 3986 allows in a segment as it is (pchar); the percent sign, the slash and the question mark are not among it.</summary>
    private const string Allowed = "-._~!$&'()*+,;=:@";

    /// <summary>Everything but letters, digits and <c>-._~</c>.</summary>
    public static string Full(string path) => string.Join('/', path.Split('/').Select(Uri.EscapeDataString));

    /// <summary>The same with lower-case digits.</summary>
    public static string LowerHex(string path) => Encode(path, (c, _) => !char.IsAsciiLetterOrDigit(c) && !"-._~".Contains(c, StringComparison.Ordinal), _ => false);

    /// <summary>Only what must be.</summary>
    public static string Minimal(string path) => Encode(path, (c, _) => !MayStand(c), _ => true);

    /// <summary>Every byte.</summary>
    public static string Whole(string path) => Encode(path, (_, _) => true, _ => true);

    /// <summary>Each byte as the coins say.</summary>
    public static string Mixed(string path, bool[] encoded, bool[] upper) =>
        Encode(path, (c, at) => !MayStand(c) || encoded[at % encoded.Length], at => upper[at % upper.Length]);

    /// <summary>Any way of writing a path.</summary>
    public static Gen<string> Any(string path) => Gen.OneOf(
        Gen.Elements(Full(path), LowerHex(path), Minimal(path), Whole(path)),
        Gen.Elements(true, false).ArrayOf(64).SelectMany(encoded => Gen.Elements(true, false).ArrayOf(64).Select(upper => Mixed(path, encoded, upper))));

    private static bool MayStand(char c) => char.IsAsciiLetterOrDigit(c) || Allowed.Contains(c, StringComparison.Ordinal);

    private static string Encode(string path, Func<char, int, bool> isEncoded, Func<int, bool> isUpper)
    {
        var text = new StringBuilder();
        foreach (var unit in Encoding.UTF8.GetBytes(path))
        {
            var c = (char)unit;
            _ = c == '/' || (c < 0x80 && !isEncoded(c, text.Length)) ? text.Append(c)
                : text.Append('%').Append(unit.ToString(isUpper(text.Length) ? "X2" : "x2", CultureInfo.InvariantCulture));
        }

        return text.ToString();
    }
}
