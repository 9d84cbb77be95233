using System.Security.Cryptography;
using HashStore.Schema;
using HashStore.Storage.Catalog;
using HashStore.Storage.Objects;
using HashStore.Storage.Staging;

namespace HashStore.Storage.Checking;

/// <summary>Reads objects and compares their hashes with their rows; one buffer and one pair of hashes serve all of them.</summary>
internal sealed class ObjectHash : IDisposable
{
    /// <summary>Large enough that a disk reads at its full rate.</summary>
    private const int BufferBytes = 1 << 20;

    private readonly CheckRun run;
    private readonly IncrementalHash sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly IncrementalHash? other;
    private readonly Lazy<byte[]> buffer = new(() => GC.AllocateUninitializedArray<byte>(BufferBytes));

    internal ObjectHash(CheckRun run)
    {
        this.run = run;
        var algorithm = run.Parts.Layout.DigestAlgorithm;
        other = algorithm == DigestAlgorithm.Sha256 ? null : IncrementalHash.CreateHash(ContentHasher.NameOf(algorithm));
    }

    /// <summary>What is different, as a sentence; null when the bytes are those of the row.</summary>
    internal async Task<string?> CompareAsync(ObjectBytes bytes, CheckedFile row)
    {
        try
        {
            long offset = 0;
            for (int count; (count = await bytes.ReadAsync(buffer.Value, offset, run.Cancellation)) > 0; offset += count)
            {
                sha256.AppendData(buffer.Value, 0, count);
                other?.AppendData(buffer.Value, 0, count);
                run.CountBytes(count);
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
            : $"The bytes have the {run.Parts.Layout.Algorithm} {Convert.ToHexStringLower(digest)} instead of {Convert.ToHexStringLower(row.Digest ?? [])}.";
    }

    public void Dispose()
    {
        sha256.Dispose();
        other?.Dispose();
    }

    private (byte[] Sha256, byte[]? Other) Reset() => (sha256.GetHashAndReset(), other?.GetHashAndReset());
}
