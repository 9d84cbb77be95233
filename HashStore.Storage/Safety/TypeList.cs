using HashStore.Schema;

namespace HashStore.Storage.Safety;

/// <summary>Types of content as an operator lists them: <c>image/png</c>, <c>image/*</c>, <c>.png</c>.</summary>
public sealed class TypeList
{
    private readonly HashSet<string> mimes = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> kinds = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> extensions = new(StringComparer.OrdinalIgnoreCase);

    private TypeList()
    {
    }

    /// <summary>Nothing.</summary>
    public static TypeList Empty { get; } = new();

    /// <summary>Whether nothing is listed.</summary>
    public bool IsEmpty => mimes.Count + kinds.Count + extensions.Count == 0;

    /// <summary>Reads a list.</summary>
    /// <param name="entries">Its entries; several may stand in one, with commas or spaces between.</param>
    /// <exception cref="StoreException">An entry is neither a type nor an extension.</exception>
    public static TypeList Parse(IEnumerable<string> entries)
    {
        ArgumentNullException.ThrowIfNull(entries);
        var list = new TypeList();
        foreach (var entry in entries.SelectMany(text => text.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)))
        {
            list.Add(entry);
        }

        return list;
    }

    /// <summary>Whether a media type is listed.</summary>
    public bool HasType(string mime)
    {
        ArgumentNullException.ThrowIfNull(mime);
        return mimes.Contains(mime) || (kinds.Count > 0 && kinds.Contains(mime[..Math.Max(0, mime.IndexOf('/', StringComparison.Ordinal))]));
    }

    /// <summary>Whether a name's extension is listed.</summary>
    public bool HasExtension(FileName name) => extensions.Count > 0 && extensions.Contains(name.Extension.ToString());

    /// <summary>The first part of a name behind a dot that is listed; null: none. Web servers that look at every part would run <c>A.php.png</c>.</summary>
    public string? FindPart(FileName name) => extensions.Count == 0 ? null : name.Value.Split('.').Skip(1).FirstOrDefault(extensions.Contains);

    private void Add(string entry)
    {
        var slash = entry.IndexOf('/', StringComparison.Ordinal);
        if (entry.Length > 1 && entry[0] == '.' && slash < 0 && !entry.AsSpan(1).ContainsAny('.', '*'))
        {
            extensions.Add(entry[1..]);
        }
        else if (slash > 0 && entry[(slash + 1)..] == "*" && !entry.AsSpan(0, slash).Contains('*'))
        {
            kinds.Add(entry[..slash]);
        }
        else if (slash > 0 && slash < entry.Length - 1 && !entry.Contains('*', StringComparison.Ordinal))
        {
            mimes.Add(entry);
        }
        else
        {
            throw new StoreException(StoreFault.BadSetting, $"Setting: \"{entry}\" is neither a media type (image/png, image/*) nor an extension (.png).");
        }
    }
}
