using HashStore.Schema;
using HashStore.Schema.Tables;
using HashStore.Storage.Catalog;
using HashStore.Storage.Durability;
using HashStore.Storage.Objects;

namespace HashStore.Storage;

/// <summary>What became of a thumbnail that was to be placed.</summary>
internal enum ThumbPlaced
{
    /// <summary>It is in its place.</summary>
    Added,

    /// <summary>Another one is there already; the staged file stays where it is.</summary>
    Found,

    /// <summary>What it shows is not public (any more); the staged file stays where it is.</summary>
    NotPublic,
}

/// <summary>The tree of thumbnails. One is there only while its object is public, and goes with it.</summary>
public sealed partial class Store
{
    /// <summary>Told of each thumbnail that goes because its object leaves the public tree.</summary>
    public Action<ThumbPath>? ThumbRemoved { get; set; }

    /// <summary>
    /// Brings a staged and synced thumbnail to its place. That happens while the right to write is held and the row of its object says that it is public: a deletion takes the object's thumbnails away
    /// while it holds the same right, so none appears after it.
    /// </summary>
    /// <param name="thumb">The thumbnail.</param>
    /// <param name="stagedPath">The staged file.</param>
    /// <returns>What became of it, and its place: another one when its object has got another key.</returns>
    internal Task<(ThumbPlaced Placed, ThumbPath Place)> AddThumbAsync(ThumbPath thumb, string stagedPath)
    {
        var isAdded = false;
        return writer.WriteAsync(catalog =>
        {
            if (catalog.FindFile(thumb.Key) is not { State: FileState.Public })
            {
                return (ThumbPlaced.NotPublic, thumb); // what an earlier run of this change placed went with the object, or goes with it
            }

            var place = CurrentThumb(catalog, thumb);
            isAdded |= parts.Thumbs.Publish(place.ToString(), stagedPath);
            CrashPoints.Pass(CrashPoint.ThumbNamed);
            return (isAdded ? ThumbPlaced.Added : ThumbPlaced.Found, place);
        });
    }

    /// <summary>
    /// Where a thumbnail lies, should its object have got another key since its place was chosen. Those that the object had before are moved first: a place belongs to who came first, whatever it was called then.
    /// </summary>
    internal ThumbPath CurrentThumb(CatalogTransaction catalog, ThumbPath thumb)
    {
        var now = catalog.Current(thumb.Key);
        oldPlaces.FinishAllOf(catalog, now);
        return thumb with { Key = now };
    }

    /// <summary>Returns when the bytes of a rendered thumbnail are durable; shares its sync with whatever else is under way.</summary>
    internal Task SyncFileAsync(Microsoft.Win32.SafeHandles.SafeFileHandle file) => parts.Syncs.SyncFileAsync(file);

    /// <summary>Makes the name of a placed thumbnail durable: for one of which a link tells.</summary>
    internal Task SyncThumbAsync(ThumbPath thumb) => parts.Thumbs.SyncNameAsync(Path.GetDirectoryName(Path.Combine(Paths.Root, thumb.ToString()))!);

    /// <summary>Removes a thumbnail whose object is no longer shown.</summary>
    /// <param name="place">Its place below ROOT.</param>
    internal void RemoveThumb(string place)
    {
        if (Posix.Unlink(Path.Combine(Paths.Root, place)) && ThumbRemoved is { } told && ThumbPath.TryParse(place, null, out var thumb))
        {
            told(thumb.Value);
        }
    }

    /// <summary>Removes all thumbnails of an object that leaves the public tree; while the right to write is held.</summary>
    internal void RemoveThumbs(ContentKey key)
    {
        var prefix = ThumbPath.PrefixOf(key);
        var folder = Path.Combine(Paths.Root, Path.GetDirectoryName(prefix)!);
        if (!Directory.Exists(folder))
        {
            return;
        }

        foreach (var file in Directory.EnumerateFiles(folder, Path.GetFileName(prefix) + "*"))
        {
            RemoveThumb(Path.GetRelativePath(Paths.Root, file));
        }

        // Also when none was left: whoever removed them may have died before this. A power loss must not bring back what shows deleted content.
        try
        {
            Posix.SyncDirectory(folder);
        }
        catch (IOException exception) when (exception.HResult == Posix.Enoent)
        {
            // The collector has just tidied the empty folder away, with all that was in it.
        }
    }
}
