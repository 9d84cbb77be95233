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
    public const int NameLength = 255;

    /// <summary>Table <c>file</c>.</summary>
    public DbSet<FileRow> Files => Set<FileRow>();

    /// <summary>Table <c>upload</c>.</summary>
    public DbSet<UploadRow> Uploads => Set<UploadRow>();

    /// <summary>Table <c>filename</c>.</summary>
    public DbSet<FilenameRow> Filenames => Set<FilenameRow>();

    /// <summary>Table <c>legacy</c>.</summary>
    public DbSet<LegacyRow> Legacy => Set<LegacyRow>();

    /// <summary>Table <c>ledger</c>.</summary>
    public DbSet<LedgerRow> Ledger => Set<LedgerRow>();

    /// <summary>Table <c>lease</c>.</summary>
    public DbSet<LeaseRow> Leases => Set<LeaseRow>();

    /// <summary>Table <c>alias</c>.</summary>
    public DbSet<AliasRow> Aliases => Set<AliasRow>();

    /// <summary>Table <c>store</c>.</summary>
    public DbSet<StoreRow> Stores => Set<StoreRow>();

    /// <summary>
    /// The longest legacy path in characters. A thumbnail of an archived version has two names of 255 bytes and some directories; SQL Server's keys end at 1,700 bytes.
    /// </summary>
    public const int PathLength = 800;

    /// <summary>Characters in the name of a lease's holder.</summary>
    internal const int HolderLength = 120;

    /// <summary>Asked when this is disposed: true keeps it for somebody else. Null: nobody keeps it.</summary>
    public Func<HashStoreContext, bool>? Keeper { get; set; }

    /// <inheritdoc/>
    public override void Dispose()
    {
        if (Keeper?.Invoke(this) != true)
        {
            base.Dispose();
            GC.SuppressFinalize(this);
        }
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        if (Keeper?.Invoke(this) != true)
        {
            await base.DisposeAsync();
            GC.SuppressFinalize(this);
        }
    }

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
            store.Property(row => row.FromBits).HasColumnName("store_from_bits");
        });

        modelBuilder.Entity<AliasRow>(alias =>
        {
            alias.ToTable("alias");
            alias.HasKey(row => row.Key);
            alias.Property(row => row.Key).HasColumnName("alias_key").HasMaxLength(HashBytes.Capacity);
            alias.Property(row => row.Hash).HasColumnName("alias_hash").HasMaxLength(HashBytes.Capacity);
            alias.Property(row => row.State).HasColumnName("alias_state");
            alias.HasIndex(row => row.Hash).HasDatabaseName("alias_hash");
            alias.HasIndex(row => row.State).HasDatabaseName("alias_pending").HasFilter("\"alias_state\" = 0");
        });

        BuildLegacy(modelBuilder, utc);
    }

    private void BuildLegacy(ModelBuilder modelBuilder, ValueConverter<DateTime, DateTime> utc)
    {
        modelBuilder.Entity<LegacyRow>(legacy =>
        {
            legacy.ToTable("legacy");
            legacy.HasKey(row => row.Id);
            legacy.Property(row => row.Id).HasColumnName("legacy_id");
            legacy.Property(row => row.Prefix).HasColumnName("legacy_prefix").HasMaxLength(64);
            legacy.Property(row => row.Kind).HasColumnName("legacy_kind");
            legacy.Property(row => row.Name).HasColumnName("legacy_name").HasMaxLength(NameLength).UseCollation(BytewiseCollation);
            legacy.Property(row => row.NameHash).HasColumnName("legacy_name_hash");
            legacy.Property(row => row.FileHash).HasColumnName("legacy_file_hash");
            legacy.Property(row => row.Identity).HasColumnName("legacy_identity");
            legacy.Property(row => row.Fingerprint).HasColumnName("legacy_fingerprint");
            legacy.Property(row => row.Import).HasColumnName("legacy_import");
            legacy.Property(row => row.State).HasColumnName("legacy_state");
            legacy.Property(row => row.UploadId).HasColumnName("legacy_upload_id");
            legacy.Property(row => row.ArchiveName).HasColumnName("legacy_archive_name").HasMaxLength(NameLength).UseCollation(BytewiseCollation);
            legacy.Property(row => row.StorageKey).HasColumnName("legacy_storage_key").HasMaxLength(NameLength).UseCollation(BytewiseCollation);
            legacy.Property(row => row.Size).HasColumnName("legacy_size");
            legacy.Property(row => row.Width).HasColumnName("legacy_width");
            legacy.Property(row => row.Height).HasColumnName("legacy_height");
            legacy.Property(row => row.Bits).HasColumnName("legacy_bits");
            legacy.Property(row => row.MediaType).HasColumnName("legacy_media_type").HasMaxLength(32).IsUnicode(false);
            legacy.Property(row => row.MimeMajor).HasColumnName("legacy_mime_major").HasMaxLength(32).IsUnicode(false);
            legacy.Property(row => row.MimeMinor).HasColumnName("legacy_mime_minor").HasMaxLength(100).IsUnicode(false);
            legacy.Property(row => row.Sha1).HasColumnName("legacy_sha1").HasMaxLength(20);
            legacy.Property(row => row.Timestamp).HasColumnName("legacy_timestamp").HasConversion(utc).HasPrecision(3);
            legacy.Property(row => row.UserId).HasColumnName("legacy_user_id");
            legacy.Property(row => row.UserText).HasColumnName("legacy_user_text").HasMaxLength(NameLength);
            legacy.Property(row => row.Description).HasColumnName("legacy_description");
            legacy.Property(row => row.Deleted).HasColumnName("legacy_deleted");
            legacy.Property(row => row.DeletionUserText).HasColumnName("legacy_deletion_user_text").HasMaxLength(NameLength);
            legacy.Property(row => row.DeletionTimestamp).HasColumnName("legacy_deletion_timestamp").HasConversion(utc).HasPrecision(3);
            legacy.Property(row => row.DeletionReason).HasColumnName("legacy_deletion_reason");
            legacy.Property(row => row.Metadata).HasColumnName("legacy_metadata");
            legacy.HasIndex(row => new { row.NameHash, row.State }).HasDatabaseName("legacy_name_hash");

            // Only rows whose file lies below another name.
            legacy.HasIndex(row => row.FileHash).HasDatabaseName("legacy_file_hash").HasFilter("\"legacy_kind\" <> 0");
        });

        modelBuilder.Entity<LedgerRow>(ledger =>
        {
            ledger.ToTable("ledger");
            ledger.HasKey(row => row.Id);
            ledger.Property(row => row.Id).HasColumnName("ledger_id");
            ledger.Property(row => row.Path).HasColumnName("ledger_path").HasMaxLength(PathLength).UseCollation(BytewiseCollation);
            ledger.Property(row => row.NameHash).HasColumnName("ledger_name_hash");
            ledger.Property(row => row.Kind).HasColumnName("ledger_kind");
            ledger.Property(row => row.State).HasColumnName("ledger_state");
            ledger.Property(row => row.Status).HasColumnName("ledger_status");
            ledger.Property(row => row.Run).HasColumnName("ledger_run");
            ledger.Property(row => row.Device).HasColumnName("ledger_device");
            ledger.Property(row => row.Inode).HasColumnName("ledger_inode");
            ledger.Property(row => row.LinkCount).HasColumnName("ledger_link_count");
            ledger.Property(row => row.Size).HasColumnName("ledger_size");
            ledger.Property(row => row.Modified).HasColumnName("ledger_modified");
            ledger.Property(row => row.Accessed).HasColumnName("ledger_accessed");
            ledger.Property(row => row.Mode).HasColumnName("ledger_mode");
            ledger.Property(row => row.Owner).HasColumnName("ledger_owner");
            ledger.Property(row => row.Group).HasColumnName("ledger_group");
            ledger.Property(row => row.Xattrs).HasColumnName("ledger_xattrs");
            ledger.Property(row => row.Key).HasColumnName("ledger_hash").HasMaxLength(HashBytes.Capacity);
            ledger.Property(row => row.Sha256).HasColumnName("ledger_sha256").HasMaxLength(32);
            ledger.Property(row => row.UploadId).HasColumnName("ledger_upload_id");
            ledger.Property(row => row.Place).HasColumnName("ledger_place").HasMaxLength(PathLength);
            ledger.Property(row => row.Detail).HasColumnName("ledger_detail");
            ledger.HasIndex(row => row.Path).IsUnique().HasDatabaseName("ledger_path");
            ledger.HasIndex(row => new { row.NameHash, row.State }).HasDatabaseName("ledger_name_hash");

            // Undo asks whether hidden content lives on in files that stay although the store has it (the deleted zone), widening asks which paths speak of an object.
            ledger.HasIndex(row => row.Key).HasDatabaseName("ledger_hash").HasFilter("\"ledger_hash\" IS NOT NULL");
            ledger.HasIndex(row => row.UploadId).HasDatabaseName("ledger_upload_id").HasFilter("\"ledger_upload_id\" IS NOT NULL");
        });

        modelBuilder.Entity<LeaseRow>(lease =>
        {
            lease.ToTable("lease");
            lease.HasKey(row => row.Id);
            lease.Property(row => row.Id).HasColumnName("lease_id");
            lease.Property(row => row.Kind).HasColumnName("lease_kind");
            lease.Property(row => row.From).HasColumnName("lease_from");
            lease.Property(row => row.To).HasColumnName("lease_to");
            lease.Property(row => row.Holder).HasColumnName("lease_holder").HasMaxLength(HolderLength).IsUnicode(false);
            lease.Property(row => row.Expires).HasColumnName("lease_expires");
        });
    }
}
