namespace HashStore.Storage.Serving;

/// <summary>
/// Compares <c>If-Match</c> and <c>If-None-Match</c> lists with an entity tag (RFC 9110 sections 8.8.3, 13.1.1 and 13.1.2). Nothing here allocates or
/// throws. The own tag is well-formed by construction (a digest in quotes), so an element equal to it is too, and malformed elements match nothing.
/// </summary>
public static class EntityTags
{
    private const string WeakPrefix = "W/";

    /// <summary>The comparison of <c>If-Match</c>: both tags must be strong. False when there is no current representation.</summary>
    /// <param name="field">The field value; several field lines are joined by commas.</param>
    /// <param name="etag">The current representation's tag with its quotes, or null when there is no current representation.</param>
    public static bool MatchesStrong(string field, string? etag)
    {
        ArgumentNullException.ThrowIfNull(field);
        return etag is not null && Matches(field, etag, weak: false);
    }

    /// <summary>The comparison of <c>If-None-Match</c>: a weak tag equals a strong one. False when there is no current representation.</summary>
    /// <param name="field">The field value; several field lines are joined by commas.</param>
    /// <param name="etag">The current representation's tag with its quotes, or null when there is no current representation.</param>
    public static bool MatchesWeak(string field, string? etag)
    {
        ArgumentNullException.ThrowIfNull(field);
        return etag is not null && Matches(field, etag, weak: true);
    }

    // If-Match = "*" / #entity-tag     entity-tag = [ %s"W/" ] DQUOTE *etagc DQUOTE     (a comma is an etagc, a quote is not)
    private static bool Matches(ReadOnlySpan<char> field, ReadOnlySpan<char> etag, bool weak)
    {
        // The usual case by far: a cache sends back the one tag that it was given.
        if (TagsEqual(field, etag, weak))
        {
            return true;
        }

        // "If the field value is "*", the condition is true if the origin server has a current representation for the target resource." (13.1.1)
        // Alone only: within a list it is malformed.
        field = field.Trim(" \t");
        if (field is "*")
        {
            return true;
        }

        while (!field.IsEmpty)
        {
            var end = ElementEnd(field);
            if (TagsEqual(field[..end].Trim(" \t"), etag, weak))
            {
                return true;
            }

            field = field[Math.Min(end + 1, field.Length)..];
        }

        return false;
    }

    // "Strong comparison: two entity tags are equivalent if both are not weak and their opaque-tags match character-by-character.
    // Weak comparison: two entity tags are equivalent if their opaque-tags match character-by-character, regardless of either or both being tagged as
    // 'weak'." (8.8.3.2)
    internal static bool TagsEqual(ReadOnlySpan<char> left, ReadOnlySpan<char> right, bool weak)
    {
        if (!weak)
        {
            return left.SequenceEqual(right) && !left.StartsWith(WeakPrefix);
        }

        left = left.StartsWith(WeakPrefix) ? left[WeakPrefix.Length..] : left;
        right = right.StartsWith(WeakPrefix) ? right[WeakPrefix.Length..] : right;
        return left.SequenceEqual(right);
    }

    // The next comma outside quotes. Entity tags know no escapes, so every quote opens or closes; one that is never closed swallows the rest.
    private static int ElementEnd(ReadOnlySpan<char> field)
    {
        var quoted = false;
        for (var i = 0; i < field.Length; i++)
        {
            if (field[i] == '"')
            {
                quoted = !quoted;
            }
            else if (field[i] == ',' && !quoted)
            {
                return i;
            }
        }

        return field.Length;
    }
}
