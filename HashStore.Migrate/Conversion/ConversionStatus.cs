using System.Globalization;
using HashStore.Schema.Tables;
using HashStore.Storage;
using HashStore.Storage.Catalog;
using Microsoft.EntityFrameworkCore;

namespace HashStore.Migrate.Conversion;

/// <summary>What the database says of a conversion.</summary>
internal sealed class ConversionStatus
{
    private static readonly string[] rowStates = ["pending", "converted", "missing", "failed"];

    private readonly List<LedgerSum> paths = [];
    private readonly List<LegacySum> rows = [];
    private long lastRun;

    internal long Converted => paths.Where(IsConverted).Sum(sum => sum.Count);

    /// <summary>Paths that are left, or were left alone on purpose.</summary>
    internal long Skipped => paths.Where(sum => !IsConverted(sum) && !IsFailed(sum)).Sum(sum => sum.Count);

    /// <summary>Paths that are missing or failed.</summary>
    internal long FailedPaths => paths.Where(IsFailed).Sum(sum => sum.Count);

    /// <summary>The same; rows, where more of them are.</summary>
    internal long Failed => Math.Max(FailedPaths, Rows(LegacyState.Missing) + Rows(LegacyState.Failed));

    /// <summary>Paths that wait to be converted; before the tree was looked through, rows of the tables.</summary>
    internal long Left => Math.Max(paths.Where(sum => sum.Status == LedgerStatus.None).Sum(sum => sum.Count), Rows(LegacyState.Pending));

    /// <summary>Bytes of what is converted.</summary>
    internal long Bytes => paths.Where(IsConverted).Sum(sum => sum.Bytes);

    /// <summary>What a store's database says.</summary>
    internal static async Task<ConversionStatus> OfAsync(Store store, CancellationToken cancellation)
    {
        var status = new ConversionStatus();
        await status.ReadAsync(store.Database, cancellation);
        return status;
    }

    internal async Task ReadAsync(StoreDatabase database, CancellationToken cancellation)
    {
        await using var context = database.NewContext();
        paths.AddRange(await ConversionQueries.LedgerSums(context, null).ToListAsync(cancellation));
        rows.AddRange(await ConversionQueries.LegacySums(context).ToListAsync(cancellation));
        lastRun = await VerifyQueries.LastRun(context).FirstOrDefaultAsync(cancellation);
    }

    /// <summary>A line for each status, then the rows of the tables and the time of the last run.</summary>
    internal List<string> Table()
    {
        if (paths.Count == 0)
        {
            return [rows.Count == 0 ? "Nothing was converted yet, and no tables were imported." : "Nothing was converted yet.", .. RowLines()];
        }

        var lines = new List<string> { Columns("status", "paths", "bytes") };
        foreach (var part in paths.GroupBy(Word).OrderBy(part => part.Min(sum => sum.Status)).ThenBy(part => part.Key, StringComparer.Ordinal))
        {
            lines.Add(Columns(part.Key, ProgressBar.Count(part.Sum(sum => sum.Count)), ProgressBar.Bytes(part.Sum(sum => sum.Bytes))));
        }

        lines.AddRange(RowLines());
        lines.Add($"last run: {DateTimeOffset.FromUnixTimeMilliseconds(lastRun).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture)} UTC");
        return lines;
    }

    internal string Sentence()
    {
        var left = Rows(LegacyState.Pending) > 0 || paths.Any(sum => sum.Status == LedgerStatus.None);
        var next = paths.Count == 0 || left ? " Run `hashstore-migrate run` to convert what is left." : "";
        return $"status: {ProgressBar.Count(Converted)} converted ({ProgressBar.Bytes(Bytes)}), {ProgressBar.Count(Skipped)} left or left alone, {ProgressBar.Count(Failed)} missing or failed.{next}";
    }

    private IEnumerable<string> RowLines()
    {
        if (rows.Count > 0)
        {
            yield return "rows: " + string.Join(", ", rows.OrderBy(sum => sum.State).Select(sum => $"{ProgressBar.Count(sum.Count)} {rowStates[(int)sum.State]}"));
        }
    }

    private long Rows(LegacyState state) => rows.Where(sum => sum.State == state).Sum(sum => sum.Count);

    /// <summary>As <see cref="VerifyQueries.Problems"/> has it.</summary>
    private static bool IsFailed(LedgerSum sum) => sum.State == LedgerState.Failed || sum.Status is LedgerStatus.Missing or LedgerStatus.Failed;

    private static bool IsConverted(LedgerSum sum) =>
        !IsFailed(sum) && sum.Status is not (LedgerStatus.None or LedgerStatus.Skipped) && sum is not { State: LedgerState.Kept, Status: LedgerStatus.Orphan };

    private static string Word(LedgerSum sum) => sum.Status == LedgerStatus.None ? "left" : sum.Status.ToString().ToLowerInvariant();

    private static string Columns(string status, string count, string bytes) => $"{status,-12}{count,14}{bytes,14}";
}
