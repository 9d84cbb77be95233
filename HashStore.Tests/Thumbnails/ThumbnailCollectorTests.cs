using HashStore.Schema;
using HashStore.Schema.Tables;
using HashStore.Storage.Objects;
using HashStore.Storage.Serving;
using HashStore.Storage.Thumbnails;
using HashStore.Storage.Thumbnails.Rendering;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace HashStore.Tests.Thumbnails;

/// <summary>Thumbnails go by age and by total size, least recently used first; those that links lead to stay.</summary>
public sealed class ThumbnailCollectorTests : IAsyncLifetime
{
    private static readonly TimeSpan day = TimeSpan.FromDays(1);

    private MadeThumbnails made = null!;

    public async Task InitializeAsync()
    {
        made = await MadeThumbnails.OpenAsync();
        made.Render = async (job, output, cancellation) =>
        {
            await File.WriteAllBytesAsync(output, new byte[100], cancellation);
            return new RenderResult.Made(job.Width, 1);
        };
    }

    public async Task DisposeAsync() => await made.DisposeAsync();

    [Fact]
    public async Task What_nobody_used_for_long_goes()
    {
        var shown = await made.PutAsync("A.png");
        var (unused, used) = (await made.PlaceAsync(shown, 40), await made.PlaceAsync(shown, 60));
        Assert.Equal(new CollectionResult(2, 200, 0, 0), await CollectAsync(day));

        made.Clock.Ahead = day * 0.9;
        Use(shown, 60);
        made.Clock.Ahead = day * 1.1;
        Assert.Equal(new CollectionResult(1, 100, 1, 100), await CollectAsync(day));
        Assert.Equal((false, true), (File.Exists(unused), File.Exists(used)));

        made.Clock.Ahead = day * 2;
        Assert.Equal(new CollectionResult(0, 0, 1, 100), await CollectAsync(day));
        Assert.Equal((2, 200), (made.Maker.Meters.Collected.Value, made.Maker.Meters.CollectedBytes.Value));
    }

    [Theory]
    [InlineData(3)] // more have to go than one walk over the tree gives
    [InlineData(1000)]
    public async Task Beyond_the_total_size_the_least_recently_used_go(int batchFiles)
    {
        var shown = await made.PutAsync("A.png");
        for (var width = 1; width <= 20; width++)
        {
            _ = await made.PlaceAsync(shown, width);
        }

        // Used in the order 20, 19, … 1: what came first was used last.
        for (var width = 20; width >= 1; width--)
        {
            made.Clock.Ahead += TimeSpan.FromHours(2);
            Use(shown, width);
        }

        made.Clock.Ahead += TimeSpan.FromHours(2);
        Assert.Equal(new CollectionResult(20, 2000, 0, 0), await CollectAsync(null, 2000, batchFiles));
        Assert.Equal(new CollectionResult(9, 900, 11, 1100), await CollectAsync(null, 1000, batchFiles)); // nine tenths are left
        Assert.Equal(Enumerable.Range(1, 9).Select(width => made.PathOf(shown.Key, width)).Order(), made.Placed().Order());
        Assert.Equal(new CollectionResult(0, 0, 9, 900), await CollectAsync(null, 0, batchFiles));
    }

