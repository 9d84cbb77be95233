namespace HashStore.Tests.Support;

/// <summary>A clock that stands still until it is moved; its timers go off when it passes them. For any number of threads.</summary>
internal sealed class ManualClock : TimeProvider
{
    private readonly Lock gate = new();
    private readonly List<Alarm> alarms = [];
    private TimeSpan now;

    /// <summary>Time since it was made.</summary>
    internal TimeSpan Now
    {
        get
        {
            lock (gate)
            {
                return now;
            }
        }
    }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Now.Ticks;

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch + Now;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var alarm = new Alarm(this, () => callback(state));
        alarm.Change(dueTime, period);
        return alarm;
    }

    /// <summary>Moves it on.</summary>
    internal void Advance(TimeSpan time)
    {
        var end = Now + time;
        while (Next(end) is { } alarm)
        {
            alarm.Ring();
        }

        lock (gate)
        {
            now = end;
        }
    }

    /// <summary>Moves it on to the next timer; nothing happens where nobody waits for one.</summary>
    internal void AdvanceToTimer() => Next(TimeSpan.MaxValue)?.Ring();

    /// <summary>The first alarm until a time, which the clock is moved to.</summary>
    private Alarm? Next(TimeSpan end)
    {
        lock (gate)
        {
            if (alarms.Where(alarm => alarm.Due <= end).MinBy(alarm => alarm.Due) is not { } first)
            {
                return null;
            }

            now = first.Due > now ? first.Due : now;
            if (first.Period == Timeout.InfiniteTimeSpan)
            {
                alarms.Remove(first);
            }
            else
            {
                first.Due += first.Period;
            }

            return first;
        }
    }

    private sealed class Alarm(ManualClock clock, Action ring) : ITimer
    {
        internal TimeSpan Due { get; set; }

        internal TimeSpan Period { get; private set; }

        internal Action Ring => ring;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock.gate)
            {
                clock.alarms.Remove(this);
                if (dueTime != Timeout.InfiniteTimeSpan)
                {
                    (Due, Period) = (clock.now + dueTime, period == TimeSpan.Zero ? Timeout.InfiniteTimeSpan : period);
                    clock.alarms.Add(this);
                }

                return true;
            }
        }

        public void Dispose()
        {
            lock (clock.gate)
            {
                clock.alarms.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
