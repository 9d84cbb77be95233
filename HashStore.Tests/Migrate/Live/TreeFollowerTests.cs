using System.Collections.Concurrent;
using HashStore.Migrate.Live;
using HashStore.Storage;
using HashStore.Tests.Http.Support;
using HashStore.Tests.Support;
using Xunit;

namespace HashStore.Tests.Migrate.Live;

/// <summary>When passes begin and names are followed, on a clock that the tests move.</summary>
public sealed class TreeFollowerTests : IFollowListener, IAsyncDisposable
{
    private const string Name = "Name.jpg", Other = "Other.jpg";

    private readonly ManualClock clock = new();
    private readonly WatchedTree tree = new();
    private readonly CancellationTokenSource end = new();
    private readonly ConcurrentQueue<(PassCause Cause, TimeSpan At)> passes = new();
    private readonly ConcurrentQueue<TimeSpan> starts = new();
    private readonly ConcurrentQueue<string> followed = new();
    private readonly ConcurrentQueue<string> problems = new();
    private Func<CancellationToken, Task> pass = _ => Task.CompletedTask;
    private Func<IReadOnlyCollection<string>, CancellationToken, Task> reconcile = (_, _) => Task.CompletedTask;
    private Task? following;
    private int watching;

    void IFollowListener.Watching(int folders) => watching = folders;

    void IFollowListener.Passed(PassCause cause, TimeSpan time) => passes.Enqueue((cause, clock.Now));

    void IFollowListener.Reconciled(IReadOnlyCollection<string> names) => followed.Enqueue(string.Join(' ', names.Order(StringComparer.Ordinal)));

    void IFollowListener.Problem(string message) => problems.Enqueue(message);

