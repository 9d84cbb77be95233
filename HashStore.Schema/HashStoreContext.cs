using HashStore.Schema.Tables;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace HashStore.Schema;

/// <summary>
/// The tables, the same on every database; a small context type per provider adds collations and column types, and owns its migrations.
/// Column names follow the 2005 MediaWiki proposal, prefixes included.
/// </summary>
public abstract class HashStoreContext(DbContextOptions options) : DbContext(options)
{
    /// <summary>The longest name or archive name in characters (MediaWiki: 255 bytes).</summary>
    internal const int NameLength = 255;

    /// <summary>Table <c>file</c>.</summary>
    public DbSet<FileRow> Files => Set<FileRow>();

    /// <summary>Table <c>upload</c>.</summary>
    public DbSet<UploadRow> Uploads => Set<UploadRow>();

    /// <summary>Table <c>filename</c>.</summary>
    public DbSet<FilenameRow> Filenames => Set<FilenameRow>();

    /// <summary>Table <c>store</c>.</summary>
    public DbSet<StoreRow> Stores => Set<StoreRow>();

    /// <summary>The collation that compares text byte by byte (code unit by code unit) on this database.</summary>
    protected abstract string BytewiseCollation { get; }

    /// <inheritdoc/>
    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        ArgumentNullException.ThrowIfNull(modelBuilder);
        var utc = new ValueConverter<DateTime, DateTime>(value => value, value => DateTime.SpecifyKind(value, DateTimeKind.Utc));

        modelBuilder.Entity<FileRow>(file =>
        {
            file.ToTable("file");
            file.HasKey(row => row.Hash);
            file.Property(row => row.Hash).HasColumnName("file_hash").HasMaxLength(HashBytes.Capacity);
            file.Property(row => row.Sha256).HasColumnName("file_sha256").HasMaxLength(32);
            file.Property(row => row.Digest).HasColumnName("file_digest").HasMaxLength(HashBytes.Capacity);
            file.Property(row => row.Sha1).HasColumnName("file_sha1").HasMaxLength(20);
            file.Property(row => row.Size).HasColumnName("file_size");
            file.Property(row => row.Width).HasColumnName("file_width");
            file.Property(row => row.Height).HasColumnName("file_height");
            file.Property(row => row.Bits).HasColumnName("file_bits");
            file.Property(row => row.Playtime).HasColumnName("file_playtime");
            file.Property(row => row.MediaType).HasColumnName("file_media_type").HasMaxLength(16).IsUnicode(false);
            file.Property(row => row.MimeMajor).HasColumnName("file_mime_major").HasMaxLength(32).IsUnicode(false);
            file.Property(row => row.MimeMinor).HasColumnName("file_mime_minor").HasMaxLength(100).IsUnicode(false);
            file.Property(row => row.RefCount).HasColumnName("file_refcount");
            file.Property(row => row.State).HasColumnName("file_state");
            file.Property(row => row.Touched).HasColumnName("file_touched").HasConversion(utc).HasPrecision(3);
            file.Property(row => row.Metadata).HasColumnName("file_metadata");
            file.HasIndex(row => row.Sha1).HasDatabaseName("file_sha1");

            // Where the store's algorithm is SHA-256 (then file_digest is null) the key is the beginning of it, and the primary key finds it.
            file.HasIndex(row => row.Sha256).HasDatabaseName("file_sha256").HasFilter("\"file_digest\" IS NOT NULL");

            // Only what is on its way (claimed, collecting): opening a store looks there for work that a dead process left, and it is nearly empty.
            file.HasIndex(row => row.State).HasDatabaseName("file_state").HasFilter("\"file_state\" IN (0, 2)");
        });

        modelBuilder.Entity<UploadRow>(upload =>
        {
            upload.ToTable("upload");
            upload.HasKey(row => row.Id);
            upload.Property(row => row.Id).HasColumnName("upload_id");
            upload.Property(row => row.NameId).HasColumnName("upload_name_id");
            upload.Property(row => row.Hash).HasColumnName("upload_hash").HasMaxLength(HashBytes.Capacity);
            upload.Property(row => row.Timestamp).HasColumnName("upload_timestamp").HasConversion(utc).HasPrecision(3);
            upload.Property(row => row.User).HasColumnName("upload_user");
            upload.Property(row => row.UserText).HasColumnName("upload_user_text").HasMaxLength(NameLength);
            upload.Property(row => row.Description).HasColumnName("upload_description");
            upload.Property(row => row.Deleted).HasColumnName("upload_deleted");
            upload.Property(row => row.ArchiveName).HasColumnName("upload_archive_name").HasMaxLength(NameLength).UseCollation(BytewiseCollation);
            upload.Property(row => row.DeletionUserText).HasColumnName("upload_deletion_user_text").HasMaxLength(NameLength);
            upload.Property(row => row.DeletionTimestamp).HasColumnName("upload_deletion_timestamp").HasConversion(utc).HasPrecision(3);
            upload.Property(row => row.DeletionReason).HasColumnName("upload_deletion_reason");
            upload.HasIndex(row => new { row.NameId, row.Timestamp }).HasDatabaseName("upload_name_timestamp");
            upload.HasIndex(row => row.Hash).HasDatabaseName("upload_hash");
            upload.HasOne<FileRow>().WithMany().HasForeignKey(row => row.Hash).OnDelete(DeleteBehavior.Restrict);
            upload.HasOne<FilenameRow>().WithMany().HasForeignKey(row => row.NameId).OnDelete(DeleteBehavior.Restrict);
        });

        modelBuilder.Entity<FilenameRow>(name =>
        {
            name.ToTable("filename");
            name.HasKey(row => row.Id);
            name.Property(row => row.Id).HasColumnName("fn_id");
            name.Property(row => row.Name).HasColumnName("fn_name").HasMaxLength(NameLength).UseCollation(BytewiseCollation);
            name.Property(row => row.Latest).HasColumnName("fn_latest");
            name.Property(row => row.Deleted).HasColumnName("fn_deleted");
            name.Property(row => row.Redirect).HasColumnName("fn_redirect");
            name.HasIndex(row => row.Name).IsUnique().HasDatabaseName("fn_name");
            name.HasIndex(row => row.Redirect).HasDatabaseName("fn_redirect").HasFilter("\"fn_redirect\" IS NOT NULL");
        });

        modelBuilder.Entity<StoreRow>(store =>
        {
            store.ToTable("store");
            store.HasKey(row => row.Id);
            store.Property(row => row.Id).HasColumnName("store_id").ValueGeneratedNever();
            store.Property(row => row.Uuid).HasColumnName("store_uuid");
            store.Property(row => row.Generation).HasColumnName("store_generation");
            store.Property(row => row.Algorithm).HasColumnName("store_algorithm").HasMaxLength(16).IsUnicode(false);
            store.Property(row => row.KeyBits).HasColumnName("store_key_bits");
        });
    }
}
