using System.Globalization;
using HashStore.Storage;
using HashStore.Storage.Checking;
using HashStore.Storage.Durability;
using HashStore.Tests.Checking;
using HashStore.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace HashStore.Tests.Crashes.PowerLoss;

/// <summary>
/// Random histories of a store, with power losses at random moments: <see cref="RecordedDisk"/> writes what may remain, the database as SQLite keeps it with synchronous=FULL, and the store that is opened there has
/// everything that was acknowledged, nothing half, nothing deleted visible, and no finding of <c>fsck --full</c> but leftovers. A failure is repeated with HASHSTORE_POWER_SEED; HASHSTORE_POWER_ROUNDS makes more histories.
/// </summary>
public sealed class PowerLossTests(ITestOutputHelper output)
{
    private const int Steps = 40, Moments = 14;

    [Fact]
    public async Task What_was_acknowledged_survives_a_power_loss_at_any_moment()
    {
        var seed = Setting("HASHSTORE_POWER_SEED", Environment.TickCount & 0xFFFFFF);
        for (var round = 0; round < Setting("HASHSTORE_POWER_ROUNDS", 3); round++, seed++)
        {
            output.WriteLine($"HASHSTORE_POWER_SEED={seed}");
            var loss = await FirstLossAsync(seed, _ => false);
            Assert.True(loss is null, $"HASHSTORE_POWER_SEED={seed}: {loss}");
        }
    }

    /// <summary>The simulation bites: a store that forgot one kind of its syncs loses something in at least one of some histories.</summary>
    [Theory]
    [InlineData(FileCallKind.SyncFile, "staging/")]
    [InlineData(FileCallKind.SyncDirectory, "/root/[0-9a-f]/")]
    [InlineData(FileCallKind.SyncDirectory, "/deleted/")]
    [InlineData(FileCallKind.SyncDirectory, "/root/thumb/")]
    public async Task A_store_that_forgets_a_sync_is_caught(object kind, string where)
    {
        string? loss = null;
        for (var seed = 1; loss is null && seed < 12; seed++)
        {
            loss = await FirstLossAsync(seed, call => call.Kind == (FileCallKind)kind && System.Text.RegularExpressions.Regex.IsMatch(call.Path, where));
        }

        output.WriteLine($"{kind} {where}: {loss}");
        Assert.NotNull(loss);
    }

    /// <summary>Null: nothing was lost at any of the moments.</summary>
    private static async Task<string?> FirstLossAsync(int seed, Func<FileCall, bool> isLost)
    {
        using var folder = new TempFolder();
        var random = new Random(seed);
        var moments = Enumerable.Range(0, Moments).Select(_ => random.Next(1, Steps * 12)).ToHashSet();
        var remains = new List<(string Folder, int Acknowledged, int Moment)>();
        var views = new List<string>();
        Directory.CreateDirectory(folder["live"]);
        await using var test = await TestStore.OpenAsync();
        test.Options = test.Options with { Paths = StorePaths.For(folder["live", "root"], null) };
        using (var disk = new RecordedDisk(folder["live"], isLost))
        {
            var choices = new Random(seed);
            disk.Moment = number =>
            {
                if (moments.Contains(number))
                {
                    var to = folder[string.Create(CultureInfo.InvariantCulture, $"{number}")];
                    disk.WriteRemains(choices, to);
                    CopyDatabase(StorePaths.For(folder["live", "root"], null), StorePaths.For(Path.Combine(to, "root"), null));
                    remains.Add((to, views.Count, number));
                }

                return 0;
            };
            await test.ReopenAsync();
            views.Add(await StoreView.OfAsync(test));
            var history = new StoreHistory(test.Store, random);
            for (var step = 0; step < Steps; step++)
            {
                await history.StepAsync();
                views.Add(await StoreView.OfAsync(test));
            }

            disk.Moment = null;
        }

        foreach (var (left, acknowledged, moment) in remains)
        {
            test.Options = test.Options with { Paths = StorePaths.For(Path.Combine(left, "root"), null) };
            try
            {
                await test.ReopenAsync();
                var view = await StoreView.OfAsync(test);
                string[] expected = [.. views.Skip(acknowledged - 1).Take(2)];
                Assert.True(expected.Contains(view), $"shown:\n{view}\nacknowledged:\n{expected[0]}\nunder way:\n{expected[^1]}");
                var findings = await DamagedStore.CheckAsync(StoreCheck.Open(test.Options), full: true);
                Assert.Empty(findings.Where(finding => finding.IsDamage).Select(finding => $"{finding}"));
                StoreView.CheckSettled(test);
            }
            catch (Exception exception)
            {
                return $"call {moment}, after {acknowledged - 1} changes: {exception.Message}";
            }
        }

        return null;
    }

    /// <summary>SQLite's own files are as they are at the moment: what was committed is synced, what is not is in no frame that counts.</summary>
    internal static void CopyDatabase(StorePaths from, StorePaths to)
    {
        foreach (var suffix in (string[])["", "-wal"])
        {
            if (File.Exists(from.Database + suffix) && Directory.Exists(to.State))
            {
                File.Copy(from.Database + suffix, to.Database + suffix);
            }
        }
    }

    private static int Setting(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var number) ? number : otherwise;
}
