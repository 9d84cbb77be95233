using HashStore.Schema;
using HashStore.Storage;
using HashStore.Storage.Objects;
using HashStore.Storage.Thumbnails;
using HashStore.Storage.Thumbnails.Rendering;
using HashStore.Tests.Content;
using HashStore.Tests.Support;
using Xunit;

namespace HashStore.Tests.Thumbnails;

/// <summary>What is done around a rendering: once for all who ask, remembered where it failed, whole in its place, and only while its object is public.</summary>
public sealed class ThumbnailMakerTests : IAsyncLifetime
{
    private MadeThumbnails made = null!;

    public async Task InitializeAsync() => made = await MadeThumbnails.OpenAsync();

    public async Task DisposeAsync() => await made.DisposeAsync();

    [Fact]
    public async Task A_thumbnail_comes_to_its_place_whole_and_can_only_be_read()
    {
        var shown = await made.PutAsync("A.png");
        Assert.IsType<RenderResult.Made>(await made.MakeAsync(shown));
        var path = made.PathOf(shown.Key);
        Assert.Equal([path], made.Placed());
        Assert.Equal("thumbnail 120", await File.ReadAllTextAsync(path));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead, File.GetUnixFileMode(path));
        Assert.Empty(made.Staged());
        var job = Assert.Single(made.Jobs);
        Assert.Equal((Path.Combine(made.Test.Paths.Root, ObjectPath.Of(shown.Key)), "image/png", shown.Size, 120), (job.InputPath, job.Mime, job.Size, job.Width));
        using var open = made.Maker.Open(new ThumbPath(shown.Key, "120px", "png"));
        Assert.Equal(shown.Key.ToString(), open!.SurrogateKey);
        Assert.DoesNotContain("W/", open.ETag, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Many_who_ask_at_once_share_one_rendering_and_its_failure()
    {
        var shown = await made.PutAsync("A.png");
        var held = new HeldRendering();
        made.Render = held.RenderAsync;
        var asking = Enumerable.Range(0, 200).Select(_ => made.MakeAsync(shown)).ToList();
        await held.Begun;
        held.GoOn();
        Assert.All(await Task.WhenAll(asking), result => Assert.IsType<RenderResult.Made>(result));
        Assert.Single(made.Jobs);
        Assert.IsType<RenderResult.Made>(await made.MakeAsync(shown));
        Assert.Single(made.Jobs);

        made.Render = (_, _, _) => throw new IOException("No child.");
        var failing = Enumerable.Range(0, 20).Select(_ => made.MakeAsync(shown, new ThumbParameters(40))).ToList();
        foreach (var one in failing)
        {
            await Refusal.ExpectAsync(StoreFault.Unavailable, () => one);
        }

        made.Render = MadeThumbnails.WriteAsync;
        Assert.IsType<RenderResult.Made>(await made.MakeAsync(shown, new ThumbParameters(40)));
    }

    [Fact]
    public async Task Who_goes_away_does_not_end_what_others_wait_for()
    {
        var shown = await made.PutAsync("A.png");
        var held = new HeldRendering();
        made.Render = held.RenderAsync;
        using var leaving = new CancellationTokenSource();
        var gone = made.Maker.MakeAsync(shown, MadeThumbnails.Small, ThumbnailFormat.Png, leaving.Token);
        await held.Begun;
        var staying = made.MakeAsync(shown);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gone);
        held.GoOn();
        Assert.IsType<RenderResult.Made>(await staying);
    }

    public static TheoryData<string> Failures => ["Broken", "TooLarge", "NoSuchPage", "NotScaled"];

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task A_failure_is_remembered_for_a_while(string failure)
    {
        RenderResult result = failure switch
        {
            "Broken" => new RenderResult.Broken("It is broken."), "TooLarge" => new RenderResult.TooLarge("It is too large."), "NoSuchPage" => new RenderResult.NoSuchPage(), _ => new RenderResult.NotScaled(100),
        };
        var shown = await made.PutAsync("A.png");
        made.Render = (_, _, _) => Task.FromResult(result);
        Assert.Equal(result, await made.MakeAsync(shown));
        Assert.Equal(result, await made.MakeAsync(shown));
        Assert.Single(made.Jobs);
        Assert.Equal(1, made.Maker.Meters.Remembered.Value);
        Assert.Empty(made.Placed());

        Assert.Equal(result, await made.MakeAsync(shown, new ThumbParameters(40))); // another one may do better
        Assert.Equal(2, made.Jobs.Count);

        made.Clock.Ahead = TimeSpan.FromMinutes(5);
        made.Render = MadeThumbnails.WriteAsync;
        Assert.IsType<RenderResult.Made>(await made.MakeAsync(shown));
    }

