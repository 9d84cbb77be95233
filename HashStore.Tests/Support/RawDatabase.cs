using System.Data.Common;
using System.Globalization;
using HashStore.Schema;
using HashStore.Storage;
using HashStore.Tests.Catalog;
using Microsoft.Data.SqlClient;
using Microsoft.Data.Sqlite;
using Xunit;

namespace HashStore.Tests.Support;

/// <summary>
/// A store's database, looked at and changed behind the store's back. One text serves both kinds: keys and bytes among its arguments become parameters, the rest is part of the text,
/// and SQL Server's grammar must understand it even where no server is there to run it.
/// </summary>
internal static class RawDatabase
{
    /// <summary>The rows of a query; whole numbers and truth values, whatever their column's type, are <see cref="long"/>.</summary>
    internal static List<object[]> Rows(StoreOptions store, FormattableString sql)
    {
        using var connection = Open(store);
        using var command = Command(connection, sql);
        using var reader = command.ExecuteReader();
        var rows = new List<object[]>();
        while (reader.Read())
        {
            var row = new object[reader.FieldCount];
            reader.GetValues(row);
            rows.Add(Array.ConvertAll(row, value => value is bool or byte or short or int ? Convert.ToInt64(value, CultureInfo.InvariantCulture) : value));
        }

        return rows;
    }

    /// <summary>A query for one number.</summary>
    internal static long Number(StoreOptions store, FormattableString sql) => (long)Rows(store, sql).Single()[0];

    /// <summary>Changes rows, foreign keys or not; the number of rows.</summary>
    internal static int Change(StoreOptions store, FormattableString sql)
    {
        using var connection = Open(store);
        if (connection is SqlConnection)
        {
            using var unchecking = Command(connection, $"ALTER TABLE \"upload\" NOCHECK CONSTRAINT ALL");
            unchecking.ExecuteNonQuery();
        }

        using var command = Command(connection, sql);
        return command.ExecuteNonQuery();
    }

    private static DbConnection Open(StoreOptions store)
    {
        DbConnection connection = store.Provider == DatabaseProvider.SqlServer
            ? new SqlConnection(new SqlConnectionStringBuilder(store.ConnectionString) { Pooling = false }.ConnectionString)
            : new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = store.Paths.Database, Pooling = false, ForeignKeys = false }.ConnectionString);
        connection.Open();
        return connection;
    }

    private static DbCommand Command(DbConnection connection, FormattableString sql)
    {
        var command = connection.CreateCommand();
        var arguments = Array.ConvertAll(sql.GetArguments(), argument =>
        {
            if ((argument is ContentKey key ? key.ToArray() : argument as byte[]) is not { } bytes)
            {
                return argument;
            }

            var parameter = command.CreateParameter();
            (parameter.ParameterName, parameter.Value) = ($"@p{command.Parameters.Count}", bytes);
            command.Parameters.Add(parameter);
            return parameter.ParameterName;
        });
#pragma warning disable CA2100 // the tests' own text
        command.CommandText = string.Format(CultureInfo.InvariantCulture, sql.Format, arguments);
#pragma warning restore CA2100
        Assert.Empty(SqlServerGrammar.Errors(command.CommandText));
        return command;
    }
}
