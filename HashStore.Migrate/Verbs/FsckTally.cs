using System.Globalization;
using HashStore.Storage.Checking;

namespace HashStore.Migrate.Verbs;

/// <summary>Prints what <c>fsck</c> finds and mends, as it comes, and counts it.</summary>
internal sealed class FsckTally(string verb, bool asJson, CommandOutput output) : IProgress<CheckProgress>
{
    private long damaged, others, mended, objects, bytes;

    /// <summary>Damage that is still there.</summary>
    internal long Left => damaged - mended;

    /// <summary>Prints a finding.</summary>
    internal void Add(Finding finding)
    {
        _ = finding.IsDamage ? damaged++ : others++;
        if (asJson)
        {
            output.Line(new FindingLine(finding.Kind, finding.Key?.ToString(), finding.Path, finding.Detail, finding.IsDamage));
            return;
        }

        output.Line($"{finding.Kind}{Place(finding.Key?.ToString(), finding.Path)}: {finding.Detail}");
    }

    /// <summary>Prints what became of the finding that was printed last.</summary>
    internal void Add(Finding finding, RepairOutcome? outcome)
    {
        mended += finding.IsDamage && outcome is { IsWell: true } ? 1 : 0;
        if (outcome is not { Detail.Length: > 0 })
        {
            return; // nothing was to be done, or it was told with an earlier finding of the same object
        }

        if (asJson)
        {
            output.Line(new RepairLine(outcome.Result, outcome.Key?.ToString(), outcome.Path, outcome.Detail, outcome.IsWell));
            return;
        }

        output.Line($"{outcome.Result}{Place(outcome.Key?.ToString(), outcome.Path)}: {outcome.Detail}");
    }

    /// <summary>Called by the checker's thread, for every row and piece of bytes.</summary>
    public void Report(CheckProgress value)
    {
        Volatile.Write(ref bytes, value.Bytes);
        if (value.Stage == CheckStage.Rows)
        {
            Volatile.Write(ref objects, value.Done);
        }

        if (output.Bar is not { } bar)
        {
            return;
        }

        if (value is { Stage: CheckStage.Bytes, TotalBytes: > 0 })
        {
            bar.Show("bytes", value.Bytes, value.TotalBytes, ProgressBar.Bytes);
        }
        else
        {
            bar.Show(value.Stage.ToString().ToLowerInvariant(), value.Done, value.Total, ProgressBar.Count);
        }
    }

    /// <summary>Says how far reading came, where it did not read everything in one go.</summary>
    internal void Show(CheckReach reach)
    {
        if (reach.Continued is { } before)
        {
            output.Message(string.Create(
                CultureInfo.InvariantCulture,
                $"{verb}: continued the check of {before.Begun:yyyy-MM-dd HH:mm} UTC after {ProgressBar.Count(before.Objects)} objects ({ProgressBar.Bytes(before.Bytes)}), which were read then."));
        }

        if (reach is { IsComplete: false, Problem: { } problem })
        {
            output.Message($"{verb}: the next one has to begin anew, because it could not be written down where this one ended: {problem}");
        }
        else if (!reach.IsComplete)
        {
            output.Message($"{verb}: {ProgressBar.Count(reach.Position.Objects)} objects ({ProgressBar.Bytes(reach.Position.Bytes)}) are read, the others not yet: run it again with --full --resume to go on.");
        }
    }

    /// <summary>Prints the summary.</summary>
    internal void Finish(int exit, double seconds)
    {
        output.Bar?.Clear();
        if (asJson)
        {
            output.Line(new SummaryLine(verb, mended, 0, Left, Volatile.Read(ref bytes), seconds, exit));
        }
        else if (exit is ExitCode.Well or ExitCode.Damage)
        {
            var read = bytes > 0 ? $", {ProgressBar.Bytes(bytes)} read" : "";
            var found = (damaged == 0 ? "all well" : $"{damaged} damaged") + (mended > 0 ? $", {mended} mended" : "") + (others > 0 ? $", {others} left over" : "");
            var time = seconds.ToString("F1", CultureInfo.InvariantCulture);
            output.Line($"{verb}: {ProgressBar.Count(objects)} objects checked{read} in {time} s: {found}.");
        }
    }

    private static string Place(string? key, string? path) => string.Concat(new[] { key, path }.Where(part => part is not null).Select(part => " " + part));
}
