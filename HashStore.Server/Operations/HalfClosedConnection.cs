using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Net;
using System.Text;
using System.Text.Json;
using HashStore.Server.Api;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.WebUtilities;

namespace HashStore.Server.Operations;

/// <summary>
/// A connection whose client may close its sending side and still get its answer. The web server takes such an end for the end of the whole connection and aborts it without a word; here the
/// end shows only where something is read, and when that is the body of an upload, the problem document is written before the connection ends. Costs one object for each connection and nothing
/// for a request. docs/decisions/0006-half-closed-bodies.md says on what of the web server this relies.
/// </summary>
internal sealed class HalfClosedConnection : ConnectionContext
{
    /// <summary>How long the other side may take to fetch its last answer.</summary>
    private static readonly TimeSpan LastAnswer = TimeSpan.FromSeconds(5);

    private readonly ConnectionContext connection;
    private volatile bool awaitsBody;

    private HalfClosedConnection(ConnectionContext connection)
    {
        this.connection = connection;
        connection.Features.Set(this);
    }

    public override string ConnectionId
    {
        get => connection.ConnectionId;
        set => connection.ConnectionId = value;
    }

    public override IFeatureCollection Features => connection.Features;

    public override IDictionary<object, object?> Items
    {
        get => connection.Items;
        set => connection.Items = value;
    }

    public override IDuplexPipe Transport
    {
        get => connection.Transport;
        set => connection.Transport = value;
    }

    public override EndPoint? LocalEndPoint
    {
        get => connection.LocalEndPoint;
        set => connection.LocalEndPoint = value;
    }

    public override EndPoint? RemoteEndPoint
    {
        get => connection.RemoteEndPoint;
        set => connection.RemoteEndPoint = value;
    }

    /// <summary>Never: the transport's own fires as soon as the other side sends no more, while answers can still be delivered. That nobody takes them any more shows when they are written.</summary>
    public override CancellationToken ConnectionClosed { get; set; }

    /// <summary>The connection middleware.</summary>
    internal static ConnectionDelegate Use(ConnectionDelegate next) => connection => next(new HalfClosedConnection(connection));

    /// <summary>The connection of a request; null where others share it (HTTP/2), and an answer cannot be written past the web server.</summary>
    internal static HalfClosedConnection? Of(HttpContext http) => HttpProtocol.IsHttp2(http.Request.Protocol) ? null : http.Features.Get<HalfClosedConnection>();

    /// <summary>From here on an end of the input is an end of the body.</summary>
    internal void BeginBody() => awaitsBody = true;

    /// <summary>The body is there, or of no interest any more.</summary>
    internal void EndBody() => awaitsBody = false;

    /// <inheritdoc/>
    public override void Abort(ConnectionAbortedException abortReason)
    {
        if (!awaitsBody)
        {
            connection.Abort(abortReason);
            return;
        }

        // The web server aborts under the lock that guards the output, and completes it next: what is written here goes out before the connection is closed.
        awaitsBody = false;
        try
        {
            Transport.Output.Write(Answer());
        }
        catch (InvalidOperationException)
        {
            connection.Abort(abortReason); // the output was completed already
            return;
        }

        _ = AbortLaterAsync(abortReason);
    }

    /// <inheritdoc/>
    public override void Abort() => Abort(new ConnectionAbortedException());

    private static byte[] Answer()
    {
        const int Status = StatusCodes.Status400BadRequest;
        var problem = new Problem(Status, "The sending side of the connection was closed before the whole body had been taken in; nothing was kept. Send all of it, and close only after the answer.");
        var details = new ProblemDetails { Status = Status, Title = ReasonPhrases.GetReasonPhrase(Status), Detail = problem.Detail };
        var body = JsonSerializer.SerializeToUtf8Bytes(details, ApiJson.Default.ProblemDetails);
        var head = string.Create(
            CultureInfo.InvariantCulture,
            $"HTTP/1.1 {Status} {details.Title}\r\nContent-Length: {body.Length}\r\nContent-Type: {Problem.MediaType}\r\nDate: {DateTime.UtcNow:R}\r\n"
            + $"Cache-Control: no-store\r\nConnection: close\r\n\r\n");
        return [.. Encoding.ASCII.GetBytes(head), .. body];
    }

    /// <summary>A client that does not fetch its answer would keep the connection for ever.</summary>
    private async Task AbortLaterAsync(ConnectionAbortedException reason)
    {
        await Task.Delay(LastAnswer);
        connection.Abort(reason);
    }
}
