using HashStore.Schema;
using HashStore.Storage;
using HashStore.Storage.Serving;
using HashStore.Tests.Support;
using Xunit;

namespace HashStore.Tests.Stores;

/// <summary>The way from a key to bytes, over a real store.</summary>
public sealed class ServingTests
{
    [Theory]
    [ClassData(typeof(Databases))]
    public async Task A_found_object_has_everything_that_an_answer_needs(DatabaseProvider provider)
    {
        await using var test = await TestStore.OpenAsync(provider);
        var content = "Größe"u8.ToArray();
        var version = (await test.PutAsync("One.txt", content)).File.Current;
        var served = (await test.Store.Objects.FindAsync(version.Key)).Found!;
        Assert.Equal(($"\"{version.Sha256}\"", content.Length, version.Key.ToString()), (served.ETag, (int)served.Size, served.SurrogateKey));
        Assert.Equal($"{content.Length}", served.ContentLengthText);
        Assert.Equal(content, served.Body);
        Assert.Equal("text/plain; charset=utf-8", ObjectReader.Present(served, "One.txt")!.ContentType);
        Assert.Null(ObjectReader.Present(served, "One.png"));
        Assert.Equal((1, 0), (test.Store.Meters.CacheMisses.Value, test.Store.Meters.CacheHits.Value));
        Assert.Same(served, test.Store.Objects.FindCached(version.Key));
        Assert.Equal((1, 1), (test.Store.Meters.CacheMisses.Value, test.Store.Meters.CacheHits.Value));
    }

    [Fact]
    public async Task What_was_never_there_is_not_gone()
    {
        await using var test = await TestStore.OpenAsync();
        Assert.Equal(default, await test.Store.Objects.FindAsync(test.KeyOf([1])));
        Assert.Equal(default, await test.Store.Objects.FindAsync(new ContentKey([1, 2])));
        Assert.Equal(default, await test.Store.Objects.FindAsync(new ContentKey(new byte[64])));
        Assert.Equal(0, test.Store.Objects.CachedObjects);
    }

    [Fact]
    public async Task Bytes_that_are_missing_or_of_another_length_are_an_alarm_and_not_served()
    {
        await using var test = await TestStore.OpenAsync();
        var key = (await test.PutAsync("One.txt", "content")).File.Current.Key;
        var path = Path.Combine(test.Paths.Root, Storage.Objects.ObjectPath.Of(key));
        File.Delete(path);
        await Refusal.ExpectAsync(StoreFault.Damaged, async () => await test.Store.Objects.FindAsync(key));
        await File.WriteAllTextAsync(path, "short");
        await Refusal.ExpectAsync(StoreFault.Damaged, async () => await test.Store.Objects.FindAsync(key));
        Assert.Equal((2, 0), (test.Store.Meters.DamagedObjects.Value, test.Store.Objects.CachedObjects));
    }

    [Fact]
    public async Task The_cache_keeps_to_its_bound_and_large_bodies_out()
    {
        await using var test = await TestStore.OpenAsync(DatabaseProvider.Sqlite, options => options with { CacheBytes = 1 << 20 });
        for (var i = 0; i < 40; i++)
        {
            var content = new byte[60 << 10];
            content[0] = (byte)i;
            var key = (await test.PutAsync($"Name{i}.bin", content)).File.Current.Key;
            Assert.NotNull((await test.Store.Objects.FindAsync(key)).Found!.Body);
            Assert.InRange(test.Store.Objects.CachedBytes, 1, 1 << 20);
        }

        Assert.InRange(test.Store.Objects.CachedObjects, 8, 17);
        var large = (await test.PutAsync("Large.bin", new byte[(64 << 10) + 1])).File.Current.Key;
        var served = (await test.Store.Objects.FindAsync(large)).Found!;
        Assert.Null(served.Body);
        using var bytes = await test.Store.Objects.OpenAsync(served);
        Assert.Equal((64 << 10) + 1, bytes!.Stat.Size);
    }

    [Theory]
    [ClassData(typeof(Databases))]
    public async Task A_name_that_contradicts_the_content_is_shown_only_where_it_was_stored_under_it(DatabaseProvider provider)
    {
        await using var test = await TestStore.OpenAsync(provider);
        var key = (await test.PutAsync("One.txt", "content")).File.Current.Key;
        await test.Store.RenameAsync("One.txt", "Two.txt");
        var served = (await test.Store.Objects.FindAsync(key)).Found!;

        // As a conversion leaves it, which keeps legacy names whatever they say.
        using (var tables = test.Tables())
        {
            tables.Filenames.Single(row => row.Name == "Two.txt").Name = "Two.png";
            tables.Filenames.Single(row => row.Name == "One.txt").Name = "One.png";
            await tables.SaveChangesAsync();
        }

        foreach (var name in (string[])["One.png", "Two.png"])
        {
            var presentation = await test.Store.Objects.PresentStoredUnderAsync(served, name);
            Assert.Equal("application/octet-stream", presentation!.ContentType);
            Assert.StartsWith("attachment", presentation.Disposition, StringComparison.Ordinal);
        }

        Assert.Null(await test.Store.Objects.PresentStoredUnderAsync(served, "Three.png"));
        Assert.Null(await test.Store.Objects.PresentStoredUnderAsync(served, "two.png"));
    }
}
