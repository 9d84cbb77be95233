using HashStore.Storage.Durability;

namespace HashStore.Storage.Checking;

/// <summary>Tells of <see cref="Leftovers"/>.</summary>
internal static class LeftoverCheck
{
    internal static async Task RunAsync(CheckRun run)
    {
        foreach (var (folder, find) in Leftovers.Places(run.Parts.Paths, run.Now, Leftovers.Passing))
        {
            foreach (var finding in Look(run, folder, find))
            {
                await run.ReportAsync(finding);
            }
        }
    }

    private static List<Finding> Look(CheckRun run, string folder, Func<List<Leftover>> find)
    {
        try
        {
            return [.. find().Select(left => new Finding(FindingKind.Leftover, null, run.Relative(left.Path), $"{(left.IsFolder ? "A folder" : "A file")} {left.What}."))];
        }
        catch (DirectoryNotFoundException)
        {
            return []; // a store that nobody has written to yet has no staging area
        }
        catch (Exception exception) when (StorageErrors.Knows(exception))
        {
            return [new Finding(FindingKind.Unreadable, null, run.Relative(folder), exception.Message)];
        }
    }
}
