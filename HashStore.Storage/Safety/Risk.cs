namespace HashStore.Storage.Safety;

/// <summary>What a content holds that somebody's browser or system could run.</summary>
public enum RiskKind
{
    /// <summary>Nothing was found.</summary>
    None,

    /// <summary>Markup or script where old browsers, which sniff the first bytes, would take the whole for HTML.</summary>
    Markup,

    /// <summary>A PHP tag in what is no text.</summary>
    Php,

    /// <summary>A ZIP or JAR archive behind something else (GIFAR).</summary>
    Archive,

    /// <summary>Text in an encoding that hides markup (UTF-7, UTF-16 without a mark), or XML in one that few understand.</summary>
    Encoding,

    /// <summary>A type that exists to be run: HTML, scripts, programs, Java, Flash.</summary>
    ActiveType,

    /// <summary>An SVG drawing with script elements.</summary>
    Script,

    /// <summary>An SVG drawing with event handlers, or animation that would make one.</summary>
    EventHandler,

    /// <summary>An SVG drawing with elements of another language that browsers run or show.</summary>
    ForeignElement,

    /// <summary>An SVG drawing that refers to something outside itself, or to a script.</summary>
    Reference,

    /// <summary>An SVG drawing whose styles load or run something.</summary>
    Stylesheet,

    /// <summary>An SVG drawing with entities or declarations of its own.</summary>
    DocumentType,

    /// <summary>An SVG drawing with processing instructions.</summary>
    Instruction,

    /// <summary>An SVG drawing that cannot be read to its end within the limits.</summary>
    Unreadable,
}

/// <summary>A finding.</summary>
/// <param name="Kind">Its kind.</param>
/// <param name="What">What was found, as part of a sentence.</param>
public sealed record Risk(RiskKind Kind, string What)
{
    /// <summary>The kind for programs: <c>event-handler</c>.</summary>
    public string Word => WordOf(Kind);

    /// <summary>What the uploader can do.</summary>
    internal string Advice => Kind switch
    {
        RiskKind.Markup or RiskKind.Php => "Save it anew with a program for its type, without comments and other metadata.",
        RiskKind.Archive => "Upload the archive and the rest as files of their own.",
        RiskKind.Encoding => "Save it as UTF-8.",
        RiskKind.ActiveType => "This store does not take what can be run; pack it into an archive if it must be kept here.",
        RiskKind.Unreadable => "Save it anew as plain SVG, or make it smaller.",
        _ => "Save it as plain SVG without scripts, links to other files, and a document type of its own.",
    };

    internal static string WordOf(RiskKind kind) => kind switch
    {
        RiskKind.None => "none",
        RiskKind.Markup => "markup",
        RiskKind.Php => "php",
        RiskKind.Archive => "archive",
        RiskKind.Encoding => "encoding",
        RiskKind.ActiveType => "active-type",
        RiskKind.Script => "script",
        RiskKind.EventHandler => "event-handler",
        RiskKind.ForeignElement => "foreign-element",
        RiskKind.Reference => "reference",
        RiskKind.Stylesheet => "stylesheet",
        RiskKind.DocumentType => "document-type",
        RiskKind.Instruction => "instruction",
        RiskKind.Unreadable => "unreadable",
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };
}
