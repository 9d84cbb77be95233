using HashStore.Schema;

namespace HashStore.Migrate.Live;

/// <summary>What a legacy URL stands for now: exactly one of <paramref name="Key"/>, <paramref name="File"/> and <paramref name="IsGone"/>.</summary>
/// <param name="Name">The name that it belongs to.</param>
/// <param name="Key">The object to serve.</param>
/// <param name="File">A plain file to serve, absolute: a thumbnail, or a legacy file that could not be converted. Opened without following links.</param>
/// <param name="IsGone">It was here and is deleted.</param>
/// <param name="HasMoved">The wiki moved it from here to <paramref name="Name"/>: readers are sent to the object.</param>
internal sealed record LegacyView(FileName Name, ContentKey? Key = null, string? File = null, bool IsGone = false, bool HasMoved = false);
