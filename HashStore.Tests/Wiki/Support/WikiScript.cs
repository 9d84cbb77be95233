using System.Globalization;

namespace HashStore.Tests.Wiki.Support;

/// <summary>What happens to a wiki before it is converted: a little of everything, to names that a seed picks.</summary>
internal static class WikiScript
{
    /// <summary>A seed to repeat a failure with.</summary>
    internal const string SeedVariable = "HASHSTORE_TEST_SEED";

    /// <summary>Names that somebody could read as something else, and scripts that somebody could forget.</summary>
    private static readonly string[] oddNames =
    [
        "Файл_с_кириллицей", "日本語の名前", "ملف_عربي", "Ünïcödé_ñame", "Say_\"cheese\"_it's_Ann's", "A,b;c(d)=e&f+g!h", "100%_sure", "Smile_😀",
        "Dots...and.v1.2", "Tilde~", "ﷺ_ligature", "1234567890", "20200101000000!Looks_archived", "120px-Looks_like_a_thumb", "Archive",
        "Thumb", "Deleted", "Two_hundred_" + new string('n', 188),

        // With the extension 240 bytes, the longest that the wiki takes; its archive names then have 255, the longest that the file system takes.
        "Longest_" + new string('é', 114),
    ];

    private static readonly string[] types = ["png", "png", "txt", "png", "svg", "png", "wav", "png"];

    private static readonly int[] widths = [64, 120];

    private const int PlainNames = 13;

    /// <summary>The place of a name that has the content of the name before it, and is deleted with it.</summary>
    private const int Twin = 17;

    /// <summary>The seed to use: the one that was given, or any.</summary>
    internal static int Seed() =>
        int.TryParse(Environment.GetEnvironmentVariable(SeedVariable), CultureInfo.InvariantCulture, out var given) ? given : Random.Shared.Next();

    /// <summary>Fills a wiki.</summary>
    internal static async Task<WikiContents> FillAsync(MediaWiki wiki, int seed)
    {
        var random = new Random(seed);
        var contents = new WikiContents(wiki, random);
        var names = Names(random);

        // 1. Every name once. One content in six has been there under another name, and always that of the twins.
        foreach (var (at, name) in names.Index())
        {
            var known = contents.Live.Where(pair => at == Twin ? pair.Key == names[Twin - 1] : Extension(pair.Key) == Extension(name)).ToList();
            var again = known.Count > 0 && (at == Twin || random.Next(6) == 0);
            await contents.UploadAsync(name, again ? known[random.Next(known.Count)].Value[0].Content : WikiMedia.Make(Extension(name), random));
        }

        // 2. New versions in rounds, each for fewer names; the last one reverts.
        var changing = names[..14];
        foreach (var round in new[] { changing, changing[..9] })
        {
            await WikiContents.NextSecondAsync();
            foreach (var name in round)
            {
                await contents.UploadAsync(name, WikiMedia.Make(Extension(name), random));
            }
        }

        await WikiContents.NextSecondAsync();
        foreach (var (at, name) in changing[..5].Index())
        {
            await contents.RevertAsync(name, byArchiveName: at % 2 == 0);
        }

        // 3. Hidden old versions: content, more than content, all but content, of names that stay, move, go, and come back.
        await contents.HideAsync(changing[0], "content");
        await contents.HideAsync(changing[1], "content|comment", suppress: true);
        await contents.HideAsync(changing[2], "comment|user");
        await contents.HideAsync(changing[3], "content|user");
        await contents.HideAsync(changing[9], "content");
        await contents.HideAsync(changing[10], "content");

        // 4. Other names for some, with a history, with a hidden version, without either; one leaves its old name to another file.
        await contents.MoveAsync(changing[3], redirect: true);
        await contents.MoveAsync(changing[4], redirect: true);
        await contents.MoveAsync(names[14], redirect: true);
        await contents.MoveAsync(names[15], redirect: false);
        await contents.UploadAsync(names[15], WikiMedia.Make(Extension(names[15]), random));

        // 5. Deletions: whole names, two of them with the same content, and one version alone.
        foreach (var name in names[5..8].Concat(names[9..11]).Concat(names[16..20]))
        {
            await contents.DeleteAsync(name);
        }

        await contents.DeleteVersionAsync(changing[8]);

        // 6. Back again: all of it, with a hidden version, only the older ones, and the old one below a new file that took the name.
        await WikiContents.NextSecondAsync();
        await contents.UndeleteAsync(names[5]);
        await contents.UndeleteAsync(names[10]);
        await contents.UndeleteAsync(names[6], oldest: 2);
        await contents.UploadAsync(names[18], WikiMedia.Make(Extension(names[18]), random));
        await contents.UndeleteAsync(names[18], oldest: 1);
        await contents.UploadAsync(names[19], WikiMedia.Make(Extension(names[19]), random));

        // 7. Thumbnails of what there is now.
        foreach (var name in contents.Live.Keys.Where(name => Extension(name) is "png" or "svg").Order(StringComparer.Ordinal))
        {
            foreach (var width in widths)
            {
                await contents.ThumbnailAsync(name, width);
            }
        }

        foreach (var name in changing[11..14].Where(name => Extension(name) == "png"))
        {
            await contents.OldThumbnailAsync(name, widths[0]);
        }

        return contents;
    }

    /// <summary>All names in an order that the seed picks. Types go by place, so that every role has one that suits it.</summary>
    private static string[] Names(Random random)
    {
        string[] names = [.. oddNames, .. Enumerable.Range(1, PlainNames).Select(number => string.Create(CultureInfo.InvariantCulture, $"Plain_name_{number}"))];
        random.Shuffle(names);
        return [.. names.Select((name, at) => $"{name}.{types[at % types.Length]}")];
    }

    private static string Extension(string name) => name[^3..];
}
