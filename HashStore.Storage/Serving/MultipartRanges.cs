using System.Security.Cryptography;
using System.Text;

namespace HashStore.Storage.Serving;

/// <summary>
/// The framing of a <c>multipart/byteranges</c> answer (RFC 9110 section 14.6). The body is, for each range, its <see cref="PartHeader"/> and its bytes,
/// then <see cref="Closing"/>. Everything but the file's bytes is made here, so <see cref="ContentLength"/> is exact before the first byte is sent.
/// Memory: about 150 bytes for each of at most <see cref="ByteRanges.MaxRanges"/> ranges.
/// </summary>
public sealed class MultipartRanges
{
    private readonly byte[][] headers;
    private readonly byte[] closing;

    /// <summary>Frames the ranges.</summary>
    /// <param name="partContentType">The representation's media type, repeated in every part.</param>
    /// <param name="totalLength">The representation's length in bytes.</param>
    /// <param name="ranges">The ranges, in the order in which they are sent.</param>
    /// <param name="boundary">1 to 70 ASCII letters, digits, <c>-</c> or <c>_</c>; normally <see cref="NewBoundary"/>.</param>
    /// <exception cref="ArgumentException">The boundary is not of that form, or the type holds a character that would end its header line.</exception>
    public MultipartRanges(string partContentType, long totalLength, IReadOnlyList<ByteRange> ranges, string boundary)
    {
        ArgumentNullException.ThrowIfNull(partContentType);
        ArgumentNullException.ThrowIfNull(ranges);
        ArgumentNullException.ThrowIfNull(boundary);

        // RFC 2046 section 5.1.1 allows more characters, some of which need quotes in Content-Type; 70 is its limit.
        if (boundary.Length is 0 or > 70 || !boundary.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'))
        {
            throw new ArgumentException("A boundary is 1 to 70 ASCII letters, digits, '-' or '_'.", nameof(boundary));
        }

        if (partContentType.AsSpan().ContainsAnyExceptInRange(' ', '~'))
        {
            throw new ArgumentException("A media type is printable ASCII.", nameof(partContentType));
        }

        Ranges = ranges;
        Boundary = boundary;
        headers = new byte[ranges.Count][];
        closing = Encoding.ASCII.GetBytes($"\r\n--{boundary}--\r\n");

        long content = closing.Length;
        for (var i = 0; i < headers.Length; i++)
        {
            // "Within the header area of each body part in the multipart content, the server MUST generate a Content-Range header field corresponding to the
            // range being enclosed in that body part. If the selected representation would have had a Content-Type header field in a 200 (OK) response,
            // the server SHOULD generate that same Content-Type header field in the header area of each body part." (15.3.7.2)
            // The line break before a delimiter belongs to the delimiter (RFC 2046 section 5.1.1); the first one has no part before it to end.
            headers[i] = Encoding.ASCII.GetBytes(
                $"{(i == 0 ? "" : "\r\n")}--{boundary}\r\nContent-Type: {partContentType}\r\nContent-Range: {ranges[i].ContentRange(totalLength)}\r\n\r\n");
            content = checked(content + headers[i].Length + ranges[i].Length);
        }

        ContentLength = content;
    }

    /// <summary>The ranges, one for each part.</summary>
    public IReadOnlyList<ByteRange> Ranges { get; }

    /// <summary>What separates the parts, without its hyphens.</summary>
    public string Boundary { get; }

    /// <summary>The answer's <c>Content-Type</c>. The answer itself must have no <c>Content-Range</c> (RFC 9110 section 15.3.7.2).</summary>
    public string ContentType => "multipart/byteranges; boundary=" + Boundary;

    /// <summary>The answer's <c>Content-Length</c> in bytes: all headers, all ranges, the closing delimiter.</summary>
    public long ContentLength { get; }

    /// <summary>What is sent after the last range's bytes.</summary>
    public ReadOnlyMemory<byte> Closing => closing;

    /// <summary>What is sent before the bytes of <c>Ranges[<paramref name="part"/>]</c>.</summary>
    public ReadOnlyMemory<byte> PartHeader(int part) => headers[part];

    /// <summary>
    /// A boundary for one answer: 32 hex digits, 128 random bits. The file was there before they were drawn, and they are drawn from the cryptographic
    /// generator so that earlier answers do not tell later ones: nobody can upload a file that holds the delimiter and so forges parts.
    /// </summary>
    public static string NewBoundary() => RandomNumberGenerator.GetHexString(32, lowercase: true);
}
