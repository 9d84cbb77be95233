using System.Text.Json.Nodes;
using HashStore.Schema;
using HashStore.Storage;
using HashStore.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace HashStore.Tests.Stores;

public sealed class OpeningTests
{
    [Theory]
    [ClassData(typeof(Databases))]
    public async Task A_new_store_describes_itself_and_keeps_its_state_private(DatabaseProvider provider)
    {
        await using var test = await TestStore.OpenAsync(provider);
        var layout = JsonNode.Parse(await File.ReadAllTextAsync(test.Paths.Layout))!;
        Assert.Equal((1, "sha256", 64), ((int)layout["version"]!, (string)layout["algorithm"]!, (int)layout["keyBits"]!));
        Assert.NotEqual(Guid.Empty, (Guid)layout["uuid"]!);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(test.Paths.State));
        Assert.Equal([".hashstore"], Directory.EnumerateFileSystemEntries(test.Paths.Root).Select(Path.GetFileName));
        Assert.Empty(test.Contents().Names);
        await test.Store.Names.PingAsync(CancellationToken.None);
    }

    [Theory]
    [ClassData(typeof(Databases))]
    public async Task A_store_that_is_opened_again_is_the_same_whatever_the_settings_say(DatabaseProvider provider)
    {
        await using var test = await TestStore.OpenAsync(provider);
        var layout = test.Store.Layout;
        var version = (await test.PutAsync("One.txt", "content")).File.Current;
        test.Options = test.Options with { Algorithm = DigestAlgorithm.Md5, KeyBits = 16 };
        await test.ReopenAsync();
        Assert.Equal(layout, test.Store.Layout);
        Assert.Equal(version, (await test.Store.Names.FindAsync("One.txt".Named())).File!.Current);
        Assert.NotNull((await test.Store.Objects.FindAsync(version.Key)).Found);
        test.Contents().CheckSettled();
    }

    [Theory]
    [ClassData(typeof(Databases))]
    public async Task A_start_that_was_interrupted_before_the_layout_goes_on(DatabaseProvider provider)
    {
        await using var test = await TestStore.OpenAsync(provider);
        var layout = test.Store.Layout;
        await test.PutAsync("One.txt", "content");
        await test.CloseAsync();
        File.Delete(test.Paths.Layout);
        test.Options = test.Options with { KeyBits = 128 };
        await test.ReopenAsync();
        Assert.Equal(layout, test.Store.Layout);
    }

    [Theory]
    [ClassData(typeof(Databases))]
    public async Task Programs_that_make_a_store_at_once_make_one(DatabaseProvider provider)
    {
        await using var test = await TestStore.OpenAsync(provider);
        var root = Path.Combine(test.Paths.Root, "0", "new");
        var options = test.Options with { Paths = StorePaths.For(root, null), ConnectionString = null, Provider = DatabaseProvider.Sqlite };
        var stores = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => Store.OpenAsync(options, NullLogger.Instance))));
        Assert.Single(stores.Select(store => store.Layout.Uuid).Distinct());
        await Task.WhenAll(stores.Select((store, i) => store.PutTextAsync($"Name{i}.txt", "content")));
        Assert.Equal(4, (await stores[0].Names.SumAsync()).Names);
        foreach (var store in stores)
        {
            await store.DisposeAsync();
        }
    }

    [Theory]
    [InlineData("version", "3", StoreFault.NewerStore)]
    [InlineData("version", "0", StoreFault.NotAStore)]
    [InlineData("uuid", "\"00000000-0000-0000-0000-000000000000\"", StoreFault.NotAStore)]
    [InlineData("uuid", "\"5e8a17ea-4d4b-4b8e-8cbe-d1e6a3e0c25b\"", StoreFault.NotAStore)]
    [InlineData("algorithm", "\"blake3\"", StoreFault.NewerStore)]
    [InlineData("algorithm", "\"sha512\"", StoreFault.NotAStore)]
    [InlineData("keyBits", "72", StoreFault.NotAStore)]
    [InlineData("keyBits", "12", StoreFault.BadSetting)]
    public async Task A_layout_that_is_newer_or_not_the_databases_is_refused(string property, string value, StoreFault fault)
    {
        await using var test = await TestStore.OpenAsync();
        await test.CloseAsync();
        var layout = JsonNode.Parse(await File.ReadAllTextAsync(test.Paths.Layout))!;
        layout[property] = JsonNode.Parse(value);
        await RefusedAsync(test, layout.ToJsonString(), fault);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("42")]
    [InlineData("{\"version\":1}")]
    [InlineData("{\"version\":\"one\"}")]
    [InlineData("{\"version\":1,\"uuid\":\"no uuid\"}")]
    [InlineData("{\"version\":99999999999}")]
    [InlineData("\0\0\0\0")]
    [InlineData("<?xml version='1.0'?>")]
    public async Task A_layout_that_is_none_is_refused(string text)
    {
        await using var test = await TestStore.OpenAsync();
        await test.CloseAsync();
        await RefusedAsync(test, text, StoreFault.NotAStore);
    }

    [Fact]
    public async Task A_layout_that_cannot_be_read_is_refused()
    {
        await using var test = await TestStore.OpenAsync();
        await test.CloseAsync();
        File.Delete(test.Paths.Layout);
        Directory.CreateDirectory(test.Paths.Layout);
        await Assert.ThrowsAsync<StoreException>(test.ReopenAsync);
    }

    [Theory]
    [ClassData(typeof(Databases))]
    public async Task A_database_of_a_newer_program_is_refused(DatabaseProvider provider)
    {
        await using var test = await TestStore.OpenAsync(provider);
        using (var tables = test.Tables())
        {
            await tables.Database.ExecuteSqlRawAsync(
                """INSERT INTO "__EFMigrationsHistory" ("MigrationId", "ProductVersion") VALUES ('29991231235959_Later', '99.0')""");
        }

        var refusal = await Refusal.ExpectAsync(StoreFault.NewerStore, test.ReopenAsync);
        Assert.Contains("29991231235959_Later", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_store_whose_database_is_gone_is_refused_and_gets_no_empty_one()
    {
        await using var test = await TestStore.OpenAsync();
        await test.CloseAsync();
        File.Delete(test.Paths.Database);
        await Refusal.ExpectAsync(StoreFault.Damaged, test.ReopenAsync);
        Assert.False(File.Exists(test.Paths.Database));
        Assert.Throws<StoreException>(() => StoreOpening.OpenReadOnly(test.Options));
        Assert.False(File.Exists(test.Paths.Database));
    }

    [Fact]
    public async Task An_empty_database_is_not_the_stores()
    {
        await using var test = await TestStore.OpenAsync();
        test.Options = test.Options with { ConnectionString = $"Data Source={Path.Combine(test.Paths.State, "empty.db")}" };
        await Refusal.ExpectAsync(StoreFault.Damaged, test.ReopenAsync);
    }

    [Fact]
    public async Task A_file_that_is_no_database_is_refused()
    {
        await using var test = await TestStore.OpenAsync();
        await test.CloseAsync();
        await File.WriteAllTextAsync(test.Paths.Database, new string('x', 10_000));
        await Assert.ThrowsAsync<StoreException>(test.ReopenAsync);
    }

    [Theory]
    [ClassData(typeof(Databases))]
    public async Task The_database_of_another_store_is_refused(DatabaseProvider provider)
    {
        await using var one = await TestStore.OpenAsync(provider);
        await using var two = await TestStore.OpenAsync(provider);
        one.Options = one.Options with { ConnectionString = two.Options.ConnectionString ?? $"Data Source={two.Paths.Database}" };
        await Refusal.ExpectAsync(StoreFault.NotAStore, one.ReopenAsync);
        Assert.ThrowsAny<StoreException>(() => StoreOpening.OpenReadOnly(one.Options));
    }

    [Theory]
    [InlineData("Holiday.jpg")]
    [InlineData("src/Program.cs")]
    [InlineData("10/Name.jpg")]
    public async Task A_folder_with_somebodys_other_files_does_not_become_a_store(string path)
    {
        using var folder = new TempFolder();
        folder.Write(path, [1]);
        var options = new StoreOptions { Paths = StorePaths.For(folder.Path, null) };
        var refusal = await Refusal.ExpectAsync(StoreFault.NotAStore, () => Store.OpenAsync(options, NullLogger.Instance));
        Assert.Contains(path.Split('/')[0], refusal.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(options.Paths.State));
    }

    [Fact]
    public async Task A_legacy_tree_becomes_a_store_and_keeps_its_files()
    {
        using var folder = new TempFolder();
        string[] legacy =
        [
            "1/12/Name.jpg", "archive/1/12/20200101000000!Name.jpg", "thumb/1/12/Name.jpg/120px-Name.jpg", "deleted/a/b/c/abc.jpg", "README", "temp/1/12/x",
        ];
        foreach (var path in legacy)
        {
            folder.Write(path, [1]);
        }

        await using (await Store.OpenAsync(new StoreOptions { Paths = StorePaths.For(folder.Path, null) }, NullLogger.Instance))
        {
            Assert.All(legacy, path => Assert.True(File.Exists(folder[path])));
        }
    }

    [Theory]
    [InlineData("root")]
    [InlineData("root/below")]
    public async Task A_file_in_the_place_of_root_is_refused(string root)
    {
        using var folder = new TempFolder();
        folder.Write("root", [1]);
        await Assert.ThrowsAsync<StoreException>(() => Store.OpenAsync(new StoreOptions { Paths = StorePaths.For(folder[root], null) }, NullLogger.Instance));
        Assert.Equal([1], File.ReadAllBytes(folder["root"]).AsEnumerable());
    }

    [Theory]
    [InlineData(DigestAlgorithm.Sha256, 0)]
    [InlineData(DigestAlgorithm.Sha256, 8)]
    [InlineData(DigestAlgorithm.Sha256, 20)]
    [InlineData(DigestAlgorithm.Sha256, 264)]
    [InlineData(DigestAlgorithm.Sha256, -64)]
    [InlineData(DigestAlgorithm.Md5, 136)]
    public async Task Keys_that_do_not_fit_the_digest_are_refused_before_anything_is_made(DigestAlgorithm algorithm, int keyBits)
    {
        using var folder = new TempFolder();
        var options = new StoreOptions { Paths = StorePaths.For(folder["root"], null), Algorithm = algorithm, KeyBits = keyBits };
        await Refusal.ExpectAsync(StoreFault.BadSetting, () => Store.OpenAsync(options, NullLogger.Instance));
        Assert.False(Directory.Exists(folder["root"]));
    }

    [Fact]
    public void Looking_at_what_is_no_store_is_refused_and_leaves_no_trace()
    {
        using var folder = new TempFolder();
        var refusal = Assert.Throws<StoreException>(() => StoreOpening.OpenReadOnly(new StoreOptions { Paths = StorePaths.For(folder["root"], null) }));
        Assert.Equal(StoreFault.NotAStore, refusal.Fault);
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder.Path));
    }

    [Theory]
    [ClassData(typeof(Databases))]
    public async Task A_store_can_be_looked_at_beside_the_program_that_writes_it(DatabaseProvider provider)
    {
        await using var test = await TestStore.OpenAsync(provider);
        await test.PutAsync("One.txt", "content");
        using var parts = StoreOpening.OpenReadOnly(test.Options);
        using var context = parts.Database.NewContext();
        Assert.Equal("One.txt", context.Filenames.Single().Name);
        Assert.Equal(test.Store.Layout, parts.Layout);
    }

    [Fact]
    public async Task State_may_lie_elsewhere_on_the_same_file_system()
    {
        using var folder = new TempFolder();
        await using var test = await TestStore.OpenAsync(
            DatabaseProvider.Sqlite, options => options with { Paths = StorePaths.For(folder["public"], folder["private"]) });
        var version = (await test.PutAsync("One.txt", "content")).File.Current;
        Assert.DoesNotContain(Directory.EnumerateFileSystemEntries(folder["public"]), path => Path.GetFileName(path).StartsWith('.'));
        await test.Store.DeleteAsync("One.txt");
        Assert.True(File.Exists(folder["private", "deleted", Storage.Objects.ObjectPath.Of(version.Key)]));
        test.Contents().CheckSettled();
    }

    [NeedsFact("root")]
    public async Task State_on_another_file_system_is_refused_with_what_to_do()
    {
        using var folder = new TempFolder();
        using var other = new MemoryFileSystem(8);
        var options = new StoreOptions { Paths = StorePaths.For(folder["root"], Path.Combine(other.Path, "state")) };
        var refusal = await Refusal.ExpectAsync(StoreFault.UnfitFileSystem, () => Store.OpenAsync(options, NullLogger.Instance));
        Assert.Contains("--state", refusal.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder["root"]));
        Assert.False(File.Exists(options.Paths.Layout));
    }

    [NeedsFact("root")]
    public async Task A_file_system_that_is_read_only_is_refused()
    {
        using var disk = new MemoryFileSystem(8);
        await (await OpenAsync("root")).DisposeAsync();
        disk.MakeReadOnly();
        await Refusal.ExpectAsync(StoreFault.NotWritable, () => OpenAsync("root"));
        await Refusal.ExpectAsync(StoreFault.NotWritable, () => OpenAsync("new"));

        Task<Store> OpenAsync(string root) =>
            Store.OpenAsync(new StoreOptions { Paths = StorePaths.For(Path.Combine(disk.Path, root), null) }, NullLogger.Instance);
    }

    private static async Task RefusedAsync(TestStore test, string layout, StoreFault fault)
    {
        await File.WriteAllTextAsync(test.Paths.Layout, layout);
        await Refusal.ExpectAsync(fault, test.ReopenAsync);
        Assert.Equal(layout, await File.ReadAllTextAsync(test.Paths.Layout));
    }
}
