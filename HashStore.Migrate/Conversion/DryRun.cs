using HashStore.Migrate.Legacy;
using HashStore.Schema;
using HashStore.Schema.Tables;
using HashStore.Storage.Durability;
using Microsoft.EntityFrameworkCore;

namespace HashStore.Migrate.Conversion;

/// <summary>Says what a run would meet and need, and changes nothing: no store is made, nothing is written.</summary>
/// <param name="tree">The tree.</param>
/// <param name="preflight">What was tried already.</param>
/// <param name="output">Where it is said.</param>
/// <param name="asJson">Whether standard output holds only JSON: then the sentences go to standard error.</param>
/// <param name="known">The tables of a store that is there already; null: there is none.</param>
internal sealed class DryRun(LegacyTree tree, Preflight preflight, CommandOutput output, bool asJson, HashStoreContext? known) : IInventoryLedger
{
    private readonly SortedDictionary<string, (long Count, long Bytes)> sums = new(StringComparer.Ordinal);
    private readonly Dictionary<long, long> owners = [];
    private readonly List<string> untouched = [];
    private readonly long device = FileStat.Of(tree.Store.Root)?.Device ?? FileStat.Of(Path.GetDirectoryName(tree.Store.Root)!)?.Device ?? 0;
    private long files, bytes, copies, problems;

    /// <summary>Looks the tree through and tells; a lack of room is refused as a run would refuse it.</summary>
    internal async Task RunAsync(ConversionOptions options, CancellationToken cancellation)
    {
        var paths = await new Inventory(tree, this, 0, count => output.Bar?.Show("looking", count, 0, ProgressBar.Count)).TakeAsync(cancellation);
        Say($"Tree {tree.Root}: {ProgressBar.Count(paths)} paths, {tree.Levels} hash levels.");
        foreach (var (kind, sum) in sums)
        {
            Say($"  {kind}: {ProgressBar.Count(sum.Count)} files, {ProgressBar.Bytes(sum.Bytes)}");
        }

        if (untouched.Count > 0)
        {
            Say($"Stay untouched: {string.Join(", ", untouched)}.");
        }

        Say($"Owners: {string.Join(", ", owners.OrderByDescending(pair => pair.Value).Select(pair => $"{ProgressBar.Count(pair.Value)} files of user {pair.Key}"))}; this runs as user {Mono.Unix.Native.Syscall.geteuid()}.");
        preflight.CheckRoom(new ConversionNeeds { Files = files, Bytes = bytes, BytesToCopy = options.QuietTree ? bytes : copies });
        foreach (var finding in preflight.Findings)
        {
            Say(finding);
        }

        Say(problems == 0 ? "Nothing was changed; a run can work." : $"Nothing was changed; a run can work, but {ProgressBar.Count(problems)} paths (named above) would fail.");
    }

    /// <summary>Only what is converted: of everything else it is said what a run would do with it.</summary>
    public LedgerRow? Find(string path) => known?.Ledger.AsNoTracking().FirstOrDefault(row => row.Path == path && row.State == LedgerState.Linked);

    public Task WriteAsync(IReadOnlyList<InventoryWrite> rows)
    {
        foreach (var (row, _, _) in rows)
        {
            Count(row);
        }

        return Task.CompletedTask;
    }

    private void Say(string text)
    {
        if (asJson)
        {
            output.Message(text);
        }
        else
        {
            output.Line(text);
        }
    }

    private void Count(LedgerRow row)
    {
        if (row.Kind == LedgerKind.Folder)
        {
            return;
        }

        if (row.State == LedgerState.Failed)
        {
            problems++;
            if (asJson)
            {
                output.Line(new PathLine(row.Path, "failed", row.Detail));
            }
            else
            {
                output.Line($"failed {row.Path}: {row.Detail}");
            }

            return;
        }

        if (row.State == LedgerState.Kept)
        {
            if (!row.Path.Contains('/', StringComparison.Ordinal))
            {
                untouched.Add(row.Path);
            }

            return;
        }

        var kind = row.Kind.ToString().ToLowerInvariant();
        var (count, size) = sums.GetValueOrDefault(kind);
        sums[kind] = (count + 1, size + row.Size);
        owners[row.Owner] = owners.GetValueOrDefault(row.Owner) + 1;
        files++;
        bytes += row.Size;
        copies += row.LinkCount > 1 || row.Device != device ? row.Size : 0;
    }
}
