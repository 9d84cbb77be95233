using HashStore.Storage.Objects;

namespace HashStore.Storage.Thumbnails;

/// <summary>A walk over the store's own thumbnails; legacy ones lie in the same folder, under names of more digits.</summary>
internal static class ThumbTree
{
    private const string Digits = "0123456789abcdef";

    /// <summary>Their places below ROOT, a leaf directory at a time.</summary>
    internal static IEnumerable<string> Places(string root, int keyBits)
    {
        foreach (var folder in Digits.SelectMany(one => Digits.SelectMany(two => Digits.Select(three => $"{ThumbPath.Folder}/{one}/{two}/{three}"))))
        {
            var full = Path.Combine(root, folder);
            foreach (var file in Directory.Exists(full) ? FilesIn(full) : [])
            {
                var place = $"{folder}/{Path.GetFileName(file)}";
                if (ThumbPath.TryParse(place, keyBits, out _))
                {
                    yield return place;
                }
            }
        }
    }

    private static string[] FilesIn(string folder)
    {
        try
        {
            return Directory.GetFiles(folder);
        }
        catch (DirectoryNotFoundException)
        {
            return []; // all thumbnails can be removed at any time
        }
    }
}
