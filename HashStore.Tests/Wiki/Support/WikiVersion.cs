using System.Globalization;
using System.Text.Json;

namespace HashStore.Tests.Wiki.Support;

/// <summary>A version of a file as the wiki's API tells of it. What it keeps to itself is null; of a hidden one that is more than the content.</summary>
internal sealed record WikiVersion
{
    /// <summary>When it was uploaded, UTC.</summary>
    internal required DateTime Timestamp { get; init; }

    internal string? User { get; init; }

    internal string? Comment { get; init; }

    internal long? Size { get; init; }

    internal int? Width { get; init; }

    internal int? Height { get; init; }

    internal string? Mime { get; init; }

    /// <summary>Hexadecimal.</summary>
    internal string? Sha1 { get; init; }

    /// <summary>Of an old or deleted version.</summary>
    internal string? ArchiveName { get; init; }

    internal Uri? Url { get; init; }

    internal bool HiddenContent { get; init; }

    internal bool HiddenComment { get; init; }

    internal bool HiddenUser { get; init; }

    /// <summary>Hidden from ordinary administrators too.</summary>
    internal bool Suppressed { get; init; }

    /// <summary>The row's number, of a deleted version.</summary>
    internal long? ArchiveId { get; init; }

    internal static WikiVersion Read(JsonElement version) => new()
    {
        Timestamp = DateTime.Parse(Text(version, "timestamp")!, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal),
        User = Text(version, "user"),
        Comment = Text(version, "comment") ?? Text(version, "description"),
        Size = Number(version, "size"),
        Width = (int?)Number(version, "width"),
        Height = (int?)Number(version, "height"),
        Mime = Text(version, "mime"),
        Sha1 = Text(version, "sha1"),
        ArchiveName = Text(version, "archivename"),
        Url = Text(version, "url") is { } url ? new Uri(url) : null,
        HiddenContent = Flag(version, "filehidden"),
        HiddenComment = Flag(version, "commenthidden"),
        HiddenUser = Flag(version, "userhidden"),
        Suppressed = Flag(version, "suppressed"),
        ArchiveId = Number(version, "id"),
    };

    private static string? Text(JsonElement of, string property) => of.TryGetProperty(property, out var value) ? value.ToString() : null;

    /// <summary>Some lists give numbers as they come from the database: as text.</summary>
    private static long? Number(JsonElement of, string property) => Text(of, property) is { } text ? long.Parse(text, CultureInfo.InvariantCulture) : null;

    private static bool Flag(JsonElement of, string property) => of.TryGetProperty(property, out var value) && value.GetBoolean();
}
