using HashStore.Migrate;
using HashStore.Storage;

namespace HashStore.Tests.Wiki.Support;

/// <summary>How <c>hashstore-migrate</c> ended.</summary>
/// <param name="Exit">The exit code.</param>
/// <param name="Output">Standard output.</param>
/// <param name="Error">Standard error.</param>
internal sealed record MigrateRun(int Exit, string Output, string Error)
{
    internal static async Task<MigrateRun> StartAsync(params string[] arguments)
    {
        await using var output = new StringWriter();
        await using var error = new StringWriter();
        var exit = await global::HashStore.Migrate.Program.RunAsync(arguments, new CommandOutput(output, error, isTerminal: false), CancellationToken.None);
        return new MigrateRun(exit, output.ToString(), error.ToString());
    }
}

/// <summary>A wiki whose tree was converted once it had been filled.</summary>
public abstract class ConvertedWiki : WikiFixture
{
    private readonly bool hexBlob;

    private protected ConvertedWiki(WikiDatabase database, bool hexBlob)
        : base(database) => this.hexBlob = hexBlob;

    /// <summary>How the conversion ended.</summary>
    internal MigrateRun Run { get; private set; } = null!;

    /// <summary>Its report.</summary>
    internal string Report => Wiki.Beside("report.csv");

    /// <summary>The store that came of it.</summary>
    internal StoreOptions Options => new() { Paths = StorePaths.For(Wiki.Images, null) };

    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        if (!IsBuilt)
        {
            return;
        }

        var tables = Wiki.SqliteFile;
        if (Database == WikiDatabase.MariaDb)
        {
            tables = Wiki.Beside(hexBlob ? "tables.sql.gz" : "tables.sql");
            await Wiki.DumpAsync(tables, hexBlob);
        }

        Run = await MigrateRun.StartAsync("run", "--root", Wiki.Images, "--tables", tables, "--report", Report, "--json");
    }
}

/// <summary>Read from the database's own file.</summary>
public sealed class ConvertedSqliteWiki() : ConvertedWiki(WikiDatabase.Sqlite, hexBlob: false);

/// <summary>Read from a dump with binary columns in hexadecimal, gzipped.</summary>
public sealed class ConvertedMariaDbWiki() : ConvertedWiki(WikiDatabase.MariaDb, hexBlob: true);

/// <summary>Read from a dump as it comes without options.</summary>
public sealed class ConvertedMariaDbWikiOfText() : ConvertedWiki(WikiDatabase.MariaDb, hexBlob: false);
