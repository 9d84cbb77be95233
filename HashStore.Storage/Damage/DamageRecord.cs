using System.Text.Json;
using System.Text.Json.Serialization;

namespace HashStore.Storage.Damage;

/// <summary>What is written down of a damaged object: beside its mark, and beside its bytes in quarantine. For people; the program believes none of it.</summary>
internal sealed record DamageRecord
{
    /// <summary>The object.</summary>
    public required string Key { get; init; }

    /// <summary>Where its bytes lay, relative to ROOT.</summary>
    public required string Path { get; init; }

    /// <summary>When it was found (UTC).</summary>
    public required DateTime Found { get; init; }

    /// <summary>Who found it: <c>fsck</c>, <c>scrub</c>, <c>upload</c>.</summary>
    public required string By { get; init; }

    /// <summary>What is wrong, as a sentence.</summary>
    public required string Detail { get; init; }

    /// <summary>The SHA-256 that the bytes should have; null where no row says.</summary>
    public string? Sha256 { get; init; }

    /// <summary>The record as it lies on the disk.</summary>
    internal byte[] ToBytes() => [.. JsonSerializer.SerializeToUtf8Bytes(this, DamageJson.Default.DamageRecord), (byte)'\n'];
}

/// <summary>Serialisation without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(DamageRecord))]
internal sealed partial class DamageJson : JsonSerializerContext;
