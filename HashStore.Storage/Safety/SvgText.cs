using System.Text;
using System.Text.RegularExpressions;

namespace HashStore.Storage.Safety;

/// <summary>
/// Opens an SVG file as text in an encoding that every reader agrees on. Encodings that are ASCII to one reader and something else to another are how markup gets past checks.
/// </summary>
internal static partial class SvgText
{
    /// <summary>The XML declaration must end within so many bytes.</summary>
    private const int MaxDeclaration = 4096;

    /// <summary>Opens the text.</summary>
    /// <param name="content">The file, at its beginning.</param>
    /// <param name="text">The text; null when there is a finding.</param>
    /// <returns>What is wrong with the encoding; null: nothing.</returns>
    internal static Risk? Open(Stream content, out TextReader? text)
    {
        text = null;
        var head = new byte[MaxDeclaration];
        var length = content.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
        var start = head.AsSpan(0, length);
        content.Position = 0;
        if (start.StartsWith((ReadOnlySpan<byte>)[0xFE, 0xFF]) || start.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xFE]))
        {
            text = Reader(content, new UnicodeEncoding(bigEndian: start[0] == 0xFE, byteOrderMark: true, throwOnInvalidBytes: true));
            return null;
        }

        if (start.Contains((byte)0))
        {
            return new(RiskKind.Encoding, "UTF-16 or UTF-32 without a byte order mark");
        }

        // A mark wins over what the declaration says, with every reader.
        var declaration = Encoding.Latin1.GetString(start);
        if (start.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]))
        {
            content.Position = 3;
            declaration = "";
        }

        if (!declaration.StartsWith("<?xml", StringComparison.Ordinal) || (declaration.Length > 5 && !char.IsWhiteSpace(declaration[5])))
        {
            text = Reader(content, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true));
            return null;
        }

        var end = declaration.IndexOf("?>", StringComparison.Ordinal);
        if (end < 0)
        {
            return new(RiskKind.Encoding, $"an XML declaration longer than {MaxDeclaration} bytes");
        }

        var name = Encodings().Match(declaration[..end]) is { Success: true } match ? match.Groups[2].Value : "UTF-8";
        if (Find(name) is not { } encoding)
        {
            return new(RiskKind.Encoding, $"the encoding {SvgRules.Shown(name)}");
        }

        text = Reader(content, encoding);
        return null;
    }

    private static StreamReader Reader(Stream content, Encoding encoding) => new(content, encoding, detectEncodingFromByteOrderMarks: false, bufferSize: 16 << 10);

    /// <summary>The encodings in which drawings come, all of them ASCII in their lower half. Null: another.</summary>
    private static Encoding? Find(string name) => name.ToUpperInvariant() switch
    {
        "UTF-8" or "UTF8" => new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true),
        "US-ASCII" or "ASCII" => Encoding.GetEncoding("us-ascii", EncoderFallback.ExceptionFallback, DecoderFallback.ExceptionFallback),
        "ISO-8859-1" or "LATIN1" => Encoding.Latin1,
        "ISO-8859-2" or "ISO-8859-15" or "WINDOWS-1250" or "WINDOWS-1251" or "WINDOWS-1252" or "WINDOWS-1253" or "WINDOWS-1254" or "WINDOWS-1255" or "WINDOWS-1256" or "WINDOWS-1257" or "WINDOWS-1258"
            => CodePagesEncodingProvider.Instance.GetEncoding(name),
        _ => null,
    };

    [GeneratedRegex("""\sencoding\s*=\s*(["'])([^"']*)\1""")]
    private static partial Regex Encodings();
}
