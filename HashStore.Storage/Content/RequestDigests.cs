using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using HashStore.Schema;

namespace HashStore.Storage.Content;

/// <summary>A digest that the sender of some content states for it.</summary>
/// <param name="Algorithm">The hash function.</param>
/// <param name="Value">The digest, of the function's length.</param>
public readonly record struct ExpectedDigest(DigestAlgorithm Algorithm, ContentDigest Value);

/// <summary>
/// Reads <c>Content-Digest</c> and <c>Repr-Digest</c> (RFC 9530: dictionaries of RFC 8941) and <c>Content-MD5</c> (RFC 1864). A field that cannot be
/// understood is a problem and never ignored: who sends a digest wants it checked, and must not take an unchecked upload for a checked one.
/// </summary>
public static class RequestDigests
{
    /// <summary>Entries in one field, over all its lines: there are eight algorithms in the registry of RFC 9530 (section 7.2).</summary>
    public const int MaxEntries = 8;

    /// <summary>Characters in one field, over all its lines. The four known digests together take under 250.</summary>
    public const int MaxFieldLength = 1024;

    private const string Example = "sha-256=:BASE64:, sha-512=:BASE64:";

    // The registry's names (RFC 9530 section 7.2). Deprecated ones, here "sha" and "md5", "MAY be used to preserve integrity against corruption, but
    // MUST NOT be used in a potentially adversarial setting" (section 5): damage on the way is all that is looked for; the store hashes for itself.
    private static readonly (string Key, DigestAlgorithm Algorithm)[] Known =
    [
        ("sha-256", DigestAlgorithm.Sha256),
        ("sha-512", DigestAlgorithm.Sha512),
        ("sha", DigestAlgorithm.Sha1),
        ("md5", DigestAlgorithm.Md5),
    ];

    private static readonly SearchValues<char> Base64Digits =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");

    /// <summary>Reads all lines of one <c>Content-Digest</c> or <c>Repr-Digest</c> field. No lines at all: true, with nothing expected.</summary>
    /// <param name="fieldValues">The field's lines, in their order.</param>
    /// <param name="expected">The digests of known algorithms, one per algorithm; all of them must fit the content.</param>
    /// <param name="problem">A sentence for the sender that says what is expected, else null. It never repeats what was sent.</param>
    public static bool TryParse(IEnumerable<string?> fieldValues, out List<ExpectedDigest> expected, [NotNullWhen(false)] out string? problem)
    {
        ArgumentNullException.ThrowIfNull(fieldValues);
        expected = [];
        int entries = 0, length = 0;
        var present = false;
        problem = null;
        foreach (var line in fieldValues)
        {
            present = true;
            length += line?.Length ?? 0;
            problem = length > MaxFieldLength ? $"The field is longer than {MaxFieldLength} characters." : ParseLine(line, expected, ref entries);
            if (problem is not null)
            {
                break;
            }
        }

        if (problem is null && present && expected.Count == 0)
        {
            problem = "None of the algorithms is understood; use sha-256 or sha-512.";
        }

        if (problem is not null)
        {
            expected.Clear();
        }

        return problem is null;
    }

    /// <summary>Reads a <c>Content-MD5</c> field: the base64 of 16 bytes, as in <c>Q2hlY2sgSW50ZWdyaXR5IQ==</c>.</summary>
    /// <param name="fieldValue">The field value.</param>
    /// <param name="expected">The digest.</param>
    /// <param name="problem">A sentence for the sender that says what is expected, else null.</param>
    public static bool TryParseContentMd5(string fieldValue, out ExpectedDigest expected, [NotNullWhen(false)] out string? problem)
    {
        ArgumentNullException.ThrowIfNull(fieldValue);
        var decoded = TryDecode(fieldValue.AsSpan().Trim(" \t"), DigestAlgorithm.Md5, out var value);
        expected = decoded ? new ExpectedDigest(DigestAlgorithm.Md5, value) : default;
        problem = decoded ? null : "Content-MD5 is not the base64 of 16 bytes (RFC 1864).";
        return decoded;
    }

