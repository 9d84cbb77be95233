using HashStore.Storage;
using HashStore.Storage.Checking;
using HashStore.Tests.Support;
using Microsoft.Data.Sqlite;
using Xunit;

namespace HashStore.Tests.Checking;

/// <summary>How a check goes on where it cannot read, ends, and runs beside writers.</summary>
public sealed class StoreCheckRunTests
{
    [Fact]
    public async Task An_unreadable_object_is_a_finding_and_the_rest_is_checked()
    {
        await using var store = await DamagedStore.MakeAsync();
        var keys = await store.PutManyAsync(10);
        store.Flip(keys[1]);
        var parts = StoreOpening.OpenReadOnly(store.Options);
        var failing = new FailingObjects(parts.Backend, openFails: keys[2], readFails: keys[3], statFails: keys[4]);

        var findings = await DamagedStore.CheckAsync(new StoreCheck(parts with { Backend = failing }, TimeProvider.System), full: true);
        Assert.Equal(
            new[] { (FindingKind.WrongHash, keys[1]), (FindingKind.Unreadable, keys[2]), (FindingKind.Unreadable, keys[3]), (FindingKind.Unreadable, keys[4]) }
                .OrderBy(pair => pair.Item2.ToString()),
            findings.Select(finding => (finding.Kind, finding.Key!.Value)).OrderBy(pair => pair.Value.ToString()));
    }

    [Fact]
    public async Task A_damaged_database_is_a_finding()
    {
        await using var store = await DamagedStore.MakeAsync(provider: DatabaseProvider.Sqlite);
        await store.PutManyAsync(500);
        await store.CloseAsync();
        using (var database = new FileStream(store.Paths.Database, FileMode.Open))
        {
            // The lower half of the file, page headers included; the first pages hold the schema.
            var noise = new byte[database.Length / 2];
            new Random(7).NextBytes(noise);
            database.Position = database.Length / 2;
            database.Write(noise);
        }

        SqliteConnection.ClearAllPools();
        var findings = await store.CheckAsync();
        Assert.Contains(findings, finding => finding is { Kind: FindingKind.DatabaseDamage, IsDamage: true });
        File.Delete(store.Paths.Database);
        Assert.Equal(StoreFault.Damaged, Assert.Throws<StoreException>(() => StoreCheck.Open(store.Options)).Fault);
    }

    [Theory]
    [InlineData("file_size = 'many'")]
    [InlineData("file_touched = 'long ago'")]
    public Task A_value_that_its_column_would_not_take_elsewhere_is_a_finding(string assignment) => FindsAsync(assignment, DatabaseProvider.Sqlite);

    [Fact]
    public Task A_value_that_is_none_is_a_finding() => FindsAsync("file_state = 77", Databases.OfPrograms);

    [Fact]
    public async Task A_check_ends_when_it_is_cancelled_or_left()
    {
        await using var store = await DamagedStore.MakeAsync();
        foreach (var key in await store.PutManyAsync(600))
        {
            File.Delete(store.PathOf(key));
        }

        var cancelled = new CancellationToken(canceled: true);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => DamagedStore.CheckAsync(StoreCheck.Open(store.Options), full: true, cancelled));
        using var check = StoreCheck.Open(store.Options);
        await foreach (var finding in check.RunAsync(new CheckOptions(Full: false), null, default))
        {
            Assert.Equal(FindingKind.MissingObject, finding.Kind);
            break;
        }
    }

    [Fact]
    public async Task A_check_beside_a_writer_reports_nothing_false()
    {
        await using var store = await DamagedStore.MakeAsync();
        await store.PutManyAsync(300);
        using var stop = new CancellationTokenSource();
        var writers = Enumerable.Range(0, 3).Select(writer => Task.Run(async () =>
        {
            for (var i = 0; !stop.IsCancellationRequested; i++)
            {
                // The same contents come, go, come back and change their names all the time.
                var name = $"Writer{writer}_{i}.txt";
                await store.PutAsync(name, $"content {i % 300}");
                await store.PutAsync(name, $"brief {i % 20}");
                await store.Store.DeleteAsync(name);
                if (i % 3 == 0)
                {
                    await store.Store.UndeleteAsync(name);
                    await store.Store.RenameAsync(name, "Renamed_" + name);
                }

                if (writer == 0)
                {
                    await store.Store.DeleteAsync($"File{i % 300}.txt");
                    await store.Store.UndeleteAsync($"File{i % 300}.txt");
                }
            }
        })).ToArray();
        try
        {
            for (var runs = 0; runs < 6; runs++)
            {
                Assert.Empty(await store.CheckAsync(full: runs % 2 == 1));
            }
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(writers);
        }

        Assert.Empty(await store.CheckAsync(full: true));
    }

    private static async Task FindsAsync(string assignment, DatabaseProvider provider)
    {
        await using var store = await DamagedStore.MakeAsync(provider: provider);
        var keys = await store.PutManyAsync(3);
        store.Sql($"UPDATE \"file\" SET {assignment} WHERE file_hash = {keys[1]}");

        Assert.Contains(await store.CheckAsync(), finding => finding.Kind is FindingKind.DatabaseDamage or FindingKind.WrongSize or FindingKind.WrongState);
    }
}
