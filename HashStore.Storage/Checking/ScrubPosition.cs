using System.Text.Json;
using HashStore.Storage.Durability;

namespace HashStore.Storage.Checking;

/// <summary>How far the servers' check of all bytes is: <c>STATE/scrub.json</c>. Read and written only under the lease on it.</summary>
public sealed record ScrubPosition
{
    /// <summary>When this round began (UTC).</summary>
    public required DateTime Begun { get; init; }

    /// <summary>When it was last worked on (UTC).</summary>
    public required DateTime Saved { get; init; }

    /// <summary>The last key that is done, in hexadecimal; empty: none.</summary>
    public string After { get; init; } = "";

    /// <summary>Objects done in this round.</summary>
    public long Objects { get; init; }

    /// <summary>Bytes of them.</summary>
    public long Bytes { get; init; }

    /// <summary>Damaged ones among them.</summary>
    public long Damaged { get; init; }

    /// <summary>What may be read before more is earned by waiting; below 0 after a large object.</summary>
    public double Credit { get; init; }

    /// <summary>When the last round ended (UTC); null: none has.</summary>
    public DateTime? LastEnded { get; init; }

    /// <summary>The last key's bytes; null: none.</summary>
    internal byte[]? AfterBytes => After.Length == 0 ? null : Convert.FromHexString(After);

    /// <summary>Reads it; null when there is none, or none that can be understood: then a round begins.</summary>
    internal static ScrubPosition? TryRead(string path) => PositionJson.TryRead(path, PositionJson.Default.ScrubPosition, position => position.AfterBytes);

    /// <summary>Writes it, whole or not at all.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    internal void Write(string path) => DurableFiles.Replace(path, JsonSerializer.SerializeToUtf8Bytes(this, PositionJson.Default.ScrubPosition));
}
