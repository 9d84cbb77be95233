using System.Buffers;
using System.Security.Cryptography;
using HashStore.Migrate.Legacy;
using HashStore.Schema;
using HashStore.Schema.Tables;
using HashStore.Storage;
using HashStore.Storage.Durability;
using HashStore.Storage.Objects;
using Microsoft.Win32.SafeHandles;

namespace HashStore.Migrate.Verification;

/// <summary>How to verify.</summary>
/// <param name="Jobs">Threads that read and hash.</param>
/// <param name="LinkRoot">The path under which the wiki sees ROOT; null: the same as here.</param>
internal sealed record VerifyOptions(int Jobs, string? LinkRoot);

/// <summary>Hears what verifying finds and how far it is.</summary>
internal interface IVerifyListener
{
    /// <summary>Something was found. Called by one thread at a time.</summary>
    void Found(VerifyFinding finding);

    /// <summary>So much of a stage is done; called by many threads.</summary>
    void Show(string stage, long done, long total, bool areBytes);
}

/// <summary>One run of <c>verify</c>: what its stages share. Memory is bounded by a page of rows and by <see cref="MaxRemembered"/>.</summary>
internal sealed class VerifyRun(StoreParts parts, LegacyTree tree, VerifyOptions options, TimeProvider clock, IVerifyListener listener, CancellationToken cancellation)
{
    /// <summary>Rows read by one query: a few milliseconds, so that no snapshot keeps a live server's log from being copied back.</summary>
    internal const int PageRows = 1000;

    /// <summary>Large enough that a disk reads at its full rate.</summary>
    private const int BufferBytes = 1 << 20;

    /// <summary>Broken objects, and keys and versions that were told about, that are remembered. A store with more of them is lost anyway; then things are read, or told, twice.</summary>
    private const int MaxRemembered = 100_000;

    private static readonly TimeSpan PauseBetweenLooks = TimeSpan.FromMilliseconds(10);

    private readonly Dictionary<ContentKey, VerifyFinding> broken = [];
    private readonly HashSet<ContentKey> toldKeys = [];
    private readonly HashSet<long> toldVersions = [];
    private long bytes;
    private bool tooManyBroken;

    internal StoreParts Parts => parts;

    internal LegacyTree Tree => tree;

    internal CancellationToken Cancellation => cancellation;

    internal string? LinkRoot => options.LinkRoot;

    /// <summary>When it began: an object whose row is younger was not looked at by the stage of the objects.</summary>
    internal DateTime Start { get; } = clock.GetUtcNow().UtcDateTime;

    /// <summary>Bytes hashed.</summary>
    internal long Bytes => Volatile.Read(ref bytes);

    /// <summary>Tells, and remembers whom it was about, so that one damage is told once.</summary>
    internal void Tell(VerifyFinding finding, long? version = null)
    {
        var isOfObject = finding.Kind is VerifyKind.Dangling or VerifyKind.WrongBytes or VerifyKind.LostObject or VerifyKind.HiddenInPublic or VerifyKind.LostRow;
        if (isOfObject && finding.Key is { } key && toldKeys.Count < MaxRemembered)
        {
            toldKeys.Add(key);
        }

        var isOfVersion = finding.Kind is VerifyKind.LostRow or VerifyKind.WrongRow;
        if (isOfVersion && version is { } number && toldVersions.Count < MaxRemembered)
        {
            toldVersions.Add(number);
        }

        listener.Found(finding);
    }

    internal bool WasTold(ContentKey key) => toldKeys.Contains(key);

    internal bool WasTold(long version) => toldVersions.Contains(version);

    internal void Show(string stage, long done, long total, bool areBytes = false) => listener.Show(stage, done, total, areBytes);

    /// <summary>An object is not what its row says. It is told with the paths that lead to it, or by itself in the end.</summary>
    internal void Break(ContentKey key, VerifyFinding finding)
    {
        if (broken.Count < MaxRemembered)
        {
            broken[key] = finding;
        }
        else
        {
            tooManyBroken = true;
            Tell(finding);
        }
    }

    /// <summary>Whether the object's bytes were read in this run and are those of its row.</summary>
    internal bool IsSound(ContentKey key, DateTime touched) => !tooManyBroken && touched < Start && !broken.ContainsKey(key);

    /// <summary>Tells of the broken objects that no path led to.</summary>
    internal void TellBroken()
    {
        foreach (var (key, finding) in broken.Where(pair => !toldKeys.Contains(pair.Key)))
        {
            listener.Found(finding);
        }
    }

    /// <summary>Where an object lies, absolute.</summary>
    internal string FullPathOf(ContentKey key, Zone zone) => $"{(zone == Zone.Public ? parts.Paths.Root : parts.Paths.Deleted)}/{ObjectPath.Of(key)}";

    /// <summary>Where an object lies, as findings say it.</summary>
    internal string PathOf(ContentKey key, Zone zone) =>
        zone == Zone.Public ? ObjectPath.Of(key) : Path.GetRelativePath(parts.Paths.Root, FullPathOf(key, zone));

    /// <summary>Where the row of an object says that its bytes are.</summary>
    internal static Zone ZoneOf(FileState state) => state == FileState.Deleted ? Zone.Deleted : Zone.Public;

    /// <summary>SHA-256 of a file, read to its end.</summary>
    internal byte[] Hash(FileStream file, Action<int>? read = null)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            for (int count; (count = file.Read(buffer, 0, BufferBytes)) > 0;)
            {
                cancellation.ThrowIfCancellationRequested();
                hash.AppendData(buffer, 0, count);
                Interlocked.Add(ref bytes, count);
                read?.Invoke(count);
            }

            return hash.GetHashAndReset();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Whether the file at a path, no link, has certain bytes.</summary>
    internal bool HasBytes(string path, byte[] sha256)
    {
        using var handle = Posix.OpenToRead(path);
        return HasBytes(handle, sha256);
    }

    /// <summary>Whether an open file has certain bytes; closes it.</summary>
    internal bool HasBytes(SafeFileHandle handle, byte[] sha256)
    {
        using var file = new FileStream(handle, FileAccess.Read, bufferSize: 0);
        return Hash(file).AsSpan().SequenceEqual(sha256);
    }

    /// <summary>Does something with each row of a page on all threads; the results come in the order of the rows.</summary>
    internal async Task<TResult[]> EachAsync<TRow, TResult>(IReadOnlyList<TRow> rows, Func<TRow, Task<TResult>> work)
    {
        var results = new TResult[rows.Count];
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = options.Jobs, CancellationToken = cancellation };
        await Parallel.ForEachAsync(Enumerable.Range(0, rows.Count), parallel, async (i, _) => results[i] = await work(rows[i]));
        return results;
    }

    /// <summary>Lets whoever is changing what looks wrong go on.</summary>
    internal Task PauseAsync() => Task.Delay(PauseBetweenLooks, cancellation);
}
