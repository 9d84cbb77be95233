using System.Buffers.Text;
using System.Globalization;
using System.Numerics;
using System.Text;
using HashStore.Schema.Tables;

namespace HashStore.Migrate.Legacy.Tables;

/// <summary>Reads single values of the legacy tables, which hold anything: what makes no sense is null, and only a name that cannot be one is refused.</summary>
internal static class LegacyValues
{
    /// <summary>MediaWiki's columns for names and archive names.</summary>
    private const int MaxNameBytes = 255;

    private const int Sha1Bytes = 20, Base36Length = 31;

    /// <summary>Bytes of a refused name that are shown.</summary>
    private const int MaxShownBytes = 512;

    private static readonly UTF8Encoding strict = new(false, throwOnInvalidBytes: true);

    private static readonly string[] timestampFormats =
    [
        "yyyyMMddHHmmss",                                                              // MySQL and SQLite
        "yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd HH:mm:sszz", "yyyy-MM-dd HH:mm:ss.FFFFFFzz", "yyyy-MM-dd HH:mm:sszzz", "yyyy-MM-dd HH:mm:ss.FFFFFFzzz", // PostgreSQL
        "yyyy-MM-ddTHH:mm:ssK",
    ];

    /// <summary>A name exactly as it stands there, without the NULs that fixed-width columns were filled with.</summary>
    internal static bool TryName(ReadOnlySpan<byte> bytes, out string name, out string reason)
    {
        name = "";
        bytes = bytes.TrimEnd((byte)0);
        reason = bytes switch
        {
            { IsEmpty: true } => "the name is empty",
            { Length: > MaxNameBytes } => $"the name has {bytes.Length} bytes, more than {MaxNameBytes}",
            _ when bytes.Contains((byte)0) => "the name contains a NUL",
            _ when !System.Text.Unicode.Utf8.IsValid(bytes) => "the name is not valid UTF-8",
            _ => "",
        };
        if (reason.Length > 0)
        {
            return false;
        }

        name = strict.GetString(bytes);
        return true;
    }

    /// <summary>Bytes as a line can show them: what is not readable text stands as <c>\xHH</c>.</summary>
    internal static string Shown(ReadOnlySpan<byte> bytes)
    {
        var shown = new StringBuilder();
        var rest = bytes[..Math.Min(bytes.Length, MaxShownBytes)];
        while (!rest.IsEmpty)
        {
            var valid = Rune.DecodeFromUtf8(rest, out var rune, out var count) == System.Buffers.OperationStatus.Done && !Rune.IsControl(rune);
            _ = valid ? shown.Append(rune.ToString()) : shown.Append(string.Concat(rest[..count].ToArray().Select(value => $"\\x{value:X2}")));
            rest = rest[count..];
        }

        return bytes.Length > MaxShownBytes ? shown.Append('…').ToString() : shown.ToString();
    }

    /// <summary>Text for people: invalid UTF-8, such as a description that was cut within a character, becomes replacement characters.</summary>
    internal static string Text(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes.TrimEnd((byte)0));

    /// <summary>Text for a column of limited width.</summary>
    internal static string Text(ReadOnlySpan<byte> bytes, int maxChars)
    {
        var text = Text(bytes);
        if (text.Length <= maxChars)
        {
            return text;
        }

        return char.IsHighSurrogate(text[maxChars - 1]) ? text[..(maxChars - 1)] : text[..maxChars];
    }

    /// <summary>A word of ASCII such as a media type; null when empty.</summary>
    internal static string? Word(ReadOnlySpan<byte> bytes, int maxChars)
    {
        bytes = Trim(bytes);
        return bytes.IsEmpty ? null : Encoding.ASCII.GetString(bytes[..Math.Min(bytes.Length, maxChars)]);
    }

    /// <summary>A whole number from 0 to <paramref name="most"/>; anything else, such as what a narrow column made of a large size, is null.</summary>
    internal static long? Number(ReadOnlySpan<byte> bytes, long most)
    {
        bytes = Trim(bytes);
        return Utf8Parser.TryParse(bytes, out long number, out var read) && read == bytes.Length && number >= 0 && number <= most ? number : null;
    }

    /// <summary>20 bytes from base 36 (31 digits, or 32 with a leading zero) or hexadecimal; anything else is null.</summary>
    internal static byte[]? Sha1(ReadOnlySpan<byte> bytes)
    {
        bytes = Trim(bytes);
        if (bytes.Length == Sha1Bytes * 2)
        {
            var hex = new byte[Sha1Bytes];
            return Convert.FromHexString(bytes, hex, out _, out _) == System.Buffers.OperationStatus.Done ? hex : null;
        }

        if (bytes.Length == Base36Length + 1 && bytes[0] == '0')
        {
            bytes = bytes[1..];
        }

        if (bytes.Length != Base36Length)
        {
            return null;
        }

        var number = BigInteger.Zero;
        foreach (var digit in bytes)
        {
            if (!char.IsAsciiLetterOrDigit((char)digit))
            {
                return null;
            }

            number = number * 36 + (digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10);
        }

        var length = number.GetByteCount(isUnsigned: true);
        if (length > Sha1Bytes)
        {
            return null;
        }

        var digest = new byte[Sha1Bytes];
        _ = number.TryWriteBytes(digest.AsSpan(Sha1Bytes - length), out _, isUnsigned: true, isBigEndian: true);
        return digest;
    }

    /// <summary>A moment in UTC; null for zeros, dates that do not exist and what is none.</summary>
    internal static DateTime? Timestamp(ReadOnlySpan<byte> bytes)
    {
        bytes = Trim(bytes);
        if (bytes.Length is < 14 or > 40)
        {
            return null;
        }

        const DateTimeStyles Styles = DateTimeStyles.AdjustToUniversal | DateTimeStyles.AssumeUniversal;
        return DateTime.TryParseExact(Encoding.ASCII.GetString(bytes), timestampFormats, CultureInfo.InvariantCulture, Styles, out var time) ? time : null;
    }

    /// <summary>MediaWiki's bits, which are the store's.</summary>
    internal static HiddenParts Hidden(ReadOnlySpan<byte> bytes) => (HiddenParts)((Number(bytes, short.MaxValue) ?? 0) & 15);

    /// <summary>Columns of fixed width were filled with spaces, or with NULs.</summary>
    private static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> bytes) => bytes.Trim(" \0"u8);
}
