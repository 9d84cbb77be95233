using HashStore.Server;
using HashStore.Server.Legacy;
using HashStore.Server.Operations;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace HashStore.Tests.Http.Legacy;

/// <summary>The background waits for requests, but not for ever.</summary>
public sealed class RequestsFirstTests
{
    private readonly Clock clock = new();
    private long young;

    [Fact]
    public void Without_requests_nothing_waits()
    {
        var first = new RequestsFirst(() => young, clock);
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.False(first.IsBusy());
    }

    [Fact]
    public void It_waits_until_the_requests_are_answered()
    {
        var first = new RequestsFirst(() => young, clock);
        young = Environment.ProcessorCount;
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.True(first.IsBusy());
        Assert.True(first.IsBusy());
        young = 0;
        Assert.False(first.IsBusy());
    }

    [Fact]
    public void One_request_less_than_there_are_cores_does_not_stop_it()
    {
        var first = new RequestsFirst(() => young, clock);
        young = Environment.ProcessorCount - 1;
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.False(first.IsBusy());
    }

    [Fact]
    public void Under_a_load_that_never_ends_a_quarter_of_the_time_is_work()
    {
        var first = new RequestsFirst(() => young, clock);
        young = Environment.ProcessorCount * 4;
        TimeSpan worked = default, waited = default, step = TimeSpan.FromMilliseconds(5);
        for (var at = 0; at < 10_000; at++)
        {
            var isBusy = first.IsBusy();
            clock.Advance(step);
            (worked, waited) = isBusy ? (worked, waited + step) : (worked + step, waited);
        }

        Assert.InRange(worked / (worked + waited), 0.2, 0.35);
    }

    [Fact]
    public void After_a_long_piece_of_work_it_waits_for_two_seconds_at_most()
    {
        var first = new RequestsFirst(() => young, clock);
        young = Environment.ProcessorCount;
        clock.Advance(TimeSpan.FromMinutes(10));
        Assert.True(first.IsBusy());
        clock.Advance(RequestsFirst.LongestWait - TimeSpan.FromMilliseconds(1));
        Assert.True(first.IsBusy());
        clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.False(first.IsBusy());
    }

    [Fact]
    public void Requests_are_young_while_they_are_under_way()
    {
        var requests = new RequestMeters(new ServerSettings());
        var underWay = Enumerable.Range(0, 5).Select(_ => new TaskCompletionSource()).ToList();
        underWay.ForEach(request => requests.InvokeAsync(new DefaultHttpContext { Request = { Path = "/" } }, _ => request.Task));
        Assert.Equal(5, requests.UnderWay);
        Assert.InRange(requests.Young, 0, 5);
        underWay.ForEach(request => request.SetResult());
        Assert.Equal((0, 0), (requests.UnderWay, requests.Young));
    }

    private sealed class Clock : TimeProvider
    {
        private long now;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => now;

        public void Advance(TimeSpan time) => now += time.Ticks;
    }
}
