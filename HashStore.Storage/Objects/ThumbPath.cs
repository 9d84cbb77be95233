using System.Diagnostics.CodeAnalysis;
using HashStore.Schema;

namespace HashStore.Storage.Objects;

/// <summary>
/// The mapping between a thumbnail and its place below ROOT, in both directions. Thumbnails are derived and have a tree of their own, so that backups can skip it.
/// <code>
/// of key 123456789abcdef0, 120px wide, a PNG     thumb/1/2/3/456789abcdef0-120px.png
/// page 2 of a document, 300px wide, a JPEG       thumb/1/2/3/456789abcdef0-page2-300px.jpg
/// </code>
/// </summary>
/// <param name="Key">The object that it shows.</param>
/// <param name="Parameters">How it is shown, as MediaWiki writes it before the name: <c>120px</c>, <c>page2-120px</c>, <c>langde-120px</c>.</param>
/// <param name="Extension">The extension of the thumbnail's own format, without the dot.</param>
public readonly record struct ThumbPath(ContentKey Key, string Parameters, string Extension)
{
    /// <summary>The folder below ROOT.</summary>
    public const string Folder = "thumb";

    /// <summary>The longest file name that file systems take, in bytes.</summary>
    private const int MaxNameBytes = 255;

    /// <summary>The place below ROOT, with slashes.</summary>
    public override string ToString() => $"{Folder}/{ObjectPath.Of(Key)}-{Parameters}.{Extension}";

    /// <summary>What the places of all thumbnails of an object begin with.</summary>
    internal static string PrefixOf(ContentKey key) => $"{Folder}/{ObjectPath.Of(key)}-";

    /// <summary>Reads a place below ROOT that <see cref="ToString"/> made.</summary>
    /// <param name="path">The place.</param>
    /// <param name="keyBits">The length of the store's keys; null: any.</param>
    /// <param name="thumb">What it is the place of.</param>
    public static bool TryParse(ReadOnlySpan<char> path, int? keyBits, [NotNullWhen(true)] out ThumbPath? thumb)
    {
        thumb = null;
        var (dash, dot) = (path.IndexOf('-'), path.LastIndexOf('.'));
        if (!path.StartsWith(Folder + "/") || dash < 0 || dot <= dash + 1 || dot == path.Length - 1 || path[dash..].Contains('/')
            || !ObjectPath.TryParse(path[(Folder.Length + 1)..dash], out var key) || (keyBits is not null && key.Bits != keyBits))
        {
            return false;
        }

        thumb = new ThumbPath(key, path[(dash + 1)..dot].ToString(), path[(dot + 1)..].ToString());
        return true;
    }

    /// <summary>Reads what MediaWiki calls the thumbnails of a name: <c>120px-Name.jpg</c>, <c>page2-120px-Name.pdf.jpg</c>, or <c>120px-thumbnail.jpg</c> for a long name.</summary>
    /// <param name="file">The thumbnail's file name.</param>
    /// <param name="original">The name of what it shows, as it stands in the thumbnail's folder.</param>
    /// <param name="key">The object that it shows.</param>
    /// <param name="thumb">Its place.</param>
    /// <returns>False when the file is not called like a thumbnail of that name.</returns>
    public static bool TryOf(string file, string original, ContentKey key, [NotNullWhen(true)] out ThumbPath? thumb)
    {
        thumb = Split(file, original) is { } parts ? new ThumbPath(key, parts.Parameters, parts.Extension) : null;
        return thumb is not null && System.Text.Encoding.UTF8.GetByteCount(Path.GetFileName(thumb.Value.ToString())) <= MaxNameBytes;
    }

    /// <summary>The parameters and the extension of what MediaWiki calls the thumbnails of a name; null when the file is not called so.</summary>
    internal static (string Parameters, string Extension)? Split(string file, string original)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(original);
        var dot = file.LastIndexOf('.');
        if (dot <= 0 || dot == file.Length - 1)
        {
            return null;
        }

        var extension = file[(dot + 1)..];
        return (EndOfParameters(file, "-" + original, "." + extension) ?? EndOfParameters(file, "-thumbnail." + extension, "")) is > 0 and var cut ? (file[..cut], extension) : null;
    }

    /// <summary>Where the parameters end in <c>parameters-Name.svg.png</c> or <c>parameters-Name.jpg</c>; null when the file is not called so.</summary>
    private static int? EndOfParameters(string file, string name, string added) =>
        file.EndsWith(name, StringComparison.Ordinal) ? file.Length - name.Length
        : added.Length > 0 && file.EndsWith(name + added, StringComparison.Ordinal) ? file.Length - name.Length - added.Length
        : null;
}
