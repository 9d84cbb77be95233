namespace HashStore.Migrate.Live;

/// <summary>What a watcher hands out.</summary>
/// <param name="Names">Names that something happened to, and that are quiet now.</param>
/// <param name="Lost">Why more may have happened than is known, so that the whole tree wants a pass; null: nothing was lost.</param>
internal readonly record struct WatchedNames(IReadOnlyCollection<string> Names, string? Lost = null);

/// <summary>
/// Names that something happened to, until they are quiet: what a wiki does with one upload is several steps, and they are looked at together. The two names of a rename stay together. Never holds more
/// than a limit: beyond it says that names were lost. One thread at a time.
/// </summary>
internal sealed class PendingNames(TimeProvider clock, int limit = PendingNames.DefaultLimit)
{
    /// <summary>Some tens of megabytes.</summary>
    internal const int DefaultLimit = 100_000;

    /// <summary>Names in one set, about: they are worked on together, and the next ones wait for them.</summary>
    private const int SetSize = 1000;

    /// <summary>Halves of renames that wait for their other half, which comes right behind; where it lies outside of what is watched it never comes.</summary>
    private const int HalvesLimit = 4096;

    /// <summary>A name is quiet when nothing happened to it for so long.</summary>
    internal static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(300);

    /// <summary>A name that is never quiet is handed out nevertheless, so long after the first event; with <see cref="Grain"/> five seconds.</summary>
    internal static readonly TimeSpan Longest = TimeSpan.FromSeconds(4.9);

    /// <summary>After the first name that is quiet it is waited so much longer for those of the same moment.</summary>
    internal static readonly TimeSpan Grain = TimeSpan.FromMilliseconds(100);

    private readonly Dictionary<string, Entry> entries = new(StringComparer.Ordinal);
    private readonly HashSet<Group> groups = [];
    private readonly Dictionary<uint, string?> halves = []; // a null is a temporary name of our own
    private readonly Queue<uint> cookies = new();
    private string? lost;

    /// <summary>Whether there is nothing to wait for.</summary>
    internal bool IsEmpty => entries.Count == 0 && lost is null;

    /// <summary>Something happened to a name.</summary>
    internal void Note(string name)
    {
        var now = clock.GetTimestamp();
        if (!entries.TryGetValue(name, out var entry))
        {
            if (entries.Count == limit)
            {
                Lose($"More than {ProgressBar.Count(limit)} names changed faster than they could be followed.");
            }

            entry = new Entry(new Group(name, now));
            entries.Add(name, entry);
            groups.Add(entry.Group);
        }

        entry.Events++;
        entry.Group.Last = now;
    }

    /// <summary>A name went by a rename.</summary>
    /// <param name="name">The name; null: a temporary one of our own.</param>
    /// <param name="cookie">The rename.</param>
    internal void NoteFrom(string? name, uint cookie)
    {
        if (cookies.Count == HalvesLimit)
        {
            halves.Remove(cookies.Dequeue());
        }

        cookies.Enqueue(cookie);
        halves[cookie] = name;
        if (name is not null)
        {
            Note(name);
        }
    }

    /// <summary>A name came by a rename. What our own temporary names come from or go to is our own exchange of a file for its link: nothing happened.</summary>
    /// <param name="name">The name; null: a temporary one of our own.</param>
    /// <param name="cookie">The rename.</param>
    internal void NoteTo(string? name, uint cookie)
    {
        var isPair = halves.Remove(cookie, out var from);
        if (name is null)
        {
            if (from is not null)
            {
                TakeBack(from);
            }
        }
        else if (!isPair)
        {
            Note(name);
        }
        else if (from is not null)
        {
            if (!entries.ContainsKey(from))
            {
                Note(from); // handed out already, without the other name
            }

            Note(name);
            if (entries.TryGetValue(from, out var gone) && entries.TryGetValue(name, out var come))
            {
                Join(gone.Group, come.Group);
            }
        }
    }

    /// <summary>More happened than is known: what is known is in what a whole pass will find.</summary>
    internal void Lose(string reason)
    {
        lost ??= reason;
        entries.Clear();
        groups.Clear();
    }

    /// <summary>Until something can be handed out; null: until something happens.</summary>
    internal TimeSpan? Wait()
    {
        if (lost is not null)
        {
            return TimeSpan.Zero;
        }

        if (groups.Count == 0)
        {
            return null;
        }

        var first = groups.Min(QuietFor);
        return first <= -Grain ? TimeSpan.Zero : first + Grain;
    }

    /// <summary>What can be handed out now; null: nothing.</summary>
    internal WatchedNames? Take()
    {
        if (lost is not null)
        {
            var told = new WatchedNames([], lost);
            lost = null;
            return told;
        }

        if (Wait() is not { } wait || wait > TimeSpan.Zero)
        {
            return null;
        }

        var names = new List<string>();
        foreach (var group in groups.Where(group => QuietFor(group) <= TimeSpan.Zero).ToList())
        {
            names.AddRange(group.Names);
            groups.Remove(group);
            if (names.Count >= SetSize)
            {
                break;
            }
        }

        names.ForEach(name => entries.Remove(name));
        return new WatchedNames(names);
    }

    /// <summary>How long until a group is quiet; negative: for how long it has been.</summary>
    private TimeSpan QuietFor(Group group)
    {
        var quiet = Quiet - clock.GetElapsedTime(group.Last);
        var longest = Longest - clock.GetElapsedTime(group.First);
        return quiet < longest ? quiet : longest;
    }

    private void TakeBack(string name)
    {
        if (entries.TryGetValue(name, out var entry) && --entry.Events == 0)
        {
            entries.Remove(name);
            entry.Group.Names.Remove(name);
            if (entry.Group.Names.Count == 0)
            {
                groups.Remove(entry.Group);
            }
        }
    }

    private void Join(Group one, Group other)
    {
        if (one == other)
        {
            return;
        }

        var (large, small) = one.Names.Count >= other.Names.Count ? (one, other) : (other, one);
        groups.Remove(small);
        groups.Add(large);
        foreach (var name in small.Names)
        {
            large.Names.Add(name);
            entries[name].Group = large;
        }

        (large.First, large.Last) = (Math.Min(large.First, small.First), Math.Max(large.Last, small.Last));
    }

    /// <summary>What is known of a name.</summary>
    private sealed class Entry(Group group)
    {
        internal Group Group { get; set; } = group;

        internal int Events { get; set; }
    }

    /// <summary>Names that are handed out together.</summary>
    private sealed class Group(string name, long now)
    {
        internal HashSet<string> Names { get; } = new(StringComparer.Ordinal) { name };

        /// <summary>The time of the first event.</summary>
        internal long First { get; set; } = now;

        /// <summary>The time of the last event.</summary>
        internal long Last { get; set; } = now;
    }
}
