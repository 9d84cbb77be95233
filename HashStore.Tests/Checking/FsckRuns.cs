using System.Text.Json;
using HashStore.Tests.Migrate.Verify;

namespace HashStore.Tests.Checking;

/// <summary><c>fsck --json</c> on a store, and what it said.</summary>
internal sealed record FsckRun(int Exit, IReadOnlyList<JsonElement> Lines, string Error)
{
    /// <summary>Kind and key of each finding, in order of kind and key.</summary>
    internal IReadOnlyList<(string Kind, string? Key)> Findings =>
    [
        .. Lines.Where(line => line.TryGetProperty("kind", out _)).Select(line => (line.GetProperty("kind").GetString()!, line.GetProperty("key").GetString()))
            .OrderBy(pair => pair.Item1, StringComparer.Ordinal).ThenBy(pair => pair.Item2, StringComparer.Ordinal),
    ];

    /// <summary>What was done, and to which key.</summary>
    internal IReadOnlyList<(string Repair, string? Key)> Repairs =>
        [.. Lines.Where(line => line.TryGetProperty("repair", out _)).Select(line => (line.GetProperty("repair").GetString()!, line.GetProperty("key").GetString()))];

    /// <summary>A number of the summary.</summary>
    internal long Sum(string name) => Lines[^1].GetProperty(name).GetInt64();

    internal static async Task<FsckRun> RunAsync(string[] arguments, CancellationToken cancellation = default)
    {
        var result = await LegacyTreeBuilder.RunAsync(["fsck", .. arguments, "--json"], cancellation);
        return Of(result.Exit, result.Output, result.Error);
    }

    internal static FsckRun Of(int exit, string output, string error) =>
        new(exit, [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)], error);
}
