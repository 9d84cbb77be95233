namespace HashStore.Server.Legacy;

/// <summary>
/// When the background waits for requests: while as many young ones are under way as there are cores. Whoever only takes his time to fetch a large file keeps nobody up. Under a load that never ends the background still gets
/// its share of the time: for what it worked it waits at most <see cref="WaitsForWork"/> times as long.
/// </summary>
/// <param name="young">The number of young requests (<see cref="Operations.RequestMeters.Young"/>).</param>
/// <param name="clock">Measures work and waits.</param>
internal sealed class RequestsFirst(Func<long> young, TimeProvider clock)
{
    /// <summary>Three parts waiting, one part work: a quarter of the time is the least that a conversion gets.</summary>
    internal const int WaitsForWork = 3;

    /// <summary>Shorter waits are not worth stopping for: work is saved up for one of this length.</summary>
    internal static readonly TimeSpan ShortestWait = TimeSpan.FromMilliseconds(60);

    /// <summary>However long a piece of work was.</summary>
    internal static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(2);

    private static readonly int Cores = Environment.ProcessorCount;

    private readonly Lock gate = new();
    private long workSince = clock.GetTimestamp();
    private long waitSince;
    private TimeSpan patience;

    /// <summary>Asked between pieces of work, again and again while it says true.</summary>
    internal bool IsBusy()
    {
        lock (gate)
        {
            var now = clock.GetTimestamp();
            var isWaiting = patience > TimeSpan.Zero;
            if (young() < Cores || (isWaiting && clock.GetElapsedTime(waitSince, now) >= patience))
            {
                return isWaiting && Work(now);
            }

            if (!isWaiting)
            {
                var earned = clock.GetElapsedTime(workSince, now) * WaitsForWork;
                (waitSince, patience) = (now, earned < ShortestWait ? TimeSpan.Zero : earned < LongestWait ? earned : LongestWait);
            }

            return patience > TimeSpan.Zero;
        }
    }

    /// <summary>Ends a wait; always false.</summary>
    private bool Work(long now)
    {
        (workSince, patience) = (now, TimeSpan.Zero);
        return false;
    }
}
