using System.Text;
using HashStore.Schema.Tables;
using HashStore.Storage;
using HashStore.Storage.Catalog;
using HashStore.Storage.Checking;
using HashStore.Storage.Collection;
using HashStore.Storage.Objects;
using HashStore.Tests.Checking;
using HashStore.Tests.Support;
using HashStore.Tests.Thumbnails;
using Xunit;

namespace HashStore.Tests.Collection;

/// <summary>What is garbage and what is not, with a moved clock.</summary>
public sealed class GarbageCollectorTests : IAsyncLifetime
{
    private static readonly TimeSpan grace = TimeSpan.FromHours(24);

    private readonly ShiftedClock clock = new();
    private TestStore test = null!;

    public async Task InitializeAsync() => test = await TestStore.OpenAsync(Databases.OfPrograms, options => options with { Clock = clock });

    public async Task DisposeAsync() => await test.DisposeAsync();

    [Theory]
    [InlineData(null)]
    [InlineData(Zone.Public)]
    [InlineData(Zone.Deleted)]
    public async Task The_claim_of_an_upload_that_never_finished_goes_after_the_grace(Zone? zone)
    {
        var key = await test.Store.LeaveClaimAsync("never finished", zone);
        clock.Ahead = TimeSpan.FromHours(23);
        Assert.Empty(await test.Store.CollectAsync(grace));

        clock.Ahead = TimeSpan.FromHours(25);
        var gone = Assert.Single(await test.Store.CollectAsync(grace));
        Assert.Equal((GarbageKind.Claim, key, zone is null ? 0 : 14, CollectionOutcome.Collected), (gone.Garbage.Kind, gone.Garbage.Key, gone.Garbage.Bytes, gone.Outcome));
        CheckEmpty();
        await test.PutAsync("Later.txt", "never finished");
        test.Contents().CheckSettled();
    }

    [Fact]
    public async Task Content_of_which_no_version_is_left_goes_after_the_grace()
    {
        var key = await test.LeaveContentAsync("A.txt", "content");
        clock.Ahead = TimeSpan.FromHours(23);
        Assert.Empty(await test.Store.CollectAsync(grace));

        clock.Ahead = TimeSpan.FromHours(25);
        var gone = Assert.Single(await test.Store.CollectAsync(grace));
        Assert.Equal((GarbageKind.Content, key, 7, CollectionOutcome.Collected), (gone.Garbage.Kind, gone.Garbage.Key, gone.Garbage.Bytes, gone.Outcome));
        CheckEmpty();
    }

    [Fact]
    public async Task What_any_version_refers_to_stays_however_deleted()
    {
        var hidden = (await test.PutAsync("A.txt", "hidden")).File.Current.Id;
        await test.PutAsync("A.txt", "shown");
        await test.Store.HideAsync("A.txt", hidden);
        await test.PutAsync("B.txt", "deleted");
        await test.Store.DeleteAsync("B.txt");
        await test.PutAsync("C.txt", "behind a deleted name");
        await test.Store.DeleteAsync("C.txt");
        await test.PutAsync("C.txt", "in its place");

        clock.Ahead = TimeSpan.FromDays(10_000);
        Assert.Empty(await test.Store.CollectAsync(grace));
        await test.Store.UndeleteAsync("B.txt");
        await test.Store.ShowAsync("A.txt", hidden);
        test.Contents().CheckSettled();
        Assert.Equal(5, test.Contents().Files.Count);
    }

    [Fact]
    public async Task An_object_without_a_row_stays_until_repair_gives_it_one()
    {
        var content = "of a database that was restored"u8.ToArray();
        var key = test.KeyOf(content);
        var path = test.Paths.ObjectPathOf(key, Zone.Public);
        DamagedStore.Replace(path, content);
        clock.Ahead = TimeSpan.FromDays(10_000);
        Assert.Empty(await test.Store.CollectAsync(grace));
        Assert.True(File.Exists(path));

        await new StoreRepair(test.Store, (_, _, _) => Task.FromResult<IReadOnlyList<string>>([])).MendAsync(new Finding(FindingKind.OrphanObject, key, null, ""), CancellationToken.None);
        Assert.Equal((FileState.Deleted, 0, false, true), test.Contents().Of(key));
        Assert.Empty(await test.Store.CollectAsync(grace));
        clock.Ahead += TimeSpan.FromHours(25);
        Assert.Equal(GarbageKind.Content, Assert.Single(await test.Store.CollectAsync(grace)).Garbage.Kind);
        CheckEmpty();
    }

