using System.Reflection;
using System.Text.RegularExpressions;
using HashStore.Schema;
using HashStore.Schema.SqlServer;
using HashStore.Storage;
using HashStore.Storage.Catalog;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Xunit;

namespace HashStore.Tests.Catalog;

/// <summary>All SQL that the store sends to SQL Server, shown to that server's grammar without a server.</summary>
public sealed class SqlServerGrammarTests : IDisposable
{
    private const BindingFlags AnyStatic = BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic;

    private readonly SqlServerHashStoreContext context = new(
        new DbContextOptionsBuilder<SqlServerHashStoreContext>().UseSqlServer("Server=nowhere.invalid").Options);

    public static TheoryData<string, string> StatementNames { get; } = MakeStatementNames();

    public static TheoryData<string, string> QueryNames { get; } = MakeQueryNames();

    [Fact]
    public void The_script_that_makes_the_tables_is_well_formed() => Assert.Empty(SqlServerGrammar.Errors(context.Database.GenerateCreateScript()));

    [Theory]
    [InlineData(MigrationsSqlGenerationOptions.Default)]
    [InlineData(MigrationsSqlGenerationOptions.Idempotent)]
    public void The_script_of_all_migrations_is_well_formed(MigrationsSqlGenerationOptions options)
    {
        var script = context.GetService<IMigrator>().GenerateScript(options: options);
        Assert.Contains("CREATE TABLE [file]", script, StringComparison.Ordinal);
        Assert.Empty(SqlServerGrammar.Errors(script));
    }

    [Fact]
    public void The_script_that_takes_all_migrations_back_is_well_formed()
    {
        var migrations = context.Database.GetMigrations().ToList();
        Assert.Empty(SqlServerGrammar.Errors(context.GetService<IMigrator>().GenerateScript(migrations[^1], Migration.InitialDatabase)));
    }

    [Theory]
    [InlineData("fn_name")]
    [InlineData("upload_archive_name")]
    public void Names_are_compared_code_unit_by_code_unit(string column) => Assert.Matches(
        new Regex($@"\[{column}\] nvarchar\(255\) COLLATE \w+_BIN2 "), context.GetService<IMigrator>().GenerateScript());

