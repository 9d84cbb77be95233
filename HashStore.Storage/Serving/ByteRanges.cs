namespace HashStore.Storage.Serving;

/// <summary>Reads the <c>Range</c> field of a GET request (RFC 9110 section 14). Other methods ignore the field: their callers must not ask.</summary>
public static class ByteRanges
{
    /// <summary>
    /// Ranges in one field. Players and PDF readers ask for a handful; each further one costs about 150 bytes of part header and a positioned read,
    /// so a short request could make the answer expensive. A field with more is ignored, which section 14.2 allows.
    /// </summary>
    public const int MaxRanges = 64;

    private const string Unit = "bytes=";

    /// <summary>Holds a <c>Range</c> field value against the length of the selected representation. Never throws; allocates for several ranges only.</summary>
    /// <param name="field">The field value; empty (or null, as a string) when the request has none.</param>
    /// <param name="length">The representation's length in bytes.</param>
    /// <param name="one">The range when the outcome is <see cref="RangeOutcome.OneRange"/>.</param>
    /// <param name="several">The ranges in the order asked for when the outcome is <see cref="RangeOutcome.SeveralRanges"/>, else null.</param>
    public static RangeOutcome Parse(ReadOnlySpan<char> field, long length, out ByteRange one, out ByteRange[]? several)
    {
        one = default;
        several = null;

        // "An origin server MUST ignore a Range header field that contains a range unit it does not understand." (14.2)
        // Unit names are case-insensitive (14.1).
        return field.StartsWith(Unit, StringComparison.OrdinalIgnoreCase)
            ? ParseSet(field[Unit.Length..], length, out one, out several)
            : RangeOutcome.Whole;
    }

    private static RangeOutcome ParseSet(ReadOnlySpan<char> set, long length, out ByteRange one, out ByteRange[]? several)
    {
        one = default;
        several = null;
        Span<ByteRange> found = stackalloc ByteRange[MaxRanges];
        int specs = 0, satisfiable = 0;
        long remaining = length;
        var tooMuch = false;

        foreach (var element in set.Split(','))
        {
            // "A recipient MUST parse and ignore a reasonable number of empty list elements" (5.6.1.2): the header size limit is what is reasonable here.
            var spec = set[element].Trim(" \t");
            if (spec.IsEmpty)
            {
                continue;
            }

            // "A server that supports range requests MAY ignore or reject a Range header field that contains an invalid ranges-specifier
            // (Section 14.1.1), a ranges-specifier with more than two overlapping ranges, or a set of many small ranges [...]" (14.2)
            // Ignored, not rejected: the client gets the file, and RFC 9110 has no status for a malformed range.
            if (++specs > MaxRanges || !TryParseSpec(spec, length, out var range))
            {
                return RangeOutcome.Whole;
            }

            if (range.Length > 0)
            {
                found[satisfiable++] = range;
                tooMuch |= range.Length > remaining;
                remaining -= Math.Min(remaining, range.Length);
            }
        }

        // range-set = 1#range-spec: a set without any range-spec is invalid.
        // Ranges that add up to more than the file overlap: sending the file once is cheaper for both sides, and no request multiplies the traffic.
        if (specs == 0 || tooMuch)
        {
            return RangeOutcome.Whole;
        }

        switch (satisfiable)
        {
            case 0:
                return RangeOutcome.Unsatisfiable;
            case 1:
                // "A server MUST NOT generate a multipart response to a request for a single range" (15.3.7.2). When several were asked for and one
                // exists, one part or no multipart are both allowed: the latter is understood by more clients.
                one = found[0];
                return RangeOutcome.OneRange;
            default:
                several = found[..satisfiable].ToArray();
                return RangeOutcome.SeveralRanges;
        }
    }

    // int-range = first-pos "-" [ last-pos ]     suffix-range = "-" suffix-length     (14.1.1; all three are 1*DIGIT)
    // False when the spec is invalid; a valid but unsatisfiable one has length 0.
    private static bool TryParseSpec(ReadOnlySpan<char> spec, long length, out ByteRange range)
    {
        range = default;
        var dash = spec.IndexOf('-');
        if (dash < 0)
        {
            return false;
        }

        ReadOnlySpan<char> first = spec[..dash], last = spec[(dash + 1)..];
        if (!TryParseNumber(first, out var firstPosition) || !TryParseNumber(last, out var lastPosition) || (first.IsEmpty && last.IsEmpty))
        {
            return false;
        }

        if (first.IsEmpty)
        {
            // "If the selected representation is shorter than the specified suffix-length, the entire representation is used." (14.1.2)
            // On an empty file the RFC lets a suffix (and nothing else) be satisfiable, yet Content-Range cannot express zero bytes. It counts as
            // unsatisfiable like every other range there: one answer for all ranges on an empty file.
            var suffix = Math.Min(lastPosition, length);
            range = new ByteRange(length - suffix, suffix);
            return true;
        }

        // "An int-range is invalid if the last-pos value is present and less than the first-pos." (14.1.1)
        if (!last.IsEmpty && Compare(last, first) < 0)
        {
            return false;
        }

        // "[...] an int-range with a first-pos that is less than the current length of the selected representation" is satisfiable. (14.1.2)
        if (firstPosition < length)
        {
            // "If the last-pos value is absent, or if the value is greater than or equal to the current length of the representation data, the byte
            // range is interpreted as the remainder of the representation [...]" (14.1.2)
            var end = last.IsEmpty || lastPosition >= length ? length : lastPosition + 1;
            range = new ByteRange(firstPosition, end - firstPosition);
        }

        return true;
    }

    // "Since there is no predefined limit to the length of content, recipients MUST anticipate potentially large decimal numerals and prevent parsing
    // errors due to integer conversion overflows." (14.1.2)   A number that does not fit is long.MaxValue: beyond the end of every file.
    private static bool TryParseNumber(ReadOnlySpan<char> digits, out long value)
    {
        value = 0;
        foreach (var c in digits)
        {
            if (!char.IsAsciiDigit(c))
            {
                return false;
            }

            var digit = c - '0';
            value = value > (long.MaxValue - digit) / 10 ? long.MaxValue : (value * 10) + digit;
        }

        return true;
    }

    // By digits, so that two numbers which do not fit are still told apart.
    private static int Compare(ReadOnlySpan<char> left, ReadOnlySpan<char> right)
    {
        left = left.TrimStart('0');
        right = right.TrimStart('0');
        return left.Length != right.Length ? left.Length.CompareTo(right.Length) : left.SequenceCompareTo(right);
    }
}
