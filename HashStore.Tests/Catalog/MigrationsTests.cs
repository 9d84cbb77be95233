using HashStore.Schema;
using HashStore.Schema.Sqlite;
using HashStore.Schema.SqlServer;
using HashStore.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Migrations;
using Xunit;

namespace HashStore.Tests.Catalog;

public sealed class MigrationsTests
{
    public static TheoryData<DatabaseProvider> Providers { get; } = [.. Enum.GetValues<DatabaseProvider>()];

    [Theory]
    [MemberData(nameof(Providers))]
    public void The_migrations_are_in_step_with_the_model(DatabaseProvider provider)
    {
        using var context = NewContext(provider);
        var snapshot = context.GetService<IMigrationsAssembly>().ModelSnapshot!.Model;
        var finished = context.GetService<IModelRuntimeInitializer>()
            .Initialize(snapshot is IMutableModel growing ? growing.FinalizeModel() : snapshot, designTime: true);
        var differences = context.GetService<IMigrationsModelDiffer>()
            .GetDifferences(finished.GetRelationalModel(), context.GetService<IDesignTimeModel>().Model.GetRelationalModel());
        Assert.Empty(differences.Select(difference => difference.GetType().Name));
    }

    [Theory]
    [MemberData(nameof(Providers))]
    public void Without_migrations_the_whole_model_would_be_a_difference(DatabaseProvider provider)
    {
        using var context = NewContext(provider);
        Assert.NotEmpty(context.GetService<IMigrationsModelDiffer>().GetDifferences(null, context.GetService<IDesignTimeModel>().Model.GetRelationalModel()));
    }

    [Fact]
    public void Both_databases_have_the_same_tables_and_columns()
    {
        using var sqlite = NewContext(DatabaseProvider.Sqlite);
        using var server = NewContext(DatabaseProvider.SqlServer);
        Assert.Equal(Columns(sqlite), Columns(server));
        Assert.Equal(Names(sqlite), Names(server));

        static IEnumerable<string> Columns(DbContext context) => context.GetService<IDesignTimeModel>().Model.GetRelationalModel().Tables
            .SelectMany(table => table.Columns.Select(column => $"{table.Name}.{column.Name}{(column.IsNullable ? "?" : "")}"))
            .Order(StringComparer.Ordinal);

        // The part after the time that it was made.
        static IEnumerable<string> Names(DbContext context) => context.Database.GetMigrations().Select(id => id[15..]);
    }

    private static HashStoreContext NewContext(DatabaseProvider provider) => provider switch
    {
        DatabaseProvider.Sqlite => new SqliteHashStoreContext(new DbContextOptionsBuilder<SqliteHashStoreContext>().UseSqlite("Data Source=:memory:").Options),
        DatabaseProvider.SqlServer =>
            new SqlServerHashStoreContext(new DbContextOptionsBuilder<SqlServerHashStoreContext>().UseSqlServer("Server=nowhere.invalid").Options),
        _ => throw new ArgumentOutOfRangeException(nameof(provider)),
    };
}
