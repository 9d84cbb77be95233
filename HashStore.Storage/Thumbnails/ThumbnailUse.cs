using HashStore.Storage.Durability;
using Microsoft.Win32.SafeHandles;

namespace HashStore.Storage.Thumbnails;

/// <summary>
/// When a thumbnail was last used: the later of its access time, which is set here whatever the mount says of access times, and the inode's last change, which tells when it came to its place.
/// docs/decisions/0011-thumbnails.md says why.
/// </summary>
internal static class ThumbnailUse
{
    /// <summary>How exactly it is known: a thumbnail that is asked for all the time is written to once an hour.</summary>
    internal static readonly TimeSpan Grain = TimeSpan.FromHours(1);

    /// <summary>The time of the last use.</summary>
    internal static DateTimeOffset Of(FileStat stat, DateTimeOffset now)
    {
        var changed = Time(stat.Changed);
        var accessed = Time(stat.Accessed);
        return accessed > changed && accessed <= now ? accessed : changed; // whoever made the file may have set its access time to anything
    }

    /// <summary>Notes a use unless one was noted a short time ago.</summary>
    internal static void NoteNowAndThen(SafeFileHandle file, FileStat stat, TimeProvider clock)
    {
        if (clock.GetUtcNow() - Of(stat, clock.GetUtcNow()) > Grain)
        {
            Note(file, clock);
        }
    }

    /// <summary>Notes a use. What this user may not write a time to counts as used when it came.</summary>
    internal static void Note(SafeFileHandle file, TimeProvider clock) =>
        _ = Posix.TrySetAccessed(file, (clock.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick);

    private static DateTimeOffset Time(long nanoseconds) => DateTimeOffset.UnixEpoch.AddTicks(nanoseconds / TimeSpan.NanosecondsPerTick);
}
