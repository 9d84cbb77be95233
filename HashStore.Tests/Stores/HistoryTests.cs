using HashStore.Schema.Tables;
using HashStore.Storage;
using HashStore.Tests.Support;
using Xunit;

namespace HashStore.Tests.Stores;

/// <summary>Reverting, renaming, deleting and hiding: rows, counts and zones after each step.</summary>
public sealed class HistoryTests
{
    [Theory]
    [ClassData(typeof(Databases))]
    public async Task Reverting_adds_a_version_with_the_old_content(DatabaseProvider provider)
    {
        await using var test = await TestStore.OpenAsync(provider);
        var first = (await test.PutAsync("One.txt", "first")).File.Current;
        var second = (await test.PutAsync("One.txt", "second")).File.Current;

        var reverted = await test.Store.RevertAsync("One.txt", first.Id);
        Assert.Equal((first.Key, "Reverted", 3), (reverted.File.Current.Key, reverted.File.Current.Description, reverted.File.Versions.Count));
        Assert.False(reverted.IsUnchanged);
        Assert.Equal((FileState.Public, 2, true, false), test.Contents().Of(first.Key));

        Assert.True((await test.Store.RevertAsync("One.txt", first.Id)).IsUnchanged);
        Assert.Equal(3, test.Contents().Uploads.Count);

        await test.PutAsync("Two.txt", "third");
        var stranger = (await test.Store.Names.FindAsync("Two.txt".Named())).File!.Current.Id;
        await Refusal.ExpectAsync(StoreFault.NotFound, () => test.Store.RevertAsync("One.txt", stranger));
        await Refusal.ExpectAsync(StoreFault.NotFound, () => test.Store.RevertAsync("One.txt", 1_000_000));
        await Refusal.ExpectAsync(StoreFault.NotFound, () => test.Store.RevertAsync("Nobody.txt", first.Id));
        await test.Store.HideAsync("One.txt", second.Id);
        await Refusal.ExpectAsync(StoreFault.Conflict, () => test.Store.RevertAsync("One.txt", second.Id));
        test.Contents().CheckSettled();
    }

    [Theory]
    [ClassData(typeof(Databases))]
    public async Task A_renamed_name_leads_to_the_new_one_also_after_further_renames(DatabaseProvider provider)
    {
        await using var test = await TestStore.OpenAsync(provider);
        var version = (await test.PutAsync("One.txt", "content")).File.Current;
        var renamed = await test.Store.RenameAsync("One.txt", "Two.txt");
        Assert.Equal(("Two.txt", version.Id), (renamed.File.Name.Value, renamed.File.Current.Id));
        await test.Store.RenameAsync("Two.txt", "Three.txt");

        foreach (var old in (string[])["One.txt", "Two.txt"])
        {
            var lookup = await test.Store.Names.FindAsync(old.Named());
            Assert.Null(lookup.File);
            Assert.Equal("Three.txt", lookup.RenamedTo!.Value.Value);
            Assert.Null(await test.Store.Names.FindCurrentAsync(old.Named()));
            var refusal = await Refusal.ExpectAsync(StoreFault.NotFound, () => test.Store.DeleteAsync(old));
            Assert.Contains("Three.txt", refusal.Message, StringComparison.Ordinal);
        }

        Assert.Equal(version, Assert.Single((await test.Store.Names.FindAsync("Three.txt".Named())).File!.Versions));
        Assert.Equal((FileState.Public, 1, true, false), test.Contents().Of(version.Key));
        test.Contents().CheckSettled();
    }

    [Theory]
    [ClassData(typeof(Databases))]
    public async Task A_rename_can_be_taken_back(DatabaseProvider provider)
    {
        await using var test = await TestStore.OpenAsync(provider);
        await test.PutAsync("One.txt", "content");
        await test.Store.RenameAsync("One.txt", "Two.txt");
        var back = await test.Store.RenameAsync("Two.txt", "One.txt");
        Assert.Equal("One.txt", back.File.Name.Value);
        Assert.Equal("One.txt", (await test.Store.Names.FindAsync("Two.txt".Named())).RenamedTo!.Value.Value);
        Assert.Equal(2, test.Contents().Names.Count);
        test.Contents().CheckSettled();
    }

    [Theory]
    [ClassData(typeof(Databases))]
    public async Task A_name_that_was_left_can_be_used_again(DatabaseProvider provider)
    {
        await using var test = await TestStore.OpenAsync(provider);
        await test.PutAsync("One.txt", "old");
        await test.Store.RenameAsync("One.txt", "Two.txt");
        var put = await test.PutAsync("One.txt", "new");
        Assert.True(put.IsNew);
        Assert.Single(put.File.Versions);
        Assert.Equal("One.txt", put.File.Name.Value);
        Assert.Single((await test.Store.Names.FindAsync("Two.txt".Named())).File!.Versions);
        await Refusal.ExpectAsync(StoreFault.NameTaken, () => test.Store.RenameAsync("Two.txt", "One.txt"));
        await Refusal.ExpectAsync(StoreFault.NameTaken, () => test.Store.RenameAsync("One.txt", "One.txt"));
        await Refusal.ExpectAsync(StoreFault.NotFound, () => test.Store.RenameAsync("Nobody.txt", "Three.txt"));
        test.Contents().CheckSettled();
    }

