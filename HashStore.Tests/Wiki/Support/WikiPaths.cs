using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using HashStore.Tests.Support;

namespace HashStore.Tests.Wiki.Support;

/// <summary>
/// Where MediaWiki keeps things below <c>$wgUploadDirectory</c>:
/// <code>
/// 1/12/Name.png                                    md5 of the name
/// archive/1/12/20200101000000!Name.png             md5 of the name, without the time
/// thumb/1/12/Name.png/120px-Name.png
/// thumb/archive/1/12/20200101000000!Name.png/120px-Name.png
/// deleted/a/b/c/abc….png                           SHA-1 in base 36, 31 digits
/// </code>
/// </summary>
internal static class WikiPaths
{
    private const string Digits = "0123456789abcdefghijklmnopqrstuvwxyz";
    private const int Sha1Digits = 31;

    /// <summary>Whether it is more than one of those files that keep web servers out.</summary>
    internal static bool IsUpload(TreeEntry file) => file.Kind == TreeEntryKind.File && Path.GetFileName(file.Path) is not ("index.html" or ".htaccess" or "README");

    internal static string Current(string name) => $"{Hash(name)}/{name}";

    internal static string Old(string name, string archiveName) => $"archive/{Hash(name)}/{archiveName}";

    internal static string Thumbnail(string name, int width) =>
        string.Create(CultureInfo.InvariantCulture, $"thumb/{Current(name)}/{width}px-{name}{Converted(name)}");

    internal static string OldThumbnail(string name, string archiveName, int width) =>
        string.Create(CultureInfo.InvariantCulture, $"thumb/{Old(name, archiveName)}/{width}px-{name}{Converted(name)}");

    /// <summary>A deleted or hidden content.</summary>
    internal static string Deleted(string name, string sha1)
    {
        var key = Base36(sha1);
        return $"deleted/{key[0]}/{key[1]}/{key[2]}/{key}{Path.GetExtension(name)}";
    }

    /// <summary>SHA-1 as the tables hold it.</summary>
    internal static string Base36(string sha1)
    {
        var digits = new StringBuilder();
        for (var number = new BigInteger(Convert.FromHexString(sha1), isUnsigned: true, isBigEndian: true); number > 0; number /= Digits.Length)
        {
            digits.Insert(0, Digits[(int)(number % Digits.Length)]);
        }

        return digits.ToString().PadLeft(Sha1Digits, '0');
    }

#pragma warning disable CA5351 // the wiki's choice
    private static string Hash(string name)
    {
        var hash = Convert.ToHexStringLower(MD5.HashData(Encoding.UTF8.GetBytes(name)));
        return $"{hash[0]}/{hash[..2]}";
    }
#pragma warning restore CA5351

    /// <summary>What no browser scales becomes a PNG.</summary>
    private static string Converted(string name) => name.EndsWith(".svg", StringComparison.Ordinal) ? ".png" : "";
}
