using System.Globalization;
using Microsoft.Data.Sqlite;
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
            stats, Query(server, "SELECT count(*) FROM file"), Query(server, "SELECT count(*) FROM upload"), Query(server, "SELECT count(*) FROM filename"),
            ObjectFiles(server.Root).LongCount());
    }

    /// <summary>Files in the staging area, but for the lock.</summary>
    public static IReadOnlyList<string> Staged(ServerProcess server) =>
        [.. Directory.EnumerateFiles(Path.Combine(server.State, "staging"), "*", SearchOption.AllDirectories).Where(path => Path.GetFileName(path) != "lock")];

    /// <summary>Bytes in the public tree.</summary>
    public static IEnumerable<string> ObjectFiles(string root) => Directory.EnumerateDirectories(root).Where(folder => Path.GetFileName(folder).Length == 1)
        .SelectMany(folder => Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories));

    /// <summary>Asks the embedded database for a number.</summary>
    public static long Query(ServerProcess server, string sql) => Convert.ToInt64(Rows(server, sql).Single()[0], CultureInfo.InvariantCulture);

    /// <summary>Asks the embedded database.</summary>
    public static List<object[]> Rows(ServerProcess server, string sql)
    {
        using var connection = Open(server);
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // the tests' own text
        command.CommandText = sql;
#pragma warning restore CA2100
        using var reader = command.ExecuteReader();
        var rows = new List<object[]>();
        while (reader.Read())
        {
            var row = new object[reader.FieldCount];
            reader.GetValues(row);
            rows.Add(row);
        }

        return rows;
    }

    private static SqliteConnection Open(ServerProcess server)
    {
        var connection = new SqliteConnection($"Data Source={Path.Combine(server.State, "hashstore.db")};Pooling=False");
        connection.Open();
        return connection;
    }
}
