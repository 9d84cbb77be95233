using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace HashStore.Migrate.Legacy.Tables;

/// <summary>
/// Reads what PHP's <c>serialize()</c> made of an array, as JSON. Only arrays, strings, numbers, booleans and null: objects and references are refused, because rebuilding them is what makes
/// PHP's own reader dangerous. Grammar: <c>a:2:{i:0;s:3:"abc";s:1:"k";b:1;}</c>.
/// </summary>
internal ref struct PhpArrayReader(ReadOnlySpan<byte> text)
{
    private const int MaxDepth = 60;

    private ReadOnlySpan<byte> rest = text;

    /// <summary>Whether this looks like a serialised value.</summary>
    internal static bool LooksLike(ReadOnlySpan<byte> text) => text.Length > 2 && text[1] == ':' && "aOC"u8.Contains(text[0]);

    /// <summary>Writes the array.</summary>
    /// <exception cref="FormatException">It is no serialised array, or holds more than plain values.</exception>
    internal void WriteTo(Utf8JsonWriter json, long maxBytes)
    {
        Expect((byte)'a');
        WriteArray(json, maxBytes, 0);
        if (!rest.IsEmpty)
        {
            throw new FormatException("more follows");
        }
    }

    private void WriteValue(Utf8JsonWriter json, long maxBytes, int depth)
    {
        if (json.BytesCommitted + json.BytesPending > maxBytes)
        {
            throw new FormatException("too long");
        }

        switch (Next())
        {
            case (byte)'N':
                json.WriteNullValue();
                Expect((byte)';');
                break;
            case (byte)'b':
                json.WriteBooleanValue(Number((byte)';') != 0);
                break;
            case (byte)'i':
                json.WriteNumberValue(Number((byte)';'));
                break;
            case (byte)'d':
                WriteFloat(json);
                break;
            case (byte)'s':
                json.WriteStringValue(Encoding.UTF8.GetString(String()));
                Expect((byte)';');
                break;
            case (byte)'a' when depth < MaxDepth:
                WriteArray(json, maxBytes, depth + 1);
                break;
            default:
                throw new FormatException("an object, a reference or nonsense");
        }
    }

    private void WriteArray(Utf8JsonWriter json, long maxBytes, int depth)
    {
        var count = Number((byte)':');
        Expect((byte)'{');

        // PHP has one kind of array: with the keys 0, 1, 2, … it is a list. Whether it is shows only at its end, so it is read twice where it begins like one.
        var isList = IsList(count);
        if (isList)
        {
            json.WriteStartArray();
        }
        else
        {
            json.WriteStartObject();
        }

        for (long i = 0; i < count; i++)
        {
            var key = Key();
            if (!isList)
            {
                json.WritePropertyName(key);
            }

            WriteValue(json, maxBytes, depth);
        }

        Expect((byte)'}');
        if (isList)
        {
            json.WriteEndArray();
        }
        else
        {
            json.WriteEndObject();
        }
    }

    /// <summary>Looks ahead, over nested arrays too.</summary>
    private readonly bool IsList(long count)
    {
        var ahead = this;
        for (long i = 0; i < count; i++)
        {
            if (ahead.rest.IsEmpty || ahead.rest[0] != (byte)'i' || ahead.Key() != i.ToString(CultureInfo.InvariantCulture))
            {
                return false;
            }

            if (i < count - 1)
            {
                ahead.Skip();
            }
        }

        return true;
    }

    /// <summary>Skips a value without recursion.</summary>
    private void Skip()
    {
        long open = 0;
        do
        {
            switch (Next())
            {
                case (byte)'a':
                    _ = Number((byte)':');
                    Expect((byte)'{');
                    open++;
                    break;
                case (byte)'s':
                    _ = String();
                    Expect((byte)';');
                    break;
                case (byte)'N' or (byte)'b' or (byte)'i' or (byte)'d':
                    _ = Until((byte)';');
                    break;
                default:
                    throw new FormatException("an object, a reference or nonsense");
            }

            while (open > 0 && !rest.IsEmpty && rest[0] == (byte)'}')
            {
                rest = rest[1..];
                open--;
            }
        }
        while (open > 0);
    }

    private string Key()
    {
        switch (Next())
        {
            case (byte)'i':
                return Number((byte)';').ToString(CultureInfo.InvariantCulture);
            case (byte)'s':
                var key = Encoding.UTF8.GetString(String());
                Expect((byte)';');
                return key;
            default:
                throw new FormatException("a key that is none");
        }
    }

    private void WriteFloat(Utf8JsonWriter json)
    {
        Expect((byte)':');
        var digits = Encoding.ASCII.GetString(Until((byte)';'));
        if (double.TryParse(digits, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number))
        {
            json.WriteNumberValue(number);
        }
        else
        {
            json.WriteStringValue(digits is "INF" or "-INF" or "NAN" ? digits : throw new FormatException("a number that is none"));
        }
    }

    private ReadOnlySpan<byte> String()
    {
        var length = Number((byte)':');
        if (length < 0 || length > rest.Length - 2 || rest[0] != (byte)'"' || rest[(int)length + 1] != (byte)'"')
        {
            throw new FormatException("a string of another length");
        }

        var text = rest.Slice(1, (int)length);
        rest = rest[((int)length + 2)..];
        return text;
    }

    /// <summary><c>:123</c> and a terminator.</summary>
    private long Number(byte end)
    {
        Expect((byte)':');
        var digits = Until(end);
        return Utf8Parser.TryParse(digits, out long number, out var read) && read == digits.Length ? number : throw new FormatException("a number that is none");
    }

    private ReadOnlySpan<byte> Until(byte end)
    {
        var length = rest.IndexOf(end);
        if (length < 0)
        {
            throw new FormatException("it is cut off");
        }

        var text = rest[..length];
        rest = rest[(length + 1)..];
        return text;
    }

    private byte Next()
    {
        if (rest.IsEmpty)
        {
            throw new FormatException("it is cut off");
        }

        var first = rest[0];
        rest = rest[1..];
        return first;
    }

    private void Expect(byte expected)
    {
        if (Next() != expected)
        {
            throw new FormatException("another character was expected");
        }
    }
}
