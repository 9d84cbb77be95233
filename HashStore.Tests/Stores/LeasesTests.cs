using HashStore.Schema.Tables;
using HashStore.Storage.Leasing;
using HashStore.Tests.Support;
using Xunit;

namespace HashStore.Tests.Stores;

/// <summary>Leases of processes that cannot be seen: on another machine, in another container, before a restart.</summary>
public sealed class LeasesTests : IAsyncLifetime
{
    /// <summary>Nobody's boot: whether this process lives only time can tell.</summary>
    private const string OutOfSight = "00000000-0000-0000-0000-000000000000/pid:[1]/1/1";

    private readonly ManualClock clock = new();
    private TestStore test = null!;

    public async Task InitializeAsync()
    {
        test = await TestStore.OpenAsync(configure: options => options with { Clock = clock });
        RawDatabase.Change(
            test.Options,
            $"INSERT INTO \"lease\" (lease_kind, lease_from, lease_to, lease_holder, lease_expires) VALUES ({(byte)LeaseKind.Names}, 10, 20, '{OutOfSight}', {Milliseconds(Leases.Term)})");
    }

    public async Task DisposeAsync() => await test.DisposeAsync();

    [Fact]
    public async Task A_holder_out_of_sight_keeps_its_names_for_the_term_and_no_longer()
    {
        Assert.False(LeaseHolder.IsDead(OutOfSight));
        var grant = await test.Store.Leases.TakeNamesAsync([15, 30]);
        Assert.Equal((30, 30), (grant.Lease!.From, grant.Lease.To));
        Assert.Equal([15], grant.Held);

        clock.Advance(Leases.Term);
        Assert.Null(await test.Store.Leases.WaitForNameAsync(15, TimeSpan.Zero, CancellationToken.None));
        clock.Advance(TimeSpan.FromMilliseconds(1));
        await using var taken = await test.Store.Leases.WaitForNameAsync(15, TimeSpan.Zero, CancellationToken.None);
        Assert.NotNull(taken);

        // Should the other one wake up, what it writes is refused: its lease is gone.
        Assert.Equal(0, RawDatabase.Number(test.Options, $"SELECT COUNT(*) FROM \"lease\" WHERE lease_holder = '{OutOfSight}'"));
    }

    [Fact]
    public async Task A_lease_is_renewed_as_long_as_its_process_lives()
    {
        await using var lease = await test.Store.Leases.WaitForNameAsync(50, TimeSpan.Zero, CancellationToken.None);
        var renewed = Milliseconds(Leases.Term);
        for (var time = 0; time < 10; time++)
        {
            clock.Advance(Leases.Term / 3);
            var expected = Milliseconds(clock.Now + Leases.Term);
            await Http.Support.Until.TrueAsync("the lease is renewed", () => (renewed = RawDatabase.Number(test.Options, $"SELECT lease_expires FROM \"lease\" WHERE lease_from = 50")) == expected);
        }

        Assert.True(renewed > 3 * Milliseconds(Leases.Term));
        Assert.Null((await test.Store.Leases.TakeNamesAsync([50])).Lease);
    }

    private static long Milliseconds(TimeSpan time) => (long)time.TotalMilliseconds;
}
