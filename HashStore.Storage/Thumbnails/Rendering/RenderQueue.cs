namespace HashStore.Storage.Thumbnails.Rendering;

/// <summary>Who waits and whose turn it is: first come, first served. For any number of threads.</summary>
internal sealed class RenderQueue(RenderSettings settings, TimeProvider clock) : IAsyncDisposable
{
    /// <summary>What a thumbnail is taken to last before any was made.</summary>
    private static readonly TimeSpan FirstGuess = TimeSpan.FromMilliseconds(250);

    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(1);

    private readonly SemaphoreSlim turns = new(settings.MaxProcesses);
    private readonly CancellationTokenSource closed = new();
    private readonly Lock gate = new();
    private readonly TaskCompletionSource empty = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TimeSpan usual = FirstGuess;
    private int inside;
    private bool isClosed;

    /// <summary>Cancelled when the renderer is disposed of.</summary>
    public CancellationToken Closed => closed.Token;

    /// <summary>When a place should be free again, by how long thumbnails have lasted lately: a second at least.</summary>
    public TimeSpan RetryAfter
    {
        get
        {
            lock (gate)
            {
                var wait = usual * inside / settings.MaxProcesses;
                return TimeSpan.FromSeconds(Math.Clamp(Math.Ceiling(wait.TotalSeconds), 1, LongestWait.TotalSeconds));
            }
        }
    }

    /// <summary>A place among those who wait; null when all are taken. It is given back by disposing of it.</summary>
    /// <exception cref="ObjectDisposedException">The renderer is.</exception>
    public Place? TryEnter()
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(isClosed, typeof(Renderer));
            if (inside >= settings.MaxProcesses + settings.MaxQueued)
            {
                return null;
            }

            inside++;
            return new Place(this);
        }
    }

    /// <summary>Sends everybody away and waits until all are gone.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (gate)
        {
            if (isClosed)
            {
                return;
            }

            isClosed = true;
            if (inside == 0)
            {
                empty.TrySetResult();
            }
        }

        await closed.CancelAsync();
        await empty.Task;
        closed.Dispose();
        turns.Dispose();
    }

    private void Leave(TimeSpan? lasted)
    {
        lock (gate)
        {
            usual = lasted is { } time ? ((usual * 7) + time) / 8 : usual;
            if (--inside == 0 && isClosed)
            {
                empty.TrySetResult();
            }
        }
    }

    /// <summary>A place in the queue.</summary>
    internal sealed class Place(RenderQueue queue) : IDisposable
    {
        private long since;
        private bool hasTurn;

        /// <summary>Waits for its turn.</summary>
        public async Task TurnAsync(CancellationToken cancellation)
        {
            await queue.turns.WaitAsync(cancellation);
            (hasTurn, since) = (true, queue.Clock.GetTimestamp());
        }

        /// <inheritdoc/>
        public void Dispose()
        {
            if (hasTurn)
            {
                queue.turns.Release();
            }

            queue.Leave(hasTurn ? queue.Clock.GetElapsedTime(since) : null);
        }
    }

    private TimeProvider Clock => clock;
}
