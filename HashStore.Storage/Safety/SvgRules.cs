using System.Collections.Frozen;

namespace HashStore.Storage.Safety;

/// <summary>What an SVG drawing may hold. Elements of languages that nobody knows are refused rather than guessed about; those of the usual drawing programs are data that browsers ignore.</summary>
internal static class SvgRules
{
    internal const string Svg = "http://www.w3.org/2000/svg";

    private static readonly FrozenSet<string> barredElements = FrozenSet.ToFrozenSet(
        [
            "script", "handler", "listener", "stylesheet", "iframe", "frame", "frameset", "object", "embed", "applet", "base", "meta", "link", "form", "input", "button", "foreignobject", "isindex", "body", "html",
        ],
        StringComparer.OrdinalIgnoreCase);

    private static readonly FrozenSet<string> scriptElements = FrozenSet.ToFrozenSet(["script", "handler", "listener"], StringComparer.OrdinalIgnoreCase);

    /// <summary>The beginnings of the namespaces of metadata and of drawing programs' own notes.</summary>
    private static readonly string[] inertNamespaces =
    [
        "http://www.w3.org/1999/02/22-rdf-syntax-ns#", "http://www.w3.org/2000/01/rdf-schema#", "http://purl.org/dc/", "http://creativecommons.org/ns", "http://web.resource.org/cc/", "https://creativecommons.org/ns",
        "http://schema.org/", "http://xmlns.com/foaf/", "http://ns.adobe.com/", "adobe:ns:meta/", "http://iptc.org/std/", "http://www.inkscape.org/namespaces/", "http://www.inkscape.org/namespaces", "http://inkscape.sourceforge.net/",
        "http://sodipodi.sourceforge.net/", "http://inkscape.sf.net/", "http://www.bohemiancoding.com/sketch/", "http://www.figma.com/", "http://www.serif.com/", "http://www.corel.com/coreldraw/", "http://www.vectornator.io",
        "http://vectornator.io", "http://www.boxy-svg.com", "https://boxy-svg.com", "http://schemas.microsoft.com/visio/", "http://xml.openoffice.org/svg/", "http://sozi.baierouge.fr", "http://jessyink", "https://launchpad.net/jessyink",
        "http://www.geogebra.org/", "http://www.autodesk.com/", "http://www.blender.org/", "http://krita.org/namespaces/", "http://www.kde.org/", "http://www.ipe", "http://oclc.org/", "urn:oasis:names:tc:opendocument:",
    ];

    private static readonly string[] rasterTypes = ["png", "jpeg", "jpg", "gif", "webp", "avif", "apng"];

    /// <summary>What is wrong with an element; null: nothing.</summary>
    internal static Risk? OfElement(string localName, string namespaceUri)
    {
        if (barredElements.Contains(localName))
        {
            return scriptElements.Contains(localName) ? new(RiskKind.Script, $"the element {localName}") : new(RiskKind.ForeignElement, $"the element {localName}");
        }

        return namespaceUri is Svg or "" || IsInert(namespaceUri) ? null : new(RiskKind.ForeignElement, $"the element {localName} of {Shown(namespaceUri)}");
    }

    /// <summary>What is wrong with an attribute; null: nothing.</summary>
    /// <param name="element">The local name of its element.</param>
    /// <param name="localName">Its own local name.</param>
    /// <param name="value">Its value.</param>
    internal static Risk? OfAttribute(string element, string localName, string value)
    {
        if (localName.StartsWith("on", StringComparison.OrdinalIgnoreCase) || localName.Equals("handler", StringComparison.OrdinalIgnoreCase))
        {
            return new(RiskKind.EventHandler, $"the attribute {localName}");
        }

        switch (localName.ToLowerInvariant())
        {
            case "href" or "src" or "data" or "action" or "formaction" or "base" or "srcdoc" or "background" or "poster" or "resource" when !IsMetadata(localName, value):
                return OfReference(element, localName, value);
            case "attributename" when IsAnimation(element):
                return OfAnimated(value);
            case "to" or "from" or "by" or "values" when IsAnimation(element) && LeadsSomewhere(value):
                return new(RiskKind.Reference, $"the element {element} that sets an address");
            case "type" when element.Equals("style", StringComparison.OrdinalIgnoreCase) && value.Trim() is not "" && !value.Trim().StartsWith("text/css", StringComparison.OrdinalIgnoreCase):
                return new(RiskKind.Stylesheet, $"styles of the type {Shown(value)}");
        }

        return CssScan.Find(value, isSheet: false) is { } css ? new(RiskKind.Stylesheet, css) : null;
    }

