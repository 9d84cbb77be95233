using System.Text;
using HashStore.Schema;
using HashStore.Storage;
using HashStore.Storage.Catalog;
using HashStore.Tests.Support;
using Xunit;

namespace HashStore.Tests.Stores;

public sealed class ListTests
{
    private static readonly string[] names =
    [
        "A.txt", "AA.txt", "B.txt", "Z.txt", "a.txt", "_.txt", "100%.txt", "100_.txt", "1000.txt", "[a].txt",
        "É.txt", "E\u0301.txt", "Ä.txt", "ß.txt", "ſ.txt",
        "日本.txt", "日本語.txt", "\uE000.txt", "\uFF21.txt", "\U0001F600.txt", "\U0001F600x.txt", "A\u0301.txt",
    ];

    [Theory]
    [ClassData(typeof(Databases))]
    public async Task Pages_follow_each_other_in_byte_order_and_miss_nothing(DatabaseProvider provider)
    {
        await using var test = await FilledAsync(provider);
        foreach (var limit in (int[])[1, 3, 100])
        {
            var found = new List<string>();
            for (string? after = null; ;)
            {
                var page = await test.Store.Names.ListAsync(new NameQuery(null, after, limit, null, false));
                found.AddRange(page.Select(name => name.Name.Value));
                if (page.Count < limit)
                {
                    break;
                }

                after = found[^1];
            }

            Assert.Equal(Sorted(provider, names), found);
        }
    }

    [Theory]
    [ClassData(typeof(Databases))]
    public async Task A_prefix_means_its_characters_and_nothing_else(DatabaseProvider provider)
    {
        string[] prefixes =
            ["A", "a", "AA", "100", "100%", "100_", "[a]", "É", "E", "日本", "日本語", "\uE000", "\U0001F600", "\U0001F600x", "_", "%", "x"];
        await using var test = await FilledAsync(provider);
        foreach (var prefix in prefixes)
        {
            var found = await test.Store.Names.ListAsync(new NameQuery(prefix, null, 100, null, false));
            Assert.Equal(Sorted(provider, names.Where(name => name.StartsWith(prefix, StringComparison.Ordinal))), found.Select(name => name.Name.Value));
        }

        var page = await test.Store.Names.ListAsync(new NameQuery("A", "A.txt", 100, null, false));
        Assert.Equal(["AA.txt", "A\u0301.txt"], page.Select(name => name.Name.Value));
        Assert.Equal(names.Length, (await test.Store.Names.ListAsync(new NameQuery("", null, 100, null, false))).Count);
    }

    [Theory]
    [ClassData(typeof(Databases))]
    public async Task A_prefix_finds_names_that_go_on_with_the_last_of_all_characters(DatabaseProvider provider)
    {
        await using var test = await TestStore.OpenAsync(provider);
        await test.PutAsync("A\U0010FFFF.txt", "content");
        Assert.Single(await test.Store.Names.ListAsync(new NameQuery("A", null, 100, null, false)));
    }

    [Theory]
    [ClassData(typeof(Databases))]
    public async Task Lists_hold_live_names_with_their_current_version(DatabaseProvider provider)
    {
        await using var test = await TestStore.OpenAsync(provider);
        await test.PutAsync("Live.txt", "old");
        var current = (await test.PutAsync("Live.txt", "new")).File.Current;
        await test.PutAsync("Deleted.txt", "deleted");
        await test.Store.DeleteAsync("Deleted.txt");
        await test.PutAsync("Left.txt", "moved");
        await test.Store.RenameAsync("Left.txt", "Moved.txt");

        var found = await test.Store.Names.ListAsync(new NameQuery(null, null, 100, null, false));
        Assert.Equal(["Live.txt", "Moved.txt"], found.Select(name => name.Name.Value));
        Assert.Equal(current, Assert.Single(found[0].Versions));
    }

    [Theory]
    [ClassData(typeof(Databases))]
    public async Task A_search_by_content_finds_every_name_of_which_a_version_shows_it(DatabaseProvider provider)
    {
        await using var test = await TestStore.OpenAsync(provider);
        var content = "wanted"u8.ToArray();
        var old = (await test.PutAsync("Old.txt", content)).File.Current;
        await test.PutAsync("Old.txt", "other");
        await test.PutAsync("Now.txt", content);
        await test.PutAsync("Gone.txt", content);
        await test.Store.DeleteAsync("Gone.txt");
        await test.PutAsync("Else.txt", "other");

        Assert.Equal(["Now.txt", "Old.txt"], await SearchAsync(TestStore.Digest(content), hiddenToo: false));
        await test.Store.HideAsync("Old.txt", old.Id);
        Assert.Equal(["Now.txt"], await SearchAsync(TestStore.Digest(content), hiddenToo: false));
        Assert.Equal(["Now.txt", "Old.txt"], await SearchAsync(TestStore.Digest(content), hiddenToo: true));
        Assert.Empty(await SearchAsync(TestStore.Digest([1]), hiddenToo: true));

        async Task<IEnumerable<string>> SearchAsync(ContentDigest sha256, bool hiddenToo) =>
            (await test.Store.Names.ListAsync(new NameQuery(null, null, 100, sha256, hiddenToo))).Select(name => name.Name.Value);
    }

    [Theory]
    [ClassData(typeof(Databases))]
    public async Task Sums_count_live_names_their_versions_and_what_sharing_saves(DatabaseProvider provider)
    {
        await using var test = await TestStore.OpenAsync(provider);
        Assert.Equal(new StoreSums(0, 0, 0, 0, 0), await test.Store.Names.SumAsync());
        var first = (await test.PutAsync("One.txt", new string('a', 100))).File.Current;
        await test.PutAsync("One.txt", new string('b', 1000));
        await test.PutAsync("Two.txt", new string('a', 100));
        Assert.Equal(new StoreSums(2, 3, 2, 1100, 100), await test.Store.Names.SumAsync());

        await test.Store.HideAsync("One.txt", first.Id);
        Assert.Equal(new StoreSums(2, 3, 2, 1100, 0), await test.Store.Names.SumAsync());
        await test.Store.DeleteAsync("Two.txt");
        Assert.Equal(new StoreSums(1, 2, 1, 1000, 0), await test.Store.Names.SumAsync());
        await test.Store.RenameAsync("One.txt", "Three.txt");
        Assert.Equal(new StoreSums(1, 2, 1, 1000, 0), await test.Store.Names.SumAsync());
    }

    private static async Task<TestStore> FilledAsync(DatabaseProvider provider)
    {
        var test = await TestStore.OpenAsync(provider);
        await Task.WhenAll(names.Select(name => test.PutAsync(name, "the same")));
        return test;
    }

    /// <summary>SQLite compares UTF-8, SQL Server UTF-16: the two differ only in how characters beyond U+FFFF stand to those from U+E000 on.</summary>
    private static IEnumerable<string> Sorted(DatabaseProvider provider, IEnumerable<string> unsorted) => provider == DatabaseProvider.SqlServer
        ? unsorted.Order(StringComparer.Ordinal)
        : unsorted.OrderBy(name => Convert.ToHexString(Encoding.UTF8.GetBytes(name)), StringComparer.Ordinal);
}
