using System.Diagnostics;
using System.Globalization;
using HashStore.Tests.Support;
using Xunit;

namespace HashStore.Tests.Wiki.Support;

/// <summary>One filled wiki for all tests of a class. Where they are skipped it is not built.</summary>
public abstract class WikiFixture : IAsyncLifetime
{
    private MediaWiki? wiki;
    private WikiContents? contents;

    private protected WikiFixture(WikiDatabase database) => Database = database;

    internal WikiDatabase Database { get; }

    /// <summary>What the wiki was filled by.</summary>
    internal int Seed { get; } = WikiScript.Seed();

    /// <summary>For tests to print: how to build the same wiki again, and how long that takes.</summary>
    internal string Description { get; private set; } = "";

    /// <summary>Whether there is one.</summary>
    private protected bool IsBuilt => wiki is not null;

    internal MediaWiki Wiki => wiki ?? throw new InvalidOperationException("No wiki was built.");

    internal WikiContents Contents => contents ?? throw new InvalidOperationException("No wiki was built.");

    /// <summary>Everything below <c>images/</c> but locks when the wiki had been filled.</summary>
    internal TreeManifest Tree { get; private set; } = null!;

    /// <summary>All names' histories by the wiki's API at that time.</summary>
    internal IReadOnlyDictionary<string, IReadOnlyList<WikiVersion>> Histories { get; private set; } = null!;

    public virtual async Task InitializeAsync()
    {
        if (Needs.ReasonToSkip([Needs.MediaWiki]) is not null)
        {
            return;
        }

        try
        {
            var start = Stopwatch.GetTimestamp();
            wiki = await MediaWiki.StartAsync(Database);
            var started = Stopwatch.GetTimestamp();
            contents = await WikiScript.FillAsync(wiki, Seed);
            Description = string.Create(
                CultureInfo.InvariantCulture,
                $"{WikiScript.SeedVariable}={Seed}, {Database}: installed in {Stopwatch.GetElapsedTime(start, started).TotalSeconds:F1} s, "
                + $"filled in {Stopwatch.GetElapsedTime(started).TotalSeconds:F1} s");
            Tree = TreeManifest.Read(wiki.Images, MediaWiki.Locks);
            Histories = await ReadHistoriesAsync();
        }
        catch (Exception exception)
        {
            await DisposeAsync();
            throw new InvalidOperationException($"{WikiScript.SeedVariable}={Seed}, {Database}: {exception.Message}", exception);
        }
    }

    public virtual async Task DisposeAsync()
    {
        if (wiki is not null)
        {
            await wiki.DisposeAsync();
        }
    }

    /// <summary>Asks the wiki for all versions of all names.</summary>
    internal async Task<IReadOnlyDictionary<string, IReadOnlyList<WikiVersion>>> ReadHistoriesAsync()
    {
        var histories = new SortedDictionary<string, IReadOnlyList<WikiVersion>>(StringComparer.Ordinal);
        foreach (var (name, _) in await Wiki.Admin.AllImagesAsync())
        {
            histories.Add(name, await Wiki.Admin.HistoryAsync(name));
        }

        return histories;
    }
}

/// <summary>With the database in a file.</summary>
public sealed class SqliteWiki() : WikiFixture(WikiDatabase.Sqlite);

/// <summary>With a database server.</summary>
public sealed class MariaDbWiki() : WikiFixture(WikiDatabase.MariaDb);

/// <summary>Wikis take a processor each: those of one database come one after the other, beside all other tests.</summary>
internal static class WikiCollections
{
    internal const string Sqlite = "MediaWiki with SQLite", MariaDb = "MediaWiki with MariaDB";
}
