using HashStore.Storage;
using HashStore.Storage.Catalog;
using HashStore.Storage.Thumbnails;
using HashStore.Storage.Thumbnails.Rendering;
using HashStore.Tests.Support;
using HashStore.Tests.Thumbnails;
using Microsoft.Extensions.Logging.Abstractions;

namespace HashStore.Tests.Crashes;

/// <summary>
/// One change of a store. Both parts get a text that makes the names and contents of a run its own, so that one store serves many runs. Doing it again when it was done changes nothing.
/// </summary>
/// <param name="Name">What is done.</param>
/// <param name="Prepare">What is there before.</param>
/// <param name="Act">What is done, and may die or fail.</param>
public sealed record StoreScenario(string Name, Func<Store, string, Task> Prepare, Func<Store, string, Task> Act)
{
    /// <summary>Whether the opening of the store belongs to what may die.</summary>
    internal bool IsOpening { get; init; }

    internal static StoreScenario Open { get; } = new("open", (_, _) => Task.CompletedTask, (_, _) => Task.CompletedTask) { IsOpening = true };

    internal static StoreScenario Upload { get; } = new("upload", (store, own) => store.PutTextAsync($"Bystander-{own}.txt", $"bystander {own}"), (store, own) => store.PutTextAsync(One(own), $"one {own}"));

    internal static StoreScenario Version { get; } = new("version", (store, own) => store.PutTextAsync(One(own), $"one {own}"), (store, own) => store.PutTextAsync(One(own), $"two {own}"));

    /// <summary>Content that only a deleted name has is uploaded under another one.</summary>
    internal static StoreScenario Revive { get; } = new("revive", PrepareDeletedAsync, (store, own) => store.PutTextAsync(Two(own), $"one {own}"));

    internal static StoreScenario Revert { get; } = new(
        "revert",
        async (store, own) =>
        {
            await store.PutTextAsync(One(own), $"one {own}");
            await store.PutTextAsync(One(own), $"two {own}");
        },
        async (store, own) =>
        {
            var file = await FindAsync(store, One(own));
            if (file!.Versions.Count == 2)
            {
                await store.RevertAsync(One(own), file.Versions.Min(version => version.Id));
            }
        });

    internal static StoreScenario Rename { get; } = new(
        "rename",
        (store, own) => store.PutTextAsync(One(own), $"one {own}"),
        async (store, own) =>
        {
            if ((await store.Names.FindAsync(One(own).Named())).RenamedTo is null)
            {
                await store.RenameAsync(One(own), Two(own));
            }
        });

    internal static StoreScenario Delete { get; } = new(
        "delete",
        async (store, own) =>
        {
            await store.PutTextAsync(One(own), $"one {own}");
            await store.PutTextAsync(One(own), $"two {own}");
        },
        async (store, own) =>
        {
            if (await FindAsync(store, One(own)) is { Deleted: false })
            {
                await store.DeleteAsync(One(own));
            }
        });

    internal static StoreScenario Undelete { get; } = new(
        "undelete",
        PrepareDeletedAsync,
        async (store, own) =>
        {
            if (await FindAsync(store, One(own)) is { Deleted: true })
            {
                await store.UndeleteAsync(One(own));
            }
        });

    internal static StoreScenario Hide { get; } = new(
        "hide",
        async (store, own) =>
        {
            await store.PutTextAsync(One(own), $"one {own}");
            await store.PutTextAsync(One(own), $"two {own}");
        },
        async (store, own) => await store.HideAsync(One(own), (await FindAsync(store, One(own)))!.Versions.Min(version => version.Id)));

    internal static StoreScenario Show { get; } = new(
        "show",
        async (store, own) =>
        {
            await Hide.Prepare(store, own);
            await Hide.Act(store, own);
        },
        async (store, own) => await store.ShowAsync(One(own), (await FindAsync(store, One(own)))!.Versions.Min(version => version.Id)));

    internal static StoreScenario Thumbnail { get; } = new("thumbnail", PutPictureAsync, MakeThumbnailAsync);

    /// <summary>A deletion of something that has a thumbnail.</summary>
    internal static StoreScenario DeletePictured { get; } = new(
        "delete pictured",
        async (store, own) =>
        {
            await PutPictureAsync(store, own);
            await MakeThumbnailAsync(store, own);
        },
        async (store, own) =>
        {
            if (await FindAsync(store, Picture(own)) is { Deleted: false })
            {
                await store.DeleteAsync(Picture(own));
            }
        });

    internal static IReadOnlyList<StoreScenario> All { get; } = [Open, Upload, Version, Revive, Revert, Rename, Delete, Undelete, Hide, Show, Thumbnail, DeletePictured];

    public override string ToString() => Name;

    private static string One(string own) => $"One-{own}.txt";

    private static string Two(string own) => $"Two-{own}.txt";

    private static string Picture(string own) => $"Picture-{own}.txt"; // the tests' renderer does not look at it

    private static async Task PrepareDeletedAsync(Store store, string own)
    {
        await store.PutTextAsync(One(own), $"one {own}");
        await store.DeleteAsync(One(own));
    }

    private static Task<PutResult> PutPictureAsync(Store store, string own) => store.PutTextAsync(Picture(own), $"picture {own}");

    private static async Task MakeThumbnailAsync(Store store, string own)
    {
        var shown = (await store.Objects.FindAsync((await FindAsync(store, Picture(own)))!.Current.Key)).Found!;
        await using var maker = new ThumbnailMaker(store, MadeThumbnails.WriteAsync, TimeSpan.Zero, NullLogger.Instance);
        await maker.MakeAsync(shown, MadeThumbnails.Small, ThumbnailFormat.Png, CancellationToken.None);
    }

    private static async Task<StoredName?> FindAsync(Store store, string name) => (await store.Names.FindAsync(name.Named())).File;
}
