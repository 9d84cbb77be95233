using System.Buffers;
using System.Text;
using System.Text.Json;
using Directory = MetadataExtractor.Directory;

namespace HashStore.Storage.Content;

/// <summary>Writes the tags of the metadata library as JSON: <c>{"Directory":{"Tag name":"description"}}</c>.</summary>
internal static class MetadataJson
{
    /// <summary>The longest description, in characters.</summary>
    private const int MaxValue = 1000;

    /// <summary>Values of more elements than this are tables, not things to read.</summary>
    private const int MaxElements = 64;

    /// <summary>Writes what fits into <paramref name="limit"/> bytes, or null when there is nothing.</summary>
    /// <param name="directories">What the library found.</param>
    /// <param name="limit">The longest text in bytes.</param>
    /// <param name="checkTime">Throws when the time is over.</param>
    public static string? Write(IReadOnlyList<Directory> directories, int limit, Action checkTime)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(buffer);
        var names = new Dictionary<string, int>(StringComparer.Ordinal);
        var any = false;
        // Two closing braces, and slack for the quotes, colons and commas around one entry.
        bool Fits(int bytes) => writer.BytesCommitted + writer.BytesPending + bytes + 16 <= limit;

        writer.WriteStartObject();
        foreach (var directory in directories)
        {
            checkTime();
            if (IsNoise(directory.Name))
            {
                continue;
            }
            if (!Fits(16))
            {
                break;
            }
            var title = JsonEncodedText.Encode(Unique(Clean(directory.Name), names));
            var open = false;
            var tags = new HashSet<string>(StringComparer.Ordinal);
            foreach (var tag in directory.Tags)
            {
                checkTime();
                if (!tag.HasName || Description(directory, tag.Type) is not { Length: > 0 } description)
                {
                    continue;
                }
                var name = JsonEncodedText.Encode(Clean(tag.Name));
                var value = JsonEncodedText.Encode(description);
                var bytes = name.EncodedUtf8Bytes.Length + value.EncodedUtf8Bytes.Length + (open ? 0 : title.EncodedUtf8Bytes.Length);
                if (!Fits(bytes) || !tags.Add(tag.Name))
                {
                    continue;
                }
                if (!open)
                {
                    writer.WriteStartObject(title);
                    open = true;
                }
                writer.WriteString(name, value);
                any = true;
            }
            if (open)
            {
                writer.WriteEndObject();
            }
        }
        writer.WriteEndObject();
        writer.Flush();
        return any ? Encoding.UTF8.GetString(buffer.WrittenSpan) : null;
    }

    private static bool IsNoise(string directory) => directory is "File" or "File Type" or "Huffman" or "ICC Profile" or "XMP" or "PrintIM"
        || directory.Contains("Thumbnail", StringComparison.Ordinal);

    private static string? Description(Directory directory, int tag)
    {
        if (directory.GetObject(tag) is Array { Length: > MaxElements })
        {
            return null;
        }
        try
        {
            return Clean(directory.GetDescription(tag));
        }
#pragma warning disable CA1031 // The library's descriptions index tables by what the file says: any exception, and it concerns this tag alone.
        catch (Exception)
#pragma warning restore CA1031
        {
            return null;
        }
    }

    // Later directories of one name (the frames of an animation) get a number, for a JSON object has each name once.
    private static string Unique(string name, Dictionary<string, int> names)
    {
        var number = names[name] = names.GetValueOrDefault(name) + 1;
        return number == 1 ? name : $"{name} ({number})";
    }

    /// <summary>Cut, without control characters (they become spaces) and without halves of surrogate pairs (they become the replacement character).</summary>
    private static string Clean(string? text)
    {
        if (text is null)
        {
            return "";
        }
        var clean = new StringBuilder(Math.Min(text.Length, MaxValue));
        foreach (var rune in text.EnumerateRunes())
        {
            if (clean.Length + rune.Utf16SequenceLength > MaxValue)
            {
                break;
            }
            clean.Append(Rune.IsControl(rune) ? " " : rune.ToString());
        }
        return clean.ToString().Trim();
    }
}
