using System.Globalization;
using System.Text.Json.Serialization;
using HashStore.Schema;
using HashStore.Schema.Tables;
using HashStore.Server.Legacy;
using HashStore.Storage;
using HashStore.Storage.Catalog;
using HashStore.Storage.Objects;
using Microsoft.AspNetCore.Mvc;

namespace HashStore.Server.Api;

/// <summary>A version as the API shows it.</summary>
internal sealed record VersionJson(
    long Id, string? Key, string? Sha256, long? Size, int? Width, int? Height, string? Mime, string Timestamp, string? User, string? Description, bool Deleted, string? Url);

/// <summary>A file as the API shows it; <c>versions</c> is left out of lists, the last two stand in answers to uploads only.</summary>
internal sealed record FileJson(
    string Name,
    string? Url,
    VersionJson Current,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<VersionJson>? Versions,
    bool Deleted,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] bool? Duplicate = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<string>? Warnings = null);

/// <summary>A page of a list.</summary>
internal sealed record FileListJson(IReadOnlyList<FileJson> Files, string? Next);

/// <summary>Body of a revert.</summary>
internal sealed record RevertJson(long? Version, string? Description);

/// <summary>Body of a rename.</summary>
internal sealed record RenameJson(string? To);

/// <summary>Forms the API's JSON; what is hidden shows only to administrators.</summary>
internal sealed class FileView(ServerSettings settings)
{
    internal const string Unchanged = "unchanged";

    /// <summary>Stands before the word for what was found.</summary>
    internal const string RiskWarning = "risk:";

    private static readonly IReadOnlyList<string> NoWarnings = [];
    private static readonly IReadOnlyList<string> UnchangedWarning = [Unchanged];

    internal FileJson File(StoredName file, bool asAdmin) => Show(file, asAdmin, withVersions: true);

    internal FileJson InList(StoredName file, bool asAdmin) => Show(file, asAdmin, withVersions: false);

    internal FileJson Uploaded(PutResult result, bool asAdmin) =>
        Show(result.File, asAdmin, withVersions: true) with { Duplicate = result.IsDuplicate, Warnings = Warnings(result) };

    internal FileJson Changed(ChangeResult result, bool asAdmin) =>
        Show(result.File, asAdmin, withVersions: true) with { Warnings = result.IsUnchanged ? UnchangedWarning : null };

    /// <summary>The object's URL under a name, an absolute path.</summary>
    internal string UrlOf(ContentKey key, FileName name) => $"{settings.UploadPath}/{ObjectPath.Of(key)}/{name.ToUrlSegment()}";

    private static IReadOnlyList<string> Warnings(PutResult result) => (result.IsUnchanged, result.Risk) switch
    {
        (false, null) => NoWarnings,
        (true, null) => UnchangedWarning,
        (false, { } risk) => [RiskWarning + risk.Word],
        (true, { } risk) => [Unchanged, RiskWarning + risk.Word],
    };

    private FileJson Show(StoredName file, bool asAdmin, bool withVersions)
    {
        var current = Version(file, file.Current, asAdmin);
        return new FileJson(file.Name.Value, current.Url, current, withVersions ? [.. file.Versions.Select(version => Version(file, version, asAdmin))] : null, file.Deleted);
    }

    private VersionJson Version(StoredName file, StoredVersion version, bool asAdmin)
    {
        var deleted = file.Deleted || (version.Hidden & HiddenParts.Content) != 0;
        var shown = asAdmin || !deleted;
        return new VersionJson(
            version.Id,
            shown ? version.Key.ToString() : null,
            shown ? version.Sha256.ToString() : null,
            shown ? version.Size : null,
            shown ? version.Width : null,
            shown ? version.Height : null,
            shown ? version.Mime : null,
            version.Timestamp.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture),
            asAdmin || (version.Hidden & HiddenParts.User) == 0 ? version.User : null,
            asAdmin || (version.Hidden & HiddenParts.Description) == 0 ? version.Description : null,
            deleted,
            shown ? UrlOf(version.Key, file.Name) : null);
    }
}

/// <summary>Serialisation without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectRequiredConstructorParameters = false)]
[JsonSerializable(typeof(FileJson))]
[JsonSerializable(typeof(FileListJson))]
[JsonSerializable(typeof(RevertJson))]
[JsonSerializable(typeof(RenameJson))]
[JsonSerializable(typeof(StoreSums))]
[JsonSerializable(typeof(ConversionJson))]
[JsonSerializable(typeof(ConversionActionJson))]
[JsonSerializable(typeof(HealthJson))]
[JsonSerializable(typeof(ProblemDetails))]
internal sealed partial class ApiJson : JsonSerializerContext;

/// <summary>Answer of <c>/healthz</c>.</summary>
internal sealed record HealthJson(string Status, string? Problem);
