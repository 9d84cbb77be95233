using HashStore.Schema.Tables;

namespace HashStore.Migrate.Verbs;

/// <summary>The lines and the bar that show a conversion: the same for all verbs that convert.</summary>
internal sealed class ConversionLines(CommandOutput output, bool asJson)
{
    internal void Looking(long paths) => output.Bar?.Show("looking", paths, 0, ProgressBar.Count);

    internal void Converting(long paths, long total) => output.Bar?.Show("files", paths, total, ProgressBar.Count);

    /// <summary>Whether a path went as planned: nothing needs to be said of it.</summary>
    internal static bool IsAsPlanned(LedgerRow row) =>
        row is { Status: LedgerStatus.Converted or LedgerStatus.Duplicate or LedgerStatus.Thumb or LedgerStatus.Hidden, Detail: null };

    /// <summary>A path that did not go as planned.</summary>
    internal void Show(LedgerRow row)
    {
        var status = row.Status.ToString().ToLowerInvariant();
        if (asJson)
        {
            output.Line(new PathLine(row.Path, status, row.Detail));
        }
        else
        {
            output.Line($"{status} {row.Path}: {row.Detail}");
        }
    }
}
