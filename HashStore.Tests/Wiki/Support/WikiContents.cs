using System.Security.Cryptography;
using System.Text;
using HashStore.Schema;
using HashStore.Tests.Http.Support;

namespace HashStore.Tests.Wiki.Support;

/// <summary>A version that was made, and what was hidden of it since.</summary>
internal sealed class MadeVersion(byte[] content, string user, string comment)
{
    internal byte[] Content => content;

    internal string User => user;

    internal string Comment => comment;

    internal bool HiddenContent { get; set; }

    internal bool HiddenComment { get; set; }

    internal bool HiddenUser { get; set; }

    internal bool Suppressed { get; set; }

    /// <summary>Its archive name when something of it was hidden; the wiki's API keeps it to itself since.</summary>
    internal string? HiddenAs { get; set; }

#pragma warning disable CA5350 // the wiki's choice
    internal string Sha1 { get; } = Convert.ToHexStringLower(SHA1.HashData(content));
#pragma warning restore CA5350

    internal string Sha256 { get; } = Convert.ToHexStringLower(SHA256.HashData(content));
}

/// <summary>What a wiki was filled with, kept as the wiki should know it: every step is done there and here.</summary>
internal sealed class WikiContents
{
    private const string Moved = "Moved_";

    private readonly Dictionary<string, List<MadeVersion>> live = [];
    private readonly List<(string Name, MadeVersion Version)> deleted = [];
    private readonly List<string> thumbnails = [];
    private readonly MediaWiki wiki;
    private readonly Random random;

    internal WikiContents(MediaWiki wiki, Random random)
    {
        this.wiki = wiki;
        this.random = random;
    }

    /// <summary>Names that have a current version, their versions newest first.</summary>
    internal IReadOnlyDictionary<string, List<MadeVersion>> Live => live;

    /// <summary>Versions in the archive of deleted ones; the order means nothing.</summary>
    internal IReadOnlyList<(string Name, MadeVersion Version)> Deleted => deleted;

    /// <summary>Thumbnails that were asked for, as paths.</summary>
    internal IReadOnlyList<string> Thumbnails => thumbnails;

    /// <summary>A new name or a new version by one of the accounts.</summary>
    internal async Task UploadAsync(string name, byte[] content)
    {
        var version = new MadeVersion(content, Somebody().Account, $"Upload {random.Next(1000)} – ünd «{name}»");
        await Session(version.User).UploadAsync(name, content, version.Comment);
        Add(name, version);
    }

    /// <summary>A new version with the first one's content: by its archive name, or as one who uploads the same again.</summary>
    internal async Task RevertAsync(string name, bool byArchiveName)
    {
        var version = new MadeVersion(live[name][^1].Content, Somebody().Account, "Reverted to the first version");
        if (byArchiveName)
        {
            var history = await wiki.Admin.HistoryAsync(name);
            await Session(version.User).RevertAsync(name, history[^1].ArchiveName!, version.Comment);
        }
        else
        {
            await Session(version.User).UploadAsync(name, version.Content, version.Comment);
        }

        Add(name, version);
    }

    /// <summary>Gives a name with all versions another one, which is free.</summary>
    internal async Task<string> MoveAsync(string name, bool redirect, string? to = null)
    {
        to ??= Encoding.UTF8.GetByteCount(Moved + name) > FileName.MaxBytes ? Moved + name[Moved.Length..] : Moved + name;
        await Somebody().MoveAsync(name, to, redirect);
        live[to] = live[name];
        live.Remove(name);
        return to;
    }

    /// <summary>Hides parts of the oldest version.</summary>
    internal async Task HideAsync(string name, string parts, bool suppress = false)
    {
        var history = await wiki.Admin.HistoryAsync(name);
        await wiki.Admin.HideAsync(name, history[^1].ArchiveName!, parts, suppress);
        var version = live[name][^1];
        version.HiddenContent |= parts.Contains("content", StringComparison.Ordinal);
        version.HiddenComment |= parts.Contains("comment", StringComparison.Ordinal);
        version.HiddenUser |= parts.Contains("user", StringComparison.Ordinal);
        version.Suppressed = suppress;
        version.HiddenAs = history[^1].ArchiveName;
    }

    /// <summary>Shows the hidden content of the oldest version.</summary>
    internal async Task ShowAsync(string name)
    {
        var version = live[name][^1];
        await wiki.Admin.ShowAsync(name, version.HiddenAs!, "content");
        version.HiddenContent = false;
    }

    internal async Task DeleteAsync(string name)
    {
        await Somebody().DeleteAsync(name);
        deleted.AddRange(live[name].Select(version => (name, version)));
        live.Remove(name);
    }

    /// <summary>Deletes the version before the current one alone.</summary>
    internal async Task DeleteVersionAsync(string name)
    {
        var history = await wiki.Admin.HistoryAsync(name);
        await Somebody().DeleteVersionAsync(name, history[1].ArchiveName!);
        deleted.Add((name, live[name][1]));
        live[name].RemoveAt(1);
    }

    /// <summary>Brings all versions of a name back, or the oldest ones only.</summary>
    internal async Task UndeleteAsync(string name, int? oldest = null)
    {
        var archived = (await wiki.Admin.FileArchiveAsync())
            .Where(row => row.Name == name).OrderBy(row => row.Version.Timestamp).Take(oldest ?? int.MaxValue).ToList();
        var came = await Somebody().UndeleteAsync(name, oldest is null ? [] : [.. archived.Select(row => row.Version.ArchiveId!.Value)]);
        if (came != archived.Count)
        {
            throw new InvalidOperationException($"{came} versions of {name} came back, not {archived.Count}.");
        }

        // They were deleted in the order of the history, newest first.
        var back = deleted.Where(row => row.Name == name).TakeLast(archived.Count).ToList();
        deleted.RemoveAll(back.Contains);
        live[name] = [.. live.GetValueOrDefault(name, []), .. back.Select(row => row.Version)];
    }

    /// <summary>Has a thumbnail made of the current version.</summary>
    internal async Task ThumbnailAsync(string name, int width)
    {
        await wiki.Admin.ThumbnailAsync(name, width);
        thumbnails.Add(WikiPaths.Thumbnail(name, width));
    }

    /// <summary>Has a thumbnail made of the version before the current one.</summary>
    internal async Task OldThumbnailAsync(string name, int width)
    {
        var archiveName = (await wiki.Admin.HistoryAsync(name))[1].ArchiveName!;
        await wiki.Admin.ThumbnailAsync(archiveName, width, old: true);
        thumbnails.Add(WikiPaths.OldThumbnail(name, archiveName, width));
    }

    /// <summary>Versions and archive names are told apart by whole seconds: waits until the clock shows another one than now.</summary>
    internal static Task NextSecondAsync()
    {
        var now = Second();
        return Until.TrueAsync("the next second", () => Second() > now);

        static long Second() => DateTimeOffset.UtcNow.ToUnixTimeSeconds();
    }

    private void Add(string name, MadeVersion version) => live[name] = [version, .. live.GetValueOrDefault(name, [])];

    private WikiApi Somebody() => random.Next(2) == 0 ? wiki.Admin : wiki.Second;

    private WikiApi Session(string account) => account == wiki.Admin.Account ? wiki.Admin : wiki.Second;
}
