using System.Security.Cryptography;
using System.Text;
using HashStore.Schema;
using HashStore.Storage;
using HashStore.Storage.Catalog;
using HashStore.Storage.Staging;
using Microsoft.Extensions.Logging.Abstractions;

namespace HashStore.Tests.Support;

/// <summary>A real store in a folder of its own, with what tests ask of it. Names here are taken as they stand.</summary>
internal sealed class TestStore : IAsyncDisposable
{
    private readonly TempFolder folder;
    private readonly List<Store> others = [];
    private StoreDatabase? database;
    private Store? store;

    private TestStore(DatabaseProvider provider, Func<StoreOptions, StoreOptions>? configure, string? parent)
    {
        folder = parent is null ? new TempFolder() : new TempFolder(parent);
        var options = new StoreOptions
        {
            Paths = StorePaths.For(folder["root"], null), Provider = provider, ConnectionString = StoreDatabases.ConnectionString(provider, folder["root"]),
        };
        Options = configure is null ? options : configure(options);
    }

    /// <summary>What it is opened with.</summary>
    internal StoreOptions Options { get; set; }

    internal StorePaths Paths => Options.Paths;

    /// <summary>The store; opened by <see cref="OpenAsync"/>.</summary>
    internal Store Store => store ?? throw new InvalidOperationException("The store is closed.");

    /// <summary>Opens a new store.</summary>
    /// <param name="provider">The database.</param>
    /// <param name="configure">Changes the options.</param>
    /// <param name="parent">The folder to make it in; null: any.</param>
    internal static async Task<TestStore> OpenAsync(
        DatabaseProvider provider = DatabaseProvider.Sqlite, Func<StoreOptions, StoreOptions>? configure = null, string? parent = null)
    {
        var test = new TestStore(provider, configure, parent);
        try
        {
            await test.ReopenAsync();
            return test;
        }
        catch
        {
            await test.DisposeAsync();
            throw;
        }
    }

    /// <summary>A store with keys of a certain length.</summary>
    internal static Task<TestStore> OpenAsync(DatabaseProvider provider, DigestAlgorithm algorithm, int keyBits) =>
        OpenAsync(provider, options => options with { Algorithm = algorithm, KeyBits = keyBits });

    /// <summary>Closes the store, as a program does that ends.</summary>
    internal async Task CloseAsync()
    {
        database?.Dispose();
        database = null;
        foreach (var open in others.Append(store).OfType<Store>())
        {
            await open.DisposeAsync();
        }

        others.Clear();
        store = null;
    }

    /// <summary>Closes and opens the store, as a program does that is started again.</summary>
    internal async Task ReopenAsync()
    {
        await CloseAsync();
        store = await Store.OpenAsync(Options, NullLogger.Instance);
    }

    /// <summary>Opens the same store once more, as a second program does.</summary>
    internal async Task<Store> OpenAnotherAsync()
    {
        var other = await Store.OpenAsync(Options, NullLogger.Instance);
        others.Add(other);
        return other;
    }

    /// <summary>A context of its own onto the tables.</summary>
    internal HashStoreContext Tables() => (database ??= StoreDatabase.Open(Options)).NewContext();

    /// <summary>What lies on the disk and in the tables.</summary>
    internal StoreContents Contents() => StoreContents.Read(this);

    /// <summary>The key that some content gets here.</summary>
    internal ContentKey KeyOf(byte[] content) => Store.Layout.KeyOf(Digest(content, Options.Algorithm));

    internal Task<PutResult> PutAsync(string name, string content) => Store.PutTextAsync(name, content);

    internal Task<PutResult> PutAsync(string name, byte[] content, UploadCondition condition = default) => Store.PutBytesAsync(name, content, condition);

    internal static ContentDigest Digest(byte[] content, DigestAlgorithm algorithm = DigestAlgorithm.Sha256) => new(algorithm switch
    {
#pragma warning disable CA5350, CA5351 // weak algorithms are among those to be tested
        DigestAlgorithm.Sha256 => SHA256.HashData(content),
        DigestAlgorithm.Sha512 => SHA512.HashData(content),
        DigestAlgorithm.Sha1 => SHA1.HashData(content),
        DigestAlgorithm.Md5 => MD5.HashData(content),
#pragma warning restore CA5350, CA5351
        _ => throw new ArgumentOutOfRangeException(nameof(algorithm)),
    });

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        folder.Dispose();
    }
}

/// <summary>Short forms of what tests do with a store.</summary>
internal static class StoreSteps
{
    internal const string User = "Tester";

    internal static FileName Named(this string name) => FileName.FromStored(name);

    internal static Task<StagedFile> StageAsync(this Store store, byte[] content) =>
        store.StageAsync(new MemoryStream(content), new StageLimits(long.MaxValue, content.Length, []), CancellationToken.None);

    internal static async Task<PutResult> PutBytesAsync(this Store store, string name, byte[] content, UploadCondition condition = default)
    {
        using var staged = await store.StageAsync(content);
        return await store.PutAsync(staged, new PutRequest(name.Named(), User, $"Description of {name}", condition));
    }

    internal static Task<PutResult> PutTextAsync(this Store store, string name, string content) => store.PutBytesAsync(name, Encoding.UTF8.GetBytes(content));

    internal static Task<ChangeResult> RevertAsync(this Store store, string name, long version) => store.RevertAsync(name.Named(), version, User, "Reverted");

    internal static Task<ChangeResult> RenameAsync(this Store store, string from, string to) => store.RenameAsync(from.Named(), to.Named(), User);

    internal static Task<ChangeResult> DeleteAsync(this Store store, string name) => store.DeleteAsync(name.Named(), User, "Deleted");

    internal static Task<ChangeResult> UndeleteAsync(this Store store, string name) => store.UndeleteAsync(name.Named(), User);

    internal static Task<ChangeResult> HideAsync(this Store store, string name, long version) =>
        store.SetHiddenAsync(name.Named(), version, true, User, "Hidden");

    internal static Task<ChangeResult> ShowAsync(this Store store, string name, long version) =>
        store.SetHiddenAsync(name.Named(), version, false, User, "Shown");
}
