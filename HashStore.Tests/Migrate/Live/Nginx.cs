using System.Net.Sockets;
using HashStore.Tests.Http.Support;
using HashStore.Tests.Wiki.Support;

namespace HashStore.Tests.Migrate.Live;

/// <summary>A real nginx that serves a tree as it lies, below <c>/images/</c>, on a socket in a folder: no port has to be free.</summary>
internal sealed class Nginx : IDisposable
{
    private readonly OwnProgram program;
    private readonly string socket;

    private Nginx(string folder, string locations, int? port)
    {
        socket = Path.Combine(folder, "nginx.sock");
        var temporary = Directory.CreateDirectory(Path.Combine(folder, "nginx")).FullName;
        var settings = Path.Combine(temporary, "nginx.conf");
        string[] own = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
        File.WriteAllText(settings, $$"""
            {{(Environment.IsPrivilegedProcess ? "user root;" : "")}}
            daemon off;
            worker_processes 1;
            pid {{temporary}}/pid;
            events { worker_connections 256; }
            http {
                access_log {{(port is null ? "off" : LogOf(folder))}};
                {{string.Join('\n', own.Select(name => $"{name}_temp_path {temporary}/{name};"))}}
                sendfile on;
                keepalive_requests 1000000;
                server {
                    listen unix:{{socket}};
                    {{(port is null ? "" : $"listen 127.0.0.1:{port};")}}
                    {{locations}}
                }
            }
            """);
        program = new OwnProgram("nginx", ["-e", "stderr", "-c", settings], folder);
    }

    /// <summary>A client that talks to it.</summary>
    internal HttpClient Client() => new(new SocketsHttpHandler
    {
        UseProxy = false,
        ConnectCallback = async (_, cancellation) => new NetworkStream(await ConnectAsync(cancellation), ownsSocket: true),
    })
    {
        BaseAddress = new Uri("http://localhost/"),
    };

    /// <summary>Starts it and waits until it listens.</summary>
    /// <param name="folder">For its socket and its files; the system allows about a hundred characters for a socket.</param>
    /// <param name="tree">What it serves.</param>
    internal static Task<Nginx> StartAsync(string folder, string tree) => StartWithAsync(folder, $"location /images/ {{ alias {tree}/; }}");

    /// <summary>Starts it with settings of one's own.</summary>
    /// <param name="folder">As above.</param>
    /// <param name="locations">What stands in its <c>server</c> block.</param>
    /// <param name="port">Where it listens beside its socket, and then it writes a log of requests; null: nowhere.</param>
    internal static async Task<Nginx> StartWithAsync(string folder, string locations, int? port = null)
    {
        var nginx = new Nginx(folder, locations, port);
        try
        {
            await Until.TrueAsync("nginx listens", nginx.ListensAsync);
            return nginx;
        }
        catch
        {
            nginx.Dispose();
            throw;
        }
    }

    /// <summary>Where its log of requests is, a line for each.</summary>
    internal static string LogOf(string folder) => Path.Combine(folder, "nginx", "access.log");

    public void Dispose() => program.Dispose();

    private async Task<bool> ListensAsync()
    {
        if (program.HasExited)
        {
            throw new InvalidOperationException($"nginx ended: {program.Output}");
        }

        try
        {
            using var connection = await ConnectAsync(CancellationToken.None);
            return true;
        }
        catch (SocketException)
        {
            return false; // not yet
        }
    }

    private async Task<Socket> ConnectAsync(CancellationToken cancellation)
    {
        var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await connection.ConnectAsync(new UnixDomainSocketEndPoint(socket), cancellation);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }
}
