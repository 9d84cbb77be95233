using System.IO.Compression;

namespace HashStore.Migrate.Legacy.Tables;

/// <summary>How far the reading of a source is.</summary>
/// <param name="Bytes">Bytes read of it, as they lie there (compressed or not).</param>
/// <param name="TotalBytes">Its length; 0 where nobody knows.</param>
/// <param name="Rows">Rows written into the store; 0 while the source is still being read.</param>
/// <param name="TotalRows">Rows to write.</param>
internal readonly record struct TablesProgress(long Bytes, long TotalBytes, long Rows, long TotalRows);

/// <summary>Counts what is read of a stream, tells of it, and lets an interrupt through.</summary>
internal sealed class SourceStream(Stream source, long totalBytes, Action<TablesProgress> progress, CancellationToken cancellation) : Stream
{
    internal long BytesRead { get; private set; }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Unpacks a stream that begins with gzip's magic bytes, whatever its name.</summary>
    internal static Stream Unpacked(Stream source)
    {
        var first = new byte[2];
        var count = source.ReadAtLeast(first, first.Length, throwOnEndOfStream: false);
        var whole = new PrefixedStream(first.AsMemory(0, count), source);
        return count == 2 && first[0] == 0x1F && first[1] == 0x8B ? new GZipStream(whole, CompressionMode.Decompress) : whole;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        cancellation.ThrowIfCancellationRequested();
        var count = source.Read(buffer);
        cancellation.ThrowIfCancellationRequested(); // an interrupt ends the program at the other end of a pipe too: then the source is not what was cut off
        BytesRead += count;
        progress(new TablesProgress(BytesRead, totalBytes, 0, 0));
        return count;
    }

    public override void Flush() => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            source.Dispose();
        }

        base.Dispose(disposing);
    }

    /// <summary>Bytes that were read already, and the rest.</summary>
    private sealed class PrefixedStream(ReadOnlyMemory<byte> prefix, Stream rest) : Stream
    {
        private ReadOnlyMemory<byte> left = prefix;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            if (left.IsEmpty)
            {
                return rest.Read(buffer);
            }

            var count = Math.Min(left.Length, buffer.Length);
            left.Span[..count].CopyTo(buffer);
            left = left[count..];
            return count;
        }

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                rest.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
