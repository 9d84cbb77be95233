using System.Globalization;
using HashStore.Schema;
using HashStore.Storage.Content;
using HashStore.Storage.Durability;
using HashStore.Storage.Objects;
using HashStore.Storage.Safety;
using HashStore.Storage.Thumbnails;
using Microsoft.Win32.SafeHandles;

namespace HashStore.Storage.Serving;

/// <summary>
/// A plain file of a legacy tree, opened to be answered with: a thumbnail, or a file that could not be converted. Its bytes belong to somebody else, who may replace the file or write to it: what is sent is the file
/// that was opened, and a write while it is sent cuts the answer off.
/// </summary>
public sealed class PlainFile : Representation, IDisposable
{
    /// <summary>
    /// A file that was changed so short a time ago may be changed again within the same tick of the file system's clock (4 to 10 ms, and a second or two in old file systems), unnoticed by its entity tag: until then the
    /// tag is weak, which is what RFC 9110 section 8.8.1 asks for.
    /// </summary>
    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(3);

    private readonly SniffedType type;
    private readonly bool isRisky;

    private PlainFile(SafeFileHandle handle, FileStat stat, SniffedType type, string etag)
        : base(stat.Size, etag, DateTimeOffset.UnixEpoch.AddTicks(stat.Modified / TimeSpan.NanosecondsPerTick))
    {
        this.type = type;
        isRisky = DisguiseScan.Of(type.Mime, handle, stat.Size) is not null;
        Bytes = new OpenBytes(handle, stat);
    }

    /// <summary>The bytes; gone when this is disposed.</summary>
    public ObjectBytes Bytes { get; }

    /// <summary>Opens a file. Nothing is followed: neither a link at its end nor one on the way that leads out of its tree.</summary>
    /// <param name="path">The file, absolute.</param>
    /// <param name="tree">The tree that it must lie in, absolute.</param>
    /// <param name="clock">Tells how long ago it was changed.</param>
    /// <returns>Null when there is no such plain file in the tree.</returns>
    /// <exception cref="StoreException">It is there and cannot be read.</exception>
    public static PlainFile? Open(string path, string tree, TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(tree);
        ArgumentNullException.ThrowIfNull(clock);
        return Open(path, tree, stat => TagOf(stat, clock.GetUtcNow()));
    }

    /// <summary>
    /// Opens a thumbnail of the store's own tree, as <see cref="Open(string, string, TimeProvider)"/>. Nobody writes to it once it is there, so its entity tag is strong at once and says nothing of the inode's last
    /// change, which a note of its use moves on.
    /// </summary>
    /// <param name="path">The thumbnail, absolute.</param>
    /// <param name="root">ROOT.</param>
    /// <param name="of">What it shows: shared caches can drop it by that.</param>
    /// <param name="clock">Notes that it was used.</param>
    internal static PlainFile? OpenThumb(string path, string root, ContentKey of, TimeProvider clock)
    {
        if (Open(path, root, stat => string.Create(CultureInfo.InvariantCulture, $"\"{stat.Inode:x}-{stat.Size:x}-{stat.Modified:x}\""), of.ToString()) is not { } found)
        {
            return null;
        }

        ThumbnailUse.NoteNowAndThen(((OpenBytes)found.Bytes).Handle, ((OpenBytes)found.Bytes).Opened, clock);
        return found;
    }

    private static PlainFile? Open(string path, string tree, Func<FileStat, string> tag, string? surrogateKey = null)
    {
        SafeFileHandle? handle = null;
        try
        {
            handle = Posix.OpenToRead(path);
            var stat = FileStat.Of(handle);
            if (!stat.IsFile || !LiesIn(handle, tree))
            {
                handle.Dispose();
                return null;
            }

            Span<byte> head = stackalloc byte[(int)Math.Min(ContentSniffer.HeadBytes, stat.Size)];
            head = head[..RandomAccess.Read(handle, head, 0)];
            return new PlainFile(handle, stat, ContentSniffer.Sniff(head, stat.Size), tag(stat)) { SurrogateKey = surrogateKey };
        }
        catch (IOException exception) when (Posix.ErrnoOf(exception) is Posix.Enoent or Posix.Enotdir or Posix.Eloop or Posix.Enxio or Posix.Enametoolong)
        {
            handle?.Dispose();
            return null;
        }
        catch (Exception exception) when (StorageErrors.Knows(exception))
        {
            handle?.Dispose();
            throw new StoreException(StoreFault.Unavailable, $"{Path.GetFileName(path)} cannot be read: {exception.Message}. See to it that the server's user may read the legacy tree.", exception);
        }
    }

    /// <summary>How it is shown under a name: as what it is where the name admits that, else as bytes to save.</summary>
    public NamedPresentation PresentAs(string name)
    {
        var presentation = MediaTypes.Present(type.Mime, type.Charset, name) ?? MediaTypes.StoredUnder();
        return NamedPresentation.Of(name, isRisky ? presentation with { Inline = false } : presentation);
    }

    /// <inheritdoc/>
    public void Dispose() => Bytes.Dispose();

    /// <summary>The kernel's own word for where an open file lies; what was meanwhile removed has its last place there.</summary>
    private static bool LiesIn(SafeFileHandle handle, string tree)
    {
        using var folder = Posix.OpenToRead($"{tree}/.");
        return Posix.PathOf(folder) is { } top && Posix.PathOf(handle)?.StartsWith(top + "/", StringComparison.Ordinal) == true;
    }

    /// <summary>Every write changes the time of the inode's last change, which unlike that of the last write nobody can set back.</summary>
    private static string TagOf(FileStat stat, DateTimeOffset now)
    {
        var age = now - DateTimeOffset.UnixEpoch.AddTicks(stat.Changed / TimeSpan.NanosecondsPerTick);
        return string.Create(CultureInfo.InvariantCulture, $"{(age > Settled ? "" : "W/")}\"{stat.Inode:x}-{stat.Size:x}-{stat.Modified:x}-{stat.Changed:x}\"");
    }

    private sealed class OpenBytes(SafeFileHandle handle, FileStat opened) : ObjectBytes
    {
        internal SafeFileHandle Handle => handle;

        internal FileStat Opened => opened;

        public override ObjectStat Stat => new(opened.Size, DateTimeOffset.UnixEpoch.AddTicks(opened.Modified / TimeSpan.NanosecondsPerTick));

        /// <summary>As <see cref="ObjectBytes.ReadAsync"/>; 0 also as soon as the file is not what it was when it was opened.</summary>
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, long offset, CancellationToken cancellation)
        {
            cancellation.ThrowIfCancellationRequested();
            var count = RandomAccess.Read(handle, buffer.Span, offset);
            return new(FileStat.Of(handle).IsSameContent(opened) ? count : 0);
        }

        protected override void Dispose(bool disposing) => handle.Dispose();
    }
}
