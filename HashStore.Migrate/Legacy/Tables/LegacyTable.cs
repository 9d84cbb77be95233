namespace HashStore.Migrate.Legacy.Tables;

/// <summary>
/// A table of MediaWiki's that versions are read from, with every column of any schema from 1.4 to 1.45 that matters. A source has some of them, in any order; those that it lacks are null.
/// </summary>
/// <param name="Name">Its name without the prefix.</param>
/// <param name="Needed">The column without which it is not this table.</param>
/// <param name="Columns">All columns.</param>
internal sealed record LegacyTable(string Name, string Needed, string[] Columns)
{
    private static readonly string[] version =
        ["size", "width", "height", "bits", "metadata", "media_type", "major_mime", "minor_mime", "sha1", "timestamp", "user", "user_text", "actor", "description", "description_id"];

    internal static readonly LegacyTable Image = new("image", "img_name", ["img_name", .. version.Select(column => "img_" + column)]);

    internal static readonly LegacyTable OldImage =
        new("oldimage", "oi_name", ["oi_name", "oi_archive_name", "oi_deleted", .. version.Select(column => "oi_" + column)]);

    internal static readonly LegacyTable FileArchive = new(
        "filearchive",
        "fa_name",
        [
            "fa_id", "fa_name", "fa_archive_name", "fa_storage_key", "fa_deleted", "fa_deleted_user", "fa_deleted_timestamp", "fa_deleted_reason", "fa_deleted_reason_id",
            .. version.Select(column => "fa_" + column),
        ]);

    internal static readonly LegacyTable Actor = new("actor", "actor_id", ["actor_id", "actor_user", "actor_name"]);

    internal static readonly LegacyTable Comment = new("comment", "comment_id", ["comment_id", "comment_text"]);

    /// <summary>1.31 to 1.33, while descriptions moved.</summary>
    internal static readonly LegacyTable ImageCommentTemp = new("image_comment_temp", "imgcomment_name", ["imgcomment_name", "imgcomment_description_id"]);

    /// <summary>Only for the names of those who deleted files before 1.31.</summary>
    internal static readonly LegacyTable User = new("user", "user_id", ["user_id", "user_name"]);

    /// <summary>1.44 and later, as the next two.</summary>
    internal static readonly LegacyTable File = new("file", "file_name", ["file_id", "file_name", "file_latest", "file_type", "file_deleted"]);

    internal static readonly LegacyTable FileRevision = new(
        "filerevision",
        "fr_file",
        [
            "fr_id", "fr_file", "fr_size", "fr_width", "fr_height", "fr_metadata", "fr_bits", "fr_description_id", "fr_actor", "fr_timestamp", "fr_sha1", "fr_archive_name",
            "fr_deleted",
        ]);

    internal static readonly LegacyTable FileTypes = new("filetypes", "ft_id", ["ft_id", "ft_media_type", "ft_major_mime", "ft_minor_mime"]);

    internal static readonly IReadOnlyList<LegacyTable> All = [Image, OldImage, FileArchive, Actor, Comment, ImageCommentTemp, User, File, FileRevision, FileTypes];

    /// <summary>Columns that others are found by: kept as numbers, so that <c>'7'</c>, <c>7</c> and the bytes of either are equal.</summary>
    internal static bool IsNumber(string column) =>
        column.EndsWith("_id", StringComparison.Ordinal) || column.EndsWith("_actor", StringComparison.Ordinal) || column.EndsWith("_user", StringComparison.Ordinal)
        || column is "fr_file" or "file_latest" or "file_type" or "file_deleted";

    /// <summary>For each of a source's columns the place in <see cref="Columns"/>, or -1.</summary>
    internal int[] PlacesOf(IReadOnlyList<string> columns) =>
        [.. columns.Select(column => Array.FindIndex(Columns, known => known.Equals(column, StringComparison.OrdinalIgnoreCase)))];

    /// <summary>Whether a source's columns are those of this table.</summary>
    internal bool Fits(IReadOnlyList<string> columns) => columns.Contains(Needed, StringComparer.OrdinalIgnoreCase);
}
