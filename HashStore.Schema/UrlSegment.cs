using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text.Unicode;

namespace HashStore.Schema;

/// <summary>
/// One segment of a URL's path, between two slashes (RFC 3986, section 3.3). Decoding is strict and happens once, on the raw bytes of the request:
/// servers that decode a whole path first leave <c>%2F</c> ambiguous and replace broken UTF-8, so that two addresses would mean one name.
/// </summary>
public static class UrlSegment
{
    // Most segments fit the stack; a server's limit on the request line bounds the others.
    private const int StackBytes = 512;

    /// <summary>Percent-encodes UTF-8: everything but letters, digits and <c>-._~</c>. Half a surrogate pair is written as U+FFFD.</summary>
    public static string Encode(string text) => Uri.EscapeDataString(text);

    /// <summary>
    /// Decodes a raw segment. The text can hold any character, NUL and slashes too: whoever makes a name of it checks them. A plus stays a plus.
    /// </summary>
    /// <param name="rawSegment">The segment as the request line has it.</param>
    /// <param name="decoded">The text; empty if there is a problem.</param>
    /// <param name="problem">One sentence that says which part is malformed: an escape, a character outside ASCII, or bytes that are not UTF-8.</param>
    public static bool TryDecode(ReadOnlySpan<char> rawSegment, out string decoded, [NotNullWhen(false)] out string? problem)
    {
        decoded = "";
        var bytes = rawSegment.Length <= StackBytes ? stackalloc byte[StackBytes] : new byte[rawSegment.Length];
        problem = Unescape(rawSegment, bytes, out var length);
        if (problem is not null)
        {
            return false;
        }

        // UTF-16 never has more code units than UTF-8 has bytes. Overlong forms and encoded surrogates are invalid here.
        bytes = bytes[..length];
        var chars = length <= StackBytes ? stackalloc char[StackBytes] : new char[length];
        if (Utf8.ToUtf16(bytes, chars, out var read, out var written, replaceInvalidSequences: false) != OperationStatus.Done)
        {
            problem = $"The address contains the byte %{bytes[read]:X2} where it is not valid UTF-8.";
            return false;
        }

        decoded = new string(chars[..written]);
        return true;
    }

    private static string? Unescape(ReadOnlySpan<char> raw, Span<byte> bytes, out int length)
    {
        length = 0;
        for (var i = 0; i < raw.Length; i++)
        {
            var c = raw[i];

            // Clients must escape these. Some servers hand on raw bytes as Latin-1, others as UTF-8: there is no telling what was meant.
            if (c >= 0x80)
            {
                return $"The address contains U+{(int)c:X4}, which must be percent-encoded as UTF-8.";
            }

            if (c != '%')
            {
                bytes[length++] = (byte)c;
                continue;
            }

            if (i + 2 >= raw.Length || !char.IsAsciiHexDigit(raw[i + 1]) || !char.IsAsciiHexDigit(raw[i + 2]))
            {
                return "The address contains a % that two hexadecimal digits do not follow; a percent sign itself is written %25.";
            }

            bytes[length++] = (byte)((HexValue(raw[i + 1]) << 4) | HexValue(raw[i + 2]));
            i += 2;
        }

        return null;
    }

    private static int HexValue(char digit) => char.IsAsciiDigit(digit) ? digit - '0' : (digit | 0x20) - 'a' + 10;
}
