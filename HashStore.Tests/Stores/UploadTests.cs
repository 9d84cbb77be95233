using HashStore.Schema;
using HashStore.Schema.Tables;
using HashStore.Storage;
using HashStore.Storage.Catalog;
using HashStore.Storage.Content;
using HashStore.Storage.Staging;
using HashStore.Tests.Support;
using Xunit;

namespace HashStore.Tests.Stores;

public sealed class UploadTests
{
    [Theory]
    [ClassData(typeof(Databases))]
    public async Task A_new_name_gets_its_first_version(DatabaseProvider provider)
    {
        await using var test = await TestStore.OpenAsync(provider);
        var content = "The first content."u8.ToArray();
        var put = await test.PutAsync("One.txt", content);

        Assert.True(put is { IsNew: true, IsDuplicate: false, IsUnchanged: false });
        var version = Assert.Single(put.File.Versions);
        Assert.Equal(put.File.Current, version);
        Assert.Equal(TestStore.Digest(content), version.Sha256);
        Assert.Equal(version.Sha256, version.Digest);
        Assert.Equal(test.KeyOf(content), version.Key);
        Assert.Equal(
            (content.Length, "text/plain", StoreSteps.User, "Description of One.txt"),
            ((int)version.Size, version.Mime, version.User, version.Description));
        Assert.Equal((DateTimeKind.Utc, 0), (version.Timestamp.Kind, version.Timestamp.Ticks % TimeSpan.TicksPerMillisecond));

        // What the answer says without a query is what a query says.
        var found = await test.Store.Names.FindAsync("One.txt".Named());
        Assert.Equal(version, Assert.Single(found.File!.Versions));
        Assert.Equal(version, (await test.Store.Names.FindCurrentAsync("One.txt".Named()))!.Current);
        Assert.Equal((FileState.Public, 1, true, false), test.Contents().Of(version.Key));
        test.Contents().CheckSettled();
    }

    [Theory]
    [ClassData(typeof(Databases))]
    public async Task Other_content_becomes_a_new_version_before_the_old_ones(DatabaseProvider provider)
    {
        await using var test = await TestStore.OpenAsync(provider);
        var first = await test.PutAsync("One.txt", "first");
        var second = await test.PutAsync("One.txt", "second");
        Assert.True(second is { IsNew: false, IsDuplicate: false, IsUnchanged: false });
        Assert.Equal([second.File.Current.Id, first.File.Current.Id], second.File.Versions.Select(version => version.Id));
        Assert.Equal((FileState.Public, 1, true, false), test.Contents().Of(first.File.Current.Key));
        Assert.Equal((FileState.Public, 1, true, false), test.Contents().Of(second.File.Current.Key));
        test.Contents().CheckSettled();
    }

    [Theory]
    [ClassData(typeof(Databases))]
    public async Task The_content_that_it_has_already_adds_no_version(DatabaseProvider provider)
    {
        await using var test = await TestStore.OpenAsync(provider);
        var first = await test.PutAsync("One.txt", "first");
        var again = await test.PutAsync("One.txt", "first");
        Assert.True(again is { IsNew: false, IsDuplicate: true, IsUnchanged: true });
        Assert.Equal(first.File.Current.Id, Assert.Single(again.File.Versions).Id);
        Assert.Equal((FileState.Public, 1, true, false), test.Contents().Of(first.File.Current.Key));
        test.Contents().CheckSettled();
    }

    [Theory]
    [ClassData(typeof(Databases))]
    public async Task Content_under_several_names_is_stored_once_and_counted_for_each(DatabaseProvider provider)
    {
        await using var test = await TestStore.OpenAsync(provider);
        await test.PutAsync("One.txt", "shared");
        var second = await test.PutAsync("Two.txt", "shared");
        Assert.True(second is { IsNew: true, IsDuplicate: true, IsUnchanged: false });
        Assert.Equal((FileState.Public, 2, true, false), test.Contents().Of(second.File.Current.Key));

        // Back to a content of long ago counts once more.
        await test.PutAsync("One.txt", "other");
        var back = await test.PutAsync("One.txt", "shared");
        Assert.True(back is { IsNew: false, IsDuplicate: true, IsUnchanged: false });
        Assert.Equal(3, back.File.Versions.Count);
        Assert.Equal((FileState.Public, 3, true, false), test.Contents().Of(second.File.Current.Key));
        Assert.Equal((4, 2), (test.Store.Meters.Uploads.Value, test.Store.Meters.DuplicateUploads.Value));
        test.Contents().CheckSettled();
    }

