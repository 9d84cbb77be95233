namespace HashStore.Migrate.Legacy.Tables;

/// <summary>
/// How versions are read from a <see cref="TableSpool"/>. Every query gives the columns of <see cref="VersionColumn"/>. An actor or comment that is 0 or not there falls back to what the row
/// itself holds, as half-migrated wikis need.
/// </summary>
internal static class SpoolQueries
{
    internal const string Current =
        $"""
        SELECT NULL, v.img_name, NULL, NULL, v.img_size, v.img_width, v.img_height, v.img_bits, v.img_media_type, v.img_major_mime, v.img_minor_mime, v.img_sha1, v.img_timestamp,
            CASE WHEN a.actor_id IS NULL THEN v.img_user ELSE a.actor_user END, COALESCE(a.actor_name, v.img_user_text),
            COALESCE(c.comment_text, tc.comment_text, v.img_description), NULL, NULL, NULL, NULL, v.img_metadata, 0
        FROM "image" v
        LEFT JOIN "actor" a ON a.actor_id = v.img_actor
        LEFT JOIN "comment" c ON c.comment_id = v.img_description_id
        LEFT JOIN "image_comment_temp" t ON t.imgcomment_name = v.img_name
        LEFT JOIN "comment" tc ON tc.comment_id = t.imgcomment_description_id
        ORDER BY legacy_hash(v.img_name)
        """;

    internal const string Old =
        """
        SELECT NULL, v.oi_name, v.oi_archive_name, NULL, v.oi_size, v.oi_width, v.oi_height, v.oi_bits, v.oi_media_type, v.oi_major_mime, v.oi_minor_mime, v.oi_sha1, v.oi_timestamp,
            CASE WHEN a.actor_id IS NULL THEN v.oi_user ELSE a.actor_user END, COALESCE(a.actor_name, v.oi_user_text),
            COALESCE(c.comment_text, v.oi_description), v.oi_deleted, NULL, NULL, NULL, v.oi_metadata, 1
        FROM "oldimage" v
        LEFT JOIN "actor" a ON a.actor_id = v.oi_actor
        LEFT JOIN "comment" c ON c.comment_id = v.oi_description_id
        ORDER BY legacy_hash(v.oi_name)
        """;

    /// <summary>Who deleted is a user's number in every schema.</summary>
    internal const string Deleted =
        """
        SELECT v.fa_id, v.fa_name, v.fa_archive_name, v.fa_storage_key, v.fa_size, v.fa_width, v.fa_height, v.fa_bits, v.fa_media_type, v.fa_major_mime, v.fa_minor_mime, v.fa_sha1,
            v.fa_timestamp, CASE WHEN a.actor_id IS NULL THEN v.fa_user ELSE a.actor_user END, COALESCE(a.actor_name, v.fa_user_text),
            COALESCE(c.comment_text, v.fa_description), v.fa_deleted,
            COALESCE((SELECT d.actor_name FROM "actor" d WHERE d.actor_user = v.fa_deleted_user), u.user_name, '#' || NULLIF(v.fa_deleted_user, 0)),
            v.fa_deleted_timestamp, COALESCE(r.comment_text, v.fa_deleted_reason), v.fa_metadata, 2
        FROM "filearchive" v
        LEFT JOIN "actor" a ON a.actor_id = v.fa_actor
        LEFT JOIN "comment" c ON c.comment_id = v.fa_description_id
        LEFT JOIN "user" u ON u.user_id = v.fa_deleted_user
        LEFT JOIN "comment" r ON r.comment_id = v.fa_deleted_reason_id
        ORDER BY legacy_hash(v.fa_name)
        """;

    /// <summary>MediaWiki 1.44 and later: the current revisions.</summary>
    internal const string CurrentRevisions = $"{Revisions} WHERE f.file_deleted = 0 AND v.fr_id = f.file_latest {ByFile}";

    /// <summary>MediaWiki 1.44 and later: the others.</summary>
    internal const string OldRevisions = $"{Revisions} WHERE f.file_deleted = 0 AND v.fr_id <> f.file_latest {ByFile}";

    /// <summary>MediaWiki 1.44 and later: all revisions of deleted files.</summary>
    internal const string DeletedRevisions = $"{Revisions} WHERE f.file_deleted <> 0 {ByFile}";

    /// <summary>Revisions whose file is not there: nobody can say what they are versions of.</summary>
    internal const string LostRevisions = """SELECT v.fr_id, v.fr_file FROM "filerevision" v WHERE NOT EXISTS (SELECT 1 FROM "file" f WHERE f.file_id = v.fr_file)""";

    /// <summary>The number is that of a deleted revision only: migrateFileTables.php may number the others anew.</summary>
    private const string Revisions =
        """
        SELECT CASE WHEN f.file_deleted <> 0 THEN v.fr_id END, f.file_name, v.fr_archive_name, NULL, v.fr_size, v.fr_width, v.fr_height, v.fr_bits, t.ft_media_type, t.ft_major_mime,
            t.ft_minor_mime, v.fr_sha1, v.fr_timestamp, a.actor_user, a.actor_name, c.comment_text, v.fr_deleted, NULL, NULL, NULL, v.fr_metadata,
            CASE WHEN f.file_deleted <> 0 THEN 2 WHEN v.fr_id = f.file_latest THEN 0 ELSE 1 END
        FROM "file" f
        CROSS JOIN "filerevision" v ON v.fr_file = f.file_id
        LEFT JOIN "filetypes" t ON t.ft_id = f.file_type
        LEFT JOIN "actor" a ON a.actor_id = v.fr_actor
        LEFT JOIN "comment" c ON c.comment_id = v.fr_description_id
        """;

    private const string ByFile = "ORDER BY legacy_hash(f.file_name)";
}

/// <summary>The columns of the queries, in their order.</summary>
internal enum VersionColumn
{
    Number,
    Name,
    ArchiveName,
    StorageKey,
    Size,
    Width,
    Height,
    Bits,
    MediaType,
    MimeMajor,
    MimeMinor,
    Sha1,
    Timestamp,
    UserId,
    UserText,
    Description,
    Deleted,
    DeletionUserText,
    DeletionTimestamp,
    DeletionReason,
    Metadata,
    Kind,
}
