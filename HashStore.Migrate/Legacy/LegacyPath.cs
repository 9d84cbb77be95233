using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using HashStore.Schema.Tables;
using HashStore.Storage.Legacy;

namespace HashStore.Migrate.Legacy;

/// <summary>
/// A path in a MediaWiki upload tree, relative, with slashes, and what it stands for (MediaWiki: FileRepo::getHashPathForLevel, LocalFile::getArchiveRel, File::getThumbRel):
/// <code>
/// 1/12/Name.jpg                                              the current version of Name.jpg, whose MD5 begins with 12 (two hash levels)
/// archive/1/12/20200101000000!Name.jpg                       an old one
/// thumb/1/12/Name.jpg/120px-Name.jpg                         a thumbnail
/// thumb/archive/1/12/20200101000000!Name.jpg/120px-Name.jpg  a thumbnail of an old version
/// thumb/1/12/120px-Name.jpg                                  a thumbnail, as wikis before 1.4 kept them
/// deleted/s/z/a/sza….jpg                                     a deleted version: SHA-1 in base 36
/// </code>
/// </summary>
/// <param name="Path">The path.</param>
/// <param name="Kind">What lies there.</param>
/// <param name="Name">The name that it belongs to; of a deleted version its storage key.</param>
/// <param name="Shown">For thumbnails: the name of what is shown, as it stands in the path (<c>Name.jpg</c>, <c>20200101000000!Name.jpg</c>).</param>
internal readonly partial record struct LegacyPath(string Path, LedgerKind Kind, string Name, string? Shown = null)
{
    internal const string ArchiveFolder = "archive", ThumbFolder = "thumb", DeletedFolder = "deleted";

    /// <summary>The deepest hash directories that are understood: an MD5 has no more digits than this.</summary>
    internal const int MaxLevels = 32;

    /// <summary>The last segment.</summary>
    internal string File => Path[(Path.LastIndexOf('/') + 1)..];

    /// <summary>Of a thumbnail: the path of what it shows.</summary>
    internal LegacyPath OfShown(int levels) => Kind == LedgerKind.ArchiveThumb
        ? new LegacyPath(OfArchive(Name, Shown!, levels), LedgerKind.Archive, Name)
        : new LegacyPath(OfCurrent(Name, levels), LedgerKind.Current, Name);

    /// <summary>Reads a path. False when it lies where no file of a wiki's belongs.</summary>
    internal static bool TryParse(string path, [NotNullWhen(true)] out LegacyPath? parsed)
    {
        var segments = path.Split('/');
        parsed = segments[0] switch
        {
            ArchiveFolder when HashDirectories(segments, 1) == segments.Length - 1 => Archived(path, segments[^1]),
            ThumbFolder when segments.Length > 1 && segments[1] == ArchiveFolder => ArchivedThumb(path, segments),
            ThumbFolder => Thumb(path, segments),
            DeletedFolder when segments.Length > 1 => new LegacyPath(path, LedgerKind.Deleted, segments[^1]),
            _ when HashDirectories(segments, 0) == segments.Length - 1 => new LegacyPath(path, LedgerKind.Current, segments[^1]),
            _ => null,
        };
        return parsed is { Name.Length: > 0 };
    }

    /// <summary>Where the current version of a name lies: <c>1/12/Name.jpg</c>.</summary>
    internal static string OfCurrent(string name, int levels) => DirectoryOf(name, levels) + name;

    /// <summary>Where an old version lies; the directory is that of the name which the file has now.</summary>
    internal static string OfArchive(string name, string archiveName, int levels) => $"{ArchiveFolder}/{DirectoryOf(name, levels)}{archiveName}";

    /// <summary>Where a deleted version lies: below as many directories as <paramref name="levels"/> says, each named by the next character of the key.</summary>
    internal static string OfDeleted(string storageKey, int levels)
    {
        var path = new StringBuilder(DeletedFolder).Append('/');
        for (var i = 0; i < Math.Min(levels, storageKey.Length); i++)
        {
            path.Append(storageKey[i]).Append('/');
        }

        return path.Append(storageKey).ToString();
    }

    /// <summary>The hash directories of a name, with a slash at the end: <c>1/12/</c>.</summary>
    internal static string DirectoryOf(string name, int levels)
    {
        if (levels == 0)
        {
            return "";
        }

#pragma warning disable CA5351 // MediaWiki's choice for its directories
        var digits = Convert.ToHexStringLower(MD5.HashData(Encoding.UTF8.GetBytes(name)));
#pragma warning restore CA5351
        var path = new StringBuilder();
        for (var level = 1; level <= levels; level++)
        {
            path.Append(digits, 0, level).Append('/');
        }

        return path.ToString();
    }

    /// <summary>Whether a directory's name is the next hash directory below others: <c>1</c>, then <c>12</c> below <c>1</c>, <c>123</c> below <c>12</c>.</summary>
    internal static bool IsHashDirectory(ReadOnlySpan<char> name, ReadOnlySpan<char> parent) =>
        name.Length == parent.Length + 1 && name.StartsWith(parent) && name[^1] is (>= '0' and <= '9') or (>= 'a' and <= 'f');

    private static LegacyPath Archived(string path, string file) => new(path, LedgerKind.Archive, LegacyFingerprint.NameInArchive(file));

    private static LegacyPath? ArchivedThumb(string path, string[] segments)
    {
        var folder = HashDirectories(segments, 2);
        return folder == segments.Length - 2 ? new LegacyPath(path, LedgerKind.ArchiveThumb, LegacyFingerprint.NameInArchive(segments[folder]), segments[folder]) : null;
    }

    private static LegacyPath? Thumb(string path, string[] segments)
    {
        var folder = HashDirectories(segments, 1);
        if (folder == segments.Length - 2)
        {
            return new LegacyPath(path, LedgerKind.Thumb, segments[folder], segments[folder]);
        }

        return folder == segments.Length - 1 && OldThumb().Match(segments[folder]) is { Success: true } match
            ? new LegacyPath(path, LedgerKind.Thumb, match.Groups[1].Value, match.Groups[1].Value)
            : null;
    }

    /// <summary>The first segment from <paramref name="first"/> on that is no hash directory. The last segment never is one: it names the file.</summary>
    private static int HashDirectories(string[] segments, int first)
    {
        var at = first;
        var parent = "";
        while (at < segments.Length - 1 && at - first < MaxLevels && IsHashDirectory(segments[at], parent))
        {
            parent = segments[at++];
        }

        return at;
    }

    [GeneratedRegex(@"^\d+px-(.+)$")]
    private static partial Regex OldThumb();
}
