using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace HashStore.Migrate.Legacy.Tables;

/// <summary>
/// Turns a metadata column into JSON, whatever the version of MediaWiki wrote there: PHP's <c>serialize()</c>, JSON (with <c>{"data":…,"blobs":…}</c> as it is; addresses of blobs are not
/// followed), or a bare word such as <c>0</c> or <c>-1</c> for files that it could not read. What is not understood is kept as <c>{"_error":"…"}</c>, as MediaWiki itself does.
/// </summary>
internal static class LegacyMetadata
{
    /// <summary>Longer JSON is not kept: the text layers of documents, which MediaWiki moved out of this column too.</summary>
    internal const int MaxJsonBytes = 64 << 10;

    /// <summary>Characters of something else that are kept.</summary>
    private const int MaxErrorChars = 200;

    private static readonly JsonWriterOptions writerOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>The JSON; null where the column holds nothing.</summary>
    /// <param name="bytes">What the column holds.</param>
    /// <param name="cutLength">Its length, if it is too long to be in <paramref name="bytes"/>.</param>
    internal static string? Read(ReadOnlySpan<byte> bytes, long? cutLength)
    {
        if (cutLength is { } length)
        {
            return TooLong(length);
        }

        bytes = bytes.TrimEnd((byte)0);
        if (bytes.StartsWith("\\x"u8) && bytes.Length % 2 == 0)
        {
            // PostgreSQL writes its binary columns into CSV files like this.
            var binary = new byte[bytes.Length / 2 - 1];
            bytes = Convert.FromHexString(bytes[2..], binary, out _, out _) == OperationStatus.Done ? binary : bytes;
        }

        if (bytes.IsEmpty)
        {
            return null;
        }

        if (bytes[0] is (byte)'{' or (byte)'[')
        {
            return ReadJson(bytes);
        }

        return PhpArrayReader.LooksLike(bytes) ? ReadPhp(bytes) : Error(Encoding.UTF8.GetString(bytes[..Math.Min(bytes.Length, MaxErrorChars * 4)]));
    }

    private static string ReadJson(ReadOnlySpan<byte> bytes)
    {
        try
        {
            var reader = new Utf8JsonReader(bytes);
            while (reader.Read())
            {
                if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && reader.ValueIsEscaped)
                {
                    _ = reader.GetString(); // an escaped half of a surrogate pair is no text
                }
            }

            return bytes.Length > MaxJsonBytes ? TooLong(bytes.Length) : new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or DecoderFallbackException)
        {
            return Error(Encoding.UTF8.GetString(bytes[..Math.Min(bytes.Length, MaxErrorChars * 4)]));
        }
    }

    private static string ReadPhp(ReadOnlySpan<byte> bytes)
    {
        var written = new ArrayBufferWriter<byte>();
        try
        {
            using var json = new Utf8JsonWriter(written, writerOptions);
            new PhpArrayReader(bytes).WriteTo(json, MaxJsonBytes);
            json.Flush();
            return written.WrittenCount > MaxJsonBytes ? TooLong(bytes.Length) : Encoding.UTF8.GetString(written.WrittenSpan);
        }
        catch (FormatException exception)
        {
            return exception.Message == "too long" ? TooLong(bytes.Length) : Error(Encoding.UTF8.GetString(bytes[..Math.Min(bytes.Length, MaxErrorChars * 4)]));
        }
    }

    private static string TooLong(long length) => Error($"{length} bytes, not kept");

    private static string Error(string text)
    {
        var written = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(written, writerOptions))
        {
            var cut = text.Length <= MaxErrorChars ? text : text[..(char.IsHighSurrogate(text[MaxErrorChars - 1]) ? MaxErrorChars - 1 : MaxErrorChars)];
            json.WriteStartObject();
            json.WriteString("_error", cut);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(written.WrittenSpan);
    }
}
