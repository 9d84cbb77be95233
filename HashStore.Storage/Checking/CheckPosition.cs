using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using HashStore.Storage.Durability;

namespace HashStore.Storage.Checking;

/// <summary>How far a walk over all objects in the order of their keys is: <c>STATE/fsck.json</c>, there from the first seconds of a full check until it ends, so that one that was interrupted can go on.</summary>
public sealed record CheckPosition
{
    /// <summary>When the walk began (UTC).</summary>
    public required DateTime Begun { get; init; }

    /// <summary>The last key that is done; empty: none.</summary>
    public string After { get; init; } = "";

    /// <summary>Objects done.</summary>
    public long Objects { get; init; }

    /// <summary>Bytes of them.</summary>
    public long Bytes { get; init; }

    /// <summary>The last key's bytes; null: none.</summary>
    internal byte[]? AfterBytes => After.Length == 0 ? null : Convert.FromHexString(After);

    /// <summary>Reads it; null when there is none, or none that can be understood: then the walk begins anew.</summary>
    internal static CheckPosition? TryRead(string path) => PositionJson.TryRead(path, PositionJson.Default.CheckPosition, position => position.AfterBytes);

    /// <summary>Writes it, whole or not at all.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    internal void Write(string path) => DurableFiles.Replace(path, JsonSerializer.SerializeToUtf8Bytes(this, PositionJson.Default.CheckPosition));
}

/// <summary>Serialisation without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(CheckPosition))]
[JsonSerializable(typeof(ScrubPosition))]
internal sealed partial class PositionJson : JsonSerializerContext
{
    /// <summary>Reads a position; null when there is none, or none that can be understood.</summary>
    internal static T? TryRead<T>(string path, JsonTypeInfo<T> type, Func<T, byte[]?> keyOf)
        where T : class
    {
        try
        {
            var position = JsonSerializer.Deserialize(File.ReadAllBytes(path), type);
            _ = position is null ? null : keyOf(position);
            return position;
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException or JsonException or FormatException)
        {
            return null;
        }
    }
}
