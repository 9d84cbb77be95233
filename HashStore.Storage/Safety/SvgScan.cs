using System.Globalization;
using System.Text;
using System.Xml;

namespace HashStore.Storage.Safety;

/// <summary>What the scan of a drawing may use up.</summary>
/// <param name="MaxBytes">Longer files are not read; an attribute's value is in memory as a whole, so this bounds memory.</param>
/// <param name="MaxDepth">Elements within each other.</param>
/// <param name="Time">How long it may take.</param>
internal sealed record SvgLimits(long MaxBytes, int MaxDepth, TimeSpan Time)
{
    internal const int DefaultMaxDepth = 512;

    /// <summary>Far more than a drawing of the default size needs; whoever takes longer means to.</summary>
    internal static readonly TimeSpan DefaultTime = TimeSpan.FromSeconds(10);
}

/// <summary>
/// Reads an SVG drawing from its beginning to its end and stops at the first thing in it that runs, loads or hides something. Entities are never expanded, nothing outside the file is ever opened.
/// </summary>
internal static class SvgScan
{
    /// <summary>Styles of more characters are not looked through.</summary>
    private const int MaxSheet = 2 << 20;

    /// <summary>Looks.</summary>
    /// <param name="content">The file, at its beginning.</param>
    /// <param name="size">Its length in bytes.</param>
    /// <param name="limits">When to give up.</param>
    /// <param name="clock">Measures the time.</param>
    /// <returns>The first finding; null: nothing.</returns>
    internal static Risk? Of(Stream content, long size, SvgLimits limits, TimeProvider clock)
    {
        if (size > limits.MaxBytes)
        {
            return Unreadable(string.Create(CultureInfo.InvariantCulture, $"it has more than the {limits.MaxBytes} bytes that are looked through (setting Uploads:MaxSvgBytes)"));
        }

        try
        {
            if ((SvgText.Open(content, out var text) ?? SvgProlog.Read(text!, out text)) is { } problem)
            {
                return problem;
            }

            using var reader = XmlReader.Create(text!, Settings(limits));
            return Read(reader, limits, clock);
        }
        catch (XmlException exception)
        {
            // The message quotes what it found; the place is enough.
            return Unreadable(string.Create(CultureInfo.InvariantCulture, $"it is no well-formed XML (line {exception.LineNumber}, character {exception.LinePosition})"));
        }
        catch (DecoderFallbackException)
        {
            return new(RiskKind.Encoding, "bytes that its encoding does not have");
        }
    }

    // Document types have ended where this begins: one that comes now is an error, so nothing is ever declared, expanded or fetched.
    private static XmlReaderSettings Settings(SvgLimits limits) => new()
    {
        DtdProcessing = DtdProcessing.Prohibit,
        XmlResolver = null,
        MaxCharactersInDocument = limits.MaxBytes,
        ConformanceLevel = ConformanceLevel.Document,
        IgnoreComments = true,
        IgnoreWhitespace = true,
        CloseInput = true,
    };

    private static Risk? Read(XmlReader reader, SvgLimits limits, TimeProvider clock)
    {
        var start = clock.GetTimestamp();
        while (reader.Read())
        {
            if (reader.Depth > limits.MaxDepth)
            {
                return Unreadable(string.Create(CultureInfo.InvariantCulture, $"more than {limits.MaxDepth} elements lie within each other"));
            }

            if (clock.GetElapsedTime(start) > limits.Time)
            {
                return Unreadable("it takes too long to look through");
            }

            if (OfNode(reader) is { } risk)
            {
                return risk;
            }
        }

        return null;
    }

    private static Risk? OfNode(XmlReader reader) => reader.NodeType switch
    {
        XmlNodeType.ProcessingInstruction when !SvgProlog.IsHarmless(reader.Name) => new(RiskKind.Instruction, $"the processing instruction {SvgRules.Shown(reader.Name)}"),
        XmlNodeType.Element => OfElement(reader),
        _ => null,
    };

    private static Risk? OfElement(XmlReader reader)
    {
        var element = reader.LocalName;
        if (SvgRules.OfElement(element, reader.NamespaceURI) is { } barred)
        {
            return barred;
        }

        var isEmpty = reader.IsEmptyElement;
        while (reader.MoveToNextAttribute())
        {
            if (reader.NamespaceURI != "http://www.w3.org/2000/xmlns/" && SvgRules.OfAttribute(element, reader.LocalName, reader.Value) is { } risk)
            {
                return risk;
            }
        }

        _ = reader.MoveToElement();
        return !isEmpty && element.Equals("style", StringComparison.OrdinalIgnoreCase) ? OfSheet(reader) : null;
    }

    /// <summary>Reads all text of a style element, up to its end.</summary>
    private static Risk? OfSheet(XmlReader reader)
    {
        var sheet = new StringBuilder();
        var buffer = new char[4096];
        var depth = reader.Depth;
        while (reader.Read() && !(reader.NodeType == XmlNodeType.EndElement && reader.Depth == depth))
        {
            if (reader.NodeType is not (XmlNodeType.Text or XmlNodeType.CDATA or XmlNodeType.SignificantWhitespace))
            {
                return new(RiskKind.Stylesheet, "other things than text within styles");
            }

            for (int count; (count = reader.ReadValueChunk(buffer, 0, buffer.Length)) > 0;)
            {
                if (sheet.Length + count > MaxSheet)
                {
                    return Unreadable(string.Create(CultureInfo.InvariantCulture, $"it has styles of more than {MaxSheet} characters"));
                }

                sheet.Append(buffer, 0, count);
            }
        }

        return CssScan.Find(sheet.ToString(), isSheet: true) is { } found ? new(RiskKind.Stylesheet, found) : null;
    }

    private static Risk Unreadable(string what) => new(RiskKind.Unreadable, what);
}
