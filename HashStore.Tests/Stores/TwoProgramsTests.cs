using HashStore.Storage;
using HashStore.Storage.Catalog;
using HashStore.Tests.Support;
using Xunit;

namespace HashStore.Tests.Stores;

/// <summary>Two stores opened on one ROOT, as two programs have it.</summary>
public sealed class TwoProgramsTests
{
    [Theory]
    [ClassData(typeof(Databases))]
    public async Task Both_take_uploads_and_see_each_others_at_once(DatabaseProvider provider)
    {
        await using var test = await TestStore.OpenAsync(provider);
        var other = await test.OpenAnotherAsync();
        await Task.WhenAll(
            Enumerable.Range(0, 60)
            .Select(i => Task.Run(() => (i % 2 == 0 ? test.Store : other).PutTextAsync($"Name{i / 2}.txt", $"content {i % 9}"))));
        test.Contents().CheckSettled();
        Assert.Equal(30, (await other.Names.SumAsync()).Names);
        Assert.Equal(await test.Store.Names.SumAsync(), await other.Names.SumAsync());

        var put = await test.PutAsync("Mine.txt", "mine");
        Assert.Equal(put.File.Current, (await other.Names.FindAsync("Mine.txt".Named())).File!.Current);
        await Refusal.ExpectAsync(
            StoreFault.ConditionFailed,
            () => other.PutBytesAsync("Mine.txt", "theirs"u8.ToArray(), new UploadCondition(OnlyIfNew: true, null)));
    }

    [Theory]
    [ClassData(typeof(Databases))]
    public async Task What_one_deletes_is_gone_from_the_others_cache_at_once(DatabaseProvider provider)
    {
        await using var test = await TestStore.OpenAsync(provider);
        var other = await test.OpenAnotherAsync();
        var deleted = (await test.PutAsync("One.txt", "deleted")).File.Current.Key;
        var kept = (await test.PutAsync("Two.txt", "kept")).File.Current.Key;
        foreach (var key in (HashStore.Schema.ContentKey[])[deleted, kept])
        {
            Assert.Null(other.Objects.FindCached(key));
            Assert.NotNull((await other.Objects.FindAsync(key)).Found);
            Assert.NotNull(other.Objects.FindCached(key));
        }

        await test.Store.DeleteAsync("One.txt");
        Assert.Null(other.Objects.FindCached(deleted));
        Assert.True(await other.Objects.FindAsync(deleted) is { Found: null, Gone: true });

        // What was not deleted is confirmed with one query and cached again, with the bytes that it had.
        Assert.Null(other.Objects.FindCached(kept));
        Assert.NotNull((await other.Objects.FindAsync(kept)).Found);
        Assert.NotNull(other.Objects.FindCached(kept));
        Assert.Equal("kept"u8.ToArray(), other.Objects.FindCached(kept)!.Body);

        await other.UndeleteAsync("One.txt");
        Assert.NotNull((await test.Store.Objects.FindAsync(deleted)).Found);
        Assert.NotNull((await other.Objects.FindAsync(deleted)).Found);
        test.Contents().CheckSettled();
    }

    [Fact]
    public async Task An_upload_without_removal_leaves_the_caches_alone()
    {
        await using var test = await TestStore.OpenAsync();
        var key = (await test.PutAsync("One.txt", "content")).File.Current.Key;
        await test.Store.Objects.FindAsync(key);
        await test.PutAsync("Two.txt", "content");
        await test.PutAsync("Three.txt", "other");
        await test.Store.RenameAsync("Two.txt", "Four.txt");
        Assert.NotNull(test.Store.Objects.FindCached(key));
        await test.Store.DeleteAsync("Four.txt");
        Assert.NotNull(test.Store.Objects.FindCached(key));
    }

    [Fact]
    public async Task A_program_whose_view_of_the_layout_is_stale_writes_no_more()
    {
        await using var test = await TestStore.OpenAsync();
        await test.PutAsync("One.txt", "before");
        using (var tables = test.Tables())
        {
            tables.Stores.Single().Algorithm = "sha512";
            await tables.SaveChangesAsync();
        }

        await Refusal.ExpectAsync(StoreFault.LayoutChanged, () => test.PutAsync("One.txt", "after"));
        await Refusal.ExpectAsync(StoreFault.LayoutChanged, () => test.Store.DeleteAsync("One.txt"));
        Assert.Single(test.Contents().Uploads);
        Assert.Single(test.Contents().Public);
        using (var tables = test.Tables())
        {
            tables.Stores.Single().Algorithm = "sha256";
            await tables.SaveChangesAsync();
        }

        await test.PutAsync("One.txt", "after");
        test.Contents().CheckSettled();
    }
}
