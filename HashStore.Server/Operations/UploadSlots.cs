namespace HashStore.Server.Operations;

/// <summary>Uploads that are received at the same time; more wait in order. What may wait is bounded by the number of connections.</summary>
internal sealed class UploadSlots(ServerSettings settings) : IDisposable
{
    private readonly SemaphoreSlim slots = new(settings.Limits.ConcurrentUploads);
    private int waiting;

    /// <summary>Uploads that wait now.</summary>
    internal int Waiting => Volatile.Read(ref waiting);

    /// <summary>Uploads under way.</summary>
    internal int Taken => settings.Limits.ConcurrentUploads - slots.CurrentCount;

    internal async ValueTask<Slot> WaitAsync(CancellationToken cancellation)
    {
        if (!slots.Wait(0, CancellationToken.None))
        {
            Interlocked.Increment(ref waiting);
            try
            {
                await slots.WaitAsync(cancellation);
            }
            finally
            {
                Interlocked.Decrement(ref waiting);
            }
        }

        return new Slot(slots);
    }

    public void Dispose() => slots.Dispose();

    /// <summary>Given back when disposed.</summary>
    internal readonly struct Slot(SemaphoreSlim slots) : IDisposable
    {
        public void Dispose() => slots.Release();
    }
}
