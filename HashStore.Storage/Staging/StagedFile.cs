using HashStore.Schema;
using HashStore.Storage.Content;
using HashStore.Storage.Durability;
using HashStore.Storage.Safety;
using Microsoft.Win32.SafeHandles;

namespace HashStore.Storage.Staging;

/// <summary>Bytes that were read, hashed and written into the staging area and have no name yet. Disposing throws them away unless they were taken.</summary>
public sealed class StagedFile : IDisposable
{
    internal StagedFile(string path, SafeFileHandle handle)
    {
        Path = path;
        Handle = handle;
    }

    /// <summary>Length in bytes.</summary>
    public long Size { get; internal set; }

    /// <summary>SHA-256, whatever the store's algorithm is.</summary>
    public ContentDigest Sha256 { get; internal set; }

    /// <summary>SHA-1.</summary>
    public ContentDigest Sha1 { get; internal set; }

    /// <summary>The digest by the store's algorithm; equal to <see cref="Sha256"/> by default.</summary>
    public ContentDigest Digest { get; internal set; }

    /// <summary>What the first bytes say the content is.</summary>
    public SniffedType Type { get; internal set; }

    /// <summary>What the content is beside its type, so that browsers may only save it; null: nothing.</summary>
    public Risk? Risk { get; internal set; }

    /// <summary>Where the bytes lie.</summary>
    internal string Path { get; }

    /// <summary>The file that it was copied from, where a repair found one.</summary>
    internal string? Source { get; set; }

    /// <summary>Open until the bytes are durable.</summary>
    internal SafeFileHandle Handle { get; }

    /// <summary>Whether the backend renamed the file away.</summary>
    internal bool IsTaken { get; private set; }

    internal void MarkTaken() => IsTaken = true;

    /// <inheritdoc/>
    public void Dispose()
    {
        Handle.Dispose();
        if (!IsTaken)
        {
            IsTaken = true;
            try
            {
                _ = Posix.Unlink(Path); // not there: the store was closed first and has swept its folder
            }
            catch (IOException)
            {
                // The folder is swept when the process ends, or by the next one; an upload that was acknowledged must not fail for that.
            }
        }
    }
}