    [Theory]
    [MemberData(nameof(StatementNames))]
    public void A_statement_of_the_write_path_is_well_formed(string type, string name)
    {
        var statement = (Statement)StatementTypes().Single(candidate => candidate.Name == type).GetField(name, AnyStatic)!.GetValue(null)!;
        using var database = StoreDatabase.Open(
            new StoreOptions { Paths = StorePaths.For("/nowhere", null), Provider = DatabaseProvider.SqlServer, ConnectionString = "Server=nowhere.invalid" });
        Assert.Empty(SqlServerGrammar.Errors(statement.ReturnsId ? statement.Sql + database.InsertedId : statement.Sql));

        // Every parameter is used, and every one that is used is given.
        var used = Regex.Matches(statement.Sql, @"@\w+").Select(match => match.Value).Distinct().Order(StringComparer.Ordinal);
        Assert.Equal(used, statement.Parameters.Select(parameter => parameter.Name).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(SqlServerStoreDatabase.TakeWriteLock)]
    [InlineData(SqlServerStoreDatabase.TakeSchemaLock)]
    public void The_locks_are_well_formed(string sql) => Assert.Empty(SqlServerGrammar.Errors(sql));

    [Theory]
    [MemberData(nameof(QueryNames))]
    public void A_query_of_the_reading_side_is_translated_and_well_formed(string type, string method)
    {
        var query = QueryTypes().Single(candidate => candidate.Name == type)
            .GetMethods(AnyStatic).Single(candidate => candidate.Name == method && IsQuery(candidate));
        foreach (var allGiven in (bool[])[true, false])
        {
            var arguments = query.GetParameters().Select(parameter => Sample(parameter, allGiven)).ToArray();
            var sql = ((IQueryable)query.Invoke(null, arguments)!).ToQueryString();
            Assert.Contains("SELECT", sql, StringComparison.Ordinal);
            Assert.Empty(SqlServerGrammar.Errors(sql));
        }
    }

    [Theory]
    [InlineData("SELECT * FROM file")]
    [InlineData("SELECT fn_id FROM \"filename\" LIMIT 1")]
    [InlineData("INSERT INTO \"filename\" (fn_name) VALUES (@name); SELECT last_insert_rowid()x y")]
    [InlineData("UPDATE \"file\" SET file_refcount = file_refcount + @difference WHERE")]
    [InlineData("SELECT 1;\nGO\nCREATE TABLE (")]
    public void What_is_not_well_formed_is_found(string sql) => Assert.NotEmpty(SqlServerGrammar.Errors(sql));

    public void Dispose() => context.Dispose();

    /// <summary>Every static class that holds statements, wherever it is.</summary>
    private static IEnumerable<Type> StatementTypes() => typeof(Store).Assembly.GetTypes()
        .Where(type => type is { IsAbstract: true, IsSealed: true } && StatementFields(type).Any());

    private static IEnumerable<FieldInfo> StatementFields(Type type) => type.GetFields(AnyStatic).Where(field => field.FieldType == typeof(Statement));

    private static TheoryData<string, string> MakeStatementNames()
    {
        var names = new TheoryData<string, string>();
        foreach (var field in StatementTypes().SelectMany(StatementFields))
        {
            names.Add(field.DeclaringType!.Name, field.Name);
        }

        return names;
    }

    private static IEnumerable<Type> QueryTypes() => typeof(Store).Assembly.GetTypes()
        .Where(type => type.Namespace == typeof(CatalogQueries).Namespace && type.Name.EndsWith("Queries", StringComparison.Ordinal));

    /// <summary>A private method that builds upon another query is seen through those that use it.</summary>
    private static bool IsQuery(MethodInfo method) => !method.IsPrivate && typeof(IQueryable).IsAssignableFrom(method.ReturnType);

    private static TheoryData<string, string> MakeQueryNames()
    {
        var names = new TheoryData<string, string>();
        foreach (var query in QueryTypes().SelectMany(type => type.GetMethods(AnyStatic)).Where(IsQuery))
        {
            names.Add(query.DeclaringType!.Name, query.Name);
        }

        return names;
    }

    private object? Sample(ParameterInfo parameter, bool given)
    {
        var type = Nullable.GetUnderlyingType(parameter.ParameterType) ?? parameter.ParameterType;
        if (type.IsAssignableFrom(context.GetType()) && typeof(DbContext).IsAssignableFrom(type))
        {
            return context;
        }

        if (!given && new NullabilityInfoContext().Create(parameter).ReadState == NullabilityState.Nullable)
        {
            return null;
        }

        return type switch
        {
            _ when type == typeof(string) => "Größe's \U0001F600.png",
            _ when type == typeof(byte[]) => new byte[] { 1, 2, 3, 4, 5, 6, 7, 8 },
            _ when type == typeof(int) => 10,
            _ when type == typeof(long) => 10L,
            _ when type == typeof(bool) => given,
            _ when type == typeof(DateTime) => DateTime.UnixEpoch,
            _ when type == typeof(Guid) => Guid.Empty,
            { IsValueType: true } when type.Namespace == typeof(CatalogQueries).Namespace && type.GetConstructors().FirstOrDefault() is { } made =>
                made.Invoke([.. made.GetParameters().Select(part => Sample(part, given))]),
            { IsEnum: true } => Enum.ToObject(type, 1),
            { IsArray: true } => Array.CreateInstance(type.GetElementType()!, 1),
            _ => throw new NotSupportedException($"Give {parameter.Member.Name} a sample of {type} for its parameter {parameter.Name}."),
        };
    }
}