    [Theory]
    [ClassData(typeof(Databases))]
    public async Task A_rename_onto_a_deleted_name_keeps_the_old_versions_hidden(DatabaseProvider provider)
    {
        await using var test = await TestStore.OpenAsync(provider);
        var old = (await test.PutAsync("Taken.txt", "old")).File.Current;
        await test.PutAsync("Before.txt", "elsewhere");
        await test.Store.DeleteAsync("Taken.txt");
        var moved = (await test.PutAsync("Source.txt", "moved")).File.Current;

        var renamed = await test.Store.RenameAsync("Source.txt", "Taken.txt");
        Assert.Equal(moved.Id, renamed.File.Current.Id);
        Assert.Equal([(moved.Id, HiddenParts.None), (old.Id, HiddenParts.Content)], renamed.File.Versions.Select(version => (version.Id, version.Hidden)));
        Assert.Equal((FileState.Deleted, 0, false, true), test.Contents().Of(old.Key));
        test.Contents().CheckSettled();

        var shown = await test.Store.ShowAsync("Taken.txt", old.Id);
        Assert.Equal(HiddenParts.None, shown.File.Versions[^1].Hidden);
        Assert.Equal((FileState.Public, 1, true, false), test.Contents().Of(old.Key));
        test.Contents().CheckSettled();
    }

    [Theory]
    [ClassData(typeof(Databases))]
    public async Task Names_that_led_to_a_deleted_name_follow_the_one_that_takes_its_place(DatabaseProvider provider)
    {
        await using var test = await TestStore.OpenAsync(provider);
        await test.PutAsync("One.txt", "old");
        await test.Store.RenameAsync("One.txt", "Taken.txt");
        await test.Store.DeleteAsync("Taken.txt");
        Assert.Equal("Taken.txt", (await test.Store.Names.FindAsync("One.txt".Named())).RenamedTo!.Value.Value);
        await test.PutAsync("Source.txt", "new");
        await test.Store.RenameAsync("Source.txt", "Taken.txt");
        Assert.Equal("Taken.txt", (await test.Store.Names.FindAsync("One.txt".Named())).RenamedTo!.Value.Value);
        Assert.Equal("Taken.txt", (await test.Store.Names.FindAsync("Source.txt".Named())).RenamedTo!.Value.Value);
        test.Contents().CheckSettled();
    }

    [Theory]
    [ClassData(typeof(Databases))]
    public async Task Deleting_takes_unshared_content_out_of_the_public_tree_and_undeleting_brings_it_back(DatabaseProvider provider)
    {
        await using var test = await TestStore.OpenAsync(provider);
        var shared = (await test.PutAsync("One.txt", "shared")).File.Current;
        var own = (await test.PutAsync("One.txt", "own")).File.Current;
        await test.PutAsync("Two.txt", "shared");

        var deleted = await test.Store.DeleteAsync("One.txt");
        Assert.True(deleted.File.Deleted);
        Assert.Equal([own.Key], deleted.Removed);
        Assert.Equal((FileState.Deleted, 0, false, true), test.Contents().Of(own.Key));
        Assert.Equal((FileState.Public, 1, true, false), test.Contents().Of(shared.Key));
        Assert.Equal((null, true), (await test.Store.Objects.FindAsync(own.Key) is { } gone ? (gone.Found, gone.Gone) : default));
        Assert.True((await test.Store.Names.FindAsync("One.txt".Named())).File!.Deleted);
        Assert.All(
            test.Contents().Uploads.Where(row => row.Id != test.Contents().Uploads.Max(last => last.Id)),
            row => Assert.Equal((StoreSteps.User, "Deleted"), (row.DeletionUserText, row.DeletionReason)));
        test.Contents().CheckSettled();
        await Refusal.ExpectAsync(StoreFault.Gone, () => test.Store.DeleteAsync("One.txt"));
        await Refusal.ExpectAsync(StoreFault.Gone, () => test.Store.RevertAsync("One.txt", shared.Id));
        await Refusal.ExpectAsync(StoreFault.Gone, () => test.Store.RenameAsync("One.txt", "Three.txt"));
        await Refusal.ExpectAsync(StoreFault.Gone, () => test.Store.HideAsync("One.txt", shared.Id));
        await Refusal.ExpectAsync(StoreFault.NotFound, () => test.Store.DeleteAsync("Nobody.txt"));

        var back = await test.Store.UndeleteAsync("One.txt");
        Assert.False(back.File.Deleted);
        Assert.Equal([own.Id, shared.Id], back.File.Versions.Select(version => version.Id));
        Assert.Equal((FileState.Public, 1, true, false), test.Contents().Of(own.Key));
        Assert.Equal((FileState.Public, 2, true, false), test.Contents().Of(shared.Key));
        Assert.NotNull((await test.Store.Objects.FindAsync(own.Key)).Found);
        Assert.All(test.Contents().Uploads, row => Assert.Null(row.DeletionUserText));
        test.Contents().CheckSettled();
        await Refusal.ExpectAsync(StoreFault.NameTaken, () => test.Store.UndeleteAsync("One.txt"));
        await Refusal.ExpectAsync(StoreFault.NotFound, () => test.Store.UndeleteAsync("Nobody.txt"));
    }

