using HashStore.Schema;
using HashStore.Storage.Objects;
using HashStore.Storage.Serving;
using HashStore.Storage.Thumbnails;
using HashStore.Storage.Thumbnails.Rendering;

namespace HashStore.Server.Thumbnails;

/// <summary>The address at which a thumbnail was asked for, in the hash form or the legacy form.</summary>
/// <param name="Shown">What it shows.</param>
/// <param name="File">The thumbnail's name as it was asked for.</param>
/// <param name="Original">The original's name as it stands in the legacy form; null in the hash form, which leaves it to the thumbnail's name.</param>
/// <param name="Folder">The address of the folder, percent-encoded, with a slash at the end: other thumbnails of the original lie there too.</param>
internal sealed record ThumbnailAddress(ServedObject Shown, string File, string? Original, string Folder)
{
    /// <summary>The folder of the hash form.</summary>
    internal static string FolderOf(string uploadPath, ContentKey key) => $"{uploadPath}/{ThumbPath.Folder}/{ObjectPath.Of(key)}/";

    /// <summary>What the original can be called in the legacy form: thumbnails of an archived version are called after its path or after its name.</summary>
    private string[] Originals => Original!.IndexOf('!', StringComparison.Ordinal) is > 0 and var mark ? [Original, Original[(mark + 1)..]] : [Original];

    /// <summary>The name, taken apart; null when no thumbnail is called so.</summary>
    internal ThumbName? Read()
    {
        if (Original is null)
        {
            return ThumbName.TryParse(File, ThumbRules.IsFilm(Shown.Mime), out var name) ? name : null;
        }

        return Originals.Select(original => ThumbName.TryParse(File, original, out var name) ? name : null).FirstOrDefault(name => name is not null);
    }

    /// <summary>The original's name as it stands in the thumbnail's; null when that is not the name of a thumbnail in a format.</summary>
    internal async ValueTask<string?> OriginalInAsync(ThumbName name, ThumbnailFormat format, ObjectReader objects)
    {
        foreach (var original in name.OriginalsIn(format, format.MediaType() == Shown.Mime))
        {
            if (ThumbName.IsAbbreviated(original) || (Original is not null ? Originals.Contains(original)
                : ObjectReader.Present(Shown, original) is not null || await objects.PresentStoredUnderAsync(Shown, original) is not null))
            {
                return original;
            }
        }

        return null;
    }

    /// <summary>The name under which the original is shown, where the thumbnail's name says <paramref name="original"/>.</summary>
    internal string NameOf(string original) => Original is null ? original : Originals[^1];

    /// <summary>The address of another thumbnail of the same original.</summary>
    internal string UrlOf(ThumbParameters parameters, string original, ThumbnailFormat format) => Folder + UrlSegment.Encode(ThumbName.Of(parameters, original, format));
}
