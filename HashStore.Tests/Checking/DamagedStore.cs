using HashStore.Schema;
using HashStore.Storage;
using HashStore.Storage.Checking;
using HashStore.Storage.Objects;
using HashStore.Tests.Support;
using Xunit;

namespace HashStore.Tests.Checking;

/// <summary>A real store in a temporary directory, with hands to damage it; on the database of <see cref="Databases.OfPrograms"/> unless a test is about another one.</summary>
internal sealed class DamagedStore : IAsyncDisposable
{
    private readonly TestStore test;

    private DamagedStore(TestStore test) => this.test = test;

    internal StoreOptions Options => test.Options;

    internal StorePaths Paths => test.Paths;

    internal Store Store => test.Store;

    /// <summary>The options by which a command line names the store.</summary>
    internal string[] Arguments =>
    [
        "--root", Paths.Root,
        .. Paths == StorePaths.For(Paths.Root, null) ? [] : (string[])["--state", Paths.State],
        .. Options.ConnectionString is { } text ? (string[])["--provider", $"{Options.Provider}", "--connection-string", text] : [],
    ];

    internal static async Task<DamagedStore> MakeAsync(
        bool stateOutside = false, DigestAlgorithm algorithm = DigestAlgorithm.Sha256, DatabaseProvider? provider = null) =>
        new(await TestStore.OpenAsync(provider ?? Databases.OfPrograms, options => options with
        {
            Algorithm = algorithm,
            Paths = stateOutside ? StorePaths.For(options.Paths.Root, Path.Combine(options.Paths.Root, "..", "state")) : options.Paths,
        }));

    internal async Task<ContentKey> PutAsync(string name, string content) => (await test.PutAsync(name, content)).File.Current.Key;

    /// <summary>Closes the store, so that its database can be damaged.</summary>
    internal Task CloseAsync() => test.CloseAsync();

    /// <summary>So many files; the key of number i holds "content i".</summary>
    internal async Task<List<ContentKey>> PutManyAsync(int count)
    {
        var keys = await Task.WhenAll(Enumerable.Range(0, count).Select(i => PutAsync($"File{i}.txt", $"content {i}")));
        return [.. keys];
    }

    internal string PathOf(ContentKey key, Zone zone = Zone.Public) => Path.Combine(zone == Zone.Public ? Paths.Root : Paths.Deleted, ObjectPath.Of(key));

    /// <summary>Flips the lowest bit of the first byte; the length stays.</summary>
    internal void Flip(ContentKey key, Zone zone = Zone.Public)
    {
        var path = PathOf(key, zone);
        var bytes = File.ReadAllBytes(path);
        bytes[0] ^= 1;
        Replace(path, bytes);
    }

    internal static void Replace(string path, byte[] bytes)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.Delete(path);
        File.WriteAllBytes(path, bytes);
    }

    /// <summary>Changes rows behind the store's back, foreign keys or not.</summary>
    internal void Sql(FormattableString sql) => Assert.NotEqual(0, RawDatabase.Change(Options, sql));

    internal Task<List<Finding>> CheckAsync(bool full = false) => CheckAsync(StoreCheck.Open(Options), full);

    internal static async Task<List<Finding>> CheckAsync(StoreCheck check, bool full, CancellationToken cancellation = default)
    {
        using (check)
        {
            var findings = new List<Finding>();
            await foreach (var finding in check.RunAsync(new CheckOptions(full), null, cancellation))
            {
                findings.Add(finding);
            }

            return findings;
        }
    }

    /// <summary>Names, sizes and times of everything but the database's own files and locks.</summary>
    internal string Picture()
    {
        var lines = new List<string>();
        var all = new DirectoryInfo(Path.GetDirectoryName(Paths.Root)!).EnumerateFileSystemInfos("*", SearchOption.AllDirectories);
        foreach (var file in all.OrderBy(file => file.FullName, StringComparer.Ordinal))
        {
            if (!file.Name.StartsWith("hashstore.db", StringComparison.Ordinal) && file.Extension != ".lock" && file.FullName != Paths.State)
            {
                lines.Add($"{file.FullName} {(file as FileInfo)?.Length} {file.LastWriteTimeUtc:O} {file.UnixFileMode}");
            }
        }

        return string.Join('\n', lines);
    }

    public ValueTask DisposeAsync() => test.DisposeAsync();
}