    [Fact]
    public async Task What_came_or_was_used_a_moment_ago_stays()
    {
        var shown = await made.PutAsync("A.png");
        _ = await made.PlaceAsync(shown, 40);
        Assert.Equal(new CollectionResult(1, 100, 0, 0), await CollectAsync(null, 0));
        made.Clock.Ahead = TimeSpan.FromMinutes(11);
        Assert.Equal(new CollectionResult(0, 0, 1, 100), await CollectAsync(null, 0));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(1000)]
    public async Task What_a_link_leads_to_stays_and_others_go_for_it(int batchFiles)
    {
        var shown = await made.PutAsync("A.png");
        foreach (var width in new[] { 1, 2, 3, 4, 5, 6 })
        {
            _ = await made.PlaceAsync(shown, width);
            made.Clock.Ahead += TimeSpan.FromHours(2);
            Use(shown, width);
        }

        await LinkAsync(shown.Key, 1, LedgerState.Linked);
        await LinkAsync(shown.Key, 2, LedgerState.Committed);
        await LinkAsync(shown.Key, 3, LedgerState.Removed);
        made.Clock.Ahead += TimeSpan.FromHours(2);
        Assert.Equal(new CollectionResult(3, 300, 3, 300), await CollectAsync(null, 350, batchFiles));
        Assert.Equal(new[] { 1, 2, 6 }.Select(width => made.PathOf(shown.Key, width)).Order(), made.Placed().Order());
        Assert.Equal(new CollectionResult(2, 200, 1, 100), await CollectAsync(TimeSpan.FromTicks(1), null, batchFiles));
    }

    [Fact]
    public async Task Nothing_but_the_stores_own_thumbnails_is_touched()
    {
        var shown = await made.PutAsync("A.png");
        var own = await made.PlaceAsync(shown, 40);
        var folder = Path.GetDirectoryName(own)!;
        string[] others = [Path.Combine(folder, "README"), Path.Combine(folder, "12-40px.png"), Path.Combine(made.Test.Paths.Root, "thumb/1/12/Name.jpg/40px-Name.jpg")];
        foreach (var other in others)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(other)!);
            await File.WriteAllTextAsync(other, "not the store's");
        }

        var link = $"{own[..^"40px.png".Length]}60px.png";
        File.CreateSymbolicLink(link, others[0]);
        made.Clock.Ahead = day;
        Assert.Equal(new CollectionResult(0, 0, 1, 100), await CollectAsync(null, 0));
        Assert.Equal([.. others, link], made.Placed().OrderBy(path => Array.IndexOf([.. others, link], path)));
    }

    [Fact]
    public async Task Use_is_noted_once_an_hour_and_does_not_change_what_readers_see()
    {
        var shown = await made.PutAsync("A.png");
        var path = await made.PlaceAsync(shown, 40);
        var (etag, modified, accessed) = (Use(shown, 40), File.GetLastWriteTimeUtc(path), File.GetLastAccessTimeUtc(path));
        made.Clock.Ahead = TimeSpan.FromMinutes(50);
        Assert.Equal(etag, Use(shown, 40));
        Assert.Equal(accessed, File.GetLastAccessTimeUtc(path));
        made.Clock.Ahead = TimeSpan.FromMinutes(70);
        Assert.Equal(etag, Use(shown, 40));
        Assert.InRange(File.GetLastAccessTimeUtc(path), accessed.AddMinutes(60), accessed.AddMinutes(80));
        Assert.Equal(modified, File.GetLastWriteTimeUtc(path));
    }

    private string Use(ServedObject shown, int width)
    {
        using var open = made.Maker.Open(new ThumbPath(shown.Key, $"{width}px", "png"));
        return open!.ETag;
    }

    private Task<CollectionResult> CollectAsync(TimeSpan? maxAge = null, long? maxBytes = null, int batchFiles = 1000) =>
        new ThumbnailCollector(made.Test.Store, made.Maker.Meters, NullLogger.Instance, batchFiles).CollectAsync(new CollectionLimits(maxAge, maxBytes), CancellationToken.None);

    private async Task LinkAsync(ContentKey key, int width, LedgerState state)
    {
        await using var tables = made.Test.Tables();
        tables.Ledger.Add(new LedgerRow
        {
            Path = $"thumb/1/12/Name.png/{width}px-Name.png", Kind = LedgerKind.Thumb, State = state, Status = LedgerStatus.Thumb, Key = key.ToArray(), Place = new ThumbPath(key, $"{width}px", "png").ToString(),
        });
        await tables.SaveChangesAsync();
    }
}
