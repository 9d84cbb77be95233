using HashStore.Server.Api;

namespace HashStore.Server.Operations;

/// <summary>
/// A request's body that may pause, but not for long: the web server's own limit is an average, so a client that began fast could hold its place for days without sending another byte.
/// While it is open, an end of the connection's input is answered as an end of the body.
/// </summary>
internal sealed class PatientStream : Stream
{
    private readonly Stream body;
    private readonly TimeSpan patience;
    private readonly CancellationToken aborted;
    private readonly CancellationTokenSource waiting;
    private readonly HalfClosedConnection? connection;

    /// <summary>Opens the body of a request.</summary>
    internal PatientStream(HttpContext http, TimeSpan patience)
    {
        body = http.Request.Body;
        this.patience = patience;
        aborted = http.RequestAborted;
        waiting = CancellationTokenSource.CreateLinkedTokenSource(aborted);
        connection = HalfClosedConnection.Of(http);
        connection?.BeginBody();
    }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var reading = body.ReadAsync(buffer, waiting.Token);
        if (reading.IsCompletedSuccessfully)
        {
            return await reading; // the usual case: no timer
        }

        waiting.CancelAfter(patience);
        try
        {
            return await reading;
        }
        catch (IOException exception) when (exception.InnerException is OverflowException)
        {
            // What the web server says of a chunk longer than any; of other bad ones it says itself that the request is bad.
            throw new ProblemException(400, "The size of a chunk cannot be read; nothing was kept.");
        }
        catch (OperationCanceledException) when (!aborted.IsCancellationRequested)
        {
            throw new ProblemException(408, $"Nothing of the body arrived for {patience.TotalSeconds} s; nothing was kept.");
        }
        finally
        {
            waiting.CancelAfter(Timeout.InfiniteTimeSpan);
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Bodies are read asynchronously.");

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            connection?.EndBody();
            waiting.Dispose();
        }

        base.Dispose(disposing);
    }
}
