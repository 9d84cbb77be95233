using HashStore.Schema;
using HashStore.Storage.Durability;

namespace HashStore.Storage.Damage;

/// <summary>
/// Which objects are known to be damaged: an empty or small file <c>STATE/damaged/KEY</c> for each. That the file is there is the mark, whatever it holds: so a mark needs no free block, is seen by every process at once,
/// and survives the loss of the database. Marks come and go only while the right to write is held, so that none falls on an object that was mended a moment ago.
/// </summary>
internal sealed class DamageMarks(string folder)
{
    /// <summary>Whether an object is marked; a system call.</summary>
    internal bool Has(ContentKey key) => File.Exists(PathOf(key));

    /// <summary>Number of marks.</summary>
    internal int Count() => All().Count;

    /// <summary>All marked objects: few, or the disk is lost anyway.</summary>
    internal IReadOnlyList<ContentKey> All()
    {
        try
        {
            return [.. Directory.EnumerateFiles(folder).Select(path => ContentKey.TryParse(Path.GetFileName(path), out var key) ? key : (ContentKey?)null).OfType<ContentKey>()];
        }
        catch (DirectoryNotFoundException)
        {
            return []; // nothing was ever marked
        }
    }

    /// <summary>Marks an object; durable on return.</summary>
    /// <exception cref="IOException">It cannot be marked.</exception>
    internal void Add(ContentKey key, DamageRecord record)
    {
        DurableFiles.MakeFolder(folder);
        using (var handle = Posix.OpenToWrite(PathOf(key), FileMode.OpenOrCreate))
        {
            Posix.SyncDirectory(folder); // from here on it is marked; what follows is for people
            CrashPoints.Pass(CrashPoint.MarkMade);
            try
            {
                Posix.Write(handle, record.ToBytes(), 0);
                Posix.SyncFile(handle);
            }
            catch (IOException exception) when (Posix.ErrnoOf(exception) is Posix.Enospc or Posix.Edquot)
            {
                Posix.SetLength(handle, 0); // a full disk: an empty mark is one too
            }
        }
    }

    /// <summary>Takes a mark away; durable on return.</summary>
    internal void Remove(ContentKey key)
    {
        if (Posix.Unlink(PathOf(key)))
        {
            Posix.SyncDirectory(folder);
        }
    }

    private string PathOf(ContentKey key) => Path.Combine(folder, key.ToString());
}