    [Theory]
    [ClassData(typeof(Databases))]
    public async Task Hiding_a_version_hides_its_content_unless_another_shows_it(DatabaseProvider provider)
    {
        await using var test = await TestStore.OpenAsync(provider);
        var first = (await test.PutAsync("One.txt", "first")).File.Current;
        var second = (await test.PutAsync("One.txt", "second")).File.Current;

        await Refusal.ExpectAsync(StoreFault.Conflict, () => test.Store.HideAsync("One.txt", second.Id));
        var hidden = await test.Store.HideAsync("One.txt", first.Id);
        Assert.Equal([first.Key], hidden.Removed);
        Assert.Equal([HiddenParts.None, HiddenParts.Content], hidden.File.Versions.Select(version => version.Hidden));
        Assert.Equal((FileState.Deleted, 0, false, true), test.Contents().Of(first.Key));
        Assert.True((await test.Store.HideAsync("One.txt", first.Id)).IsUnchanged);
        test.Contents().CheckSettled();

        await test.PutAsync("Two.txt", "first");
        Assert.Equal((FileState.Public, 1, true, false), test.Contents().Of(first.Key));
        await test.Store.DeleteAsync("One.txt");
        await test.Store.UndeleteAsync("One.txt");
        Assert.Equal((FileState.Public, 1, true, false), test.Contents().Of(first.Key));
        Assert.Equal("Hidden", test.Contents().Uploads.Single(row => row.Id == first.Id).DeletionReason);

        var shown = await test.Store.ShowAsync("One.txt", first.Id);
        Assert.All(shown.File.Versions, version => Assert.Equal(HiddenParts.None, version.Hidden));
        Assert.Equal((FileState.Public, 2, true, false), test.Contents().Of(first.Key));
        Assert.True((await test.Store.ShowAsync("One.txt", first.Id)).IsUnchanged);
        Assert.Null(test.Contents().Uploads.Single(row => row.Id == first.Id).DeletionReason);
        await Refusal.ExpectAsync(StoreFault.NotFound, () => test.Store.HideAsync("Two.txt", first.Id));
        test.Contents().CheckSettled();
    }

    [Theory]
    [ClassData(typeof(Databases))]
    public async Task An_upload_onto_a_deleted_name_keeps_the_old_versions_hidden(DatabaseProvider provider)
    {
        await using var test = await TestStore.OpenAsync(provider);
        var old = (await test.PutAsync("One.txt", "old")).File.Current;
        await test.Store.DeleteAsync("One.txt");
        var put = await test.PutAsync("One.txt", "new");
        Assert.True(put is { IsNew: true, IsDuplicate: false });
        Assert.Equal([HiddenParts.None, HiddenParts.Content], put.File.Versions.Select(version => version.Hidden));
        Assert.Equal((FileState.Deleted, 0, false, true), test.Contents().Of(old.Key));
        test.Contents().CheckSettled();

        // The same content as before: it comes back for the new version only.
        await test.Store.DeleteAsync("One.txt");
        var again = await test.PutAsync("One.txt", "old");
        Assert.True(again is { IsNew: true, IsDuplicate: true, IsUnchanged: false });
        Assert.Equal((FileState.Public, 1, true, false), test.Contents().Of(old.Key));
        Assert.Equal([HiddenParts.None, HiddenParts.Content, HiddenParts.Content], again.File.Versions.Select(version => version.Hidden));
        Assert.NotNull((await test.Store.Objects.FindAsync(old.Key)).Found);
        test.Contents().CheckSettled();
    }

    [Theory]
    [ClassData(typeof(Databases))]
    public async Task Uploads_and_deletions_of_one_content_at_once_end_where_the_rows_say(DatabaseProvider provider)
    {
        await using var test = await TestStore.OpenAsync(provider);
        var other = await test.OpenAnotherAsync();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(async () =>
        {
            var store = i % 2 == 0 ? test.Store : other;
            for (var round = 0; round < 8; round++)
            {
                await store.PutTextAsync($"Name{i}.txt", $"content {round % 2}");
                await store.DeleteAsync($"Name{i}.txt");
            }
        })));
        Assert.All(test.Contents().Files.Values, row => Assert.Equal((FileState.Deleted, 0), (row.State, row.RefCount)));
        test.Contents().CheckSettled();
    }
}