    /// <summary>A value as part of a sentence.</summary>
    internal static string Shown(string value)
    {
        var shown = string.Concat(value.Where(character => !char.IsControl(character) && !char.IsSurrogate(character)).Take(80));
        return $"\"{shown}\"";
    }

    /// <summary>Whether an address is a picture of pixels within the document.</summary>
    internal static bool IsRasterData(string dense)
    {
        const string Start = "data:image/";
        if (!dense.StartsWith(Start, StringComparison.Ordinal))
        {
            return false;
        }

        var end = dense.AsSpan(Start.Length).IndexOfAny(';', ',');
        return end >= 0 && Array.IndexOf(rasterTypes, dense[Start.Length..(Start.Length + end)]) >= 0;
    }

    /// <summary>An address as browsers read it: without the spaces and control characters that they skip, in lower case.</summary>
    internal static string Dense(string address) => string.Concat(address.Where(character => character > ' ')).ToLowerInvariant();

    /// <summary>Only <c>href</c> and its like are followed by browsers; RDF's <c>rdf:resource</c> and sheets of data are not.</summary>
    private static bool IsMetadata(string localName, string value) => localName.Equals("resource", StringComparison.OrdinalIgnoreCase) && !Dense(value).Contains("script:", StringComparison.Ordinal);

    private static Risk? OfReference(string element, string localName, string value)
    {
        // Addresses of embedded pictures can be long; their beginning decides.
        var dense = Dense(value.Length > 4096 ? value[..4096] : value);
        if (dense.Length == 0 || dense[0] == '#' || IsRasterData(dense))
        {
            return null;
        }

        var isLink = element.Equals("a", StringComparison.OrdinalIgnoreCase) && localName.Equals("href", StringComparison.OrdinalIgnoreCase);
        return isLink && (dense.StartsWith("http://", StringComparison.Ordinal) || dense.StartsWith("https://", StringComparison.Ordinal))
            ? null
            : new(RiskKind.Reference, $"a reference to {Shown(value)}");
    }

    /// <summary>Animation can set what the document's text does not say.</summary>
    private static Risk? OfAnimated(string attribute)
    {
        var name = Dense(attribute);
        name = name[(name.IndexOf(':', StringComparison.Ordinal) + 1)..];
        return name.StartsWith("on", StringComparison.Ordinal) ? new(RiskKind.EventHandler, $"animation of {Shown(attribute)}")
            : name is "href" or "src" or "base" or "style" ? new(RiskKind.Reference, $"animation of {Shown(attribute)}")
            : null;
    }

    private static bool IsAnimation(string element) =>
        element.StartsWith("animate", StringComparison.OrdinalIgnoreCase) || element.Equals("set", StringComparison.OrdinalIgnoreCase);

    private static bool LeadsSomewhere(string value)
    {
        var dense = Dense(value);
        return dense.Contains("http:", StringComparison.Ordinal) || dense.Contains("https:", StringComparison.Ordinal) || dense.Contains("script:", StringComparison.Ordinal)
            || dense.Contains("data:", StringComparison.Ordinal) || dense.Contains("//", StringComparison.Ordinal) || CssScan.Find(value, isSheet: false) is not null;
    }

    private static bool IsInert(string namespaceUri)
    {
        foreach (var start in inertNamespaces)
        {
            if (namespaceUri.StartsWith(start, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }
}
