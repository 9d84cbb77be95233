namespace HashStore.Storage.Checking;

/// <summary>Keeps a reader below so many bytes per second. What was not used is not saved up for longer than a second.</summary>
/// <param name="bytesPerSecond">0: no limit.</param>
/// <param name="clock">Measures.</param>
internal sealed class ReadPace(double bytesPerSecond, TimeProvider clock)
{
    private static readonly TimeSpan MaxSaved = TimeSpan.FromSeconds(1);

    /// <summary>Shorter waits are saved up: no timer is finer.</summary>
    private static readonly TimeSpan ShortestWait = TimeSpan.FromMilliseconds(1);

    private readonly long start = clock.GetTimestamp();
    private TimeSpan due;

    /// <summary>Counts bytes that were read, and waits while that was too fast.</summary>
    internal async ValueTask SpendAsync(int bytes, CancellationToken cancellation)
    {
        if (bytesPerSecond <= 0)
        {
            return;
        }

        var now = clock.GetElapsedTime(start);
        due = (due > now - MaxSaved ? due : now - MaxSaved) + TimeSpan.FromSeconds(bytes / bytesPerSecond);
        if (due - now >= ShortestWait)
        {
            await Task.Delay(due - now, clock, cancellation);
        }
    }
}
