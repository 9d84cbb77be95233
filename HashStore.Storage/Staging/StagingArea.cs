using System.Buffers;
using System.Globalization;
using HashStore.Schema;
using HashStore.Storage.Content;
using HashStore.Storage.Durability;
using HashStore.Storage.Safety;
using Microsoft.Win32.SafeHandles;

namespace HashStore.Storage.Staging;

/// <summary>What to hold the incoming bytes against.</summary>
/// <param name="MaxBytes">More is refused.</param>
/// <param name="DeclaredBytes">The length that was announced, if one was.</param>
/// <param name="Expected">Digests that were announced.</param>
public sealed record StageLimits(long MaxBytes, long? DeclaredBytes, IReadOnlyList<ExpectedDigest> Expected);

/// <summary>
/// This process's folder below STATE's <c>staging</c>: one pass reads, hashes, sniffs and writes. The folder holds a lock file that lives as long as the process;
/// whoever opens the store sweeps the folders whose lock nobody holds.
/// </summary>
internal sealed class StagingArea : IDisposable
{
    /// <summary>The piece in which bytes are read, hashed and written: large enough for few system calls, small enough for hundreds of uploads at once.</summary>
    private const int PieceBytes = 128 << 10;

    /// <summary>A file larger than this is synced by itself, so that the small ones of a round need not wait for it.</summary>
    private const long SharedSyncBytes = 4L << 20;

    /// <summary>How much is handed to the disk at a time while a large file comes in, so that its last sync is short.</summary>
    private const long WriteBehindBytes = 8L << 20;

    internal const string LockName = "lock";
    private const UnixFileMode ObjectMode = UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private readonly string folder;
    private readonly FileLock ownership;
    private readonly SyncQueue syncs;
    private readonly DigestAlgorithm algorithm;
    private long lastNumber;

    /// <summary>Sweeps what dead processes left and takes a folder. The caller holds the store's write lock.</summary>
    internal StagingArea(StorePaths paths, SyncQueue syncs, DigestAlgorithm algorithm)
    {
        this.syncs = syncs;
        this.algorithm = algorithm;
        Posix.MakePrivateDirectory(paths.Staging);
        _ = Posix.TrySpread(paths.Staging); // a matter of speed only
        Sweep(paths.Staging);
        folder = Path.Combine(paths.Staging, Guid.NewGuid().ToString("N"));
        Posix.MakePrivateDirectory(folder);
        ownership = new FileLock(Path.Combine(folder, LockName));
        _ = ownership.TryKeep();
    }

    /// <summary>A path in the folder that nobody uses.</summary>
    internal string NextPath() => Path.Combine(folder, Interlocked.Increment(ref lastNumber).ToString("x", CultureInfo.InvariantCulture));

