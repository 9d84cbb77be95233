using System.Text.Json;
using HashStore.Storage.Safety;

namespace HashStore.Storage.Content;

/// <summary>
/// The JSON of column <c>file_metadata</c>: <c>{"charset":"utf-8","rules":1,"risk":"archive","embedded":{"Exif IFD0":{"Make":"…"}}}</c>, each part only where it is known. <c>rules</c>: by how many of
/// <see cref="DisguiseScan"/>'s rules the content was looked at; <c>risk</c>: what they found.
/// </summary>
internal static class StoredMetadata
{
    /// <param name="charset">The charset of text.</param>
    /// <param name="mime">The content's type.</param>
    /// <param name="risk">What was found in it.</param>
    /// <param name="embeddedJson">What the file says of itself.</param>
    internal static string? Write(string? charset, string mime, Risk? risk, string? embeddedJson)
    {
        var isChecked = DisguiseScan.Concerns(mime);
        if (charset is null && embeddedJson is null && !isChecked)
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

            if (isChecked)
            {
                writer.WriteNumber("rules", DisguiseScan.Rules);
            }

            if (risk is not null)
            {
                writer.WriteString("risk", risk.Word);
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

    /// <summary>What serving needs of it.</summary>
    internal static ServingNotes NotesOf(string? metadata)
    {
        if (metadata is null)
        {
            return default;
        }

        using var document = JsonDocument.Parse(metadata);
        var root = document.RootElement;
        return new ServingNotes(
            root.TryGetProperty("charset", out var charset) ? charset.GetString() : null,
            root.TryGetProperty("rules", out var rules) ? rules.GetInt32() : 0,
            root.TryGetProperty("risk", out _));
    }
}

/// <summary>What a row says of how its content may be served.</summary>
/// <param name="Charset">The charset of text.</param>
/// <param name="Rules">By how many rules it was looked at; 0: by none.</param>
/// <param name="IsRisky">Whether they found something.</param>
internal readonly record struct ServingNotes(string? Charset, int Rules, bool IsRisky);
