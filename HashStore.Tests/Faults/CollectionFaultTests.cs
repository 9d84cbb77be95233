using System.Globalization;
using System.Text;
using HashStore.Schema;
using HashStore.Storage.Objects;
using HashStore.Tests.Checking;
using HashStore.Tests.Collection;
using HashStore.Tests.Migrate.Conversion;
using HashStore.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace HashStore.Tests.Faults;

/// <summary>
/// A collection that is killed leaves only what the next one takes, beside uploads of the same contents. The number of kills can be raised with HASHSTORE_KILL_ROUNDS, a failure repeated with HASHSTORE_KILL_SEED.
/// </summary>
public sealed class CollectionFaultTests(ITestOutputHelper output)
{
    private const int Claims = 300, Contents = 200;

    [Fact]
    public async Task A_killed_collection_loses_nothing_and_is_completed_by_the_next()
    {
        var seed = Setting("HASHSTORE_KILL_SEED", Environment.TickCount);
        output.WriteLine($"HASHSTORE_KILL_SEED={seed}");
        var random = new Random(seed);
        await using var test = await TestStore.OpenAsync(Databases.OfPrograms);
        string[] arguments = ["gc", "--root", test.Paths.Root, .. test.Options.ConnectionString is { } text ? (string[])["--provider", $"{test.Options.Provider}", "--connection-string", text] : [], "--grace", "0s"];
        var stored = new Dictionary<string, ContentKey>();
        var killed = 0;
        for (var round = 0; round < Setting("HASHSTORE_KILL_ROUNDS", 6); round++)
        {
            await LitterAsync(test, round);
            using var process = new MigrateProcess(arguments);
            var uploading = Task.Run(async () =>
            {
                for (var at = 0; at < 40; at++)
                {
                    // Contents that the collector is about to take, brought by somebody in the same moment.
                    var content = $"claim {round} {random.Next(Claims)}";
                    if (await TryPutAsync(test, $"Round{round}_{at}.txt", content) is { } key)
                    {
                        stored[content] = key;
                    }
                }
            });
            var wasKilled = await process.KillAfterAsync(TimeSpan.FromMilliseconds(random.Next(450, 1500)));
            killed += wasKilled ? 1 : 0;
            await uploading;
            foreach (var (content, key) in stored)
            {
                Assert.True(content == Encoding.UTF8.GetString((await test.Store.Objects.FindAsync(key)).Found!.Body!), $"seed {seed}, round {round}: {content}");
            }

            var check = await FsckRun.RunAsync([.. arguments[1..^2], "--full"]);
            Assert.True(check.Exit == 0, $"seed {seed}, round {round}: {string.Join(", ", check.Findings)}");
            output.WriteLine($"round {round}: {(wasKilled ? "killed" : "ended")}, {test.Contents().Files.Values.Count(row => row.RefCount == 0)} left");
        }

        Assert.True(killed > 0, "The kills came too late.");
        using var last = new MigrateProcess(arguments);
        var ended = await last.EndAsync();
        Assert.True(ended.Exit == 0, ended.ToString());
        Assert.Equal(stored.Values.Distinct().Select(key => key.ToString()).Order(StringComparer.Ordinal), test.Contents().Files.Keys.Order(StringComparer.Ordinal));
        test.Contents().CheckSettled();
    }

    /// <summary>Claims with and without bytes, and content that lost its versions.</summary>
    private static async Task LitterAsync(TestStore test, int round)
    {
        await Task.WhenAll(Enumerable.Range(0, Claims).Select(at => test.Store.LeaveClaimAsync($"claim {round} {at}", at % 3 == 0 ? null : Zone.Public)));
        await Task.WhenAll(Enumerable.Range(0, Contents).Select(at => test.PutAsync($"Litter{at}.txt", $"content {round} {at}")));
        await Task.WhenAll(Enumerable.Range(0, Contents).Select(at => test.Store.DeleteAsync($"Litter{at}.txt")));
        _ = RawDatabase.Change(test.Options, $"DELETE FROM \"upload\" WHERE EXISTS (SELECT 1 FROM \"filename\" WHERE fn_id = upload_name_id AND fn_deleted = 1)");
        _ = RawDatabase.Change(test.Options, $"DELETE FROM \"filename\" WHERE fn_deleted = 1");
    }

    /// <summary>Null: the collector, which has no grace here, came in between.</summary>
    private static async Task<ContentKey?> TryPutAsync(TestStore test, string name, string content)
    {
        try
        {
            return (await test.PutAsync(name, content)).File.Current.Key;
        }
        catch (HashStore.Storage.StoreException exception) when (exception.Fault == HashStore.Storage.StoreFault.Unavailable)
        {
            return null;
        }
    }

    private static int Setting(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var number) ? number : otherwise;
}
