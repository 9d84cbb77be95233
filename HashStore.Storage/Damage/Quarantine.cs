using System.Globalization;
using HashStore.Schema;
using HashStore.Storage.Durability;

namespace HashStore.Storage.Damage;

/// <summary>
/// Where bytes go that are not what they should be: <c>STATE/quarantine/KEY-TIME</c>, with a record <c>KEY-TIME.json</c> that says where they lay and what was wrong. Nothing here is ever removed or read by the program.
/// The record comes first, so that no bytes lie there unexplained.
/// </summary>
internal sealed class Quarantine(StorePaths paths, TimeProvider clock)
{
    /// <summary>Links a file into quarantine; it stays where it is too, so that whoever replaces it by a good one does so in one step. Durable on return.</summary>
    /// <returns>Where it lies now, relative to ROOT.</returns>
    /// <exception cref="IOException">It cannot be linked; it is untouched.</exception>
    internal string Link(ContentKey key, string path, DamageRecord record)
    {
        DurableFiles.MakeFolder(paths.Quarantine);
        if (Directory.EnumerateFiles(paths.Quarantine, $"{key}-*").FirstOrDefault(kept => FileStat.Of(kept) is { } one && FileStat.Of(path) is { } other && one.IsSameFile(other)) is { } linked)
        {
            return Path.GetRelativePath(paths.Root, linked); // by a try that was interrupted
        }

        var time = clock.GetUtcNow().ToUnixTimeMilliseconds();
        while (Path.Exists(PlaceOf(key, time)))
        {
            time++;
        }

        var place = PlaceOf(key, time);
        DurableFiles.Replace(place + ".json", record.ToBytes());
        CrashPoints.Pass(CrashPoint.QuarantineRecorded);
        Posix.Link(path, place);
        Posix.SyncDirectory(paths.Quarantine);
        CrashPoints.Pass(CrashPoint.QuarantineLinked);
        return Path.GetRelativePath(paths.Root, place);
    }

    private string PlaceOf(ContentKey key, long time) => Path.Combine(paths.Quarantine, string.Create(CultureInfo.InvariantCulture, $"{key}-{time}"));
}
