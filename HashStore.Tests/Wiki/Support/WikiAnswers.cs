using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using Xunit;

namespace HashStore.Tests.Wiki.Support;

/// <summary>
/// What a living wiki shows: histories, files, thumbnails, pages. All files are fetched in each check; what costs the wiki more only of names that something happened to.
/// </summary>
internal sealed class WikiAnswers(MediaWiki wiki, WikiContents contents)
{
    private const int Width = 64;

    private readonly Dictionary<string, IReadOnlyList<WikiVersion>> histories = [];
    private readonly Dictionary<string, (string Path, byte[] Content)> thumbnails = [];

    /// <summary>Every path of a file's URL that the wiki ever told of.</summary>
    internal HashSet<string> Paths { get; } = [];

    /// <summary>Every name that ever had a file.</summary>
    internal HashSet<string> Names { get; } = [];

    /// <summary>Everything that the wiki ever held, by SHA-256.</summary>
    internal Dictionary<string, (string Name, byte[] Content)> Ever { get; } = [];

    /// <summary>The histories of the living names, as the wiki tells them and as they were made.</summary>
    internal IEnumerable<(string Name, IReadOnlyList<(WikiVersion Told, MadeVersion Made)> Versions)> Histories =>
        contents.Live.Select(pair => (pair.Key, (IReadOnlyList<(WikiVersion, MadeVersion)>)[.. histories[pair.Key].Zip(pair.Value)]));

    /// <summary>The paths of URLs that answer, with the names they belong to and their bytes.</summary>
    internal IEnumerable<(string Name, string Path, byte[] Content)> Shown => Histories
        .SelectMany(name => name.Versions.Where(version => !version.Made.HiddenContent).Select(version => (name.Name, version.Told.Url!.AbsolutePath, version.Made.Content)))
        .Concat(thumbnails.Select(pair => (pair.Key, pair.Value.Path, pair.Value.Content)));

    /// <summary>SHA-256 of what somebody may see.</summary>
    internal HashSet<string> ShownContents => [.. contents.Live.Values.SelectMany(versions => versions).Where(version => !version.HiddenContent).Select(version => version.Sha256)];

    /// <summary>Checks that the wiki goes on as it should.</summary>
    /// <param name="changed">The names that something happened to.</param>
    /// <param name="isFollowed">Whether HashStore has followed: until then a thumbnail that is a link shows the old picture, because the wiki cannot remove it.</param>
    internal async Task CheckAsync(IEnumerable<string> changed, bool isFollowed)
    {
        foreach (var name in changed)
        {
            histories.Remove(name);
            thumbnails.Remove(name);
            if (contents.Live.ContainsKey(name))
            {
                await LookAsync(name, isFollowed);
            }
        }

        var wrong = new ConcurrentQueue<string>();
        await Parallel.ForEachAsync(Shown, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (shown, _) =>
        {
            var content = await wiki.Admin.GetAsync(new Uri(shown.Path, UriKind.Relative));
            if (!content.AsSpan().SequenceEqual(shown.Content))
            {
                wrong.Enqueue(shown.Path);
            }
        });
        Assert.True(wrong.IsEmpty, "The wiki does not show its files: " + string.Join(", ", wrong));
    }

    /// <summary>Checks that no link of the wiki's tree leads nowhere and, once HashStore has followed, that no link is where deleted content lies.</summary>
    internal void CheckLinks(bool isFollowed, string state)
    {
        foreach (var path in Migrate.Conversion.LegacyTreeBuilder.Walk(wiki.Images).Where(path => !path.StartsWith(state + "/", StringComparison.Ordinal)))
        {
            if (new FileInfo(path).LinkTarget is { } target)
            {
                var relative = Path.GetRelativePath(wiki.Images, path);
                Assert.True(File.Exists(path) || new FileInfo(path).LinkTarget is null, $"{relative} leads nowhere: {target}");
                Assert.False(isFollowed && relative.StartsWith("deleted/", StringComparison.Ordinal), $"{relative} is a link: {target}");
            }
        }
    }

    private async Task LookAsync(string name, bool isFollowed)
    {
        // 1. The history is what was made.
        var history = await wiki.Admin.HistoryAsync(name);
        histories[name] = history;
        Assert.Equal(contents.Live[name].Select(Described), history.Select(Described));
        Assert.Equal(contents.Live[name].Select(version => version.HiddenContent ? null : version.Sha1), history.Select(version => version.Sha1));
        Names.Add(name);
        Paths.UnionWith(history.Where(version => version.Url is not null).Select(version => version.Url!.AbsolutePath));
        contents.Live[name].ForEach(version => Ever[version.Sha256] = (name, version.Content));

        // 2. The page shows the current version.
        var page = await wiki.Admin.PageAsync(name);
        Assert.Contains(history[0].Url!.AbsolutePath, WebUtility.HtmlDecode(page), StringComparison.Ordinal);

        // 3. The thumbnail is one of the current version: its height tells.
        if (isFollowed && name[^3..] is "png" or "svg")
        {
            var thumbnail = await wiki.Admin.ThumbnailAsync(name, Width);
            var size = (Width: BinaryPrimitives.ReadInt32BigEndian(thumbnail.AsSpan(16)), Height: BinaryPrimitives.ReadInt32BigEndian(thumbnail.AsSpan(20)));
            Assert.Equal(Width, size.Width);
            Assert.InRange(size.Height - ((double)Width * history[0].Height!.Value / history[0].Width!.Value), -1, 1);
            var path = "/images/" + string.Join('/', WikiPaths.Thumbnail(name, Width).Split('/').Select(Uri.EscapeDataString));
            thumbnails[name] = (path, thumbnail);
            Paths.Add(path);
        }
    }

    private static string Described(MadeVersion version) =>
        string.Create(CultureInfo.InvariantCulture, $"{version.User}|{version.Comment}|{version.Content.Length}|{version.HiddenContent}|{version.HiddenComment}|{version.HiddenUser}");

    private static string Described(WikiVersion version) =>
        string.Create(CultureInfo.InvariantCulture, $"{version.User}|{version.Comment}|{version.Size}|{version.HiddenContent}|{version.HiddenComment}|{version.HiddenUser}");
}
