using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace HashStore.Schema;

/// <summary>
/// Up to 64 bytes (SHA-512 is the longest digest here) held by value, so that a key can be parsed from a URL, compared and looked up without an allocation.
/// Unused bytes are zero. Shared by <see cref="ContentDigest"/> and <see cref="ContentKey"/>.
/// </summary>
internal struct HashBytes : IEquatable<HashBytes>
{
    internal const int Capacity = 64;

    private Words words;
    private byte length;

    internal HashBytes(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > Capacity)
        {
            throw new ArgumentException($"A digest has at most {Capacity} bytes, not {bytes.Length}.", nameof(bytes));
        }

        bytes.CopyTo(MemoryMarshal.AsBytes((Span<ulong>)words));
        length = (byte)bytes.Length;
    }

    internal readonly int Length => length;

    [UnscopedRef]
    internal readonly ReadOnlySpan<byte> Span => MemoryMarshal.AsBytes((ReadOnlySpan<ulong>)words)[..length];

    /// <summary>Parses an even number of lower-case hexadecimal digits; anything else, upper case included, is false.</summary>
    internal static bool TryParseHex(ReadOnlySpan<char> hex, out HashBytes result)
    {
        result = default;
        if (hex.Length == 0 || hex.Length % 2 != 0 || hex.Length > Capacity * 2)
        {
            return false;
        }

        Span<byte> bytes = stackalloc byte[Capacity];
        for (var i = 0; i < hex.Length; i += 2)
        {
            int high = Nibble(hex[i]), low = Nibble(hex[i + 1]);
            if ((high | low) < 0)
            {
                return false;
            }

            bytes[i / 2] = (byte)(high << 4 | low);
        }

        result = new HashBytes(bytes[..(hex.Length / 2)]);
        return true;
    }

    public readonly bool Equals(HashBytes other) => length == other.length && Span.SequenceEqual(other.Span);

    public override readonly bool Equals(object? obj) => obj is HashBytes other && Equals(other);

    // The bytes are a cryptographic hash already: its first word is as good a hash code as any.
    public override readonly int GetHashCode() => words[0].GetHashCode();

    public override readonly string ToString() => Convert.ToHexStringLower(Span);

    private static int Nibble(char c) => c switch
    {
        >= '0' and <= '9' => c - '0',
        >= 'a' and <= 'f' => c - 'a' + 10,
        _ => -1,
    };

    [InlineArray(Capacity / sizeof(ulong))]
    private struct Words
    {
        private ulong first;
    }
}
