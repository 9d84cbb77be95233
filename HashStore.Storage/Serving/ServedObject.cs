using System.Globalization;
using HashStore.Schema;
using HashStore.Storage.Content;

namespace HashStore.Storage.Serving;

/// <summary>How an object is shown under one name: the two header values that depend on it.</summary>
/// <param name="Name">The name as asked for; empty when there was none.</param>
/// <param name="ContentType"><c>Content-Type</c>.</param>
/// <param name="Disposition"><c>Content-Disposition</c>.</param>
public sealed record NamedPresentation(string Name, string ContentType, string Disposition)
{
    /// <summary>Forms the header values (RFC 6266; the name in the form of RFC 8187, which percent-encoding of all but unreserved characters satisfies).</summary>
    internal static NamedPresentation Of(string name, Presentation presentation)
    {
        var kind = presentation.Inline ? "inline" : "attachment";
        return new NamedPresentation(name, presentation.ContentType, name.Length == 0 ? kind : $"{kind}; filename*=UTF-8''{UrlSegment.Encode(name)}");
    }
}

/// <summary>
/// An object that was public when it was looked up, with everything that an answer needs, header values included. Immutable but for two notes about its use.
/// </summary>
public sealed class ServedObject : Representation
{
    /// <summary>Roughly what an entry weighs beside its body: header values, the last name with its percent-encoded form, dictionary and queue entries.</summary>
    internal const int BaseWeight = 3072;

    /// <summary>No stored name is longer; the URLs of strangers can be, and must not fill the cache.</summary>
    private const int MaxRememberedName = 255;

    private readonly string? charset;
    private readonly bool isRisky;
    private NamedPresentation? lastPresentation;
    private long confirmedAt;

    internal ServedObject(ContentKey key, ContentDigest digest, ContentDigest sha256, long size, DateTimeOffset modified, string mime, string? charset, bool isRisky)
        : base(size, $"\"{digest}\"", modified)
    {
        Key = key;
        Mime = mime;
        this.charset = charset;
        this.isRisky = isRisky;
        ReprDigest = $"sha-256=:{Convert.ToBase64String(sha256.Span)}:";
        SurrogateKey = key.ToString();
        ContentLengthText = size.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>Its key.</summary>
    public ContentKey Key { get; }

    /// <summary>Its type, as its bytes say.</summary>
    public string Mime { get; }

    /// <summary>Pixels of width, as its headers declare; null where they are not known.</summary>
    public int? Width { get; internal init; }

    /// <summary>Pixels of height, as its headers declare; null where they are not known.</summary>
    public int? Height { get; internal init; }

    /// <summary>The length in decimal.</summary>
    public string ContentLengthText { get; }

    /// <summary>The bytes, of a small object; null: read them from the backend.</summary>
    public byte[]? Body { get; internal set; }

    /// <summary>The removal counter's value before the lookup that last found the object public.</summary>
    internal long ConfirmedAt
    {
        get => Volatile.Read(ref confirmedAt);
        set => Volatile.Write(ref confirmedAt, value);
    }

    /// <summary>How it is shown under a name; null when the name's extension contradicts the content.</summary>
    internal NamedPresentation? PresentAs(ReadOnlySpan<char> name)
    {
        // Nearly always the same name as the last time.
        if (Volatile.Read(ref lastPresentation) is { } last && name.SequenceEqual(last.Name))
        {
            return last;
        }

        if (MediaTypes.Present(Mime, charset, name) is not { } presentation)
        {
            return null;
        }

        var made = NamedPresentation.Of(name.ToString(), isRisky ? presentation with { Inline = false } : presentation);
        if (name.Length <= MaxRememberedName)
        {
            Volatile.Write(ref lastPresentation, made);
        }

        return made;
    }
}
