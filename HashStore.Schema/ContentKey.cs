using System.Diagnostics.CodeAnalysis;

namespace HashStore.Schema;

/// <summary>
/// The leading bits of a <see cref="ContentDigest"/>: what an object is stored and looked up under, written as lower-case hexadecimal digits.
/// A truncated key is never trusted alone: whoever adds content compares the whole digest. The default value is empty and no valid key.
/// </summary>
public readonly struct ContentKey : IEquatable<ContentKey>
{
    /// <summary>The shortest key: 16 bits fill the three one-digit directories and leave one digit for the file.</summary>
    public const int MinBits = 16;

    /// <summary>64 bits: by the birthday bound, a million objects collide with a probability of about 1 in 37 million.</summary>
    public const int DefaultBits = 64;

    private readonly HashBytes bytes;

    /// <summary>Wraps the bytes of a key, as a database row holds them.</summary>
    /// <exception cref="ArgumentException">More than 64 bytes.</exception>
    public ContentKey(ReadOnlySpan<byte> key) => bytes = new HashBytes(key);

    private ContentKey(HashBytes key) => bytes = key;

    /// <summary>The key's bytes.</summary>
    [UnscopedRef]
    public ReadOnlySpan<byte> Span => bytes.Span;

    /// <summary>The key's length in bits.</summary>
    public int Bits => bytes.Length * 8;

    /// <summary>Parses lower-case hexadecimal digits: an even number from 4 to 128.</summary>
    public static bool TryParse(ReadOnlySpan<char> hex, out ContentKey key)
    {
        var parsed = HashBytes.TryParseHex(hex, out var bytes) && bytes.Length * 8 >= MinBits;
        key = parsed ? new ContentKey(bytes) : default;
        return parsed;
    }

    /// <summary>Whether so many bytes can be a key.</summary>
    public static bool IsKey(ReadOnlySpan<byte> bytes) => bytes.Length * 8 is >= MinBits and <= HashBytes.Capacity * 8;

    /// <summary>Checks a key length against the digest it is cut from.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not a multiple of 8 from 16 to <paramref name="digestBits"/>.</exception>
    public static void CheckBits(int keyBits, int digestBits)
    {
        if (keyBits % 8 != 0 || keyBits < MinBits || keyBits > digestBits)
        {
            throw new ArgumentOutOfRangeException(nameof(keyBits), keyBits, $"KeyBits must be a multiple of 8 from {MinBits} to {digestBits} (the whole digest).");
        }
    }

    /// <summary>A new array with the key's bytes, for database parameters.</summary>
    public byte[] ToArray() => Span.ToArray();

    /// <inheritdoc/>
    public bool Equals(ContentKey other) => bytes.Equals(other.bytes);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is ContentKey other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => bytes.GetHashCode();

    /// <summary>Lower-case hexadecimal digits, without slashes.</summary>
    public override string ToString() => bytes.ToString();

    /// <summary>Equality by bytes.</summary>
    public static bool operator ==(ContentKey left, ContentKey right) => left.Equals(right);

    /// <summary>Inequality by bytes.</summary>
    public static bool operator !=(ContentKey left, ContentKey right) => !left.Equals(right);
}
