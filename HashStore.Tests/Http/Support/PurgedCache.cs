using System.Net;
using System.Net.Sockets;
using System.Text;

namespace HashStore.Tests.Http.Support;

/// <summary>A cache as far as PURGE goes: takes a request, says 200, remembers the request line.</summary>
internal sealed class PurgedCache : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource patience = new(TimeSpan.FromSeconds(60));
    private StreamReader? reader;
    private TcpClient? client;

    public PurgedCache() => listener.Start();

    public string Url => $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}";

    /// <summary>The next request's method and target.</summary>
    public async Task<string> NextAsync()
    {
        while (true)
        {
            client ??= await listener.AcceptTcpClientAsync(patience.Token);
            reader ??= new StreamReader(client.GetStream(), Encoding.ASCII);
            if (await reader.ReadLineAsync(patience.Token) is { } line)
            {
                while (!string.IsNullOrEmpty(await reader.ReadLineAsync(patience.Token)))
                {
                }

                await client.GetStream().WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"u8.ToArray(), patience.Token);
                return line[..line.LastIndexOf(' ')];
            }

            client.Dispose();
            (client, reader) = (null, null);
        }
    }

    public void Dispose()
    {
        reader?.Dispose();
        client?.Dispose();
        listener.Dispose();
        patience.Dispose();
    }
}
