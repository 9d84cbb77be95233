using HashStore.Migrate.Conversion;
using HashStore.Schema;
using HashStore.Schema.Tables;
using HashStore.Server.Operations;

namespace HashStore.Server.Legacy;

/// <summary>How fast a pass is: it listens to the conversion, and answers whoever asks in between.</summary>
internal sealed class PassMeter(CachePurger purger, TimeProvider clock) : IConversionListener
{
    /// <summary>The rate is that of the last half minute.</summary>
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(30);

    /// <summary>Progress is noted so often at most.</summary>
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(500);

    private readonly Lock gate = new();
    private readonly Queue<(long Time, long Paths)> notes = new();
    private long lastNote, done, total, bytes;

    /// <summary>Paths decided in this pass.</summary>
    internal long Done => Volatile.Read(ref done);

    /// <summary>Bytes read in this pass.</summary>
    internal long Bytes => Volatile.Read(ref bytes);

    /// <summary>Paths decided in a second; 0 when nothing is known yet.</summary>
    internal double PerSecond
    {
        get
        {
            lock (gate)
            {
                return Rate();
            }
        }
    }

    /// <summary>Seconds until the pass has decided about all it found; null when nothing is known yet.</summary>
    internal long? SecondsLeft
    {
        get
        {
            lock (gate)
            {
                return total > 0 && Rate() is > 0 and var rate ? (long)Math.Ceiling(Math.Max(0, total - done) / rate) : null;
            }
        }
    }

    /// <summary>A pass begins.</summary>
    internal void Begin()
    {
        lock (gate)
        {
            (done, total, bytes) = (0, 0, 0);
            notes.Clear();
            Note();
        }
    }

    /// <summary>It ended, or waits.</summary>
    internal void End()
    {
        lock (gate)
        {
            total = 0;
            notes.Clear();
        }
    }

    /// <inheritdoc/>
    public void Looking(long paths)
    {
        lock (gate)
        {
            // The rate is that of converting; looking is much faster.
            notes.Clear();
            Note();
        }
    }

    /// <inheritdoc/>
    public void Converting(long paths, long all, long read)
    {
        lock (gate)
        {
            (done, total, bytes) = (paths, all, read);
            if (clock.GetElapsedTime(lastNote) >= Step)
            {
                Note();
            }

            while (notes.Count > 1 && clock.GetElapsedTime(notes.Peek().Time) > Window)
            {
                _ = notes.Dequeue();
            }
        }
    }

    /// <inheritdoc/>
    public void Decided(LedgerRow row)
    {
        // A link was taken away: its content left the public tree.
        if (row is { State: LedgerState.Removed, Key: { } key })
        {
            purger.Removed([new ContentKey(key)]);
        }
    }

    private void Note()
    {
        lastNote = clock.GetTimestamp();
        notes.Enqueue((lastNote, done));
    }

    private double Rate() => notes.TryPeek(out var first) && clock.GetElapsedTime(first.Time) is { Ticks: > 0 } elapsed ? (done - first.Paths) / elapsed.TotalSeconds : 0;
}
