using HashStore.Schema;

namespace HashStore.Storage.Objects;

/// <summary>
/// The mapping between a key and its place, in both directions; the same below ROOT, below the deleted zone and in URLs.
/// <code>
/// key 123456789abcdef0      1/2/3/456789abcdef0        three directories of one digit: at most 4,096 leaf directories,
/// key 1234                  1/2/3/4                    which a legacy tree's  1/12/Name.jpg  never touches
/// </code>
/// Hexadecimal digits are lower case only, so that every object has one path.
/// </summary>
public static class ObjectPath
{
    private const int Levels = 3;
    private const int MaxDigits = 128;

    /// <summary>The path of a key, relative, with slashes: <c>1/2/3/456789abcdef0</c>.</summary>
    public static string Of(ContentKey key)
    {
        var digits = key.ToString();
        return $"{digits[0]}/{digits[1]}/{digits[2]}/{digits.AsSpan(Levels)}";
    }

    /// <summary>The directory of a key, relative: <c>1/2/3</c>.</summary>
    public static string DirectoryOf(ContentKey key)
    {
        var digits = key.ToString();
        return $"{digits[0]}/{digits[1]}/{digits[2]}";
    }

    /// <summary>Reads a relative path that <see cref="Of"/> made.</summary>
    public static bool TryParse(ReadOnlySpan<char> path, out ContentKey key) => TryParseWithName(path, out key, out var name) && name.IsEmpty && !path.EndsWith('/');

    /// <summary>Reads <c>1/2/3/456789abcdef0</c> or <c>1/2/3/456789abcdef0/Any name</c>; a name holds no further slash and may be absent.</summary>
    public static bool TryParseWithName(ReadOnlySpan<char> path, out ContentKey key, out ReadOnlySpan<char> name)
    {
        key = default;
        name = default;
        if (path.Length <= Levels * 2 || path[1] != '/' || path[3] != '/' || path[5] != '/')
        {
            return false;
        }

        var rest = path[(Levels * 2)..];
        var slash = rest.IndexOf('/');
        if (slash >= 0)
        {
            name = rest[(slash + 1)..];
            rest = rest[..slash];
        }

        if (rest.Length + Levels > MaxDigits || name.Contains('/'))
        {
            return false;
        }

        Span<char> digits = stackalloc char[Levels + rest.Length];
        (digits[0], digits[1], digits[2]) = (path[0], path[2], path[4]);
        rest.CopyTo(digits[Levels..]);
        return ContentKey.TryParse(digits, out key);
    }
}
