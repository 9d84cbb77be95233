using System.Globalization;
using HashStore.Storage.Collection;

namespace HashStore.Migrate.Verbs;

/// <summary>Prints what <c>gc</c> plans, as it comes, and what stays after all; and counts both.</summary>
internal sealed class GcTally(string verb, bool asJson, bool isDryRun, CommandOutput output)
{
    private long planned, plannedBytes, collected, kept, bytes;

    /// <summary>What could not be removed.</summary>
    internal long Failed { get; private set; }

    /// <summary>Prints what is about to go.</summary>
    internal void Add(Garbage garbage)
    {
        (planned, plannedBytes) = (planned + 1, plannedBytes + garbage.Bytes);
        if (asJson)
        {
            output.Line(new GarbageLine(garbage.Kind, garbage.Key?.ToString(), garbage.Path, garbage.Bytes, garbage.Detail));
        }
        else
        {
            output.Line($"{garbage.Kind}{Place(garbage)}: {garbage.Detail}");
        }

        output.Bar?.Show("found", planned, 0, ProgressBar.Count);
    }

    /// <summary>Prints what did not go.</summary>
    internal void Add(IReadOnlyList<Collected> batch)
    {
        foreach (var one in batch)
        {
            if (one.Outcome == CollectionOutcome.Collected)
            {
                (collected, bytes) = (collected + 1, bytes + one.Garbage.Bytes);
                continue;
            }

            _ = one.Outcome == CollectionOutcome.Kept ? kept++ : Failed++;
            if (asJson)
            {
                output.Line(new CollectedLine(one.Outcome, one.Garbage.Key?.ToString(), one.Garbage.Path, one.Detail));
            }
            else
            {
                output.Line($"{one.Outcome}{Place(one.Garbage)}: {one.Detail}");
            }
        }
    }

    /// <summary>Prints the summary. Of a dry run, nothing is converted and everything skipped.</summary>
    internal void Finish(int exit, double seconds)
    {
        output.Bar?.Clear();
        if (asJson)
        {
            output.Line(new SummaryLine(verb, collected, isDryRun ? planned : kept, Failed, isDryRun ? plannedBytes : bytes, seconds, exit));
        }
        else if (exit is ExitCode.Well or ExitCode.Incomplete)
        {
            var time = seconds.ToString("F1", CultureInfo.InvariantCulture);
            output.Line(isDryRun
                ? $"{verb}: {ProgressBar.Count(planned)} would be collected ({ProgressBar.Bytes(plannedBytes)}); nothing was changed, in {time} s."
                : $"{verb}: {ProgressBar.Count(collected)} collected ({ProgressBar.Bytes(bytes)}), {ProgressBar.Count(kept)} kept, {ProgressBar.Count(Failed)} failed, in {time} s.");
        }
    }

    private static string Place(Garbage garbage) => string.Concat(new[] { garbage.Key?.ToString(), garbage.Path }.Where(part => part is not null).Select(part => " " + part));
}
