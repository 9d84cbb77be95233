namespace HashStore.Migrate.Legacy.Tables;

/// <summary>
/// The values of one row as bytes, in one buffer that the next row uses again. A value longer than <see cref="MaxValueBytes"/> is cut there, and its whole length kept: no text of a wiki is
/// as long, and of metadata nothing that long is kept.
/// </summary>
internal sealed class RowValues
{
    /// <summary>What is kept of one value.</summary>
    internal const int MaxValueBytes = 1 << 20;

    /// <summary>Columns of one row: a limit against what is no dump.</summary>
    private const int MaxColumns = 4096;

    private readonly List<Value> values = [];
    private byte[] bytes = new byte[4096];
    private int used, start;
    private long length;

    internal int Count => values.Count;

    internal void Clear() => (used, start, length) = (Reset(), 0, 0);

    /// <summary>Whether a value is NULL.</summary>
    internal bool IsNull(int index) => values[index].Length < 0;

    /// <summary>A value's bytes, cut to <see cref="MaxValueBytes"/>.</summary>
    internal ReadOnlySpan<byte> this[int index] => values[index] is { Length: >= 0 } value ? bytes.AsSpan(value.Start, (int)Math.Min(value.Length, MaxValueBytes)) : default;

    /// <summary>A value's whole length.</summary>
    internal long LengthOf(int index) => Math.Max(0, values[index].Length);

    internal void Append(byte value) => Append([value]);

    internal void Append(ReadOnlySpan<byte> part)
    {
        length += part.Length;
        part = part[..(int)Math.Min(part.Length, MaxValueBytes - (used - start))];
        if (bytes.Length - used < part.Length)
        {
            Array.Resize(ref bytes, Math.Max(bytes.Length * 2, used + part.Length));
        }

        part.CopyTo(bytes.AsSpan(used));
        used += part.Length;
    }

    /// <summary>Ends the value that was appended to.</summary>
    internal void EndValue() => Add(new Value(start, length));

    internal void AddNull() => Add(new Value(start, -1));

    private void Add(Value value)
    {
        if (values.Count == MaxColumns)
        {
            throw new LegacyTablesException($"A row has more than {MaxColumns} columns: this is no dump of a wiki.");
        }

        values.Add(value);
        (start, length) = (used, 0);
    }

    private int Reset()
    {
        values.Clear();
        return 0;
    }

    private readonly record struct Value(int Start, long Length);
}
