using System.Collections.Frozen;
using System.Text;

namespace HashStore.Storage.Content;

/// <summary>
/// The known file extensions: which sniffed types each admits, and the type it is served as where the content alone says less than the name.
/// </summary>
internal static class ExtensionTable
{
    private const string Zip = "application/zip";
    private const string Ole = "application/x-ole-storage";
    private const string OfficeXml = "application/vnd.openxmlformats-officedocument.";
    private const string OpenDocument = "application/vnd.oasis.opendocument.";

    private static readonly string[] isoMedia = ["video/mp4", "audio/mp4", "video/quicktime", "video/3gpp", "video/3gpp2"];
    private static readonly string[] ogg = ["application/ogg", "audio/ogg", "video/ogg"];
    private static readonly string[] markup = ["text/html", "application/xhtml+xml", "application/xml", "text/plain"];

    private static readonly FrozenDictionary<string, ExtensionRule> rules = Build().ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);
    private static readonly FrozenDictionary<string, ExtensionRule>.AlternateLookup<ReadOnlySpan<char>> lookup =
        rules.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>The rule of an extension (without the dot, in any case), or null for one that is not known.</summary>
    public static ExtensionRule? Find(ReadOnlySpan<char> extension) =>
        // Letters beyond ASCII never match: some of them fold to ASCII ones.
        !extension.IsEmpty && Ascii.IsValid(extension) && lookup.TryGetValue(extension, out var rule) ? rule : null;

    private static Dictionary<string, ExtensionRule> Build()
    {
        var table = new Dictionary<string, ExtensionRule>(StringComparer.OrdinalIgnoreCase);

        // Served as what the content is; the first list names the extensions, the second the types that they admit.
        void Same(string extensions, params string[] mimes) => Add(extensions, new(null, mimes));

        // Served as the given type, which the content may show only as its container.
        void As(string extensions, string served, params string[] mimes) => Add(extensions, new(served, [served, .. mimes]));

        void Add(string extensions, ExtensionRule rule)
        {
            foreach (var extension in extensions.Split(' '))
            {
                table.Add(extension, rule);
            }
        }

        // Pictures
        Same("jpg jpeg jpe jfif", "image/jpeg");
        Same("png apng", "image/png");
        Same("gif", "image/gif");
        Same("webp", "image/webp");
        Same("tif tiff", "image/tiff");
        Same("bmp dib", "image/bmp");
        Same("ico", "image/vnd.microsoft.icon", "image/png");
        Same("svg", "image/svg+xml");
        Same("psd psb", "image/vnd.adobe.photoshop");
        Same("xcf", "image/x-xcf");
        Same("jp2 jpx j2k jpf", "image/jp2");
        Same("jxl", "image/jxl");
        Same("heic heif hif", "image/heic", "image/avif");
        Same("avif", "image/avif");
        Same("djvu djv", "image/vnd.djvu");
        Same("cr3", "image/x-canon-cr3");

        // Sound and film
        Same("mp4 m4v mov qt 3gp 3g2 f4v", isoMedia);
        As("m4a m4b", "audio/mp4", isoMedia);
        Same("ogg ogx", ogg);
        As("oga opus spx", "audio/ogg", "application/ogg");
        As("ogv", "video/ogg", "application/ogg", "audio/ogg");
        Same("mkv", "video/x-matroska", "video/webm");
        Same("webm weba", "video/webm");
        As("mka", "audio/x-matroska", "video/x-matroska", "video/webm");
        Same("avi", "video/x-msvideo");
        Same("mpg mpeg vob", "video/mpeg");
        Same("flv", "video/x-flv");
        Same("asf wmv wma", "video/x-ms-asf");
        Same("wav wave", "audio/wav");
        Same("flac", "audio/flac", "audio/ogg");
        Same("mp3 mp2 mpga", "audio/mpeg");
        Same("aac", "audio/aac", "audio/mp4");
        Same("mid midi kar", "audio/midi");
        Same("aif aiff aifc", "audio/aiff");

        // Documents
        Same("pdf", "application/pdf");
        Same("ps eps ai", "application/postscript", "application/pdf");
        Same("rtf", "application/rtf");
        Same("epub", "application/epub+zip");
        As("doc", "application/msword", Ole, "application/rtf");
        As("xls xlt", "application/vnd.ms-excel", Ole);
        As("ppt pps pot", "application/vnd.ms-powerpoint", Ole);
        As("vsd", "application/vnd.visio", Ole);
        As("docx", OfficeXml + "wordprocessingml.document", Zip);
        As("dotx", OfficeXml + "wordprocessingml.template", OfficeXml + "wordprocessingml.document", Zip);
        As("xlsx", OfficeXml + "spreadsheetml.sheet", Zip);
        As("xltx", OfficeXml + "spreadsheetml.template", OfficeXml + "spreadsheetml.sheet", Zip);
        As("pptx", OfficeXml + "presentationml.presentation", Zip);
        As("ppsx", OfficeXml + "presentationml.slideshow", OfficeXml + "presentationml.presentation", Zip);
        foreach (var (extension, kind) in new[]
        {
            ("odt", "text"), ("ott", "text-template"), ("ods", "spreadsheet"), ("ots", "spreadsheet-template"), ("odp", "presentation"),
            ("otp", "presentation-template"), ("odg", "graphics"), ("otg", "graphics-template"), ("odc", "chart"), ("odf", "formula"),
            ("odi", "image"), ("odb", "database"),
        })
        {
            As(extension, OpenDocument + kind, Zip);
        }

        // Markup that browsers run, and its relatives
        As("html htm", "text/html", markup);
        Same("xhtml xht", markup);
        // XML needs no declaration, and without one it looks like any text.
        As("xml xsl xslt rdf", "application/xml", "application/xhtml+xml", "image/svg+xml", "text/plain");

        // Text of any kind: the harmless supertype of all of it
        Add(
            "txt text log md markdown rst tex bib csv tsv json geojson jsonl yaml yml toml ini conf cfg srt vtt lrc css js mjs py c h cc cpp hpp cs "
            + "java rs go rb lua sql patch diff gpx kml obj mtl po ics vcf asc sha256 md5",
            ExtensionRule.AnyText);
        Add("stl", ExtensionRule.TextOr("model/stl", ContentSniffer.Unknown));
        Add("ply", ExtensionRule.TextOr("model/ply", ContentSniffer.Unknown));
        Same("glb", "model/gltf-binary");

        // Archives and programs
        Same("zip", Zip, "application/java-archive", "application/epub+zip");
        Same("jar war", "application/java-archive", Zip);
        Same("gz tgz", "application/gzip");
        Same("bz2 tbz2", "application/x-bzip2");
        Same("xz txz", "application/x-xz");
        Same("7z", "application/x-7z-compressed");
        Same("rar", "application/vnd.rar");
        Same("zst", "application/zstd");
        Same("tar", "application/x-tar");
        Same("exe dll", "application/vnd.microsoft.portable-executable");
        As("msi", "application/x-msi", Ole);
        Same("class", "application/java-vm");
        Same("wasm", "application/wasm");
        Same("swf", "application/x-shockwave-flash");
        As("php phtml php3 php4 php5 phar", "application/x-php", "text/plain", "text/html", "text/x-script");
        As("sh bash csh", "application/x-sh", "text/x-script", "text/plain");
        As("pl cgi", "text/x-script", "text/plain");
        Same("woff", "font/woff");
        Same("woff2", "font/woff2");
        Same("ttf", "font/ttf");
        Same("otf", "font/otf", "font/ttf");

        Add("bin dat", ExtensionRule.Anything);
        return table;
    }
}

