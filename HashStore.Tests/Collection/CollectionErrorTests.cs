using System.Text;
using HashStore.Storage;
using HashStore.Storage.Checking;
using HashStore.Storage.Collection;
using HashStore.Storage.Durability;
using HashStore.Storage.Objects;
using HashStore.Tests.Checking;
using HashStore.Tests.Support;
using HashStore.Tests.Thumbnails;
using Mono.Unix.Native;
using Xunit;

namespace HashStore.Tests.Collection;

/// <summary>Each file operation of a collection fails once, in each way: nothing is lost, fsck has no damage to tell of, and the next collection takes everything.</summary>
public sealed class CollectionErrorTests : IAsyncLifetime
{
    private static readonly TimeSpan grace = TimeSpan.FromHours(24);

    private readonly ShiftedClock clock = new();
    private TestStore test = null!;

    public async Task InitializeAsync() => test = await TestStore.OpenAsync(Databases.OfPrograms, options => options with { Clock = clock });

    public async Task DisposeAsync() => await test.DisposeAsync();

    [Theory]
    [InlineData(Errno.EIO)]
    [InlineData(Errno.ENOSPC)]
    [InlineData(Errno.EDQUOT)]
    [InlineData(Errno.EMFILE)]
    [InlineData(Errno.ENOENT)]
    public async Task Whatever_fails_the_next_collection_completes(Errno errno)
    {
        var key = (await test.PutAsync("Stays.txt", "stays")).File.Current.Key;
        var at = 0;
        for (var happened = true; happened; at++)
        {
            await LitterAsync(at);
            var fault = new FailingCall(at, (int)errno);
            using (FileCalls.Observe(test.Paths.Root, fault))
            {
                await TryCollectAsync();
            }

            happened = fault.Happened is not null;
            Assert.Equal("stays", Encoding.UTF8.GetString((await test.Store.Objects.FindAsync(key)).Found!.Body!));
            var findings = await DamagedStore.CheckAsync(StoreCheck.Open(test.Options), full: true);
            Assert.True(findings.TrueForAll(finding => !finding.IsDamage), $"{fault.Happened}: {string.Join(", ", findings)}");

            Assert.DoesNotContain(await test.Store.CollectAsync(grace), one => one.Outcome != CollectionOutcome.Collected);
            Assert.Empty(await test.Store.PlanAsync(grace));
            var contents = test.Contents();
            Assert.Equal([$"{key}"], contents.Files.Keys);
            Assert.Equal((1, 0), (contents.Public.Count(pair => !pair.Key.StartsWith("thumb", StringComparison.Ordinal)), contents.Deleted.Count));
            contents.CheckSettled();
        }

        Assert.True(at > 5, $"Only {at} calls were seen.");
    }

    [Fact]
    public async Task What_cannot_be_removed_is_told_of_and_the_others_go()
    {
        var key = await test.Store.LeaveClaimAsync("cannot be removed", Zone.Public);
        await test.Store.LeaveClaimAsync("can", Zone.Public);
        clock.Ahead += TimeSpan.FromHours(25);
        var done = new List<Collected>();
        using (FileCalls.Observe(test.Paths.ObjectPathOf(key, Zone.Public), new FailingCall(0, (int)Errno.EIO)))
        {
            done = await test.Store.CollectAsync(grace);
        }

        var failed = Assert.Single(done, one => one.Outcome == CollectionOutcome.Failed);
        Assert.Equal(key, failed.Garbage.Key);
        Assert.Contains(ObjectPath.Of(key), failed.Detail, StringComparison.Ordinal);
        Assert.Equal(2, done.Count);
        Assert.Equal([$"{key}"], test.Contents().Files.Keys);
    }

    /// <summary>One piece of each kind, long ago.</summary>
    private async Task LitterAsync(int round)
    {
        await test.Store.LeaveClaimAsync($"claim {round}", Zone.Public);
        await test.Store.LeaveClaimAsync($"hidden claim {round}", Zone.Deleted);
        await test.Store.LeaveClaimAsync($"empty claim {round}", null);
        await test.LeaveContentAsync("Gone.txt", $"content {round}");
        var key = test.KeyOf("stays"u8.ToArray());
        DamagedStore.Replace(test.Paths.ObjectPathOf(key, Zone.Deleted), "stays"u8.ToArray());
        DamagedStore.Replace(Path.Combine(test.Paths.Root, new ThumbPath(test.KeyOf("unknown"u8.ToArray()), "120px", "png").ToString()), new byte[10]);
        DamagedStore.Replace(Path.Combine(test.Paths.Staging, "dead", "lock"), []);
        DamagedStore.Replace(Path.Combine(test.Paths.State, ".hs~selfcheck-1"), []);
        clock.Ahead += TimeSpan.FromHours(25);
    }

    private async Task TryCollectAsync()
    {
        try
        {
            await test.Store.CollectAsync(grace);
        }
        catch (StoreException exception)
        {
            Assert.NotEqual("", exception.Message);
        }
    }

    private sealed class FailingCall(int at, int errno) : IFileCallObserver
    {
        private int seen = -1;

        internal FileCall? Happened { get; private set; }

        public int Before(in FileCall call)
        {
            if (Interlocked.Increment(ref seen) != at)
            {
                return 0;
            }

            Happened = call;
            return errno;
        }

        public void After(in FileCall call)
        {
        }
    }
}
