using System.Text;
using HashStore.Migrate.Legacy;
using HashStore.Schema;
using HashStore.Server.Api;

namespace HashStore.Server.Legacy;

/// <summary>
/// The legacy path in a request's address, decoded exactly once, segment by segment, from what the client sent. Whatever could be read as another path (a slash, a dot segment, a backslash, an empty segment) is none.
/// </summary>
internal static class LegacyTarget
{
    /// <summary>The longest path that Linux takes.</summary>
    private const int MaxPathChars = 4096;

    /// <summary>The longest name of a file, in bytes.</summary>
    private const int MaxSegmentBytes = 255;

    /// <summary>Reads the path that follows the upload path; null: nothing can lie there.</summary>
    /// <param name="raw">The raw path of the request.</param>
    /// <param name="uploadPath">The setting: <c>/images</c>.</param>
    /// <exception cref="ProblemException">400: it is not percent-encoded UTF-8.</exception>
    internal static string? Read(ReadOnlySpan<char> raw, string uploadPath)
    {
        var path = new StringBuilder();
        foreach (var range in raw[1..].Split('/'))
        {
            if (!UrlSegment.TryDecode(raw[1..][range], out var segment, out var problem))
            {
                throw new ProblemException(400, problem);
            }

            if (!IsName(segment) || path.Length + segment.Length > MaxPathChars)
            {
                return null;
            }

            path.Append('/').Append(segment);
        }

        var read = path.ToString();
        if (!read.StartsWith(uploadPath + "/", StringComparison.Ordinal))
        {
            return null;
        }

        // Folders that begin with a dot are nobody's uploads (STATE is one), and files that begin so may be links that are just being put in place.
        var below = read[(uploadPath.Length + 1)..];
        return (below[0] == '.' && below.Contains('/')) || FileOf(below).StartsWith(Inventory.OwnPrefix, StringComparison.Ordinal) ? null : below;
    }

    /// <summary>The spellings under which a path may be known, the one that was asked for first: clients write spaces where the wiki has underscores, and some file systems take names apart (NFD).</summary>
    internal static IEnumerable<string> Spellings(string path)
    {
        yield return path;
        var underscored = path.Replace(' ', '_');
        if (underscored != path)
        {
            yield return underscored;
        }

        // .NET refuses to normalise a text that holds U+FFFE, which is no character.
        var composed = underscored.Contains('\uFFFE') ? underscored : underscored.Normalize(NormalizationForm.FormC);
        if (composed != underscored)
        {
            yield return composed;
        }
    }

    /// <summary>The last segment.</summary>
    internal static string FileOf(string path) => path[(path.LastIndexOf('/') + 1)..];

    private static bool IsName(string segment) =>
        segment is not ("" or "." or "..") && segment.AsSpan().IndexOfAny('/', '\\', '\0') < 0 && Encoding.UTF8.GetByteCount(segment) <= MaxSegmentBytes;
}