    /// <summary>Takes all bytes of <paramref name="body"/>; they are not yet durable.</summary>
    /// <exception cref="StoreException">Too many bytes, another length or digest than announced, or no space; nothing is kept then.</exception>
    internal async Task<StagedFile> StageAsync(Stream body, StageLimits limits, CancellationToken cancellation)
    {
        CheckAnnounced(limits);
        var path = NextPath();
        var buffer = ArrayPool<byte>.Shared.Rent(PieceBytes);
        StagedFile? staged = null;
        try
        {
            staged = new StagedFile(path, Create(path, limits.DeclaredBytes));
            using var hasher = new ContentHasher(algorithm, limits.Expected.Select(expected => expected.Algorithm));
            await CopyAsync(body, staged, hasher, buffer.AsMemory(0, PieceBytes), limits, cancellation);
            CheckArrived(staged, hasher, limits);
            Look(staged, buffer.AsSpan(0, PieceBytes));
            Posix.SetMode(staged.Handle, (int)ObjectMode);
            return staged;
        }
        catch (Exception exception)
        {
            staged?.Dispose();
            if (StorageErrors.Knows(exception) && Posix.ErrnoOf(exception) != 0)
            {
                throw StorageErrors.Translate(exception);
            }

            throw; // the client's stream failed or was cancelled: not ours to explain
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>
    /// Takes a file that lies on the same mount by a hard link: reads and hashes it, writes nothing. The file gets an object's mode and owner, and <paramref name="source"/> belongs to what comes back.
    /// </summary>
    /// <param name="source">The open file; nobody may be writing to it.</param>
    /// <param name="buffer">Where to read to; a file that fits is hashed in one piece.</param>
    /// <param name="paced">Called with the number of bytes after each read.</param>
    /// <exception cref="IOException">It cannot be read or linked.</exception>
    internal StagedFile StageLink(SafeFileHandle source, byte[] buffer, Action<int> paced)
    {
        var staged = new StagedFile(NextPath(), source);
        using var hasher = new ContentHasher(algorithm, []);
        var length = RandomAccess.GetLength(source);
        for (var last = false; !last;)
        {
            var count = Fill(source, buffer, staged.Size);
            last = count < buffer.Length;
            if (staged.Size == 0)
            {
                staged.Type = ContentSniffer.Sniff(buffer.AsSpan(0, Math.Min(count, PieceBytes)), length);
            }

            staged.Size += count;
            if (last)
            {
                hasher.Finish(buffer.AsSpan(0, count));
            }
            else
            {
                hasher.Append(buffer);
            }

            paced(count);
        }

        Describe(staged, hasher);
        Look(staged, buffer);
        Posix.LinkOpenFile(source, staged.Path);
        CrashPoints.Pass(CrashPoint.FileLinked);
        Posix.SetMode(source, (int)ObjectMode);
        return staged;
    }

    private static int Fill(SafeFileHandle source, byte[] buffer, long offset)
    {
        var filled = 0;
        for (int count; filled < buffer.Length && (count = RandomAccess.Read(source, buffer.AsSpan(filled), offset + filled)) > 0; filled += count)
        {
        }

        return filled;
    }

    /// <summary>Returns when the staged bytes are durable.</summary>
    internal async Task SyncAsync(StagedFile staged)
    {
        if (staged.Size > SharedSyncBytes)
        {
            await Task.Run(() => Posix.SyncFile(staged.Handle));
        }
        else
        {
            await syncs.SyncFileAsync(staged.Handle);
        }
    }

    public void Dispose()
    {
        try
        {
            Posix.RemoveDirectory(folder);
        }
        catch (Exception exception) when (StorageErrors.Knows(exception))
        {
            // The next process that opens the store sweeps it; closing must not fail for that.
        }

        ownership.Dispose();
    }

    private static void CheckAnnounced(StageLimits limits)
    {
        if (limits.DeclaredBytes > limits.MaxBytes)
        {
            throw TooLarge(limits.MaxBytes);
        }
    }

    private static SafeFileHandle Create(string path, long? declaredBytes)
    {
        // Reserving tells at once that a large file will not fit; for a small one the extra call costs more than it saves.
        var reserve = declaredBytes is > WriteBehindBytes ? declaredBytes.Value : 0;
        try
        {
            return Posix.OpenToWrite(path, FileMode.CreateNew, reserve);
        }
        catch (IOException exception) when (reserve > 0 && Posix.ErrnoOf(exception) == 0)
        {
            // .NET says so, without an errno, when the disk is too full or the file system's files cannot be as long.
            throw new StoreException(StoreFault.NoSpace, $"There is no room for {declaredBytes} bytes on the store's file system; nothing was kept. Make room and try again.", exception);
        }
    }

    private static async Task CopyAsync(Stream body, StagedFile staged, ContentHasher hasher, Memory<byte> buffer, StageLimits limits, CancellationToken cancellation)
    {
        long size = 0, handedOver = 0;
        while (true)
        {
            var count = await FillAsync(body, buffer, cancellation);
            if (size + count > limits.MaxBytes)
            {
                throw TooLarge(limits.MaxBytes);
            }

            if (count > 0)
            {
                Posix.Write(staged.Handle, buffer.Span[..count], size);
            }

            var last = count < buffer.Length;
            if (size == 0)
            {
                staged.Type = ContentSniffer.Sniff(buffer.Span[..count], last ? count : limits.DeclaredBytes ?? long.MaxValue);
            }

            size += count;
            if (last)
            {
                hasher.Finish(buffer.Span[..count]);
                staged.Size = size;
                return;
            }

            hasher.Append(buffer.Span);
            if (size - handedOver >= WriteBehindBytes)
            {
                Posix.StartWriting(staged.Handle, handedOver, size - handedOver);
                handedOver = size;
            }
        }
    }

    /// <summary>Fills the buffer unless the body ends.</summary>
    private static async ValueTask<int> FillAsync(Stream body, Memory<byte> buffer, CancellationToken cancellation)
    {
        var filled = 0;
        while (filled < buffer.Length)
        {
            var count = await body.ReadAsync(buffer[filled..], cancellation);
            if (count == 0)
            {
                break;
            }

            filled += count;
        }

        return filled;
    }

    private void CheckArrived(StagedFile staged, ContentHasher hasher, StageLimits limits)
    {
        if (limits.DeclaredBytes is { } declared && declared != staged.Size)
        {
            throw new StoreException(StoreFault.DigestMismatch, $"{declared} bytes were announced but {staged.Size} arrived; nothing was kept.");
        }

        foreach (var expected in limits.Expected)
        {
            if (hasher[expected.Algorithm] != expected.Value)
            {
                throw new StoreException(
                    StoreFault.DigestMismatch,
                    $"The {expected.Algorithm.SettingName()} of what arrived is {hasher[expected.Algorithm]}, not the announced {expected.Value}; nothing was kept.");
            }
        }

        Describe(staged, hasher);
    }

    private void Describe(StagedFile staged, ContentHasher hasher)
    {
        staged.Sha256 = hasher[DigestAlgorithm.Sha256];
        staged.Sha1 = hasher[DigestAlgorithm.Sha1];
        staged.Digest = hasher[algorithm];
    }

    /// <summary>Looks at both ends of the content; for a small file they are still in the buffer.</summary>
    private static void Look(StagedFile staged, ReadOnlySpan<byte> buffer) => staged.Risk = staged.Size <= buffer.Length
        ? DisguiseScan.Of(staged.Type.Mime, buffer[..(int)staged.Size])
        : DisguiseScan.Of(staged.Type.Mime, staged.Handle, staged.Size);

    private static void Sweep(string staging)
    {
        foreach (var left in Directory.EnumerateDirectories(staging))
        {
            _ = TrySweep(left);
        }
    }

    /// <summary>Removes a folder that nobody locks. The caller holds the store's write lock.</summary>
    /// <returns>False: its owner lives.</returns>
    internal static bool TrySweep(string folder)
    {
        using var ownership = new FileLock(Path.Combine(folder, LockName));
        if (!ownership.TryKeep())
        {
            return false;
        }

        Posix.RemoveDirectory(folder);
        return true;
    }

    private static StoreException TooLarge(long maxBytes) =>
        new(StoreFault.TooLarge, $"The file is larger than the {maxBytes} bytes allowed (setting MaxUploadBytes); nothing was kept.");
}