    // sf-dictionary = dict-member *( OWS "," OWS dict-member )     dict-member = member-key ( parameters / ( "=" member-value ))
    // RFC 9530 section 2: "value is a Byte Sequence (Section 3.3.5 of [STRUCTURED-FIELDS]) that conveys an encoded version of the byte output produced
    // by the digest calculation", so no other type is looked for.
    private static string? ParseLine(ReadOnlySpan<char> line, List<ExpectedDigest> expected, ref int entries)
    {
        var reader = new StructuredFieldReader(line);
        reader.SkipSpaces();
        while (!reader.AtEnd)
        {
            if (!reader.TryReadKey(out var key) || !reader.TryRead('=') || !reader.TryReadBinary(out var base64) || !reader.TrySkipParameters())
            {
                return Malformed(reader.Position);
            }

            if (++entries > MaxEntries)
            {
                return $"The field has more than {MaxEntries} digests.";
            }

            if (Add(key, base64, expected) is { } problem)
            {
                return problem;
            }

            // "Consume the first character of input_string; if it is not ",", fail parsing. [...] If input_string is empty, there is a trailing comma;
            // fail parsing." (RFC 8941 section 4.2.2)
            reader.SkipWhitespace();
            if (reader.AtEnd)
            {
                break;
            }

            var comma = reader.TryRead(',');
            reader.SkipWhitespace();
            if (!comma || reader.AtEnd)
            {
                return Malformed(reader.Position);
            }
        }

        return null;
    }

    private static string? Add(ReadOnlySpan<char> key, ReadOnlySpan<char> base64, List<ExpectedDigest> expected)
    {
        foreach (var (name, algorithm) in Known)
        {
            if (!key.SequenceEqual(name))
            {
                continue;
            }

            if (!TryDecode(base64, algorithm, out var value))
            {
                return $"The value of {name} is not the base64 of {algorithm.DigestBytes()} bytes.";
            }

            // "If dictionary already contains a key this_key (comparing character for character), overwrite its value with member." (RFC 8941, 4.2.2)
            _ = expected.RemoveAll(earlier => earlier.Algorithm == algorithm);
            expected.Add(new ExpectedDigest(algorithm, value));
            return null;
        }

        // RFC 9530 section 2: "A recipient MAY ignore any or all digests." An algorithm of tomorrow beside a known one is no mistake.
        return null;
    }

    // "[...] parsers SHOULD NOT fail when "=" padding is not present" (RFC 8941 section 4.2.7): it is cut off and put back as it should be.
    private static bool TryDecode(ReadOnlySpan<char> base64, DigestAlgorithm algorithm, out ContentDigest digest)
    {
        const int Longest = 88; // characters for SHA-512's 64 bytes
        Span<char> padded = stackalloc char[Longest];
        Span<byte> bytes = stackalloc byte[Longest / 4 * 3];
        digest = default;
        var digits = base64.TrimEnd('=');

        // The framework's decoder would skip white space: only the alphabet may reach it.
        if (base64.Length - digits.Length > 2 || digits.Length > Longest || digits.ContainsAnyExcept(Base64Digits))
        {
            return false;
        }

        digits.CopyTo(padded);
        var length = (digits.Length + 3) / 4 * 4;
        padded[digits.Length..length].Fill('=');
        if (!Convert.TryFromBase64Chars(padded[..length], bytes, out var written) || written != algorithm.DigestBytes())
        {
            return false;
        }

        digest = new ContentDigest(bytes[..written]);
        return true;
    }

    private static string Malformed(int position) =>
        string.Create(CultureInfo.InvariantCulture, $"A dictionary such as {Example} (RFC 9530) is expected; character {position + 1} does not fit.");
}
