using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace HashStore.Storage.Checking;

/// <summary>
/// The database by its own means. A database server is checked by its own administrator: that needs rights that a store's user should not have.
/// </summary>
internal static class DatabaseCheck
{
    /// <summary>More problems than this say nothing new.</summary>
    private const int MaxProblems = 100;

    private const int SqliteInterrupt = 9, SqliteIoError = 10, SqliteCorrupt = 11, SqliteNotADatabase = 26;

    /// <summary>
    /// Whether an exception says that the database holds what it never should. The last ones are a column's value that is missing or none of its type.
    /// </summary>
    internal static bool IsDamage(Exception exception) => exception switch
    {
        SqliteException sqlite => sqlite.SqliteErrorCode is SqliteIoError or SqliteCorrupt or SqliteNotADatabase,
        InvalidOperationException => exception.Source == typeof(SqliteException).Assembly.GetName().Name,
        _ => exception is InvalidCastException or FormatException or OverflowException,
    };

    internal static Finding Damage(CheckRun run, string detail) => new(FindingKind.DatabaseDamage, null, run.Relative(run.Parts.Paths.Database), detail);

    /// <summary>Asks SQLite to check its file: pages and rows always, with <see cref="CheckOptions.Full"/> every index against its table too.</summary>
    internal static async Task RunAsync(CheckRun run)
    {
        await using var context = run.Parts.Database.NewContext();
        if (!context.Database.IsSqlite())
        {
            return;
        }

        await context.Database.OpenConnectionAsync(run.Cancellation);
        var connection = (SqliteConnection)context.Database.GetDbConnection();
        using var interrupt = run.Cancellation.Register(() => SQLitePCL.raw.sqlite3_interrupt(connection.Handle));
        foreach (var problem in Ask(connection, run))
        {
            await run.ReportAsync(Damage(run, problem));
        }
    }

    private static List<string> Ask(SqliteConnection connection, CheckRun run)
    {
        var problems = new List<string>();
        try
        {
            using var command = connection.CreateCommand();
            command.CommandText = run.Full ? $"PRAGMA integrity_check({MaxProblems})" : $"PRAGMA quick_check({MaxProblems})";
            using var reader = command.ExecuteReader();
            while (reader.Read())
            {
                if (reader.GetString(0) is not "ok" and var problem)
                {
                    problems.Add(problem);
                }
            }
        }
        catch (SqliteException exception) when (exception.SqliteErrorCode == SqliteInterrupt)
        {
            run.Cancellation.ThrowIfCancellationRequested();
            throw;
        }

        return problems;
    }
}