    public async ValueTask DisposeAsync()
    {
        await end.CancelAsync();
        if (following is not null)
        {
            await following.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        tree.Dispose();
        end.Dispose();
    }

    [Fact]
    public async Task What_happens_during_the_first_pass_is_followed_at_once()
    {
        var release = new TaskCompletionSource();
        pass = async _ =>
        {
            tree.File(tree.Current(Name));
            await release.Task;
        };
        Follow();
        await MovingUntilAsync("the name is followed", () => !followed.IsEmpty);
        Assert.Equal([Name], followed);
        Assert.Empty(passes);
        release.SetResult();
        await MovingUntilAsync("the pass ends", () => !passes.IsEmpty);
        Assert.Equal([PassCause.Start], passes.Select(one => one.Cause));
        Assert.InRange(watching, 1, 3); // the root, and perhaps the folders of the name
        Assert.Empty(problems);
    }

    [Fact]
    public async Task Names_are_followed_while_a_later_pass_is_under_way()
    {
        var release = new TaskCompletionSource();
        pass = _ => starts.Count == 2 ? release.Task : Task.CompletedTask;
        Follow(TimeSpan.FromSeconds(10));
        await MovingUntilAsync("the second pass begins", () => starts.Count == 2);
        tree.File(tree.Current(Name));
        await MovingUntilAsync("the name is followed", () => !followed.IsEmpty);
        Assert.Single(passes);
        release.SetResult();
        await MovingUntilAsync("the second pass ends", () => passes.Count >= 2);
    }

    [Fact]
    public async Task A_pass_begins_when_the_interval_is_over()
    {
        Follow(TimeSpan.FromSeconds(90));
        await MovingUntilAsync("three passes", () => passes.Count >= 3);
        Assert.Equal([(PassCause.Start, 0), (PassCause.Interval, 90), (PassCause.Interval, 180)], passes.Take(3).Select(one => (one.Cause, one.At.TotalSeconds)));
    }

    [Fact]
    public async Task A_loss_brings_a_pass_and_says_why()
    {
        tree.File("1/12/Name.jpg");
        Follow();
        await MovingUntilAsync("the first pass", () => passes.Count == 1);
        Directory.Move(tree["1/12"], tree.Outside("12"));
        await MovingUntilAsync("the second pass", () => passes.Count == 2);
        Assert.Equal(PassCause.Lost, passes.Last().Cause);
        Assert.Contains("moved away", Assert.Single(problems), StringComparison.Ordinal);
    }

    [Fact]
    public async Task After_a_loss_a_pass_that_takes_long_leaves_as_much_time()
    {
        tree.File("1/12/Name.jpg");
        pass = async token =>
        {
            await Task.Delay(TimeSpan.FromMinutes(10), clock, token);
            if (starts.Count == 1)
            {
                Directory.Move(tree["1/12"], tree.Outside("12"));
            }
        };
        Follow();
        await MovingUntilAsync("two passes", () => starts.Count == 2);
        Assert.InRange((starts.Last() - starts.First()).TotalSeconds, 1200, 1202);
    }

    [Fact]
    public async Task A_root_that_is_another_one_brings_a_pass()
    {
        Follow();
        await MovingUntilAsync("the first pass", () => passes.Count == 1);
        var above = Path.GetDirectoryName(tree.Root)!;
        Directory.Move(above, above + "-moved");
        await MovingUntilAsync("the second pass", () => passes.Count == 2);
        Assert.Equal(PassCause.Lost, passes.Last().Cause);
        Directory.Move(above + "-moved", above);
        await MovingUntilAsync("it is noticed that it is back", () => passes.Count == 3);
        tree.File(tree.Current(Name));
        await MovingUntilAsync("it is watched again", () => !followed.IsEmpty);
    }

    [Theory]
    [InlineData("wiki.sql")]
    [InlineData("wiki.sqlite-wal")]
    [InlineData("csv/image.csv")]
    [InlineData("by-link")]
    public async Task Changed_tables_bring_a_pass(string changed)
    {
        foreach (var file in new[] { "wiki.sql", "wiki.sqlite", "csv/image.csv", "csv/notes.txt" })
        {
            tree.File(tree.Outside(file));
        }

        File.CreateSymbolicLink(tree.Outside("by-link"), tree.Outside("wiki.sql"));
        var tables = changed switch
        {
            "wiki.sqlite-wal" => "wiki.sqlite",
            "csv/image.csv" => "csv",
            _ => changed,
        };
        Follow(TimeSpan.FromHours(1), tree.Outside(tables));
        await MovingUntilAsync("some looks at the tables", () => clock.Now > TimeSpan.FromMinutes(1));
        tree.File(tree.Outside("csv/notes.txt"), "new");
        Assert.Single(passes);
        tree.File(tree.Outside(changed), "new content");
        var at = clock.Now;
        await MovingUntilAsync("the second pass", () => passes.Count == 2);
        Assert.Equal(PassCause.Tables, passes.Last().Cause);
        Assert.InRange((passes.Last().At - at).TotalSeconds, 1, 3);
        await MovingUntilAsync("some looks more", () => clock.Now > at + TimeSpan.FromMinutes(1));
        Assert.Equal(2, passes.Count);
    }

    [Fact]
    public async Task Tables_that_never_keep_still_are_read_all_the_same()
    {
        var dump = tree.Outside("wiki.sql");
        tree.File(dump);
        Follow(TimeSpan.FromHours(1), dump);
        await MovingUntilAsync("the first pass", () => passes.Count == 1);
        var size = 0;
        await MovingUntilAsync("the second pass", () =>
        {
            tree.File(dump, new string('x', ++size));
            return passes.Count == 2;
        });
        Assert.Equal(PassCause.Tables, passes.Last().Cause);
        Assert.InRange((passes.Last().At - passes.First().At).TotalSeconds, 5, 7);
    }

    [Fact]
    public async Task Tables_that_change_during_a_pass_bring_another()
    {
        var dump = tree.Outside("wiki.sql");
        tree.File(dump);
        pass = _ =>
        {
            if (starts.Count == 1)
            {
                tree.File(dump, "changed meanwhile");
            }

            return Task.CompletedTask;
        };
        Follow(TimeSpan.FromHours(1), dump);
        await MovingUntilAsync("the second pass", () => passes.Count == 2);
        Assert.Equal(PassCause.Tables, passes.Last().Cause);
    }

    [Fact]
    public async Task Tables_that_are_gone_for_a_while_bring_no_pass_until_they_are_back()
    {
        var dump = tree.Outside("wiki.sql");
        tree.File(dump);
        Follow(TimeSpan.FromHours(1), dump);
        await MovingUntilAsync("the first pass", () => passes.Count == 1);
        File.Delete(dump);
        await MovingUntilAsync("some looks", () => clock.Now > TimeSpan.FromMinutes(1));
        Assert.Single(passes);
        tree.File(dump, "the next dump");
        await MovingUntilAsync("the second pass", () => passes.Count == 2);
    }

    [Fact]
    public async Task A_failing_pass_is_told_once_and_tried_again_more_and_more_seldom()
    {
        pass = _ => starts.Count <= 9 ? throw new StoreException(StoreFault.NoSpace, "Make room.") : Task.CompletedTask;
        Follow();
        await MovingUntilAsync("a pass goes well", () => passes.Count == 1);
        Assert.Equal([1, 2, 4, 8, 16, 32, 60, 60, 60], starts.Zip(starts.Skip(1), (one, next) => (next - one).TotalSeconds));
        Assert.Equal(["Make room."], problems);
        Assert.Equal(PassCause.Retry, passes.Single().Cause);
    }

    [Fact]
    public async Task A_first_pass_that_fails_ends_it_where_it_should()
    {
        pass = _ => throw new StoreException(StoreFault.NoSpace, "Make room.");
        Follow(endsWhenFirstPassFails: true);
        Assert.Equal(StoreFault.NoSpace, (await Assert.ThrowsAsync<StoreException>(() => following!)).Fault);
    }

    [Fact]
    public async Task A_later_pass_that_fails_does_not_end_it()
    {
        pass = _ => starts.Count == 2 ? throw new IOException("The disk failed.") : Task.CompletedTask;
        Follow(TimeSpan.FromSeconds(10), endsWhenFirstPassFails: true);
        await MovingUntilAsync("a pass after the failure", () => passes.Count == 2);
        Assert.Equal([PassCause.Start, PassCause.Retry], passes.Select(one => one.Cause));
        Assert.Equal(["The disk failed."], problems);
    }

    [Fact]
    public async Task Names_that_could_not_be_followed_are_left_to_a_pass()
    {
        reconcile = (_, _) => followed.IsEmpty ? throw new StoreException(StoreFault.Unavailable, "The database failed.") : Task.CompletedTask;
        Follow();
        await MovingUntilAsync("the first pass", () => passes.Count == 1);
        tree.File(tree.Current(Name));
        await MovingUntilAsync("the second pass", () => passes.Count == 2);
        Assert.Equal(PassCause.Lost, passes.Last().Cause);
        Assert.Equal(["The database failed."], problems);
        reconcile = (_, _) => Task.CompletedTask;
        tree.File(tree.Current(Other));
        await MovingUntilAsync("the other name", () => !followed.IsEmpty);
        Assert.Equal([Other], followed);
    }

    [Fact]
    public async Task What_nobody_expects_ends_it()
    {
        reconcile = (_, _) => throw new InvalidDataException("A mistake in the program.");
        Follow();
        await MovingUntilAsync("the first pass", () => passes.Count == 1);
        tree.File(tree.Current(Name));
        await MovingUntilAsync("it ends", () => following!.IsCompleted);
        await Assert.ThrowsAsync<InvalidDataException>(() => following!);
    }

    [Fact]
    public async Task Cancelling_waits_for_what_is_under_way()
    {
        var release = new TaskCompletionSource();
        pass = async token =>
        {
            await release.Task;
            token.ThrowIfCancellationRequested();
        };
        Follow();
        await Until.TrueAsync("the pass begins", () => starts.Count == 1);
        await end.CancelAsync();
        Assert.False(following!.IsCompleted);
        release.SetResult();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => following);
        Assert.Empty(passes);
    }

    [Fact]
    public async Task Cancelling_ends_it_at_once_where_nothing_is_under_way()
    {
        Follow();
        await Until.TrueAsync("the first pass", () => passes.Count == 1);
        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => following!);
        Assert.Empty(problems);
    }

    private void Follow(TimeSpan? interval = null, string? tables = null, bool endsWhenFirstPassFails = false)
    {
        var options = new FollowOptions { Interval = interval ?? TimeSpan.FromMinutes(30), Tables = tables, EndsWhenFirstPassFails = endsWhenFirstPassFails };
        var follower = new TreeFollower(
            () => tree.Tree,
            options,
            token =>
            {
                starts.Enqueue(clock.Now);
                return pass(token);
            },
            (names, token) => reconcile(names, token),
            this,
            clock);
        following = Task.Run(() => follower.RunAsync(end.Token));
    }

    /// <summary>Moves the clock from timer to timer, until something is so.</summary>
    private async Task MovingUntilAsync(string what, Func<bool> condition)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!condition())
        {
            Assert.False(patience.IsCancellationRequested, $"Never happened: {what}");
            clock.AdvanceToTimer();
            await Task.Delay(1, CancellationToken.None);
        }
    }
}
