using System.Text.Json;

namespace HashStore.Storage.Content;

/// <summary>The JSON of column <c>file_metadata</c>: <c>{"charset":"utf-8","embedded":{"Exif IFD0":{"Make":"…"}}}</c>, either part only where it is known.</summary>
internal static class StoredMetadata
{
    internal static string? Write(string? charset, string? embeddedJson)
    {
        if (charset is null && embeddedJson is null)
        {
            return null;
        }

        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            if (charset is not null)
            {
                writer.WriteString("charset", charset);
            }

            if (embeddedJson is not null)
            {
                writer.WritePropertyName("embedded");
                writer.WriteRawValue(embeddedJson);
            }

            writer.WriteEndObject();
        }

        return System.Text.Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }

    internal static string? CharsetOf(string metadata)
    {
        using var document = JsonDocument.Parse(metadata);
        return document.RootElement.TryGetProperty("charset", out var charset) ? charset.GetString() : null;
    }
}
