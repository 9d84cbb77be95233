using System.Xml;
using HashStore.Schema;
using HashStore.Storage.Serving;

namespace HashStore.Storage.Thumbnails;

/// <summary>
/// The languages that a drawing has texts in (SVG's <c>systemLanguage</c>). A thumbnail in another language would show the same as one in none, and there are more tags than anybody can store thumbnails for.
/// </summary>
public sealed class SvgLanguages(Store store)
{
    /// <summary>Drawings with texts in several languages are written by hand; beyond this none are looked for.</summary>
    private const int MaxBytes = 2 << 20;

    private const int MaxLanguages = 200;

    /// <summary>Bytes of the languages that are remembered.</summary>
    private const int MaxRememberedBytes = 1 << 20;

    private readonly BoundedCache<ContentKey, string[]> known = new(MaxRememberedBytes);

    /// <summary>Whether a drawing has texts in a language.</summary>
    public async Task<bool> HasAsync(ServedObject drawing, string language, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(drawing);
        var languages = known.Find(drawing.Key);
        if (languages is null)
        {
            languages = drawing.Size > MaxBytes ? [] : Read(await BytesAsync(drawing, cancellation));
            known.Add(drawing.Key, languages, 100 + (languages.Length * 40));
        }

        return languages.Contains(language, StringComparer.OrdinalIgnoreCase);
    }

    private async Task<byte[]> BytesAsync(ServedObject drawing, CancellationToken cancellation)
    {
        if (drawing.Body is { } body)
        {
            return body;
        }

        var bytes = new byte[drawing.Size];
        using var open = await store.Objects.OpenAsync(drawing);
        for (var filled = 0; open is not null && filled < bytes.Length;)
        {
            var count = await open.ReadAsync(bytes.AsMemory(filled), filled, cancellation);
            if (count == 0)
            {
                break;
            }

            filled += count;
        }

        return bytes;
    }

    private static string[] Read(byte[] bytes)
    {
        var found = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        try
        {
            // No entity is expanded and nothing is fetched.
            using var reader = XmlReader.Create(new MemoryStream(bytes), new XmlReaderSettings { DtdProcessing = DtdProcessing.Ignore, XmlResolver = null });
            while (found.Count < MaxLanguages && reader.Read())
            {
                if (reader.NodeType == XmlNodeType.Element && reader.GetAttribute("systemLanguage") is { Length: <= 1000 } value)
                {
                    found.UnionWith(value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Take(MaxLanguages));
                }
            }
        }
        catch (XmlException)
        {
            return [.. found]; // what came before the mistake counts
        }

        return [.. found];
    }
}
