using System.IO.Compression;
using System.Net.Sockets;
using HashStore.Tests.Http.Support;

namespace HashStore.Tests.Wiki.Support;

/// <summary>A MariaDB of one test's own: its data in a folder, reached by a socket only, run as the user who runs the tests.</summary>
internal sealed class MariaDb : IDisposable
{
    /// <summary>What a conversion reads.</summary>
    private static readonly string[] tables = ["image", "oldimage", "filearchive", "actor", "comment"];

    private readonly string folder;
    private readonly OwnProgram server;

    private MariaDb(string folder)
    {
        this.folder = folder;
        Socket = Path.Combine(folder, "sock");
        server = new OwnProgram(
            "mariadbd",
            [
                "--no-defaults", $"--user={Environment.UserName}", $"--datadir={Path.Combine(folder, "data")}", $"--socket={Socket}",
                $"--pid-file={Path.Combine(folder, "pid")}", "--skip-networking", "--skip-grant-tables",

                // It goes with the test: no power loss to survive.
                "--innodb-flush-log-at-trx-commit=0", "--innodb-log-file-size=16M",
            ],
            folder);
    }

    /// <summary>Its socket. The system allows about a hundred characters.</summary>
    internal string Socket { get; }

    /// <summary>Makes one in an empty folder and waits until it listens.</summary>
    internal static async Task<MariaDb> StartAsync(string folder)
    {
        await Programs.RunAsync(
            folder, "mariadb-install-db", "--no-defaults", $"--user={Environment.UserName}", $"--datadir={Path.Combine(folder, "data")}",
            "--skip-test-db", "--auth-root-authentication-method=normal");
        var started = new MariaDb(folder);
        try
        {
            await Until.TrueAsync("MariaDB listens", started.ListensAsync);
            return started;
        }
        catch
        {
            started.Dispose();
            throw;
        }
    }

    /// <summary>Writes the legacy tables as SQL; gzipped where the path ends so.</summary>
    /// <param name="path">The file.</param>
    /// <param name="database">Which database.</param>
    /// <param name="hexBlob">Binary columns as hexadecimal numbers rather than escaped strings.</param>
    internal async Task DumpAsync(string path, string database, bool hexBlob)
    {
        await using var file = File.Create(path);
        await using Stream to = path.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionLevel.Fastest) : file;
        string[] arguments = ["--no-defaults", $"--socket={Socket}", .. hexBlob ? new[] { "--hex-blob" } : [], database, .. tables];
        await Programs.CopyOutputAsync(to, folder, "mariadb-dump", arguments);
    }

    public void Dispose() => server.Dispose();

    private async Task<bool> ListensAsync()
    {
        if (server.HasExited)
        {
            throw new InvalidOperationException($"MariaDB ended: {server.Output}");
        }

        using var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await client.ConnectAsync(new UnixDomainSocketEndPoint(Socket));
            return true;
        }
        catch (SocketException)
        {
            return false; // not yet
        }
    }
}
