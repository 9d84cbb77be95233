using System.Globalization;
using System.Text;
using HashStore.Schema.Tables;
using HashStore.Storage;
using HashStore.Storage.Catalog;
using HashStore.Tests.Collection;
using HashStore.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace HashStore.Tests.Stores;

/// <summary>Random steps on a store, through two programs that have it open, beside the same steps on a plain model; after each one
/// everything that can be seen agrees.</summary>
public sealed class ModelTests(ITestOutputHelper output)
{
    private const int Sequences = 40;
    private const int Steps = 30;

    /// <summary>Where there is such a place, the stores lie in memory: this is about what is done, not about how long it lasts.</summary>
    private const string Memory = "/dev/shm";

    /// <summary>A seed to repeat a failure with.</summary>
    private const string SeedVariable = "HASHSTORE_TEST_SEED";

    private static readonly string[] names = ["Alpha.txt", "Beta.txt", "alpha.txt"];
    private static readonly byte[][] contents = [.. Enumerable.Range(0, 4).Select(i => Encoding.UTF8.GetBytes($"The content number {i}."))];

    [Theory]
    [ClassData(typeof(Databases))]
    public async Task A_store_does_what_the_model_does(DatabaseProvider provider)
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable(SeedVariable), CultureInfo.InvariantCulture, out var given) ? given : Random.Shared.Next();
        output.WriteLine($"{SeedVariable}={seed}");
        var random = new Random(seed);
        for (var sequence = 0; sequence < Sequences; sequence++)
        {
            await using var test = await TestStore.OpenAsync(provider, parent: Directory.Exists(Memory) ? Memory : null);
            var model = new StoreModel();
            Store[] programs = [test.Store, await test.OpenAnotherAsync()];
            var history = new List<string>();
            for (var step = 0; step < Steps; step++)
            {
                try
                {
                    await StepAsync(programs[random.Next(2)], model, random, history);
                    if (random.Next(4) == 0)
                    {
                        history.Add("gc");
                        Assert.Empty(await programs[random.Next(2)].CollectAsync(TimeSpan.Zero)); // the model knows of no garbage
                    }

                    await CheckAsync(test, programs[random.Next(2)], model);
                }
                catch (Exception exception)
                {
                    throw new InvalidOperationException($"{SeedVariable}={seed}, sequence {sequence}, after: {string.Join("; ", history)}", exception);
                }
            }
        }
    }

    private static async Task StepAsync(Store store, StoreModel model, Random random, List<string> history)
    {
        string name = names[random.Next(names.Length)], other = names[random.Next(names.Length)];
        var content = random.Next(contents.Length);
        var ids = model.VersionIds.ToList();
        var version = ids.Count > 0 && random.Next(20) > 0 ? ids[random.Next(ids.Count)] : 1_000_000;
        var kind = random.Next(10);
        history.Add($"{kind}({name}, {other}, {content}, {version})");
        switch (kind)
        {
            case <= 2:
                var add = model.Upload(name, content);
                var put = await store.PutBytesAsync(name, contents[content]);
                Assert.Equal(add is null, put.IsUnchanged);
                add?.Invoke(put.File.Current.Id);
                break;
            case 3:
                var (fault, addReverted) = model.Revert(name, version);
                var reverted = await TryAsync(fault, () => store.RevertAsync(name, version));
                Assert.Equal(fault is null && addReverted is null, reverted?.IsUnchanged ?? false);
                addReverted?.Invoke(reverted!.File.Current.Id);
                break;
            case 4:
                await TryAsync(model.Rename(name, other), () => store.RenameAsync(name, other));
                break;
            case 5 or 6:
                await TryAsync(model.Delete(name), () => store.DeleteAsync(name));
                break;
            case 7:
                await TryAsync(model.Undelete(name), () => store.UndeleteAsync(name));
                break;
            case 8:
                await TryAsync(model.SetHidden(name, version, hidden: true), () => store.HideAsync(name, version));
                break;
            default:
                await TryAsync(model.SetHidden(name, version, hidden: false), () => store.ShowAsync(name, version));
                break;
        }
    }

    private static async Task<ChangeResult?> TryAsync(StoreFault? expected, Func<Task<ChangeResult>> change)
    {
        if (expected is { } fault)
        {
            await Refusal.ExpectAsync(fault, change);
            return null;
        }

        return await change();
    }

    private static async Task CheckAsync(TestStore test, Store store, StoreModel model)
    {
        var held = test.Contents();
        held.CheckSettled();
        await CheckContentsAsync(test, store, model, held);
        await CheckNamesAsync(store, model);

        var live = await store.Names.ListAsync(new NameQuery(null, null, 1000, null, false));
        Assert.Equal(model.LiveNames.Order(StringComparer.Ordinal), live.Select(name => name.Name.Value));
        var shown = model.Known.Where(content => model.References(content) > 0).ToList();
        var stored = shown.Sum(content => contents[content].Length);
        var sums = new StoreSums(
            model.LiveNames.Count(), model.Files.Where(file => !file.Deleted).Sum(file => file.Versions.Count), shown.Count, stored,
            shown.Sum(content => contents[content].Length * model.References(content)) - stored);
        Assert.Equal(sums, await store.Names.SumAsync());
    }

    private static async Task CheckContentsAsync(TestStore test, Store store, StoreModel model, StoreContents held)
    {
        Assert.Equal(model.Known.Count, held.Files.Count);
        foreach (var (index, content) in contents.Index())
        {
            var key = test.KeyOf(content);
            var references = model.References(index);
            var cached = store.Objects.FindCached(key);
            var lookup = await store.Objects.FindAsync(key);
            if (references > 0)
            {
                Assert.Equal((FileState.Public, references, true, false), held.Of(key));
                Assert.Equal(content, lookup.Found!.Body);
            }
            else
            {
                Assert.Null(cached);
                Assert.Null(lookup.Found);
                Assert.Equal(model.Known.Contains(index), lookup.Gone);
                Assert.True(!lookup.Gone || held.Of(key) == (FileState.Deleted, 0, false, true));
            }
        }
    }

    private static async Task CheckNamesAsync(Store store, StoreModel model)
    {
        foreach (var (name, expected, renamedTo) in model.Lookups(names))
        {
            var lookup = await store.Names.FindAsync(name.Named());
            Assert.Equal(renamedTo, lookup.RenamedTo?.Value);
            Assert.Equal(expected is null, lookup.File is null);
            if (expected is null)
            {
                continue;
            }

            var found = lookup.File!;
            Assert.Equal((name, expected.Deleted, expected.Current.Id), (found.Name.Value, found.Deleted, found.Current.Id));
            Assert.Equal(
                expected.Versions.Select(version => (version.Id, TestStore.Digest(contents[version.Content]), version.Hidden)).OrderBy(version => version.Id),
                found.Versions.Select(version => (version.Id, version.Sha256, version.Hidden == HiddenParts.Content)).OrderBy(version => version.Id));
            Assert.Equal(found.Versions.OrderByDescending(version => version.Timestamp).ThenByDescending(version => version.Id), found.Versions);
        }
    }
}
