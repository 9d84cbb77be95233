using System.Security.Cryptography;
using HashStore.Schema;
using HashStore.Storage.Catalog;
using HashStore.Storage.Objects;
using HashStore.Storage.Staging;

namespace HashStore.Storage.Checking;

/// <summary>Reads objects and compares their hashes with their rows; one buffer and one pair of hashes serve all of them, one after the other.</summary>
internal sealed class ObjectHash : IDisposable
{
    /// <summary>Large enough that a disk reads at its full rate.</summary>
    private const int BufferBytes = 1 << 20;

    private readonly StoreLayout layout;
    private readonly IncrementalHash sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly IncrementalHash? other;
    private readonly Lazy<byte[]> buffer = new(() => GC.AllocateUninitializedArray<byte>(BufferBytes));

    internal ObjectHash(StoreLayout layout)
    {
        this.layout = layout;
        var algorithm = layout.DigestAlgorithm;
        other = algorithm == DigestAlgorithm.Sha256 ? null : IncrementalHash.CreateHash(ContentHasher.NameOf(algorithm));
    }

    /// <summary>Whether objects are read past the page cache: what the disk holds is looked at, and what others read often stays in memory.</summary>
    internal bool BesideCache { get; init; }

    /// <summary>What is different, as a sentence; null when the bytes are those of the row.</summary>
    /// <param name="bytes">The object.</param>
    /// <param name="row">Its row.</param>
    /// <param name="read">Called with the number of bytes after each read; waits where that was too fast.</param>
    /// <param name="cancellation">Ends it.</param>
    internal async Task<string?> CompareAsync(ObjectBytes bytes, CheckedFile row, Func<int, ValueTask>? read, CancellationToken cancellation)
    {
        try
        {
            if (BesideCache)
            {
                bytes.Forget(0, 0);
            }

            long offset = 0;
            for (int count; (count = await bytes.ReadAsync(buffer.Value, offset, cancellation)) > 0; offset += count)
            {
                if (BesideCache)
                {
                    bytes.Forget(offset, count);
                }

                sha256.AppendData(buffer.Value, 0, count);
                other?.AppendData(buffer.Value, 0, count);
                if (read is not null)
                {
                    await read(count);
                }
            }
        }
        catch
        {
            Reset(); // the next object begins anew
            throw;
        }

        var (whole, digest) = Reset();
        if (!whole.AsSpan().SequenceEqual(row.Sha256))
        {
            return $"The bytes have the SHA-256 {Convert.ToHexStringLower(whole)} instead of {Convert.ToHexStringLower(row.Sha256)}.";
        }

        return digest is null || digest.AsSpan().SequenceEqual(row.Digest)
            ? null
            : $"The bytes have the {layout.Algorithm} {Convert.ToHexStringLower(digest)} instead of {Convert.ToHexStringLower(row.Digest ?? [])}.";
    }

    public void Dispose()
    {
        sha256.Dispose();
        other?.Dispose();
    }

    private (byte[] Sha256, byte[]? Other) Reset() => (sha256.GetHashAndReset(), other?.GetHashAndReset());
}
