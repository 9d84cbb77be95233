using HashStore.Tests.Support;
using Xunit;

namespace HashStore.Tests.Http.Support;

/// <summary>What a store holds: its sums, its rows, its objects, its staging area. Two of them are equal when nothing was kept in between.</summary>
internal sealed record Kept(string Stats, long Files, long Uploads, long Names, long Objects)
{
    /// <summary>Looks; the staging area must be empty.</summary>
    public static async Task<Kept> LookAsync(ServerProcess server)
    {
        Assert.Empty(Staged(server));
        var stats = (await server.Client.GetAsync("/api/stats")).AssertStatus(200).Text;
        return new Kept(
            stats, Count(server, "file"), Count(server, "upload"), Count(server, "filename"), ObjectFiles(server.Root).LongCount());
    }

    /// <summary>Files in the staging area, but for the lock.</summary>
    public static IReadOnlyList<string> Staged(ServerProcess server) =>
        [.. Directory.EnumerateFiles(Path.Combine(server.State, "staging"), "*", SearchOption.AllDirectories).Where(path => Path.GetFileName(path) != "lock")];

    /// <summary>Bytes in the public tree.</summary>
    public static IEnumerable<string> ObjectFiles(string root) => Directory.EnumerateDirectories(root).Where(folder => Path.GetFileName(folder).Length == 1)
        .SelectMany(folder => Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories));

    private static long Count(ServerProcess server, string table) => RawDatabase.Number(server.Store, $"SELECT count(*) FROM \"{table}\"");
}
