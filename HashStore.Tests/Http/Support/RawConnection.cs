using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace HashStore.Tests.Http.Support;

/// <summary>A connection that sends whatever bytes it is told to, and reads answers one by one.</summary>
internal sealed class RawConnection : IDisposable
{
    private readonly TcpClient client;
    private readonly BufferedStream stream;
    private readonly CancellationTokenSource patience = new(TimeSpan.FromSeconds(90));

    private RawConnection(TcpClient client)
    {
        this.client = client;
        stream = new BufferedStream(client.GetStream());
    }

    public static async Task<RawConnection> OpenAsync(Uri url)
    {
        var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(url.Host, url.Port);
        return new RawConnection(client);
    }

    public Task SendAsync(string text) => SendAsync(Encoding.Latin1.GetBytes(text));

    public async Task SendAsync(byte[] bytes) => await client.GetStream().WriteAsync(bytes, patience.Token);

    /// <summary>Sends as much as the server takes: it may have closed.</summary>
    public async Task TrySendAsync(string text)
    {
        try
        {
            await SendAsync(text);
        }
        catch (IOException)
        {
            // What it thought of it is to be read.
        }
    }

    /// <summary>Sends the head of a request: the line, the fields, the administrator's token if it is given.</summary>
    public Task SendHeadAsync(string line, string? token, params string[] fields)
    {
        var head = new StringBuilder().Append(line).Append(" HTTP/1.1\r\nHost: localhost\r\n");
        if (token is not null)
        {
            head.Append("Authorization: Bearer ").Append(token).Append("\r\n");
        }

        foreach (var field in fields)
        {
            head.Append(field).Append("\r\n");
        }

        return SendAsync(head.Append("\r\n").ToString());
    }

    /// <summary>Whether an answer has begun to come.</summary>
    public bool HasAnswer => client.Available > 0;

    /// <summary>Says that nothing more comes, and goes on reading.</summary>
    public void HalfClose() => client.Client.Shutdown(SocketShutdown.Send);

    /// <summary>The next answer; null when the server closed or cut the connection.</summary>
    public async Task<Answer?> ReadAnswerAsync(bool toHead = false)
    {
        try
        {
            if (await ReadLineAsync() is not { } line)
            {
                return null;
            }

            var status = int.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture);
            var fields = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
            while (await ReadLineAsync() is { Length: > 0 } field)
            {
                var colon = field.IndexOf(':', StringComparison.Ordinal);
                fields[field[..colon]] = field[(colon + 1)..].Trim();
            }

            var hasBody = !toHead && status is not (< 200 or 204 or 304);
            return new Answer(status, fields, hasBody ? await ReadBodyAsync(fields) : []);
        }
        catch (IOException)
        {
            return null;
        }
    }

    public void Dispose()
    {
        stream.Dispose();
        client.Dispose();
        patience.Dispose();
    }

    private async Task<byte[]> ReadBodyAsync(Dictionary<string, string> fields)
    {
        if (fields.TryGetValue("Content-Length", out var length))
        {
            return await ReadExactlyAsync(int.Parse(length, CultureInfo.InvariantCulture));
        }

        using var body = new MemoryStream();
        if (!fields.ContainsKey("Transfer-Encoding"))
        {
            await stream.CopyToAsync(body, patience.Token);
            return body.ToArray();
        }

        while (true)
        {
            var size = int.Parse((await ReadLineAsync())!, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            body.Write(await ReadExactlyAsync(size));
            _ = await ReadLineAsync();
            if (size == 0)
            {
                return body.ToArray();
            }
        }
    }

    private async Task<byte[]> ReadExactlyAsync(int length)
    {
        var bytes = new byte[length];
        await stream.ReadExactlyAsync(bytes, patience.Token);
        return bytes;
    }

    private async Task<string?> ReadLineAsync()
    {
        var line = new StringBuilder();
        var one = new byte[1];
        while (await stream.ReadAsync(one, patience.Token) == 1)
        {
            if (one[0] == '\n')
            {
                return line.ToString().TrimEnd('\r');
            }

            line.Append((char)one[0]);
        }

        return line.Length == 0 ? null : line.ToString();
    }
}
