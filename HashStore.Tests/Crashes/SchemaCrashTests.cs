using HashStore.Schema.Sqlite;
using HashStore.Storage;
using HashStore.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;
using Xunit.Abstractions;

namespace HashStore.Tests.Crashes;

/// <summary>A start dies while it makes or updates the tables, before each third of its commands and commits: the next one goes on at once, and what was in the tables is there.</summary>
public sealed class SchemaCrashTests(ITestOutputHelper output)
{
    private const int MaxSteps = 300;

    /// <summary>The next start must not wait for what a dead one held.</summary>
    private static readonly TimeSpan patience = TimeSpan.FromSeconds(20);

    [Theory]
    [InlineData(false, 1)]
    [InlineData(false, 2)]
    [InlineData(false, 3)]
    [InlineData(true, 1)]
    [InlineData(true, 2)]
    [InlineData(true, 3)]
    public async Task A_start_that_dies_while_it_updates_the_tables_is_completed_by_the_next(bool isOld, int first)
    {
        for (var step = first; step < MaxSteps; step += 3)
        {
            using var folder = new TempFolder();
            var options = new StoreOptions { Paths = StorePaths.For(folder["root"], null) };
            if (isOld)
            {
                await MakeOldAsync(options);
            }

            var way = (CrashWay)(step % 2);
            var died = await CrashProcess.TryDieAsync(CrashChild.SchemaStep, step, way, [options.Paths.Root]);
            await using (var store = await Store.OpenAsync(options, NullLogger.Instance).WaitAsync(patience))
            {
                await store.PutTextAsync("After.txt", "after");
                Assert.NotNull((await store.Names.FindCurrentAsync("After.txt".Named()))?.Current);
                Assert.True(!isOld || RawDatabase.Rows(options, $"SELECT fn_id FROM filename WHERE fn_name = 'Kept.txt'").Count > 0, "A row is gone.");
            }

            if (!died)
            {
                output.WriteLine($"{step} steps");
                Assert.True(step > 10, "It makes more steps than that.");
                return;
            }
        }

        Assert.Fail($"More than {MaxSteps} steps.");
    }

    /// <summary>The database of the first version, with a name that is deleted.</summary>
    private static async Task MakeOldAsync(StoreOptions options)
    {
        Directory.CreateDirectory(options.Paths.State);
        await using var context = new SqliteHashStoreContext(new DbContextOptionsBuilder<SqliteHashStoreContext>().UseSqlite($"Data Source={options.Paths.Database};Pooling=False").Options);
        await context.GetService<IMigrator>().MigrateAsync(context.Database.GetMigrations().First());
        Assert.Equal(1, RawDatabase.Change(options, $"INSERT INTO filename (fn_name, fn_deleted) VALUES ('Kept.txt', 1)"));
    }
}
