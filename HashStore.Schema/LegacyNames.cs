using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace HashStore.Schema;

/// <summary>How legacy names are found again.</summary>
public static class LegacyNames
{
    /// <summary>
    /// The first eight bytes of the MD5 of a name in form C, as a signed number whose order is that of the hexadecimal digits: MediaWiki's hash directories (<c>1/12</c> for an MD5 of
    /// <c>12…</c>) in the order in which they are walked. Only an index: names are compared too.
    /// </summary>
    public static long HashOf(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        Span<byte> digest = stackalloc byte[16];
#pragma warning disable CA5351 // MediaWiki's choice for its directories; nothing here relies on it
        MD5.HashData(Encoding.UTF8.GetBytes(name.IsNormalized() ? name : name.Normalize()), digest);
#pragma warning restore CA5351
        return BinaryPrimitives.ReadInt64BigEndian(digest) ^ long.MinValue; // signed order as unsigned order
    }
}
