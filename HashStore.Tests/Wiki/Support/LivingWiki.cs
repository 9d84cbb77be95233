using HashStore.Storage;
using HashStore.Tests.Http.Support;
using Xunit;

namespace HashStore.Tests.Wiki.Support;

/// <summary>A wiki whose tree was converted under it and that goes on, and HashStore's server beside it on the same tree.</summary>
internal sealed class LivingWiki : IAsyncDisposable
{
    private LivingWiki(MediaWiki wiki, int seed)
    {
        Wiki = wiki;
        var random = new Random(seed);
        Contents = new WikiContents(wiki, random);
        Script = new LivingWikiScript(Contents, random);
        Answers = new WikiAnswers(wiki, Contents);
        Store = new StoreAnswers(this);
    }

    internal MediaWiki Wiki { get; }

    internal WikiContents Contents { get; }

    internal LivingWikiScript Script { get; }

    /// <summary>What the wiki shows.</summary>
    internal WikiAnswers Answers { get; }

    /// <summary>What HashStore shows.</summary>
    internal StoreAnswers Store { get; }

    internal ServerProcess Server { get; private set; } = null!;

    /// <summary>What a conversion reads as the wiki's tables: its database, or a dump of it.</summary>
    internal string Tables => Wiki.Database == WikiDatabase.Sqlite ? Wiki.SqliteFile : Wiki.Beside("tables.sql.gz");

    /// <summary>The store on the wiki's tree.</summary>
    internal StoreOptions Options => new() { Paths = StorePaths.For(Wiki.Images, null), IsLegacyTree = true };

    /// <summary>Builds a wiki, fills it, converts it and starts the server.</summary>
    /// <param name="database">The wiki's.</param>
    /// <param name="seed">Decides on contents and users.</param>
    /// <param name="serverReadsTables">Whether the server is told of the wiki's tables.</param>
    internal static async Task<LivingWiki> StartAsync(WikiDatabase database, int seed, bool serverReadsTables)
    {
        var living = new LivingWiki(await MediaWiki.StartAsync(database), seed);
        try
        {
            await living.Script.FillAsync();
            await living.Answers.CheckAsync([.. living.Contents.Live.Keys], isFollowed: true); // thumbnails are made by that too
            await living.WriteTablesAsync();
            var run = await MigrateRun.StartAsync("run", "--root", living.Wiki.Images, "--tables", living.Tables);
            Assert.Equal((0, ""), (run.Exit, run.Error));
            string[] tables = serverReadsTables ? [$"--HashStore:Conversion:Tables={living.Tables}"] : [];
            living.Server = await ServerProcess.StartAsync(living.Wiki.Images, [.. ServerProcess.Embedded, .. tables]);
            return living;
        }
        catch
        {
            await living.DisposeAsync();
            throw;
        }
    }

    /// <summary>Writes the dump anew, where there is one; who reads it meanwhile reads the old one.</summary>
    internal async Task WriteTablesAsync()
    {
        if (Wiki.Database == WikiDatabase.MariaDb)
        {
            await Wiki.DumpAsync(Wiki.Beside("next.sql.gz"));
            File.Move(Wiki.Beside("next.sql.gz"), Tables, overwrite: true);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Server is not null)
        {
            await Server.DisposeAsync();
        }

        await Wiki.DisposeAsync();
    }
}
