namespace HashStore.Migrate.Conversion;

/// <summary>Keeps all readers together below so many bytes per second: who is ahead waits.</summary>
internal sealed class Pace(long bytesPerSecond, TimeProvider clock, CancellationToken cancellation)
{
    private readonly Lock gate = new();
    private readonly long start = clock.GetTimestamp();
    private long spent;

    /// <summary>Bytes read so far.</summary>
    internal long Spent => Interlocked.Read(ref spent);

    /// <summary>Counts bytes that were read, and waits while that was too fast.</summary>
    internal void Spend(int bytes)
    {
        var all = Interlocked.Add(ref spent, bytes);
        if (bytesPerSecond <= 0)
        {
            return;
        }

        lock (gate)
        {
            var due = TimeSpan.FromSeconds((double)all / bytesPerSecond) - clock.GetElapsedTime(start);
            if (due > TimeSpan.Zero)
            {
                _ = cancellation.WaitHandle.WaitOne(due);
            }
        }
    }
}