    [Fact]
    public async Task What_is_marked_as_damaged_stays()
    {
        var claim = await test.Store.LeaveClaimAsync("claimed", Zone.Public);
        var content = await test.LeaveContentAsync("A.txt", "content");
        clock.Ahead = TimeSpan.FromHours(25);
        var plan = test.Store.PlanOf(grace);
        var found = await plan.FindAsync(CancellationToken.None).ToListAsync();
        Assert.Equal(2, found.Count);
        foreach (var key in new[] { claim, content })
        {
            test.Store.Parts.Marks.Add(key, test.Store.Damage.Record(key, test.Paths.ObjectPathOf(key, Zone.Public), null, "test", "Damaged."));
        }

        Assert.Empty(await test.Store.CollectAsync(grace));
        Assert.All(await new GarbageCollector(test.Store, plan).CollectAsync(found), one => Assert.Equal(CollectionOutcome.Kept, one.Outcome)); // marked since it was planned
        Assert.Equal((FileState.Claimed, 0, true, false), test.Contents().Of(claim));
        Assert.Equal((FileState.Deleted, 0, false, true), test.Contents().Of(content));
    }

    [Fact]
    public async Task Bytes_that_are_not_those_of_the_claim_stay()
    {
        var key = await test.Store.LeaveClaimAsync("claimed", null);
        DamagedStore.Replace(test.Paths.ObjectPathOf(key, Zone.Public), "something else"u8.ToArray());
        clock.Ahead = TimeSpan.FromHours(25);
        Assert.Empty(await test.Store.CollectAsync(grace));
        Assert.True(File.Exists(test.Paths.ObjectPathOf(key, Zone.Public)));
    }

    [Theory]
    [InlineData("one file", true)]
    [InlineData("equal", true)]
    [InlineData("public one damaged", false)]
    [InlineData("deleted one damaged", false)]
    public async Task A_second_copy_in_the_deleted_zone_goes_if_both_are_right(string how, bool goes)
    {
        var key = (await test.PutAsync("A.txt", "content")).File.Current.Key;
        string shown = test.Paths.ObjectPathOf(key, Zone.Public), copy = test.Paths.ObjectPathOf(key, Zone.Deleted);
        Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
        if (how == "one file")
        {
            Assert.Equal(0, Mono.Unix.Native.Syscall.link(shown, copy));
        }
        else
        {
            File.WriteAllText(copy, how == "deleted one damaged" ? "cOntent" : "content");
        }

        if (how == "public one damaged")
        {
            DamagedStore.Replace(shown, "cOntent"u8.ToArray());
        }

        Assert.Equal(goes ? [GarbageKind.Copy] : [], (await test.Store.CollectAsync(grace)).Select(one => one.Garbage.Kind));
        Assert.Equal((true, !goes), (File.Exists(shown), File.Exists(copy)));
    }

    [Fact]
    public async Task A_second_copy_that_became_the_only_one_stays()
    {
        var key = (await test.PutAsync("A.txt", "content")).File.Current.Key;
        var copy = test.Paths.ObjectPathOf(key, Zone.Deleted);
        Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
        File.Copy(test.Paths.ObjectPathOf(key, Zone.Public), copy);
        var plan = test.Store.PlanOf(grace);
        var found = await plan.FindAsync(CancellationToken.None).ToListAsync();
        await test.Store.DeleteAsync("A.txt");
        Assert.Equal(CollectionOutcome.Kept, Assert.Single(await new GarbageCollector(test.Store, plan).CollectAsync(found)).Outcome);
        Assert.Equal((FileState.Deleted, 0, false, true), test.Contents().Of(key));
    }

