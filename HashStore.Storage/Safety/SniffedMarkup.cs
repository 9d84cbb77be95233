using System.Buffers;
using System.Globalization;
using System.Text;

namespace HashStore.Storage.Safety;

/// <summary>
/// Finds what browsers that sniff would take for HTML or run as script: tags and script addresses in the first bytes, also where zero bytes (UTF-16), character references or UTF-7 hide them.
/// </summary>
internal static class SniffedMarkup
{
    /// <summary>No browser ever sniffed more: Internet Explorer looked at 256 bytes, others at 512 and 1024.</summary>
    internal const int HeadBytes = 1024;

    private static readonly SearchValues<string> marks = SearchValues.Create(
        [
            "<!doctype html", "<html", "<head", "<body", "<script", "<title", "<iframe", "<frameset", "<img", "<a href", "<table", "<pre", "<plaintext", "<style", "<svg", "<object", "<embed", "<applet",
            "<meta", "<link", "<base", "<form",
        ],
        StringComparison.Ordinal);

    /// <summary>Addresses that run script; looked for where all spaces are taken out.</summary>
    private static readonly SearchValues<string> addresses = SearchValues.Create(
        [
            "=javascript:", "=\"javascript:", "='javascript:", "=vbscript:", "=\"vbscript:", "='vbscript:", "(javascript:", "(\"javascript:", "('javascript:",
            "type=text/javascript", "type=\"text/javascript", "type='text/javascript", "type=\"application/javascript", "type=\"text/ecmascript", "type=\"application/ecmascript",
        ],
        StringComparison.Ordinal);

    /// <summary>Whether markup or script stands in the first bytes of what claims to be no text.</summary>
    internal static bool IsIn(ReadOnlySpan<byte> head)
    {
        var text = Plain(head);
        return Holds(text) || HoldsWhenDecoded(text, DecodeReferences(text)) || IsInUtf7(head);
    }

    /// <summary>Whether text holds markup once it is read as UTF-7, as old browsers did by themselves.</summary>
    internal static bool IsInUtf7(ReadOnlySpan<byte> head)
    {
        head = head[..Math.Min(head.Length, HeadBytes)];
        if (!head.Contains((byte)'+'))
        {
            return false;
        }

        var decoded = Utf7.Decode(head);
        return Holds(decoded.ToLowerInvariant()) && !Holds(Plain(head));
    }

    /// <summary>Whether text is a web page saved with its parts (MHTML), which some browsers open as a page.</summary>
    internal static bool IsWebArchive(ReadOnlySpan<byte> head)
    {
        var text = Dense(Plain(head));
        return text.Contains("mime-version:", StringComparison.Ordinal) && text.Contains("content-type:multipart/related", StringComparison.Ordinal);
    }

    /// <summary>The first bytes as lower-case text without zero bytes, which old browsers skipped and which UTF-16 has between ASCII.</summary>
    private static string Plain(ReadOnlySpan<byte> head)
    {
        head = head[..Math.Min(head.Length, HeadBytes)];
        var text = new StringBuilder(head.Length);
        foreach (var one in head)
        {
            if (one != 0)
            {
                text.Append((char)(one is >= (byte)'A' and <= (byte)'Z' ? one | 0x20 : one));
            }
        }

        return text.ToString();
    }

    private static bool HoldsWhenDecoded(string text, string decoded) => !ReferenceEquals(text, decoded) && Holds(decoded);

    private static bool Holds(string text)
    {
        if (text.AsSpan().ContainsAny(marks))
        {
            return true;
        }

        return text.Contains("script", StringComparison.Ordinal) && Dense(text).AsSpan().ContainsAny(addresses);
    }

    private static string Dense(string text) => string.Concat(text.Where(character => character > ' '));

    /// <summary>Numeric character references of ASCII, decimal and hexadecimal, with or without the semicolon.</summary>
    private static string DecodeReferences(string text)
    {
        if (!text.Contains("&#", StringComparison.Ordinal))
        {
            return text;
        }

        var decoded = new StringBuilder(text.Length);
        for (var at = 0; at < text.Length;)
        {
            if (!text.AsSpan(at).StartsWith("&#"))
            {
                decoded.Append(text[at++]);
                continue;
            }

            var isHex = at + 2 < text.Length && text[at + 2] == 'x';
            var start = at + (isHex ? 3 : 2);
            var end = start;
            while (end < text.Length && (isHex ? char.IsAsciiHexDigit(text[end]) : char.IsAsciiDigit(text[end])))
            {
                end++;
            }

            var style = isHex ? NumberStyles.AllowHexSpecifier : NumberStyles.None;
            if (int.TryParse(text.AsSpan(start, end - start), style, CultureInfo.InvariantCulture, out var value) && value is > 0 and < 128)
            {
                decoded.Append(char.ToLowerInvariant((char)value));
                at = end < text.Length && text[end] == ';' ? end + 1 : end;
            }
            else
            {
                decoded.Append(text[at++]);
            }
        }

        return decoded.ToString();
    }
}
