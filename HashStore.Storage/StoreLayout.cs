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
    /// <summary>The newest version that this program understands: one whose objects had shorter or longer keys before.</summary>
    public const int CurrentVersion = 2;

    /// <summary>The version of a store whose keys have always been as long as they are.</summary>
    private const int PlainVersion = 1;

    /// <summary>Version of the on-disk layout.</summary>
    public int Version { get; init; } = PlainVersion;

    /// <summary>Names the store; its database carries the same.</summary>
    public Guid Uuid { get; init; }

    /// <summary>The digest algorithm's setting name.</summary>
    public string Algorithm { get; init; } = "";

    /// <summary>Length of the keys in bits.</summary>
    public int KeyBits { get; init; }

    /// <summary>Grows with every change of the length of the keys.</summary>
    public long Generation { get; init; } = 1;

    /// <summary>The length of the keys before, while objects may still have such keys; only the database knows.</summary>
    [JsonIgnore]
    public int? FromBits { get; init; }

    /// <summary>The algorithm, parsed.</summary>
    [JsonIgnore]
    public DigestAlgorithm DigestAlgorithm => DigestAlgorithms.TryParse(Algorithm, out var algorithm)
        ? algorithm
        : throw new StoreException(StoreFault.NewerStore, $"layout.json names the digest algorithm \"{Algorithm}\", which this program does not know: run a newer HashStore.");

    /// <summary>The key of some content in this store.</summary>
    public ContentKey KeyOf(ContentDigest digest) => digest.ToKey(KeyBits);

    /// <summary>The keys that some content may have in this store: today's, and while they are being changed the one before.</summary>
    internal IEnumerable<ContentKey> KeysOf(ContentDigest digest) => FromBits is { } before ? [KeyOf(digest), digest.ToKey(before)] : [KeyOf(digest)];

    /// <summary>What the database's row says.</summary>
    internal static StoreLayout Of(StoreIdentity row) => new()
    {
        Version = row.Generation > 1 ? CurrentVersion : PlainVersion, Uuid = row.Uuid, Algorithm = row.Algorithm, KeyBits = row.KeyBits, Generation = row.Generation, FromBits = row.FromBits,
    };

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
