using System.Globalization;
using System.Xml;

namespace HashStore.Storage.Thumbnails.Rendering.Shapes;

/// <summary>The size of a drawing (SVG 2, 8.2) and how deep its elements lie in each other.</summary>
internal static class SvgShape
{
    /// <summary>Characters that entities may become. Drawing programs declare some namespaces as entities; a thousandfold of that is an attack.</summary>
    private const long MaxEntityCharacters = 1 << 20;

    public static SourceShape Read(Stream content, int maxDepth)
    {
        // Declarations are read, for old programs write their namespaces as entities; nothing outside of the file is.
        var limits = new XmlReaderSettings
        {
            DtdProcessing = DtdProcessing.Parse,
            XmlResolver = null,
            MaxCharactersFromEntities = MaxEntityCharacters,
            IgnoreComments = true,
            IgnoreProcessingInstructions = true,
        };
        content.Position = 0;
        try
        {
            using var reader = XmlReader.Create(content, limits);
            if (reader.MoveToContent() != XmlNodeType.Element || reader.LocalName != "svg")
            {
                throw new InvalidDataException("The drawing's first element is not svg.");
            }

            var shape = Size(reader);
            var depth = 0;
            while (depth <= maxDepth && reader.Read())
            {
                depth = Math.Max(depth, reader.Depth);
            }

            return shape with { Depth = depth };
        }
        catch (XmlException exception)
        {
            throw new InvalidDataException("The drawing is not well-formed XML.", exception);
        }
    }

    private static SourceShape Size(XmlReader svg)
    {
        double? width = Length(svg.GetAttribute("width")), height = Length(svg.GetAttribute("height"));
        var box = (svg.GetAttribute("viewBox") ?? "").Split([' ', ',', '\t', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries);
        if (box.Length == 4 && Length(box[2]) is > 0 and var boxWidth && Length(box[3]) is > 0 and var boxHeight)
        {
            (width, height) = (width ?? (height * boxWidth / boxHeight) ?? boxWidth, height ?? (width * boxHeight / boxWidth) ?? boxHeight);
        }

        return width is > 0 and <= int.MaxValue && height is > 0 and <= int.MaxValue
            ? new SourceShape { Width = (long)Math.Ceiling(width.Value), Height = (long)Math.Ceiling(height.Value), DrawnWidth = width.Value }
            : new SourceShape();
    }

    // CSS's absolute units at its 96 pixels an inch; null for what depends on a window or a font.
    private static double? Length(string? text)
    {
        text = text?.Trim() ?? "";
        var unit = text.Length > 2 && char.IsAsciiLetter(text[^1]) ? text[^2..] : "";
        var factor = unit switch
        {
            "" or "px" => 1.0,
            "in" => 96,
            "cm" => 96 / 2.54,
            "mm" => 96 / 25.4,
            "pt" => 96 / 72.0,
            "pc" => 16,
            _ => 0,
        };
        return factor > 0 && double.TryParse(text.AsSpan(0, text.Length - unit.Length), NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            && double.IsFinite(number) ? number * factor : null;
    }
}
