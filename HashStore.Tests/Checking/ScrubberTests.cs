using HashStore.Storage;
using HashStore.Storage.Checking;
using HashStore.Storage.Objects;
using HashStore.Tests.Support;
using Xunit;

namespace HashStore.Tests.Checking;

/// <summary>The servers' check of all bytes, by a clock that is moved by hand.</summary>
public sealed class ScrubberTests
{
    private const int Objects = 200;

    private static readonly TimeSpan period = TimeSpan.FromDays(10), pause = TimeSpan.FromMinutes(5);

    private readonly ManualClock clock = new();

    [Fact]
    public async Task Every_object_is_read_once_in_the_period_at_an_even_pace()
    {
        await using var test = await MakeAsync();
        using var scrubber = new Scrubber(test.Store, period, new Listener());
        await PassAsync(scrubber, period / 2);
        Assert.InRange(scrubber.Objects.Value, Objects * 0.4, Objects * 0.6);
        Assert.InRange(scrubber.Progress, 0.4, 0.6);

        await PassAsync(scrubber, period * 0.6);
        Assert.NotNull(scrubber.Position!.LastEnded);
        Assert.InRange(scrubber.Objects.Value, Objects, Objects * 1.2);
        Assert.InRange(scrubber.Position.LastEnded.Value - DateTime.UnixEpoch, period * 0.8, period * 1.1);
    }

    [Fact]
    public async Task After_a_standstill_the_pace_rises_but_nothing_comes_at_once()
    {
        await using var test = await MakeAsync();
        using var scrubber = new Scrubber(test.Store, period, new Listener());
        await scrubber.TurnAsync(default);
        clock.Advance(period * 0.9);
        await scrubber.TurnAsync(default);
        Assert.InRange(scrubber.Objects.Value, 0, 3);

        await PassAsync(scrubber, period * 0.3);
        Assert.NotNull(scrubber.Position!.LastEnded);
    }

    [Fact]
    public async Task A_round_goes_on_in_the_next_process()
    {
        await using var test = await MakeAsync();
        long first;
        using (var scrubber = new Scrubber(test.Store, period, new Listener()))
        {
            await PassAsync(scrubber, period / 2);
            first = scrubber.Objects.Value;
        }

        await test.ReopenAsync();
        using var next = new Scrubber(test.Store, period, new Listener());
        while (next.Position?.LastEnded is null)
        {
            clock.Advance(pause);
            await next.TurnAsync(default);
        }

        Assert.InRange(first + next.Objects.Value, Objects, Objects + 3);
    }

    [Fact]
    public async Task Damage_is_marked_told_and_counted_and_the_rest_is_read()
    {
        await using var test = await MakeAsync();
        var key = (await test.PutAsync("Damaged.txt", "damaged")).File.Current.Key;
        DamagedStore.Replace(test.Paths.ObjectPathOf(key, Zone.Public), "Damaged"u8.ToArray());
        var listener = new Listener();
        using var scrubber = new Scrubber(test.Store, period, listener);
        while (scrubber.Position?.LastEnded is null)
        {
            clock.Advance(pause);
            await scrubber.TurnAsync(default);
        }

        var finding = Assert.Single(listener.Findings);
        Assert.Equal((FindingKind.WrongHash, key), (finding.Kind, finding.Key));
        Assert.Equal((1, 1L), (scrubber.Marked, scrubber.Damaged.Value));
        Assert.Equal(StoreFault.Damaged, (await Assert.ThrowsAsync<StoreException>(async () => await test.Store.Objects.FindAsync(key))).Fault);
        Assert.InRange(scrubber.Objects.Value, Objects + 1, Objects + 3);
    }

    [Fact]
    public async Task One_process_at_a_time_reads()
    {
        await using var test = await MakeAsync();
        using var other = new Scrubber(await test.OpenAnotherAsync(), period, new Listener());
        var during = new Listener { Busy = () => other.TurnAsync(default).GetAwaiter().GetResult() };
        using var scrubber = new Scrubber(test.Store, period, during);
        while (scrubber.Objects.Value == 0)
        {
            clock.Advance(pause);
            await scrubber.TurnAsync(default);
        }

        Assert.Null(other.Position);
        await other.TurnAsync(default);
        Assert.Equal(scrubber.Position!.After, other.Position!.After);
    }

    [Fact]
    public async Task An_interrupted_turn_has_written_down_what_it_did()
    {
        await using var test = await MakeAsync();
        using var stop = new CancellationTokenSource();
        var reads = 0;
        using var scrubber = new Scrubber(test.Store, TimeSpan.FromMinutes(10), new Listener
        {
            Busy = () =>
            {
                if (++reads == 20)
                {
                    stop.Cancel();
                }
            },
        });
        await scrubber.TurnAsync(default);
        clock.Advance(pause);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => scrubber.TurnAsync(stop.Token));
        Assert.InRange(ScrubPosition.TryRead(test.Paths.ScrubPosition)!.Objects, 15, 25);
    }

    [Fact]
    public async Task An_empty_store_is_well()
    {
        await using var test = await TestStore.OpenAsync(Databases.OfPrograms, options => options with { Clock = clock });
        using var scrubber = new Scrubber(test.Store, period, new Listener());
        await PassAsync(scrubber, TimeSpan.FromHours(1));
        Assert.Equal(0, scrubber.Objects.Value);
    }

    private async Task PassAsync(Scrubber scrubber, TimeSpan time)
    {
        for (var end = clock.Now + time; clock.Now < end;)
        {
            clock.Advance(pause);
            await scrubber.TurnAsync(default);
        }
    }

    private async Task<TestStore> MakeAsync()
    {
        var test = await TestStore.OpenAsync(Databases.OfPrograms, options => options with { Clock = clock });
        await Task.WhenAll(Enumerable.Range(0, Objects).Select(i => test.PutAsync($"File{i}.txt", $"content {i}")));
        return test;
    }

    private sealed class Listener : IScrubListener
    {
        internal List<Finding> Findings { get; } = [];

        internal Action? Busy { get; init; }

        public bool IsBusy()
        {
            Busy?.Invoke();
            return false;
        }

        public void Found(Finding finding) => Findings.Add(finding);
    }
}