    [Fact]
    public async Task What_may_be_otherwise_in_a_moment_is_not_remembered()
    {
        var shown = await made.PutAsync("A.png");
        foreach (var passing in new RenderResult[] { new RenderResult.Busy(TimeSpan.FromSeconds(3)), new RenderResult.Unsupported("Install it.") })
        {
            made.Render = (_, _, _) => Task.FromResult(passing);
            Assert.Equal(passing, await made.MakeAsync(shown));
        }

        made.Render = MadeThumbnails.WriteAsync;
        Assert.IsType<RenderResult.Made>(await made.MakeAsync(shown));
        Assert.Equal(1, made.Maker.Meters.Refused.Value);
    }

    [Fact]
    public async Task The_memory_of_failures_is_bounded()
    {
        var shown = await made.PutAsync("A.png");
        made.Render = (_, _, _) => Task.FromResult<RenderResult>(new RenderResult.NoSuchPage());
        for (var page = 1; page <= 10_100; page++)
        {
            _ = await made.MakeAsync(shown, new ThumbParameters(120, page));
        }

        var before = made.Jobs.Count;
        _ = await made.MakeAsync(shown, new ThumbParameters(120, 10_100));
        Assert.Equal(before, made.Jobs.Count);
        _ = await made.MakeAsync(shown, new ThumbParameters(120, 1));
        Assert.Equal(before + 1, made.Jobs.Count); // the first ones are forgotten
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_thumbnail_that_is_rendered_while_its_object_is_deleted_or_hidden_does_not_appear(bool hidden)
    {
        var shown = await made.PutAsync("A.png");
        var older = await made.PlaceAsync(shown, 40);
        var held = new HeldRendering();
        made.Render = held.RenderAsync;
        var asking = made.MakeAsync(shown);
        await held.Begun;
        var told = new List<ThumbPath>();
        made.Test.Store.ThumbRemoved = told.Add;
        if (hidden)
        {
            var version = (await made.Test.Store.Names.FindCurrentAsync("A.png".Named()))!.Current.Id;
            await made.Test.PutAsync("A.png", SampleFiles.Png(20, 20));
            await made.Test.Store.HideAsync("A.png", version);
        }
        else
        {
            await made.Test.Store.DeleteAsync("A.png");
        }

        Assert.False(File.Exists(older));
        Assert.Equal([new ThumbPath(shown.Key, "40px", "png")], told);
        held.GoOn();
        Assert.Null(await asking);
        Assert.Empty(made.Placed());
        Assert.Empty(made.Staged());
    }

    [Fact]
    public async Task Renderings_and_deletions_at_the_same_time_leave_thumbnails_of_public_objects_only()
    {
        var random = new Random(5);
        made.Render = async (job, output, cancellation) =>
        {
            await Task.Yield();
            return await MadeThumbnails.WriteAsync(job, output, cancellation);
        };
        for (var round = 0; round < 40; round++)
        {
            var shown = await made.PutAsync("A.png", SampleFiles.Png((uint)(100 + round), 50));
            var making = Enumerable.Range(1, 8).Select(width => Task.Run(() => made.MakeAsync(shown, new ThumbParameters(width)))).ToList();
            for (var spins = random.Next(3); spins > 0; spins--)
            {
                await Task.Yield();
            }

            await made.Test.Store.DeleteAsync("A.png");
            Assert.All(await Task.WhenAll(making), result => Assert.True(result is null or RenderResult.Made, $"{result}"));
            Assert.Empty(made.Placed());
            Assert.Empty(made.Staged());
            await made.Test.Store.UndeleteAsync("A.png");
        }
    }

    [Fact]
    public async Task Thumbnails_go_with_the_last_of_several_names()
    {
        var shown = await made.PutAsync("A.png");
        _ = await made.PutAsync("B.png");
        var path = await made.PlaceAsync(shown, 120);
        await made.Test.Store.DeleteAsync("A.png");
        Assert.True(File.Exists(path));
        await made.Test.Store.DeleteAsync("B.png");
        Assert.False(File.Exists(path));
        await made.Test.Store.UndeleteAsync("A.png");
        Assert.Empty(made.Placed());
        Assert.IsType<RenderResult.Made>(await made.MakeAsync(shown));
        Assert.True(File.Exists(path));
    }

    [Fact]
    public async Task What_cannot_be_rendered_because_it_was_deleted_is_not_taken_for_broken()
    {
        var shown = await made.PutAsync("A.png");
        await made.Test.Store.DeleteAsync("A.png");
        made.Render = (_, _, _) => Task.FromResult<RenderResult>(new RenderResult.Broken("It cannot be read."));
        Assert.Null(await made.MakeAsync(shown));
        made.Render = (job, _, _) => throw new FileNotFoundException(job.InputPath);
        Assert.Null(await made.MakeAsync(shown));
        await made.Test.Store.UndeleteAsync("A.png");
        made.Render = MadeThumbnails.WriteAsync;
        Assert.IsType<RenderResult.Made>(await made.MakeAsync(shown));
        Assert.Equal(0, made.Maker.Meters.Failed.Value);
    }

    [Fact]
    public async Task Of_two_processes_that_make_the_same_one_the_first_wins()
    {
        var shown = await made.PutAsync("A.png");
        var other = made.AddMaker(await made.Test.OpenAnotherAsync());
        var held = new HeldRendering();
        made.Render = held.RenderAsync;
        var slow = made.MakeAsync(shown);
        await held.Begun;
        made.Render = async (job, output, cancellation) =>
        {
            await File.WriteAllTextAsync(output, "the first", cancellation);
            return new RenderResult.Made(job.Width, 1);
        };
        Assert.IsType<RenderResult.Made>(await other.MakeAsync(shown, MadeThumbnails.Small, ThumbnailFormat.Png, CancellationToken.None));
        held.GoOn();
        Assert.IsType<RenderResult.Made>(await slow);
        Assert.Equal("the first", await File.ReadAllTextAsync(made.PathOf(shown.Key)));
        Assert.Empty(made.Staged());
    }

    [Fact]
    public async Task The_whole_tree_can_be_removed_at_any_time()
    {
        var shown = await made.PutAsync("A.png");
        using var ending = new CancellationTokenSource();
        var tree = Path.Combine(made.Test.Paths.Root, "thumb");
        var removing = Task.Run(async () =>
        {
            while (!ending.IsCancellationRequested)
            {
                try
                {
                    if (made.Placed().Length > 0)
                    {
                        Directory.Delete(tree, recursive: true);
                    }
                }
                catch (IOException)
                {
                    await Task.Yield(); // something came into it, or a part of it is gone
                }
            }
        });
        for (var round = 0; round < 300; round++)
        {
            Assert.IsType<RenderResult.Made>(await made.MakeAsync(shown, new ThumbParameters(1 + (round % 7))));
        }

        await ending.CancelAsync();
        await removing;
        Assert.IsType<RenderResult.Made>(await made.MakeAsync(shown));
        Assert.True(File.Exists(made.PathOf(shown.Key)));
    }

    [Fact]
    public async Task A_maker_that_is_closed_gives_up_and_leaves_nothing()
    {
        var shown = await made.PutAsync("A.png");
        var held = new HeldRendering();
        made.Render = held.RenderAsync;
        var asking = made.MakeAsync(shown);
        await held.Begun;
        await made.Maker.DisposeAsync();
        await Refusal.ExpectAsync(StoreFault.Unavailable, () => asking);
        Assert.Empty(made.Placed());
        Assert.Empty(made.Staged());
    }
}
