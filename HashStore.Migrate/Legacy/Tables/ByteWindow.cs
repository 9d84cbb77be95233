namespace HashStore.Migrate.Legacy.Tables;

/// <summary>A stream through a window of fixed size: a dump's statements are longer than memory.</summary>
internal sealed class ByteWindow(Stream stream, int size = 256 << 10)
{
    /// <summary>What <see cref="Peek"/> gives at the end.</summary>
    internal const int End = -1;

    private readonly byte[] buffer = new byte[size];
    private int position, filled;
    private long before;

    /// <summary>Where the next byte is, in the unpacked source.</summary>
    internal long Offset => before + position;

    /// <summary>What is in the window now; at least one byte unless the stream has ended.</summary>
    internal ReadOnlySpan<byte> Available()
    {
        if (position == filled)
        {
            before += filled;
            position = 0;
            filled = stream.Read(buffer);
        }

        return buffer.AsSpan(position, filled - position);
    }

    /// <summary>The next byte, which stays; <see cref="End"/> at the end.</summary>
    internal int Peek() => position < filled || !Available().IsEmpty ? buffer[position] : End;

    /// <summary>The byte after the one that <see cref="Peek"/> has given.</summary>
    internal int PeekSecond()
    {
        if (position + 1 == filled)
        {
            buffer[0] = buffer[position];
            before += position;
            position = 0;
            filled = 1 + stream.Read(buffer, 1, buffer.Length - 1);
        }

        return position + 1 < filled ? buffer[position + 1] : End;
    }

    /// <summary>The next byte; <see cref="End"/> at the end.</summary>
    internal int Read()
    {
        var next = Peek();
        position += next == End ? 0 : 1;
        return next;
    }

    /// <summary>Passes bytes of <see cref="Available"/>.</summary>
    internal void Skip(int count) => position += count;
}
