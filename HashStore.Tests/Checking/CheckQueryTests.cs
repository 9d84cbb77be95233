using HashStore.Schema;
using HashStore.Storage;
using HashStore.Storage.Catalog;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace HashStore.Tests.Checking;

public sealed class CheckQueryTests
{
    /// <summary>A page is found by its index, not by reading the table from its beginning, as SQLite explains it.</summary>
    [Fact]
    public async Task Pages_are_found_by_key()
    {
        await using var store = await DamagedStore.MakeAsync(provider: DatabaseProvider.Sqlite);
        await store.PutAsync("A.txt", "a");
        using var database = StoreDatabase.Open(store.Options);
        using var context = database.NewContext();
        foreach (var query in new[] { CheckQueries.Files(context, [1, 2], 10).ToQueryString(), CheckQueries.Files(context, null, 10).ToQueryString() })
        {
            var plan = Explain(context, query);
            Assert.DoesNotContain("SCAN upload", plan, StringComparison.Ordinal);
            Assert.DoesNotContain(plan.Split('\n'), step => step.StartsWith("SCAN", StringComparison.Ordinal) && step.Contains("file", StringComparison.Ordinal)
                && !step.Contains("sqlite_autoindex_file_1", StringComparison.Ordinal));
        }
    }

    private static string Explain(HashStoreContext context, string sql)
    {
        using var command = context.Database.GetDbConnection().CreateCommand();
        context.Database.OpenConnection();

        // ToQueryString gives parameters in comments and .param lines; any value shows the plan.
        var statement = sql[sql.IndexOf("SELECT", StringComparison.Ordinal)..];
        foreach (var name in System.Text.RegularExpressions.Regex.Matches(statement, @"@\w+").Select(match => match.Value).Distinct())
        {
            var parameter = command.CreateParameter();
            (parameter.ParameterName, parameter.Value) = (name, name.Equals("@after", StringComparison.Ordinal) ? new byte[] { 1, 2 } : 10);
            command.Parameters.Add(parameter);
        }

        command.CommandText = "EXPLAIN QUERY PLAN " + statement;
        using var reader = command.ExecuteReader();
        var steps = new List<string>();
        while (reader.Read())
        {
            steps.Add(reader.GetString(3));
        }

        return string.Join('\n', steps);
    }
}
