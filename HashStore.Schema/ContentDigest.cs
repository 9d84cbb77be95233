using System.Diagnostics.CodeAnalysis;

namespace HashStore.Schema;

/// <summary>The hash functions that a store can be created with. The numbers are stored: do not reorder.</summary>
public enum DigestAlgorithm
{
    /// <summary>SHA-256 (FIPS 180-4), 32 bytes: the default.</summary>
    Sha256 = 0,

    /// <summary>SHA-512 (FIPS 180-4), 64 bytes.</summary>
    Sha512 = 1,

    /// <summary>SHA-1, 20 bytes. Broken against collisions: the store compares SHA-256 too.</summary>
    Sha1 = 2,

    /// <summary>MD5, 16 bytes. Broken against collisions: the store compares SHA-256 too.</summary>
    Md5 = 3,
}

/// <summary>Names and lengths of the <see cref="DigestAlgorithm"/>s.</summary>
public static class DigestAlgorithms
{
    /// <summary>The whole digest's length in bytes.</summary>
    public static int DigestBytes(this DigestAlgorithm algorithm) => algorithm switch
    {
        DigestAlgorithm.Sha256 => 32,
        DigestAlgorithm.Sha512 => 64,
        DigestAlgorithm.Sha1 => 20,
        DigestAlgorithm.Md5 => 16,
        _ => throw new ArgumentOutOfRangeException(nameof(algorithm), algorithm, "Unknown digest algorithm."),
    };

    /// <summary>The name used in settings and <c>layout.json</c>: <c>sha256</c>, <c>sha512</c>, <c>sha1</c>, <c>md5</c>.</summary>
    public static string SettingName(this DigestAlgorithm algorithm) => algorithm switch
    {
        DigestAlgorithm.Sha256 => "sha256",
        DigestAlgorithm.Sha512 => "sha512",
        DigestAlgorithm.Sha1 => "sha1",
        DigestAlgorithm.Md5 => "md5",
        _ => throw new ArgumentOutOfRangeException(nameof(algorithm), algorithm, "Unknown digest algorithm."),
    };

    /// <summary>Reads a <see cref="SettingName"/>; case does not matter.</summary>
    public static bool TryParse(string? name, out DigestAlgorithm algorithm)
    {
        foreach (var candidate in Enum.GetValues<DigestAlgorithm>())
        {
            if (candidate.SettingName().Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                algorithm = candidate;
                return true;
            }
        }

        algorithm = default;
        return false;
    }
}

/// <summary>
/// The full hash of a file's bytes. Which algorithm made it is known from its place (column, store layout), not carried along.
/// The default value is empty and equals no real digest.
/// </summary>
public readonly struct ContentDigest : IEquatable<ContentDigest>
{
    private readonly HashBytes bytes;

    /// <summary>Wraps the bytes of a digest.</summary>
    /// <exception cref="ArgumentException">More than 64 bytes.</exception>
    public ContentDigest(ReadOnlySpan<byte> digest) => bytes = new HashBytes(digest);

    private ContentDigest(HashBytes digest) => bytes = digest;

    /// <summary>The digest's bytes.</summary>
    [UnscopedRef]
    public ReadOnlySpan<byte> Span => bytes.Span;

    /// <summary>Number of bytes; 0 for the default value.</summary>
    public int Length => bytes.Length;

    /// <summary>Parses lower-case hexadecimal digits, an even number up to 128.</summary>
    public static bool TryParse(ReadOnlySpan<char> hex, out ContentDigest digest)
    {
        var parsed = HashBytes.TryParseHex(hex, out var bytes);
        digest = new ContentDigest(bytes);
        return parsed;
    }

    /// <summary>The key of this content: the digest's leading <paramref name="keyBits"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not a multiple of 8 from 16 to the digest's length.</exception>
    public ContentKey ToKey(int keyBits)
    {
        ContentKey.CheckBits(keyBits, Length * 8);
        return new ContentKey(Span[..(keyBits / 8)]);
    }

    /// <summary>A new array with the digest's bytes, for database parameters.</summary>
    public byte[] ToArray() => Span.ToArray();

    /// <inheritdoc/>
    public bool Equals(ContentDigest other) => bytes.Equals(other.bytes);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is ContentDigest other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => bytes.GetHashCode();

    /// <summary>Lower-case hexadecimal digits.</summary>
    public override string ToString() => bytes.ToString();

    /// <summary>Equality by bytes.</summary>
    public static bool operator ==(ContentDigest left, ContentDigest right) => left.Equals(right);

    /// <summary>Inequality by bytes.</summary>
    public static bool operator !=(ContentDigest left, ContentDigest right) => !left.Equals(right);
}
