using System.Globalization;
using System.Text;
using HashStore.Storage.Durability;

namespace HashStore.Migrate.Live;

/// <summary>Tells whether legacy tables changed, without reading them: by the sizes, times and inodes of their files.</summary>
internal static class TablesStamp
{
    /// <summary>The log of a SQLite database: what a wiki writes is there before it is in the database.</summary>
    private const string LogSuffix = "-wal";

    /// <summary>What the files look like now; null when there is nothing.</summary>
    /// <param name="path">A dump, a SQLite database, or a folder of CSV files; a link is followed.</param>
    internal static string? Of(string path)
    {
        try
        {
            var real = File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;
            if (FileStat.Of(real) is not { } stat)
            {
                return null;
            }

            var stamp = new StringBuilder();
            if (!stat.IsFolder)
            {
                Add(stamp, "", stat);
                if (FileStat.Of(real + LogSuffix) is { Size: > 0 } log)
                {
                    Add(stamp, LogSuffix, log); // who only reads may leave an empty one
                }

                return stamp.ToString();
            }

            foreach (var file in Directory.EnumerateFiles(real, "*.csv").Order(StringComparer.Ordinal))
            {
                if (FileStat.Of(file) is { } one)
                {
                    Add(stamp, Path.GetFileName(file), one);
                }
            }

            return stamp.ToString();
        }
        catch (Exception exception) when (StorageErrors.Knows(exception))
        {
            return null; // being replaced, or not readable: the pass that needs them says so
        }
    }

    private static void Add(StringBuilder stamp, string name, FileStat stat) => stamp.Append(CultureInfo.InvariantCulture, $"{name}:{stat.Size}:{stat.Modified}:{stat.Inode};");
}
