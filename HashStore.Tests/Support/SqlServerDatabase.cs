using Microsoft.Data.SqlClient;

namespace HashStore.Tests.Support;

/// <summary>An empty database on the server of <see cref="Databases.SqlServer"/>, dropped at the end.</summary>
internal sealed class SqlServerDatabase : IDisposable
{
    private readonly string server = Databases.SqlServer ?? throw new InvalidOperationException($"{Databases.SqlServerVariable} is not set.");
    private readonly string name = "hashstore_test_" + Guid.NewGuid().ToString("N");

    internal SqlServerDatabase()
    {
        Execute($"CREATE DATABASE [{name}]");
        ConnectionString = new SqlConnectionStringBuilder(server) { InitialCatalog = name }.ConnectionString;
    }

    internal string ConnectionString { get; }

    public void Dispose() => Execute($"ALTER DATABASE [{name}] SET SINGLE_USER WITH ROLLBACK IMMEDIATE; DROP DATABASE [{name}]");

    // The text is made of a number only.
#pragma warning disable CA2100
    private void Execute(string sql)
    {
        using var connection = new SqlConnection(new SqlConnectionStringBuilder(server) { InitialCatalog = "master" }.ConnectionString);
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
#pragma warning restore CA2100
}
