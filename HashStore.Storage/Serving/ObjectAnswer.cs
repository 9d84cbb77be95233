namespace HashStore.Storage.Serving;

/// <summary>
/// What to answer for bytes that were found: the status and which of them. Knows no web server; whoever sends it adds the headers that <see cref="Representation"/> and
/// <see cref="NamedPresentation"/> hold ready.
/// </summary>
/// <param name="Status">200, 206, 304, 412 or 416.</param>
/// <param name="Range">The bytes to send for 200 and a single range; of length 0 for the others.</param>
/// <param name="Several">The framing of a 206 with several ranges; else null.</param>
public readonly record struct ObjectAnswer(int Status, ByteRange Range, MultipartRanges? Several)
{
    /// <summary>Never changes under its URL: fetch once, keep a year (the longest that RFC 9111's predecessors allowed).</summary>
    public const string PublicCaching = "public, max-age=31536000, immutable";

    /// <summary>The same where readers need a token.</summary>
    public const string PrivateCaching = "private, max-age=31536000, immutable";

    /// <summary>A legacy address: what is there can change, and a minute is what a takedown may take in a cache that cannot be purged.</summary>
    public const string PublicShortCaching = "public, max-age=60, must-revalidate";

    /// <summary>The same where readers need a token.</summary>
    public const string PrivateShortCaching = "private, max-age=60, must-revalidate";

    /// <summary>
    /// Whatever is stored runs nothing and reaches nothing in the site's origin, also when somebody opens it directly. Styles and media inside the document itself are allowed, so that
    /// browsers' own viewers of images, sound and video work.
    /// </summary>
    public const string ContentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; media-src 'self'; sandbox";

    /// <summary>Decides by the request's conditions (RFC 9110 sections 13 and 14).</summary>
    /// <param name="found">What is at the address.</param>
    /// <param name="presentation">How it is shown; each part of several ranges repeats its type.</param>
    /// <param name="isGet">Ranges are defined for GET only (section 14.2).</param>
    /// <param name="conditions">The request's header fields.</param>
    /// <param name="isFixed">Whether the address always answers with these bytes; else the modification time is no strong validator, and can go back.</param>
    public static ObjectAnswer For(Representation found, NamedPresentation presentation, bool isGet, in RequestConditions conditions, bool isFixed = true)
    {
        var whole = new ByteRange(0, found.Size);
        switch (Preconditions.Evaluate(conditions, found.ETag, found.LastModified, dateGoesBack: !isFixed))
        {
            case Precondition.NotModified:
                return new ObjectAnswer(304, default, null);
            case Precondition.Failed:
                return new ObjectAnswer(412, default, null);
        }

        if (!isGet || conditions.Range is null || !Preconditions.RangeApplies(conditions.IfRange, found.ETag, found.LastModified, dateIsStrong: isFixed))
        {
            return new ObjectAnswer(200, whole, null);
        }

        return ByteRanges.Parse(conditions.Range, found.Size, out var one, out var several) switch
        {
            RangeOutcome.OneRange => new ObjectAnswer(206, one, null),
            RangeOutcome.SeveralRanges => new ObjectAnswer(206, default, new MultipartRanges(presentation.ContentType, found.Size, several!, MultipartRanges.NewBoundary())),
            RangeOutcome.Unsatisfiable => new ObjectAnswer(416, default, null),
            _ => new ObjectAnswer(200, whole, null),
        };
    }
}
