namespace HashStore.Storage.Serving;

/// <summary>The fields of a request that decide between 200, 206, 304, 412 and 416; null where the request has no such field.</summary>
/// <param name="IfMatch">RFC 9110 section 13.1.1.</param>
/// <param name="IfNoneMatch">RFC 9110 section 13.1.2.</param>
/// <param name="IfModifiedSince">RFC 9110 section 13.1.3.</param>
/// <param name="IfUnmodifiedSince">RFC 9110 section 13.1.4.</param>
/// <param name="Range">RFC 9110 section 14.2; null for every method but GET.</param>
/// <param name="IfRange">RFC 9110 section 13.1.5.</param>
public readonly record struct RequestConditions(
    string? IfMatch, string? IfNoneMatch, string? IfModifiedSince, string? IfUnmodifiedSince, string? Range, string? IfRange);

/// <summary>What the conditions of a GET or HEAD request come to.</summary>
public enum Precondition
{
    /// <summary>Answer as if there were no conditions.</summary>
    Proceed = 0,

    /// <summary>304.</summary>
    NotModified,

    /// <summary>412.</summary>
    Failed,
}

/// <summary>Evaluates conditional GET and HEAD requests for an existing representation (RFC 9110 section 13). Never throws, never allocates.</summary>
public static class Preconditions
{
    /// <summary>Evaluates all conditions but <c>If-Range</c>, in the order of RFC 9110 section 13.2.2.</summary>
    /// <param name="c">The request's fields.</param>
    /// <param name="etag">The representation's entity tag with its quotes.</param>
    /// <param name="lastModified">Its modification time; fractions of a second are ignored, as <c>Last-Modified</c> has none.</param>
    /// <param name="dateGoesBack">
    /// Whether the address can answer with older content than before (a legacy path after a revert). Then only the very date that was told means that nothing changed: a client that has the newer
    /// content would take the older one for known.
    /// </param>
    public static Precondition Evaluate(in RequestConditions c, string etag, DateTimeOffset lastModified, bool dateGoesBack = false)
    {
        ArgumentNullException.ThrowIfNull(etag);

        // 1. "When recipient is the origin server and If-Match is present, evaluate the If-Match precondition: if true, continue to step 3; if false,
        //    respond 412 (Precondition Failed) [...]"
        if (c.IfMatch is not null)
        {
            if (!EntityTags.MatchesStrong(c.IfMatch, etag))
            {
                return Precondition.Failed;
            }
        }

        // 2. "When recipient is the origin server, If-Match is not present, and If-Unmodified-Since is present, evaluate the If-Unmodified-Since
        //    precondition: if true, continue to step 3; if false, respond 412 (Precondition Failed) [...]"
        //    True: "the selected representation's last modification date is earlier than or equal to the date provided" (13.1.4). Invalid dates are ignored.
        else if (HttpDates.TryParse(c.IfUnmodifiedSince, out var unmodifiedSince) && !IsAsOf(lastModified, unmodifiedSince, dateGoesBack))
        {
            return Precondition.Failed;
        }

        // 3. "When If-None-Match is present, evaluate the If-None-Match precondition: if true, continue to step 5; if false for GET/HEAD, respond 304
        //    (Not Modified) [...]"
        if (c.IfNoneMatch is not null)
        {
            return EntityTags.MatchesWeak(c.IfNoneMatch, etag) ? Precondition.NotModified : Precondition.Proceed;
        }

        // 4. "When the method is GET or HEAD, If-None-Match is not present, and If-Modified-Since is present, evaluate the If-Modified-Since
        //    precondition: if true, continue to step 5; if false, respond 304 (Not Modified)"
        //    False: "the selected representation's last modification date is earlier or equal to the date provided" (13.1.3). Invalid dates are ignored.
        return HttpDates.TryParse(c.IfModifiedSince, out var modifiedSince) && IsAsOf(lastModified, modifiedSince, dateGoesBack)
            ? Precondition.NotModified
            : Precondition.Proceed;

        // 5. "When the method is GET and both Range and If-Range are present, evaluate the If-Range precondition": RangeApplies.
    }

    /// <summary>Whether <c>Range</c> is to be obeyed (RFC 9110 section 13.1.5); false means the whole representation with 200.</summary>
    /// <param name="ifRange">The field value; null when the request has none, and then the range applies.</param>
    /// <param name="etag">The representation's entity tag with its quotes. A weak one never matches, on either side.</param>
    /// <param name="lastModified">Its modification time; fractions of a second are ignored.</param>
    /// <param name="dateIsStrong">
    /// Whether the second of <paramref name="lastModified"/> names one content only. True for objects, which never change under their URL. Pass false for a
    /// URL whose content can change (a legacy path), unless it is known that it did not change twice within that second: then no date matches.
    /// </param>
    public static bool RangeApplies(string? ifRange, string etag, DateTimeOffset lastModified, bool dateIsStrong = true)
    {
        ArgumentNullException.ThrowIfNull(etag);
        if (ifRange is null)
        {
            return true;
        }

        // "A valid entity-tag can be distinguished from a valid HTTP-date by examining the first three characters for a DQUOTE."
        var validator = ifRange.AsSpan().Trim(" \t");
        if (validator[..Math.Min(3, validator.Length)].Contains('"'))
        {
            // "If the entity-tag validator provided exactly matches the ETag field value for the selected representation using the strong comparison
            // function (Section 8.8.3.2), the condition is true."
            return EntityTags.TagsEqual(validator, etag, weak: false);
        }

        // "1. If the HTTP-date validator provided is not a strong validator in the sense defined by Section 8.8.2.2, the condition is false.
        //  2. If the HTTP-date validator provided exactly matches the Last-Modified field value for the selected representation, the condition is true.
        //  3. Otherwise, the condition is false."
        // Strong (8.8.2.2) is a date where the "origin server reliably knows that the associated representation did not change twice during the second
        // covered by the presented validator": the caller says so. Anything that is neither a tag nor a date is false: the whole file is always right.
        return dateIsStrong && HttpDates.TryParse(validator, out var date) && WholeSeconds(lastModified) == date;
    }

    private static bool IsAsOf(DateTimeOffset lastModified, DateTimeOffset told, bool exactly) =>
        exactly ? WholeSeconds(lastModified) == told : WholeSeconds(lastModified) <= told;

    private static DateTimeOffset WholeSeconds(DateTimeOffset time) => new(time.UtcTicks - (time.UtcTicks % TimeSpan.TicksPerSecond), TimeSpan.Zero);
}
