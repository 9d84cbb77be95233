using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using HashStore.Schema;
using HashStore.Schema.Tables;

namespace HashStore.Storage.Legacy;

/// <summary>Fills in what of a <see cref="LegacyRow"/> follows from the rest.</summary>
internal static class LegacyFingerprint
{
    /// <summary>Digits of a SHA-1 in base 36, leading zeros included.</summary>
    private const int Base36Length = 31;

    /// <summary>Sets the storage key of a hidden old version, the hashes, the identity and the fingerprint.</summary>
    internal static void Complete(LegacyVersion version, string prefix)
    {
        var row = version.Row;
        row.Prefix = prefix;
        row.NameHash = LegacyNames.HashOf(row.Name);
        row.FileHash = FileHashOf(row);
        if (row is { Kind: LegacyKind.Old, Sha1: not null } && (row.Deleted & HiddenParts.Content) != 0)
        {
            // MediaWiki moves the bytes of a hidden version into the deleted zone; the row goes on naming the archive.
            row.StorageKey = StorageKeyOf(row.Sha1, row.Name);
        }

        row.Identity = Hash(row.Kind, row.Name, row.ArchiveName, row.Timestamp, row.Sha1, version.Number);
        row.Fingerprint = Hash(
            row.Identity, row.StorageKey, row.Size, row.Width, row.Height, row.Bits, row.MediaType, row.MimeMajor, row.MimeMinor, row.UserId, row.UserText,
            row.Description, row.Deleted, row.DeletionUserText, row.DeletionTimestamp, row.DeletionReason, row.Metadata);
    }

    /// <summary>The name that MediaWiki gives some content in its deleted zone: SHA-1 in base 36, and the extension as <c>File::normalizeExtension</c> has it.</summary>
    internal static string StorageKeyOf(byte[] sha1, string name)
    {
        var number = new BigInteger(sha1, isUnsigned: true, isBigEndian: true);
        Span<char> digits = stackalloc char[Base36Length];
        for (var i = Base36Length - 1; i >= 0; i--)
        {
            (number, var digit) = BigInteger.DivRem(number, 36);
            digits[i] = "0123456789abcdefghijklmnopqrstuvwxyz"[(int)digit];
        }

        var extension = ExtensionOf(name);
        return extension.Length == 0 ? digits.ToString() : $"{digits}.{extension}";
    }

    private static string ExtensionOf(string name)
    {
        var dot = name.LastIndexOf('.');
        var extension = dot < 0 ? "" : name[(dot + 1)..].ToLowerInvariant();
        return extension switch
        {
            "htm" => "html",
            "jpeg" => "jpg",
            "mpeg" => "mpg",
            "tiff" => "tif",
            _ when extension.All(char.IsAsciiLetterOrDigit) => extension,
            _ => "",
        };
    }

    private static long FileHashOf(LegacyRow row)
    {
        var lies = row.Kind switch
        {
            LegacyKind.Old when row.ArchiveName is { } archived => NameInArchive(archived),
            LegacyKind.Deleted when row.StorageKey is { } key => key,
            _ => row.Name,
        };
        return lies == row.Name ? row.NameHash : LegacyNames.HashOf(lies);
    }

    /// <summary>The part of an archive name after its timestamp: the name that the file had when it was archived. All of it where there is no such part: then the file is found by that.</summary>
    internal static string NameInArchive(string archiveName)
    {
        var mark = archiveName.IndexOf('!', StringComparison.Ordinal);
        return mark >= 0 && mark < archiveName.Length - 1 ? archiveName[(mark + 1)..] : archiveName;
    }

    /// <summary>The first eight bytes of a SHA-256 over values with their lengths, so that no two lists give the same bytes.</summary>
    private static long Hash(params ReadOnlySpan<object?> values)
    {
        using var bytes = new MemoryStream(512);
        Span<byte> length = stackalloc byte[4];
        foreach (var value in values)
        {
            var part = value switch
            {
                null => [],
                string text => Encoding.UTF8.GetBytes(text),
                byte[] raw => raw,
                DateTime time => Encoding.ASCII.GetBytes(time.Ticks.ToString(CultureInfo.InvariantCulture)),
                Enum number => Encoding.ASCII.GetBytes(number.ToString("d")),
                _ => Encoding.ASCII.GetBytes(Convert.ToString(value, CultureInfo.InvariantCulture)!),
            };
            BinaryPrimitives.WriteInt32LittleEndian(length, value is null ? -1 : part.Length);
            bytes.Write(length);
            bytes.Write(part);
        }

        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes.GetBuffer().AsSpan(0, (int)bytes.Length), digest);
        return BinaryPrimitives.ReadInt64BigEndian(digest);
    }
}
