using System.Text.Json;
using System.Text.Json.Serialization;
using HashStore.Schema;
using HashStore.Storage.Durability;

namespace HashStore.Storage;

/// <summary>
/// <c>layout.json</c>: the store describes itself. A program that does not know the version refuses to open it. Written last when a store is made, so that its presence
/// means that everything else is there.
/// </summary>
public sealed record StoreLayout
{
    /// <summary>The version that this program writes and understands.</summary>
    public const int CurrentVersion = 1;

    /// <summary>Version of the on-disk layout.</summary>
    public int Version { get; init; } = CurrentVersion;

    /// <summary>Names the store; its database carries the same.</summary>
    public Guid Uuid { get; init; }

    /// <summary>The digest algorithm's setting name.</summary>
    public string Algorithm { get; init; } = "";

    /// <summary>Length of the keys in bits.</summary>
    public int KeyBits { get; init; }

    /// <summary>The algorithm, parsed.</summary>
    [JsonIgnore]
    public DigestAlgorithm DigestAlgorithm => DigestAlgorithms.TryParse(Algorithm, out var algorithm)
        ? algorithm
        : throw new StoreException(StoreFault.NewerStore, $"layout.json names the digest algorithm \"{Algorithm}\", which this program does not know: run a newer HashStore.");

    /// <summary>The key of some content in this store.</summary>
    public ContentKey KeyOf(ContentDigest digest) => digest.ToKey(KeyBits);

    /// <summary>Reads and checks the file; null when there is none.</summary>
    /// <exception cref="StoreException">It is newer, or no layout at all.</exception>
    internal static StoreLayout? TryRead(StorePaths paths)
    {
        StoreLayout layout;
        try
        {
            var text = File.ReadAllBytes(paths.Layout);
            layout = JsonSerializer.Deserialize(text, LayoutJson.Default.StoreLayout) ?? throw new JsonException("null");
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception exception) when (StorageErrors.Knows(exception))
        {
            throw new StoreException(StoreFault.NotWritable, $"{paths.Layout} cannot be read ({exception.Message}). Run as the user that owns the store.", exception);
        }
        catch (JsonException exception)
        {
            throw new StoreException(StoreFault.NotAStore, $"{paths.Layout} is not a store's layout ({exception.Message}). Restore it from a backup, or give another --root.", exception);
        }

        if (layout.Version > CurrentVersion)
        {
            throw new StoreException(
                StoreFault.NewerStore,
                $"{paths.Root} was made by a newer HashStore (layout version {layout.Version}; this program understands {CurrentVersion}). Run that newer version.");
        }

        if (layout.Version < 1 || layout.Uuid == Guid.Empty)
        {
            throw new StoreException(StoreFault.NotAStore, $"{paths.Layout} is not a store's layout: version or uuid is missing. Restore it from a backup, or give another --root.");
        }

        CheckKeyBits(layout.DigestAlgorithm, layout.KeyBits);
        return layout;
    }

    /// <summary>Writes the file: temporary name, sync, rename, sync of the folder, so that it is there whole or not at all.</summary>
    internal void Write(StorePaths paths)
    {
        DurableFiles.Replace(paths.Layout, [.. JsonSerializer.SerializeToUtf8Bytes(this, LayoutJson.Default.StoreLayout), (byte)'\n']);
    }

    /// <summary>Checks settings before a store is made with them.</summary>
    /// <exception cref="StoreException">The key length does not fit.</exception>
    internal static void CheckKeyBits(DigestAlgorithm algorithm, int keyBits)
    {
        try
        {
            ContentKey.CheckBits(keyBits, algorithm.DigestBytes() * 8);
        }
        catch (ArgumentOutOfRangeException exception)
        {
            throw new StoreException(
                StoreFault.BadSetting, $"KeyBits is {keyBits}: with {algorithm.SettingName()} it must be a multiple of 8 from {ContentKey.MinBits} to {algorithm.DigestBytes() * 8}.", exception);
        }
    }
}

/// <summary>Serialisation without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(StoreLayout))]
internal sealed partial class LayoutJson : JsonSerializerContext;
