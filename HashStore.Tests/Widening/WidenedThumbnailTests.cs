using System.Security.Cryptography;
using HashStore.Schema;
using HashStore.Storage;
using HashStore.Storage.Objects;
using HashStore.Storage.Widening;
using HashStore.Tests.Support;
using Xunit;

namespace HashStore.Tests.Widening;

/// <summary>A conversion places thumbnails of objects that get longer keys at the same moment: each comes to one place, and the first keeps it.</summary>
public sealed class WidenedThumbnailTests : IAsyncLifetime
{
    private const int Before = 24, After = 48;

    private static readonly byte[] content = "shown"u8.ToArray();

    private TestStore test = null!;
    private ThumbPath old, now;

    public async Task InitializeAsync()
    {
        test = await TestStore.OpenAsync(Databases.OfPrograms, DigestAlgorithm.Sha256, Before);
        await test.PutAsync("Shown.txt", content);
        old = new ThumbPath(test.KeyOf(content), "120px", "png");
        now = old with { Key = new ContentDigest(SHA256.HashData(content)).ToKey(After) };
    }

    public async Task DisposeAsync() => await test.DisposeAsync();

    [Fact]
    public async Task A_place_that_was_chosen_before_is_the_one_of_today()
    {
        _ = await test.Store.WidenAsync(After);
        Assert.Equal((ThumbPlaced.Added, now), await AddAsync(old, "one"));
        Assert.Equal((ThumbPlaced.Found, now), await AddAsync(old, "two"));
        CheckAlone("one");
    }

    [Fact]
    public async Task Who_came_first_keeps_the_place_though_it_had_another_name_then()
    {
        Assert.Equal((ThumbPlaced.Added, old), await AddAsync(old, "one"));
        await test.Store.BeginAsync(After);
        Assert.Equal(Rekeyed.Done, await test.Store.WriteAsync(catalog => test.Store.Rekeying.Rekey(catalog, old.Key)));
        Assert.Equal((ThumbPlaced.Found, now), await AddAsync(now, "two"));
        CheckAlone("one");
    }

    [Fact]
    public async Task A_thumbnail_that_no_row_tells_of_is_found_where_its_object_took_it()
    {
        Assert.Equal((ThumbPlaced.Added, old), await AddAsync(old, "one"));
        _ = await test.Store.WidenAsync(After);
        Assert.Equal(now, await test.Store.WriteAsync(catalog => test.Store.CurrentThumb(catalog, old)));
        CheckAlone("one");
    }

    private Task<(ThumbPlaced Placed, ThumbPath Place)> AddAsync(ThumbPath thumb, string text)
    {
        var staged = test.Store.Staging.NextPath();
        File.WriteAllText(staged, text);
        return test.Store.AddThumbAsync(thumb, staged);
    }

    private void CheckAlone(string text)
    {
        var file = Assert.Single(Directory.GetFiles(Path.Combine(test.Paths.Root, ThumbPath.Folder), "*", SearchOption.AllDirectories));
        Assert.Equal((Path.Combine(test.Paths.Root, now.ToString()), text), (file, File.ReadAllText(file)));
    }
}
