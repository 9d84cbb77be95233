namespace HashStore.Migrate.Legacy.Tables;

/// <summary>Finds MediaWiki's tables by their names with the prefix that was given, and what prefix the source has if it is another one.</summary>
internal sealed class TablePrefix(string prefix)
{
    private readonly Dictionary<string, LegacyTable> byName = LegacyTable.All.ToDictionary(table => prefix + table.Name, StringComparer.Ordinal);
    private readonly SortedSet<string> others = new(StringComparer.Ordinal);
    private readonly HashSet<string> seen = new(StringComparer.Ordinal);
    private bool hasImage;

    /// <summary>The table that a name means; null: none that is read.</summary>
    internal LegacyTable? Find(string name) => byName.GetValueOrDefault(name);

    /// <summary>The name of a table with the prefix.</summary>
    internal string NameOf(LegacyTable table) => prefix + table.Name;

    /// <summary>Whether the columns of a table are worth a look: it might be another wiki's.</summary>
    internal static bool CouldBeImage(string name) => name.EndsWith(LegacyTable.Image.Name, StringComparison.Ordinal) || name.EndsWith(LegacyTable.FileRevision.Name, StringComparison.Ordinal);

    /// <summary>Whether <see cref="Saw"/> was told of a table.</summary>
    internal bool HasSeen(string name) => seen.Contains(name);

    /// <summary>Told of every table that might matter.</summary>
    internal void Saw(string name, IReadOnlyList<string> columns)
    {
        _ = seen.Add(name);
        foreach (var table in (LegacyTable[])[LegacyTable.Image, LegacyTable.FileRevision])
        {
            if (!table.Fits(columns) || !name.EndsWith(table.Name, StringComparison.Ordinal))
            {
                continue;
            }

            if (name == NameOf(table))
            {
                hasImage = true;
            }
            else
            {
                _ = others.Add(name[..^table.Name.Length]);
            }
        }
    }

    /// <summary>Checks that the table without which nothing can be imported was there.</summary>
    /// <exception cref="LegacyTablesException">It was not; the message names the prefixes that there are.</exception>
    internal void CheckFound(string source)
    {
        if (hasImage)
        {
            return;
        }

        var hint = others.Count switch
        {
            0 => "It must hold at least that table (or file and filerevision).",
            1 when others.Min!.Length == 0 => "There is one without a prefix: leave --prefix out.",
            1 => $"There is {others.Min}image: give --prefix {others.Min}",
            _ => $"There are several wikis in it: give --prefix with one of {string.Join(", ", others.Select(other => other.Length == 0 ? "\"\"" : other))}.",
        };
        throw new LegacyTablesException($"There is no table {NameOf(LegacyTable.Image)} in {source}, so nothing was changed. {hint}");
    }
}