    [Theory]
    [ClassData(typeof(Databases))]
    public async Task Names_are_told_apart_byte_by_byte(DatabaseProvider provider)
    {
        await using var test = await TestStore.OpenAsync(provider);
        string[] names = ["Name.txt", "NAME.txt", "Näme.txt", "Na\u0308me.txt", "Name.txt ", "Name.txt\u200B", "\u0130.txt", "\u0131.txt"];
        foreach (var name in names)
        {
            Assert.True((await test.PutAsync(name, name)).IsNew, name);
        }

        foreach (var name in names)
        {
            var found = (await test.Store.Names.FindAsync(name.Named())).File!;
            Assert.Equal(name, found.Name.Value);
            Assert.Equal(test.KeyOf(System.Text.Encoding.UTF8.GetBytes(name)), found.Current.Key);
        }
    }

    [Theory]
    [ClassData(typeof(Databases))]
    public async Task Only_if_new_refuses_a_live_name_and_takes_a_new_or_deleted_one(DatabaseProvider provider)
    {
        await using var test = await TestStore.OpenAsync(provider);
        var onlyIfNew = new UploadCondition(OnlyIfNew: true, null);
        Assert.True((await test.PutAsync("One.txt", "first"u8.ToArray(), onlyIfNew)).IsNew);

        await Refusal.ExpectAsync(StoreFault.ConditionFailed, () => test.Store.CheckConditionAsync("One.txt".Named(), onlyIfNew));
        await Refusal.ExpectAsync(StoreFault.ConditionFailed, () => test.PutAsync("One.txt", "second"u8.ToArray(), onlyIfNew));
        await Refusal.ExpectAsync(StoreFault.ConditionFailed, () => test.PutAsync("One.txt", "first"u8.ToArray(), onlyIfNew));
        Assert.Single(test.Contents().Uploads);
        Assert.Single(test.Contents().Files);
        test.Contents().CheckSettled();

        await test.Store.DeleteAsync("One.txt");
        await test.Store.CheckConditionAsync("One.txt".Named(), onlyIfNew);
        Assert.True((await test.PutAsync("One.txt", "second"u8.ToArray(), onlyIfNew)).IsNew);
        await test.Store.RenameAsync("One.txt", "Two.txt");
        Assert.True((await test.PutAsync("One.txt", "third"u8.ToArray(), onlyIfNew)).IsNew);
        test.Contents().CheckSettled();
    }

    [Theory]
    [ClassData(typeof(Databases))]
    public async Task Only_over_a_content_refuses_any_other_and_a_name_without_content(DatabaseProvider provider)
    {
        await using var test = await TestStore.OpenAsync(provider);
        var first = TestStore.Digest("first"u8.ToArray());
        var overFirst = new UploadCondition(OnlyIfNew: false, digest => digest == first);
        await Refusal.ExpectAsync(StoreFault.ConditionFailed, () => test.PutAsync("One.txt", "second"u8.ToArray(), overFirst));
        await test.PutAsync("One.txt", "first");
        Assert.False((await test.PutAsync("One.txt", "second"u8.ToArray(), overFirst)).IsUnchanged);
        await Refusal.ExpectAsync(StoreFault.ConditionFailed, () => test.PutAsync("One.txt", "third"u8.ToArray(), overFirst));

        await test.Store.RevertAsync("One.txt", test.Contents().Uploads.Min(row => row.Id));
        await test.Store.DeleteAsync("One.txt");
        await Refusal.ExpectAsync(StoreFault.ConditionFailed, () => test.PutAsync("One.txt", "third"u8.ToArray(), overFirst));
        test.Contents().CheckSettled();
    }

    [Theory]
    [ClassData(typeof(Databases))]
    public async Task Of_many_that_want_a_new_name_at_once_exactly_one_gets_it(DatabaseProvider provider)
    {
        await using var test = await TestStore.OpenAsync(provider);
        var tries = await Task.WhenAll(Enumerable.Range(0, 16).Select(async i =>
        {
            try
            {
                return (await test.PutAsync("One.txt", System.Text.Encoding.UTF8.GetBytes($"content {i}"), new UploadCondition(OnlyIfNew: true, null))).IsNew;
            }
            catch (StoreException exception) when (exception.Fault == StoreFault.ConditionFailed)
            {
                return false;
            }
        }));
        Assert.Single(tries, won => won);
        Assert.Single(test.Contents().Uploads);
        test.Contents().CheckSettled();
    }

