using System.Globalization;
using System.Text;
using HashStore.Schema.Tables;
using HashStore.Storage;
using HashStore.Tests.Support;
using Xunit;

namespace HashStore.Tests.Crashes;

/// <summary>What a store shows, as text without numbers and times: names with their versions, and which objects are served.</summary>
internal static class StoreView
{
    /// <summary>The names that contain <paramref name="part"/>, and the objects of their versions. Checks that each object is served whole if it is public, and else not at all.</summary>
    internal static async Task<string> OfAsync(TestStore test, string part = "")
    {
        foreach (var tried in Directory.EnumerateFiles(test.Paths.Root, ".hs~selfcheck-*"))
        {
            File.Delete(tried); // of an opening that died: fsck lists it as a leftover
        }

        var contents = test.Contents();
        var view = new StringBuilder();
        var keys = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var name in contents.Names.Values.Where(name => name.Name.Contains(part, StringComparison.Ordinal)).OrderBy(name => name.Name, StringComparer.Ordinal))
        {
            view.Append(name.Name).Append(name.Deleted ? " deleted" : "").AppendLine(name.Redirect is { } to ? $" -> {contents.Names[to].Name}" : "");
            foreach (var version in contents.Uploads.Where(upload => upload.NameId == name.Id).OrderBy(upload => upload.Id))
            {
                keys.Add(Convert.ToHexStringLower(version.Hash));
                view.AppendLine(CultureInfo.InvariantCulture, $"  {Convert.ToHexStringLower(version.Hash)} {version.Deleted} {version.Description}{(version.Id == name.Latest ? " *" : "")}");
            }
        }

        foreach (var key in keys)
        {
            view.AppendLine(CultureInfo.InvariantCulture, $"{key} {contents.Files[key].State} {contents.Files[key].RefCount}");
        }

        // Claims too: nothing of them is ever served.
        foreach (var row in contents.Files.Values)
        {
            var found = (await test.Store.Objects.FindAsync(new HashStore.Schema.ContentKey(row.Hash))).Found;
            Assert.Equal(row.State == FileState.Public, found is not null);
            if (found is not null)
            {
                Assert.Equal(Convert.ToHexStringLower(row.Sha256), contents.Public[Convert.ToHexStringLower(row.Hash)]);
            }
        }

        return view.ToString();
    }

    /// <summary>Checks what holds whenever nothing is under way, thumbnails apart: each is whole and belongs to a public object.</summary>
    internal static void CheckSettled(TestStore test)
    {
        var thumbs = Path.Combine(test.Paths.Root, "thumb");
        if (Directory.Exists(thumbs))
        {
            foreach (var thumb in Directory.EnumerateFiles(thumbs, "*", SearchOption.AllDirectories))
            {
                Assert.Equal("thumbnail 120", File.ReadAllText(thumb));
                Assert.True(File.Exists(Path.Combine(test.Paths.Root, Path.GetRelativePath(thumbs, thumb).Split('-')[0])), $"{thumb} is of no public object");
            }

            Directory.Delete(thumbs, recursive: true);
        }

        test.Contents().CheckSettled();
    }
}
