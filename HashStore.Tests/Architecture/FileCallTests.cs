using System.Text.RegularExpressions;
using Xunit;

namespace HashStore.Tests.Architecture;

/// <summary>
/// Changing file operations of the write paths go through <c>Posix</c> and <c>DurableFiles</c>, where errors are injected and power losses simulated: what went past them would be tested by nothing.
/// </summary>
public sealed partial class FileCallTests
{
    /// <summary>What may call .NET's own methods, and why.</summary>
    private static readonly Dictionary<string, string> exempt = new()
    {
        ["HashStore.Storage/Durability/Posix.Changes.cs"] = "the one place",
        ["HashStore.Storage/Durability/FileLock.cs"] = "locks hold nothing that has to survive",
        ["HashStore.Storage/Durability/SyncQueue.cs"] = "the anchor is empty",
        ["HashStore.Storage/Durability/RemovalCounter.cs"] = "mapped memory, which counts for running processes only",
        ["HashStore.Storage/Objects/MemoryObjects.cs"] = "the backend of tests",
        ["HashStore.Storage/Legacy/ImportGate.cs"] = "the time of a lock",
        ["HashStore.Storage/Thumbnails/Rendering/WebPMetadata.cs"] = "a renderer's own file in staging",
        ["HashStore.Migrate/Conversion/ConversionReport.cs"] = "a report, where the operator wants it",
        ["HashStore.Migrate/Conversion/Preflight.cs"] = "a probe that is removed again",
        ["HashStore.Migrate/Legacy/Tables/TableSpool.cs"] = "scratch",
        ["HashStore.Migrate/Live/DeletedZone.cs"] = "a copy beside its place, synced after",
    };

    [Fact]
    public void What_changes_files_goes_through_one_place() =>
        Assert.Empty(
            from path in Repository.Sources()
            let name = Path.GetRelativePath(Repository.Root, path).Replace('\\', '/')
            where (name.StartsWith("HashStore.Storage/", StringComparison.Ordinal) || name.StartsWith("HashStore.Migrate/", StringComparison.Ordinal)) && !exempt.ContainsKey(name)
            from Match match in ChangingCall().Matches(File.ReadAllText(path))
            select $"{name}: {match.Value}");

    [Fact]
    public void Every_exemption_is_needed() => Assert.All(exempt.Keys, name => Assert.Matches(ChangingCall(), File.ReadAllText(Path.Combine(Repository.Root, name))));

    [GeneratedRegex(
        @"\b(File\.(Move|Delete|Copy|Replace|Create\w*|Write\w+|Append\w+|SetUnixFileMode|SetLast\w+|OpenWrite)\(|Directory\.(CreateDirectory|Delete|Move)\(|RandomAccess\.(Write|FlushToDisk|SetLength)\(|File\.OpenHandle\([^;]*FileAccess\.(Write|ReadWrite)|new FileStream\([^;]*FileMode\.(Create|CreateNew|OpenOrCreate|Append|Truncate))")]
    private static partial Regex ChangingCall();
}
