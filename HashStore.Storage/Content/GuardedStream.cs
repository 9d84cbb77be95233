namespace HashStore.Storage.Content;

/// <summary>
/// What a foreign parser reads hostile content through: a seekable, read-only view that stops it by exception when its time or its bytes are used up.
/// Stopping in the stream is the only hold on a parser that knows no cancellation.
/// </summary>
internal sealed unsafe class GuardedStream(Stream inner, TimeProvider clock, MediaMetadataLimits limits) : Stream
{
    /// <summary>The longest single read, 64 KiB: parsers take values and blocks at once, and work and recurse on them without a further read.</summary>
    public const int MaxBlock = 64 * 1024;

    /// <summary>
    /// How much of the stack a parser may have used when it reads, in bytes: 4 MiB, a chain of some 10,000 directories. Far below the stack's size:
    /// unwinding needs some itself, and takes a second per 100,000 frames.
    /// </summary>
    private const long MaxStack = 4 << 20;

    private long start = clock.GetTimestamp();
    private long left = limits.BytesRead;
    private nint stackTop;

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => inner.Length;

    public override long Position
    {
        get => inner.Position;
        set => inner.Position = value;
    }

    /// <summary>Measures the stack from the caller on. Without a call, its depth is not checked.</summary>
    public void StartStack()
    {
        byte here = 0;
        stackTop = (nint)(&here);
    }

    /// <summary>The same guard, time and stack included, over an excerpt.</summary>
    public GuardedStream Over(MemoryStream excerpt) => new(excerpt, clock, limits) { start = start, stackTop = stackTop };

    /// <summary>Throws when the time is over.</summary>
    public void CheckTime()
    {
        if (clock.GetElapsedTime(start) > limits.Time)
        {
            throw new MetadataLimitException($"The metadata took longer than {limits.Time.TotalSeconds:0.###} s.");
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        Check(buffer.Length);
        var read = inner.Read(buffer);
        left -= read;
        return read;
    }

    // Parsers read byte by byte; the base class would allocate an array for each.
    public override int ReadByte()
    {
        Check(1);
        left--;
        return inner.ReadByte();
    }

    public override long Seek(long offset, SeekOrigin origin) => inner.Seek(offset, origin);

    public override void Flush()
    {
    }

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    private void Check(int count)
    {
        // Chained directories and nested boxes make the parsers recurse without end, and a stack overflow would take the whole process along.
        byte here = 0;
        if (stackTop != 0 && Math.Abs(stackTop - (nint)(&here)) > MaxStack)
        {
            throw new MetadataLimitException("The metadata is nested too deeply.");
        }
        CheckTime();
        if (count > left || count > MaxBlock)
        {
            throw new MetadataLimitException($"The metadata wanted {count} more bytes at once, of {left} that may be read.");
        }
    }
}

/// <summary>A limit was reached. No IOException: the parsers swallow those and would go on.</summary>
internal sealed class MetadataLimitException(string message) : Exception(message);