    [Fact]
    public async Task Thumbnails_of_what_is_not_public_go()
    {
        var shown = (await test.PutAsync("A.txt", "shown")).File.Current.Key;
        var deleted = (await test.PutAsync("B.txt", "deleted")).File.Current.Key;
        await test.Store.DeleteAsync("B.txt");
        var paths = new[] { shown, deleted, test.KeyOf("unknown"u8.ToArray()) }.Select(key => Path.Combine(test.Paths.Root, new ThumbPath(key, "120px", "png").ToString())).ToList();
        paths.Add(Path.Combine(test.Paths.Root, "thumb/1/12/Name.jpg/120px-Name.jpg")); // a legacy one
        foreach (var path in paths)
        {
            DamagedStore.Replace(path, new byte[10]);
        }

        var found = await test.Store.PlanAsync(grace);
        Assert.Equal([GarbageKind.Thumbnail, GarbageKind.Thumbnail], found.Select(garbage => garbage.Kind));
        var plan = test.Store.PlanOf(grace);
        await test.Store.UndeleteAsync("B.txt"); // since it was planned
        var outcomes = (await new GarbageCollector(test.Store, plan).CollectAsync(found)).ToDictionary(one => one.Garbage.Key!.Value, one => one.Outcome);
        Assert.Equal((CollectionOutcome.Kept, CollectionOutcome.Collected), (outcomes[deleted], outcomes[test.KeyOf("unknown"u8.ToArray())]));
        Assert.Equal([true, true, false, true], paths.Select(File.Exists));
    }

    [Fact]
    public async Task What_dead_processes_left_goes_after_the_grace_and_what_living_ones_use_stays()
    {
        var dead = Path.Combine(test.Paths.Staging, "dead");
        Directory.CreateDirectory(dead);
        File.WriteAllText(Path.Combine(dead, "lock"), "");
        File.WriteAllText(Path.Combine(dead, "1"), "12345");
        var passed = Path.Combine(test.Paths.Root, ".hs~selfcheck-1");
        File.CreateSymbolicLink(passed, "nowhere");
        File.WriteAllText(Path.Combine(test.Paths.Staging, "stray"), "");
        var before = Directory.EnumerateDirectories(test.Paths.Staging).Count();
        Assert.Empty(await test.Store.CollectAsync(TimeSpan.Zero)); // younger than what a start makes in passing

        clock.Ahead = TimeSpan.FromHours(23);
        Assert.Empty(await test.Store.CollectAsync(grace));
        clock.Ahead = TimeSpan.FromHours(25);
        var done = await test.Store.CollectAsync(grace);
        Assert.Equal(3, done.Count);
        Assert.All(done, one => Assert.Equal((GarbageKind.Leftover, CollectionOutcome.Collected), (one.Garbage.Kind, one.Outcome)));
        Assert.Equal(5, done.Sum(one => one.Garbage.Bytes - (one.Garbage.Path == ".hs~selfcheck-1" ? one.Garbage.Bytes : 0)));
        Assert.Equal((before - 1, false), (Directory.EnumerateFileSystemEntries(test.Paths.Staging).Count(), Path.Exists(passed)));
        await test.PutAsync("A.txt", "the living one's folder is there");
    }

    [Fact]
    public async Task An_upload_of_the_same_content_since_the_plan_keeps_it()
    {
        var claim = await test.Store.LeaveClaimAsync("claimed", Zone.Public);
        var content = await test.LeaveContentAsync("A.txt", "content");
        clock.Ahead = TimeSpan.FromHours(25);
        var plan = test.Store.PlanOf(grace);
        var found = await plan.FindAsync(CancellationToken.None).ToListAsync();
        var other = await test.OpenAnotherAsync();
        await other.LeaveClaimAsync("claimed", Zone.Public); // under way
        await other.PutTextAsync("B.txt", "content"); // done

        Assert.All(await new GarbageCollector(test.Store, plan).CollectAsync(found), one => Assert.Equal(CollectionOutcome.Kept, one.Outcome));
        Assert.Equal((FileState.Claimed, 0, true, false), test.Contents().Of(claim));
        Assert.Equal((FileState.Public, 1, true, false), test.Contents().Of(content));
        Assert.Empty(await test.Store.PlanAsync(grace));
    }

