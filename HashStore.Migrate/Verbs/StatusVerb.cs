using System.CommandLine;
using System.Data.Common;
using HashStore.Migrate.Conversion;
using HashStore.Schema.Tables;
using HashStore.Storage.Catalog;
using HashStore.Storage.Checking;
using Microsoft.EntityFrameworkCore;

namespace HashStore.Migrate.Verbs;

/// <summary><c>status</c>: what is converted, left, failed. Asks only the database, changes nothing, and may run at any time.</summary>
internal sealed class StatusVerb
{
    private const string Name = "status";

    private const int PageRows = 1000;

    /// <summary>Paths that are listed for people.</summary>
    private const int MaxListed = 100;

    private readonly CommandOutput output;
    private readonly StoreArguments store;

    private readonly Option<bool> json = new("--json") { Description = "One JSON object per line: the paths that are missing or failed, all of them, then a summary" };

    private StatusVerb(Command command, CommandOutput output)
    {
        this.output = output;
        store = new StoreArguments(command);
        command.Add(json);
    }

    internal static Command Create(CommandOutput output)
    {
        var command = new Command(
            Name,
            "Tells what of a legacy upload tree is converted, left, missing or failed, as the database knows it. Changes nothing and may run beside a conversion. "
            + "Exit: 0 nothing is missing or failed, 1 some are (named), 2 wrong usage, 3 could not work, 130 interrupted.");
        var verb = new StatusVerb(command, output);
        command.SetAction(verb.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        var run = new VerbRun(Name, output);
        var status = new ConversionStatus();
        var exit = await run.RunAsync(() => TellAsync(parsed, status, cancellation), "what is listed is so, the rest was not asked for.", cancellation);
        if (parsed.GetValue(json))
        {
            output.Line(new SummaryLine(Name, status.Converted, status.Skipped, status.Failed, status.Bytes, run.Seconds, exit));
        }
        else if (exit is ExitCode.Well or ExitCode.Incomplete)
        {
            output.Line(status.Sentence());
        }

        return exit;
    }

    private async Task<int> TellAsync(ParseResult parsed, ConversionStatus status, CancellationToken cancellation)
    {
        using var check = StoreCheck.Open(store.Read(parsed));
        try
        {
            await status.ReadAsync(check.Parts.Database, cancellation);
            if (!parsed.GetValue(json))
            {
                status.Table().ForEach(output.Line);
            }

            await ListAsync(check.Parts.Database, status, parsed.GetValue(json), cancellation);
        }
        catch (DbException exception)
        {
            throw check.Parts.Database.Translate(exception);
        }

        return status.Failed > 0 ? ExitCode.Incomplete : ExitCode.Well;
    }

    /// <summary>Names the paths that are missing or failed.</summary>
    private async Task ListAsync(StoreDatabase database, ConversionStatus status, bool all, CancellationToken cancellation)
    {
        var (after, listed) = (long.MinValue, 0L);
        List<LedgerRow> page;
        do
        {
            await using var context = database.NewContext();
            page = await VerifyQueries.Problems(context, after, all ? PageRows : MaxListed).ToListAsync(cancellation);
            foreach (var row in page)
            {
                var word = row.Status.ToString().ToLowerInvariant();
                if (all)
                {
                    output.Line(new PathLine(row.Path, word, row.Detail));
                }
                else
                {
                    output.Line($"{word} {row.Path}: {row.Detail}");
                }

                after = row.Id;
                listed++;
            }
        }
        while (all && page.Count == PageRows);

        if (!all && status.FailedPaths > listed)
        {
            output.Line($"and {ProgressBar.Count(status.FailedPaths - listed)} more: --json or the report of `run` lists them.");
        }
    }
}
