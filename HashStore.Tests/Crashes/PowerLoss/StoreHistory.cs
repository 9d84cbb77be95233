using System.Globalization;
using HashStore.Storage;
using HashStore.Storage.Catalog;
using HashStore.Storage.Thumbnails;
using HashStore.Storage.Thumbnails.Rendering;
using HashStore.Tests.Support;
using HashStore.Tests.Thumbnails;
using Microsoft.Extensions.Logging.Abstractions;

namespace HashStore.Tests.Crashes.PowerLoss;

/// <summary>A random history of a store, one change after the other.</summary>
internal sealed class StoreHistory(Store store, Random random)
{
    private const int Names = 6, Contents = 9;

    /// <summary>Makes one change, which may be refused.</summary>
    internal async Task StepAsync()
    {
        var name = Name();
        var file = (await store.Names.FindAsync(name.Named())).File;
        try
        {
            switch (random.Next(9))
            {
                case 0 when file is { Deleted: false }:
                    await store.DeleteAsync(name);
                    break;
                case 1 when file is { Deleted: true }:
                    await store.UndeleteAsync(name);
                    break;
                case 2 when file is { Deleted: false }:
                    await store.RevertAsync(name, Any(file).Id);
                    break;
                case 3 when file is { Deleted: false }:
                    await store.RenameAsync(name, Name());
                    break;
                case 4 when file is { Deleted: false }:
                    await store.HideAsync(name, Any(file).Id);
                    break;
                case 5 when file is not null:
                    await store.ShowAsync(name, Any(file).Id);
                    break;
                case 6 when file is { Deleted: false } && (await store.Objects.FindAsync(file.Current.Key)).Found is { } shown:
                    await using (var maker = new ThumbnailMaker(store, MadeThumbnails.WriteAsync, TimeSpan.Zero, NullLogger.Instance))
                    {
                        await maker.MakeAsync(shown, MadeThumbnails.Small, ThumbnailFormat.Png, CancellationToken.None);
                    }

                    break;
                default:
                    await store.PutTextAsync(name, string.Create(CultureInfo.InvariantCulture, $"content {random.Next(Contents)}"));
                    break;
            }
        }
        catch (StoreException exception) when (exception.Fault is StoreFault.Conflict or StoreFault.Gone or StoreFault.NameTaken or StoreFault.NotFound)
        {
            // Refused as it should be: the next one.
        }
    }

    private string Name() => string.Create(CultureInfo.InvariantCulture, $"Name{random.Next(Names)}.txt");

    private StoredVersion Any(StoredName file) => file.Versions[random.Next(file.Versions.Count)];
}