    [Theory]
    [ClassData(typeof(Databases))]
    public async Task Many_at_once_of_the_same_and_of_other_contents_are_all_kept(DatabaseProvider provider)
    {
        await using var test = await TestStore.OpenAsync(provider);
        var puts = await Task.WhenAll(Enumerable.Range(0, 120).Select(i => Task.Run(() => test.PutAsync($"Name{i % 40}.txt", $"content {i % 7}"))));
        Assert.Equal(7, test.Contents().Files.Count);
        Assert.Equal(40, test.Contents().Names.Count);
        Assert.Equal(puts.Count(put => !put.IsUnchanged), test.Contents().Uploads.Count);
        Assert.Equal(7, puts.Count(put => !put.IsDuplicate));
        test.Contents().CheckSettled();
    }

    [Fact]
    public async Task What_was_announced_wrongly_leaves_nothing()
    {
        await using var test = await TestStore.OpenAsync();
        await Refusal.ExpectAsync(StoreFault.TooLarge, () => StageAsync(new StageLimits(4, null, [])));
        await Refusal.ExpectAsync(StoreFault.TooLarge, () => StageAsync(new StageLimits(4, 5, [])));
        await Refusal.ExpectAsync(StoreFault.DigestMismatch, () => StageAsync(new StageLimits(100, 4, [])));
        await Refusal.ExpectAsync(StoreFault.DigestMismatch, () => StageAsync(new StageLimits(100, 6, [])));
        foreach (var algorithm in Enum.GetValues<DigestAlgorithm>())
        {
            (await StageAsync(new StageLimits(5, 5, [new ExpectedDigest(algorithm, TestStore.Digest("bytes"u8.ToArray(), algorithm))]))).Dispose();
            var other = TestStore.Digest("other"u8.ToArray(), algorithm);
            await Refusal.ExpectAsync(StoreFault.DigestMismatch, () => StageAsync(new StageLimits(5, 5, [new ExpectedDigest(algorithm, other)])));
        }

        Assert.Empty(test.Contents().Staged);
        Assert.Empty(test.Contents().Files);

        Task<StagedFile> StageAsync(StageLimits limits) => test.Store.StageAsync(new MemoryStream("bytes"u8.ToArray()), limits, CancellationToken.None);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData((128 << 10) - 1)]
    [InlineData(128 << 10)]
    [InlineData((128 << 10) + 1)]
    [InlineData(3 << 20)]
    [InlineData((9 << 20) + 17)]
    public async Task Content_of_any_size_arrives_whole(int size)
    {
        await using var test = await TestStore.OpenAsync();
        var content = new byte[size];
        new Random(size).NextBytes(content);
        var put = await test.PutAsync("Some.bin", content);
        Assert.Equal((size, TestStore.Digest(content)), ((int)put.File.Current.Size, put.File.Current.Sha256));
        using (var tables = test.Tables())
        {
            Assert.Equal(TestStore.Digest(content, DigestAlgorithm.Sha1).ToArray(), tables.Files.Single().Sha1);
        }

        test.Contents().CheckSettled();
        var served = (await test.Store.Objects.FindAsync(put.File.Current.Key)).Found!;
        Assert.Equal(size <= 64 << 10, served.Body is not null);
    }

    [Fact]
    public async Task A_name_whose_extension_contradicts_the_content_is_refused_and_nothing_kept()
    {
        await using var test = await TestStore.OpenAsync();
        await Refusal.ExpectAsync(StoreFault.ExtensionMismatch, () => test.PutAsync("Picture.png", "This is no picture."));
        await test.PutAsync("Text.txt", "This is no picture.");
        await Refusal.ExpectAsync(StoreFault.ExtensionMismatch, () => test.Store.RenameAsync("Text.txt", "Text.png"));
        Assert.Single(test.Contents().Names);
        test.Contents().CheckSettled();
    }

    [Fact]
    public async Task Versions_never_go_back_in_time_when_the_clock_does()
    {
        var clock = new SettableClock(new DateTimeOffset(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero));
        await using var test = await TestStore.OpenAsync(DatabaseProvider.Sqlite, options => options with { Clock = clock });
        var first = await test.PutAsync("One.txt", "first");
        clock.Now = clock.Now.AddDays(-1);
        var second = await test.PutAsync("One.txt", "second");
        Assert.Equal(new DateTime(2026, 1, 2, 3, 4, 5, 678, DateTimeKind.Utc), first.File.Current.Timestamp);
        Assert.Equal(first.File.Current.Timestamp, second.File.Current.Timestamp);
        Assert.Equal([second.File.Current.Id, first.File.Current.Id], second.File.Versions.Select(version => version.Id));
    }

    private sealed class SettableClock(DateTimeOffset now) : TimeProvider
    {
        internal DateTimeOffset Now { get; set; } = now;

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