    [Fact]
    public async Task An_upload_that_slept_through_a_collection_does_not_promise_bytes_that_another_has_not_brought_yet()
    {
        // It claimed, brought its bytes, and slept: the collector took both, and somebody else claimed the same content a moment ago.
        ContentFacts facts;
        using (var staged = await test.Store.StageAsync("content"u8.ToArray()))
        {
            facts = await test.Store.FactsAsync(staged);
        }

        var key = await test.Store.LeaveClaimAsync("content", Zone.Public);
        clock.Ahead = TimeSpan.FromHours(25);
        Assert.Single(await test.Store.CollectAsync(grace));
        await test.Store.LeaveClaimAsync("content", null);

        Assert.Null(await test.Store.WriteAsync(catalog => NameChanges.Upload(catalog, test.Store.Parts.Backend, "A.txt".Named(), facts, default, "Somebody", "")));
        Assert.Equal((FileState.Claimed, 0, false, false), test.Contents().Of(key));
        await test.PutAsync("A.txt", "content");
        test.Contents().CheckSettled();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Uploads_beside_a_collector_without_grace_are_there_or_refused(int seed)
    {
        var stores = new[] { test.Store, await test.OpenAnotherAsync(), await test.OpenAnotherAsync() };
        using var stop = new CancellationTokenSource();
        var collected = 0;
        var collecting = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                collected += (await stores[2].CollectAsync(TimeSpan.Zero)).Count(one => one.Outcome == CollectionOutcome.Collected);
            }
        });
        var acknowledged = await Task.WhenAll(Enumerable.Range(0, 6).Select(at => Task.Run(() => ChangeAsync(stores[at % 2], new Random((seed * 100) + at), $"Name{at}.txt"))));
        await stop.CancelAsync();
        await collecting;
        foreach (var (name, content) in acknowledged.Index().Where(pair => pair.Item is not null).Select(pair => ($"Name{pair.Index}.txt", pair.Item!)))
        {
            var current = (await test.Store.Names.FindAsync(name.Named())).File!;
            Assert.False(current.Deleted);
            Assert.Equal(content, Encoding.UTF8.GetString((await test.Store.Objects.FindAsync(current.Current.Key)).Found!.Body!));
        }

        await test.Store.CollectAsync(TimeSpan.Zero);
        Assert.True(collected > 0, "Nothing was ever collected beside the uploads.");
        test.Contents().CheckSettled();
    }

    /// <summary>The same contents for all: uploads, deletions, and uploads that die.</summary>
    /// <returns>The content that the name has at the end; null: it is deleted, or was never there.</returns>
    private static async Task<string?> ChangeAsync(Store store, Random random, string name)
    {
        string? current = null;
        for (var step = 0; step < 60; step++)
        {
            var content = $"content {random.Next(150)}";
            try
            {
                switch (random.Next(6))
                {
                    case 0 or 1:
                        await store.LeaveClaimAsync(content, null);
                        break;
                    case 2 when current is not null:
                        await store.DeleteAsync(name);
                        current = null;
                        break;
                    default:
                        await store.PutTextAsync(name, content);
                        current = content;
                        break;
                }
            }
            catch (StoreException exception) when (exception.Fault == StoreFault.Unavailable)
            {
                // Collected under way, as it may be without a grace: refused, and the name has what it had.
            }
        }

        return current;
    }

    private void CheckEmpty()
    {
        var contents = test.Contents();
        Assert.Equal((0, 0, 0), (contents.Files.Count, contents.Public.Count, contents.Deleted.Count));
    }
}
