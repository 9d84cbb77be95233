using System.Security.Cryptography;
using HashStore.Schema;
using HashStore.Storage.Content;
using HashStore.Storage.Objects;

namespace HashStore.Storage.Staging;

/// <summary>
/// The digests of one pass over some content: SHA-256 and SHA-1 always, the store's algorithm and those that a client announced where they are others.
/// Content that comes in one piece is hashed by the one-shot functions, which allocate nothing.
/// </summary>
internal sealed class ContentHasher : IDisposable
{
    private readonly DigestAlgorithm[] algorithms;
    private readonly IncrementalHash?[] running;
    private readonly ContentDigest[] results;
    private bool streaming;

    internal ContentHasher(DigestAlgorithm store, IEnumerable<DigestAlgorithm> announced)
    {
        algorithms = [.. new[] { DigestAlgorithm.Sha256, DigestAlgorithm.Sha1, store }.Concat(announced).Distinct()];
        running = new IncrementalHash?[algorithms.Length];
        results = new ContentDigest[algorithms.Length];
    }

    /// <summary>Adds a piece that is not the last.</summary>
    internal void Append(ReadOnlySpan<byte> piece)
    {
        streaming = true;
        for (var i = 0; i < algorithms.Length; i++)
        {
            (running[i] ??= IncrementalHash.CreateHash(NameOf(algorithms[i]))).AppendData(piece);
        }
    }

    /// <summary>Adds the last piece; from then on <see cref="this[DigestAlgorithm]"/> answers.</summary>
    internal void Finish(ReadOnlySpan<byte> last)
    {
        if (streaming)
        {
            Append(last);
        }

        Span<byte> digest = stackalloc byte[64];
        for (var i = 0; i < algorithms.Length; i++)
        {
            var length = streaming ? running[i]!.GetCurrentHash(digest) : HashAtOnce(algorithms[i], last, digest);
            results[i] = new ContentDigest(digest[..length]);
        }
    }

    /// <summary>The digest by one of the algorithms asked for.</summary>
    internal ContentDigest this[DigestAlgorithm algorithm] => results[Array.IndexOf(algorithms, algorithm)];

    /// <summary>Hashes a stored object.</summary>
    internal static async Task<ContentDigest> HashAsync(ObjectBytes bytes, DigestAlgorithm algorithm, CancellationToken cancellation)
    {
        var buffer = new byte[1 << 20];
        using var hash = IncrementalHash.CreateHash(NameOf(algorithm));
        long offset = 0;
        for (int count; (count = await bytes.ReadAsync(buffer, offset, cancellation)) > 0; offset += count)
        {
            hash.AppendData(buffer.AsSpan(0, count));
        }

        return new ContentDigest(hash.GetHashAndReset());
    }

    public void Dispose()
    {
        foreach (var hash in running)
        {
            hash?.Dispose();
        }
    }

    // SHA-1 and MD5 are not trusted here: legacy rows and clients speak them, and SHA-256 is always compared too.
#pragma warning disable CA5350, CA5351
    private static int HashAtOnce(DigestAlgorithm algorithm, ReadOnlySpan<byte> content, Span<byte> digest) => algorithm switch
    {
        DigestAlgorithm.Sha256 => SHA256.HashData(content, digest),
        DigestAlgorithm.Sha512 => SHA512.HashData(content, digest),
        DigestAlgorithm.Sha1 => SHA1.HashData(content, digest),
        DigestAlgorithm.Md5 => MD5.HashData(content, digest),
        _ => throw new ArgumentOutOfRangeException(nameof(algorithm)),
    };
#pragma warning restore CA5350, CA5351

    internal static HashAlgorithmName NameOf(DigestAlgorithm algorithm) => algorithm switch
    {
        DigestAlgorithm.Sha256 => HashAlgorithmName.SHA256,
        DigestAlgorithm.Sha512 => HashAlgorithmName.SHA512,
        DigestAlgorithm.Sha1 => HashAlgorithmName.SHA1,
        DigestAlgorithm.Md5 => HashAlgorithmName.MD5,
        _ => throw new ArgumentOutOfRangeException(nameof(algorithm)),
    };
}
