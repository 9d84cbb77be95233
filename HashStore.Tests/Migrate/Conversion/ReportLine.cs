using System.Text;
using CsvHelper;

namespace HashStore.Tests.Migrate.Conversion;

/// <summary>A line of a conversion's report.</summary>
internal sealed record ReportLine(string Path, string Status, string Key, string Sha256, string Size, string Detail)
{
    internal static Dictionary<string, ReportLine> Read(string path)
    {
        using var file = File.OpenRead(path);
        using var reader = CsvReader.Create(file, new CsvReaderOptions { Separator = ',' }, leaveOpen: true);
        var lines = new Dictionary<string, ReportLine>(StringComparer.Ordinal);
        while (reader.Read())
        {
            string Value(int at) => Encoding.UTF8.GetString(reader.GetSpan(at));
            var line = new ReportLine(Value(0), Value(1), Value(2), Value(3), Value(4), Value(5));
            lines.Add(line.Path, line);
        }

        return lines;
    }
}
