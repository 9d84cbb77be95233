using HashStore.Schema;
using HashStore.Storage.Catalog;
using HashStore.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace HashStore.Tests.Catalog;

/// <summary>Contexts and their connections to the embedded database are kept for the next query.</summary>
public sealed class KeptConnectionsTests
{
    [Fact] // the driver's own pool gives one connection to two threads at times
    public async Task Contexts_at_work_at_the_same_moment_have_connections_of_their_own()
    {
        await using var test = await TestStore.OpenAsync();
        var gate = new Lock();
        HashSet<object> busy = new(ReferenceEqualityComparer.Instance);
        for (var round = 0; round < 40; round++)
        {
            // More than are kept: some are made anew each time.
            await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => Task.Run(async () =>
            {
                await using var context = test.Store.Database.NewContext();
                await context.Database.OpenConnectionAsync();
                var handle = ((Microsoft.Data.Sqlite.SqliteConnection)context.Database.GetDbConnection()).Handle!;
                lock (gate)
                {
                    Assert.True(busy.Add(handle), "A connection has two users.");
                }

                Assert.Null(await CatalogQueries.Served(context, new byte[8]).FirstOrDefaultAsync());
                lock (gate)
                {
                    busy.Remove(handle);
                }
            })));
        }
    }

    [Fact]
    public async Task A_closed_store_has_no_connection_left()
    {
        await using var test = await TestStore.OpenAsync();
        await using (var context = test.Store.Database.NewContext())
        {
            Assert.Null(await CatalogQueries.Served(context, new byte[8]).FirstOrDefaultAsync());
        }

        var path = test.Paths.Database;
        Assert.Contains(path, OpenFiles());
        await test.CloseAsync();
        Assert.DoesNotContain(path, OpenFiles());

        static IEnumerable<string?> OpenFiles() => Directory.EnumerateFiles("/proc/self/fd").Select(file => new FileInfo(file).LinkTarget);
    }

    [Fact]
    public async Task A_kept_connection_has_its_settings()
    {
        await using var test = await TestStore.OpenAsync();
        for (var use = 0; use < 3; use++)
        {
            await using var context = test.Store.Database.NewContext();
            Assert.Equal((1, 2), (await NumberAsync(context, "PRAGMA foreign_keys"), await NumberAsync(context, "PRAGMA synchronous")));
        }

        static async Task<long> NumberAsync(HashStoreContext context, string pragma)
        {
            await context.Database.OpenConnectionAsync();
            await using var command = context.Database.GetDbConnection().CreateCommand();
            command.CommandText = pragma;
            return (long)(await command.ExecuteScalarAsync())!;
        }
    }
}
