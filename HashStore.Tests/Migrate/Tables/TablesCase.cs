using HashStore.Migrate;
using HashStore.Schema.Tables;
using HashStore.Storage;
using HashStore.Tests.Support;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace HashStore.Tests.Migrate.Tables;

/// <summary>What a run of the command gave.</summary>
internal sealed record CommandRun(int Exit, string Output, string Error);

/// <summary>A store in a folder, and legacy tables in files beside it.</summary>
internal sealed class TablesCase : IDisposable
{
    internal TempFolder Folder { get; } = new();

    internal string Root => Folder["root"];

    /// <summary>Writes a file with one byte per character: tests write bytes as <c>\u00HH</c>.</summary>
    internal string Write(string name, string bytes) => Folder.Write(name, System.Text.Encoding.Latin1.GetBytes(bytes));

    /// <summary>Imports a source.</summary>
    internal Task<CommandRun> ImportAsync(string path, params string[] options) => RunAsync(null, default, ["import", "--tables", path, "--root", Root, .. options]);

    internal static async Task<CommandRun> RunAsync(byte[]? input, CancellationToken cancellation, params string[] arguments)
    {
        using StringWriter output = new(), error = new();
        var exit = await global::HashStore.Migrate.Program.RunAsync(
            arguments, new CommandOutput(output, error, isTerminal: false), cancellation, () => new MemoryStream(input ?? []));
        return new CommandRun(exit, output.ToString(), error.ToString());
    }

    /// <summary>Writes a dump of some statements, imports it and returns the rows.</summary>
    internal async Task<List<LegacyRow>> ImportDumpAsync(string dump, params string[] options)
    {
        var run = await ImportAsync(Write("dump.sql", dump), options);
        Assert.Equal((0, ""), (run.Exit, run.Error));
        return Rows();
    }

    /// <summary>A SQLite database made by some statements.</summary>
    internal string WriteDatabase(string name, string sql)
    {
        var path = Folder[name];
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ConnectionString);
        connection.Open();
        Execute(connection, sql);
        return path;
    }

#pragma warning disable CA2100 // written in the tests
    internal static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
#pragma warning restore CA2100

    /// <summary>All legacy rows, by kind, name and archive name.</summary>
    internal List<LegacyRow> Rows()
    {
        using var context = Tables();
        return [.. context.Legacy.AsNoTracking().AsEnumerable().OrderBy(row => row.Kind).ThenBy(row => row.Name, StringComparer.Ordinal).ThenBy(row => row.ArchiveName, StringComparer.Ordinal).ThenBy(row => row.Timestamp)];
    }

    internal void Change(Action<LegacyRow> change)
    {
        using var context = Tables();
        foreach (var row in context.Legacy)
        {
            change(row);
        }

        context.SaveChanges();
    }

    public void Dispose() => Folder.Dispose();

    private HashStore.Schema.Sqlite.SqliteHashStoreContext Tables() => new(
        new DbContextOptionsBuilder<HashStore.Schema.Sqlite.SqliteHashStoreContext>()
            .UseSqlite($"Data Source={StorePaths.For(Root, null).Database};Pooling=False").Options);
}
