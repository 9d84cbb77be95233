using HashStore.Storage;
using Xunit;

namespace HashStore.Tests.Support;

/// <summary>
/// The databases that tests of the store run over: the embedded one always, SQL Server where <c>HASHSTORE_TEST_SQLSERVER</c>
/// holds the connection string of a server on which databases may
/// be made. Without it those runs are absent, not skipped. Tests of whole programs and of faults run once, over <see cref="OfPrograms"/>.
/// </summary>
public sealed class Databases : TheoryData<DatabaseProvider>
{
    /// <summary>The variable with the server's connection string.</summary>
    public const string SqlServerVariable = "HASHSTORE_TEST_SQLSERVER";

    public Databases() => AddRange([.. Available]);

    /// <summary>The databases themselves, for theories over several things.</summary>
    public static IReadOnlyList<DatabaseProvider> Available =>
        SqlServer is null ? [DatabaseProvider.Sqlite] : [DatabaseProvider.Sqlite, DatabaseProvider.SqlServer];

    /// <summary>The one switch for tests that run whole programs, make faults or check: SQL Server where there is one, else the embedded database.</summary>
    public static DatabaseProvider OfPrograms => SqlServer is null ? DatabaseProvider.Sqlite : DatabaseProvider.SqlServer;

    /// <summary>The server's connection string, if there is one.</summary>
    public static string? SqlServer => Environment.GetEnvironmentVariable(SqlServerVariable) is { Length: > 0 } given ? given : null;
}