/// <summary>What one extension admits.</summary>
/// <param name="served">The type to serve as; null: the content's own.</param>
/// <param name="admitted">The sniffed types that it admits besides text; null: all.</param>
/// <param name="text">Whether it admits every kind of text, served as text/plain, and the empty file.</param>
internal sealed class ExtensionRule(string? served, string[]? admitted, bool text = false)
{
    /// <summary>Everything, as what it is.</summary>
    public static ExtensionRule Anything { get; } = new(null, null);

    /// <summary>Every kind of text and nothing else.</summary>
    public static ExtensionRule AnyText { get; } = new(null, [], text: true);

    /// <summary>Every kind of text, or one binary type.</summary>
    public static ExtensionRule TextOr(string served, string admitted) => new(served, [admitted], text: true);

    /// <summary>The type to serve a content as, or null when the extension contradicts it.</summary>
    public string? Serve(string mime)
    {
        if (text && IsText(mime))
        {
            return "text/plain";
        }
        return admitted is null || Array.IndexOf(admitted, mime) >= 0 ? served ?? mime : null;
    }

    private static bool IsText(string mime) => MediaTypes.Is(mime, "text/")
        || mime is "application/xml" or "application/xhtml+xml" or "image/svg+xml" or "application/x-php" or ContentSniffer.Empty;
}
