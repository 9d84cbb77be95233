using HashStore.Schema;
using HashStore.Storage.Objects;

namespace HashStore.Migrate.Live;

/// <summary>What a legacy URL stands for now: exactly one of <paramref name="Key"/>, <paramref name="File"/>, <paramref name="Thumb"/> and <paramref name="IsGone"/>.</summary>
/// <param name="Name">The name that it belongs to.</param>
/// <param name="Key">The object to serve.</param>
/// <param name="File">A plain file to serve, absolute: a legacy file that could not be converted, or a thumbnail that is not in the store's tree. Opened without following links.</param>
/// <param name="IsGone">It was here and is deleted.</param>
/// <param name="HasMoved">The wiki moved it from here to <paramref name="Name"/>: readers are sent to the object.</param>
/// <param name="Thumb">A thumbnail that the store has, or may make.</param>
internal sealed record LegacyView(FileName Name, ContentKey? Key = null, string? File = null, bool IsGone = false, bool HasMoved = false, LegacyThumb? Thumb = null);

/// <summary>A thumbnail at a legacy path.</summary>
/// <param name="Key">The object that it shows.</param>
/// <param name="Shown">That object's name, as it stands in the path: <c>Name.jpg</c>, <c>20200101000000!Name.jpg</c>.</param>
/// <param name="Linked">The place that a link at the path leads to, be the thumbnail there or not; null where there is none.</param>
internal sealed record LegacyThumb(ContentKey Key, string Shown, ThumbPath? Linked);
