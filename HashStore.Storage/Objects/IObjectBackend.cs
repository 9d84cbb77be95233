using HashStore.Schema;

namespace HashStore.Storage.Objects;

/// <summary>The two places of an object.</summary>
public enum Zone
{
    /// <summary>Where web servers and readers reach it.</summary>
    Public,

    /// <summary>Where only deleted uploads refer to it, out of every web server's reach.</summary>
    Deleted,
}

/// <summary>What a backend knows of an object without reading it.</summary>
/// <param name="Size">Length in bytes.</param>
/// <param name="Modified">When its bytes were last written.</param>
public readonly record struct ObjectStat(long Size, DateTimeOffset Modified);

/// <summary>
/// Where objects are kept. A backend receives bytes that are already hashed, checked and durable in a local file; it never sees names, rows or HTTP, and may trust key and size.
/// Every method may be called at the same time for the same key by several threads and processes.
/// Failures are <see cref="IOException"/> or <see cref="UnauthorizedAccessException"/>; absence is null or false, never an exception.
/// </summary>
public interface IObjectBackend
{
    /// <summary>Takes a staged file into a zone under <paramref name="key"/> without replacing; durable on return.</summary>
    /// <returns>False when an object is there already (then <paramref name="stagedPath"/> stays where it is), true when the staged file was taken.</returns>
    ValueTask<bool> AddAsync(ContentKey key, string stagedPath, Zone zone);

    /// <summary>Opens an object for reading; null when it is not in that zone.</summary>
    ValueTask<ObjectBytes?> OpenAsync(ContentKey key, Zone zone);

    /// <summary>Looks whether an object is in a zone; null when it is not.</summary>
    ValueTask<ObjectStat?> StatAsync(ContentKey key, Zone zone);

    /// <summary>Moves an object to the other zone, durable on return; an equal object there is replaced. False when it was not in <paramref name="from"/>.</summary>
    ValueTask<bool> MoveAsync(ContentKey key, Zone from);

    /// <summary>Removes an object; false when it was not there.</summary>
    ValueTask<bool> RemoveAsync(ContentKey key, Zone zone);
}

/// <summary>A backend that can say what it holds.</summary>
public interface IListableBackend
{
    /// <summary>All objects of a zone, and what lies among them and is none, in no particular order. A folder that cannot be read is listed with its problem; the others go on.</summary>
    IEnumerable<ListedObject> List(Zone zone);
}

/// <summary>One find of <see cref="IListableBackend.List"/>.</summary>
/// <param name="Path">The relative path as found.</param>
/// <param name="Key">The key that the path stands for; null when the path is no object's.</param>
/// <param name="Size">Length in bytes.</param>
/// <param name="Problem">Why what lies below the path cannot be listed; null when all is well.</param>
public readonly record struct ListedObject(string Path, ContentKey? Key, long Size, string? Problem = null);

/// <summary>An object opened for reading. Positional reads may run at the same time.</summary>
public abstract class ObjectBytes : IDisposable
{
    /// <summary>Size and time.</summary>
    public abstract ObjectStat Stat { get; }

    /// <summary>Reads from <paramref name="offset"/> on; 0 at the end.</summary>
    public abstract ValueTask<int> ReadAsync(Memory<byte> buffer, long offset, CancellationToken cancellation);

    /// <summary>Says that a range will not be read again soon; 0 as length: to the end. A hint, which a backend without a cache takes no notice of.</summary>
    public virtual void Forget(long offset, long length)
    {
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Closes it.</summary>
    protected abstract void Dispose(bool disposing);
}
