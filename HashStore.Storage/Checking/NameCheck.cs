using HashStore.Schema;
using HashStore.Storage.Catalog;
using Microsoft.EntityFrameworkCore;

namespace HashStore.Storage.Checking;

/// <summary>Every upload has its name and its object's row; every name has its current version, or points at one that has.</summary>
internal static class NameCheck
{
    internal static async Task RunAsync(CheckRun run)
    {
        await WalkAsync(run, CheckQueries.Uploads, row => row.Id, async (context, row) =>
            Problem(row) is not null && await CheckQueries.Upload(context, row.Id).FirstOrDefaultAsync(run.Cancellation) is { } again ? Problem(again) : null);
        await WalkAsync(run, CheckQueries.Names, row => row.Id, async (context, row) =>
            Problem(row) is not null && await CheckQueries.Name(context, row.Id).FirstOrDefaultAsync(run.Cancellation) is { } again ? Problem(again) : null);
    }

    /// <summary>
    /// Goes through a table in pages. One statement reads a row with what it refers to; a row that looks wrong is read once more, for databases where
    /// a statement is not of one moment.
    /// </summary>
    private static async Task WalkAsync<T>(
        CheckRun run, Func<HashStoreContext, long, int, IQueryable<T>> page, Func<T, long> idOf, Func<HashStoreContext, T, Task<Finding?>> check)
    {
        long after = long.MinValue;
        List<T> rows;
        do
        {
            await using var context = run.Parts.Database.NewContext();
            rows = await page(context, after, CheckRun.PageRows).ToListAsync(run.Cancellation);
            foreach (var row in rows)
            {
                if (await check(context, row) is { } finding)
                {
                    await run.ReportAsync(finding);
                }

                after = idOf(row);
                run.Step();
            }
        }
        while (rows.Count == CheckRun.PageRows);
    }

    private static Finding? Problem(CheckedUpload row)
    {
        if (row.HasName && row.HasFile)
        {
            return null;
        }

        var lost = row.HasName ? "its object has no row"
            : row.HasFile ? $"its name (number {row.NameId}) does not exist"
            : "it has neither a name nor an object's row";
        return new Finding(FindingKind.DanglingUpload, KeyOf(row.Hash), null, $"Version {row.Id}: {lost}.");
    }

    private static Finding? Problem(CheckedName row) => row switch
    {
        { Redirect: not null, HasTarget: true } => null,
        { Redirect: null, Latest: not null } when row.LatestNameId == row.Id => null,
        { Redirect: { } target } => Dangling(FindingKind.DanglingRedirect, row, $"redirects to name number {target}, which has no versions"),
        { Latest: { } latest, LatestNameId: { } owner } =>
            Dangling(FindingKind.DanglingLatest, row, $"has the current version {latest}, which belongs to name number {owner}"),
        { Latest: { } latest } => Dangling(FindingKind.DanglingLatest, row, $"has the current version {latest}, which does not exist"),
        _ => Dangling(FindingKind.DanglingLatest, row, "has neither a current version nor a redirect"),
    };

    private static Finding Dangling(FindingKind kind, CheckedName row, string what) => new(kind, KeyOf(row.NewestHash), null, $"\"{row.Name}\" {what}.");

    private static ContentKey? KeyOf(byte[]? hash) => hash is { Length: > 0 and <= 64 } ? new ContentKey(hash) : null;
}
