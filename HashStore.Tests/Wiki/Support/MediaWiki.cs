using System.Globalization;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using HashStore.Tests.Support;

namespace HashStore.Tests.Wiki.Support;

/// <summary>The databases that a wiki is tried with.</summary>
internal enum WikiDatabase
{
    /// <summary>A file.</summary>
    Sqlite,

    /// <summary>A server of the test's own.</summary>
    MariaDb,
}

/// <summary>
/// A real MediaWiki: a copy of the distribution's package in a folder of its own, served on loopback by PHP's own web server. Disposing ends what it started and
/// removes all of it.
/// </summary>
internal sealed partial class MediaWiki : IAsyncDisposable
{
    /// <summary>Where Debian's package lies.</summary>
    private const string Package = "/usr/share/mediawiki";

    /// <summary>The folder below <c>images/</c> that the wiki writes to even when nothing changes.</summary>
    internal const string Locks = "lockdir";

    /// <summary>The name of the database.</summary>
    private const string DatabaseName = "wiki";

    /// <summary>Of the package's entries: what belongs to another wiki on this machine, and extensions, which are most of it and not used.</summary>
    private static readonly string[] notCopied = ["LocalSettings.php", "images", "config", "extensions", "extensions-core"];

    /// <summary>A server that does not answer for so long hangs.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>
    /// Uploads of several types, thumbnails of pictures by ImageMagick without a limit on its memory and of drawings by librsvg, versions that can be hidden
    /// and suppressed, no limit on rates, no jobs in the middle of requests.
    /// </summary>
    private const string Settings = """

        $wgEnableUploads = true;
        $wgFileExtensions = [ 'png', 'svg', 'txt', 'wav' ];
        $wgUseImageMagick = true;
        $wgImageMagickConvertCommand = '/usr/bin/convert';
        $wgSVGConverter = 'rsvg';
        $wgMaxShellMemory = 0;
        $wgGroupPermissions['sysop']['deleterevision'] = true;
        $wgGroupPermissions['sysop']['suppressrevision'] = true;
        $wgRateLimits = [];
        $wgJobRunRate = 0;

        """;

    private readonly TempFolder folder = TempFolder.ForEverybody();
    private readonly List<WikiApi> sessions = [];
    private MariaDb? mariaDb;
    private OwnProgram? web;

    private MediaWiki(WikiDatabase database) => Database = database;

    internal WikiDatabase Database { get; }

    /// <summary><c>$wgUploadDirectory</c>.</summary>
    internal string Images => folder["wiki", "images"];

    /// <summary>Its server, with a slash at the end.</summary>
    internal Uri Url { get; private set; } = null!;

    /// <summary>The first account.</summary>
    internal WikiApi Admin => sessions[0];

    /// <summary>Another one, with as many rights and a name beyond ASCII.</summary>
    internal WikiApi Second => sessions[1];

    /// <summary>The database, where it is a file.</summary>
    internal string SqliteFile => folder["data", DatabaseName + ".sqlite"];

    /// <summary>A path in the folder that goes with the wiki, beside its files.</summary>
    internal string Beside(string name) => folder[name];

    /// <summary>Installs a wiki without any files and starts it.</summary>
    internal static async Task<MediaWiki> StartAsync(WikiDatabase database)
    {
        var wiki = new MediaWiki(database);
        try
        {
            await wiki.InstallAsync();
            return wiki;
        }
        catch
        {
            await wiki.DisposeAsync();
            throw;
        }
    }

    /// <summary>Writes the legacy tables of a MariaDB as SQL; gzipped where the path ends so.</summary>
    internal Task DumpAsync(string path, bool hexBlob = true) =>
        (mariaDb ?? throw new InvalidOperationException("SQLite is read as it is.")).DumpAsync(path, DatabaseName, hexBlob);

    public ValueTask DisposeAsync()
    {
        sessions.ForEach(session => session.Dispose());
        web?.Dispose();
        mariaDb?.Dispose();
        folder.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task InstallAsync()
    {
        // 1. The program's files. Not links to them: some of its scripts write beside themselves, and that would be another wiki's place.
        var program = Directory.CreateDirectory(folder["wiki"]).FullName;
        string[] parts = [.. Directory.EnumerateFileSystemEntries(Package).Where(path => !notCopied.Contains(Path.GetFileName(path)))];
        await Programs.RunAsync(folder.Path, "cp", ["-rL", "--target-directory", program, .. parts]);
        Directory.CreateDirectory(Images);

        // 2. The web server before the installation, for the system picks its port and the settings name it.
        await ServeAsync(program);

        // 3. The database, the tables, the settings.
        string[] accounts = ["Admin", "Zoë Übersetzerin"];
        var password = Convert.ToHexString(RandomNumberGenerator.GetBytes(16));
        await Programs.RunAsync(
            program, "php",
            [
                "maintenance/install.php", "--scriptpath", "", "--server", Url.ToString().TrimEnd('/'), "--pass", password, "--dbname", DatabaseName,
                .. await DatabaseArgumentsAsync(), "Tests", accounts[0],
            ]);
        await File.AppendAllTextAsync(Path.Combine(program, "LocalSettings.php"), Settings);
        await Programs.RunAsync(program, "php", "maintenance/createAndPromote.php", "--sysop", accounts[1], password);

        // 4. Somebody to do things.
        foreach (var account in accounts)
        {
            sessions.Add(await WikiApi.LoginAsync(Url, account, password));
        }
    }

    private async Task<string[]> DatabaseArgumentsAsync()
    {
        var data = Directory.CreateDirectory(folder["data"]).FullName;
        if (Database == WikiDatabase.Sqlite)
        {
            return ["--dbtype", "sqlite", "--dbpath", data];
        }

        mariaDb = await MariaDb.StartAsync(data);
        return ["--dbtype", "mysql", "--dbserver", $"localhost:{mariaDb.Socket}", "--dbuser", "root", "--dbpass", ""];
    }

    /// <summary>Listens on a port that the system picks; a request that needs another one, and a browser's second request, need workers.</summary>
    private async Task ServeAsync(string program)
    {
        var listening = new TaskCompletionSource<Uri>(TaskCreationOptions.RunContinuationsAsynchronously);
        web = new OwnProgram(
            "php", ["-S", "127.0.0.1:0"], program,
            line =>
            {
                if (Greeting().Match(line) is { Success: true } greeting)
                {
                    listening.TrySetResult(new Uri(greeting.Groups[1].Value));
                }
            },
            ("PHP_CLI_SERVER_WORKERS", Workers.ToString(CultureInfo.InvariantCulture)));
        try
        {
            Url = await listening.Task.WaitAsync(Patience);
        }
        catch (TimeoutException)
        {
            throw new InvalidOperationException($"PHP's web server says nothing of where it listens: {web.Output}");
        }
    }

    private const int Workers = 4;

    [GeneratedRegex(@"Development Server \((http://127\.0\.0\.1:\d+)\) started")]
    private static partial Regex Greeting();
}
