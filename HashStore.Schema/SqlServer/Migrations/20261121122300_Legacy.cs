using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace HashStore.Schema.SqlServer.Migrations
{
    public partial class Legacy : Migration
    {
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "ledger",
                columns: table => new
                {
                    ledger_id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("SqlServer:Identity", "1, 1"),
                    ledger_path = table.Column<string>(type: "nvarchar(800)", maxLength: 800, nullable: false, collation: "Latin1_General_100_BIN2"),
                    ledger_name_hash = table.Column<long>(type: "bigint", nullable: false),
                    ledger_kind = table.Column<byte>(type: "tinyint", nullable: false),
                    ledger_state = table.Column<byte>(type: "tinyint", nullable: false),
                    ledger_status = table.Column<byte>(type: "tinyint", nullable: false),
                    ledger_run = table.Column<long>(type: "bigint", nullable: false),
                    ledger_device = table.Column<long>(type: "bigint", nullable: false),
                    ledger_inode = table.Column<long>(type: "bigint", nullable: false),
                    ledger_link_count = table.Column<int>(type: "int", nullable: false),
                    ledger_size = table.Column<long>(type: "bigint", nullable: false),
                    ledger_modified = table.Column<long>(type: "bigint", nullable: false),
                    ledger_accessed = table.Column<long>(type: "bigint", nullable: false),
                    ledger_mode = table.Column<int>(type: "int", nullable: false),
                    ledger_owner = table.Column<long>(type: "bigint", nullable: false),
                    ledger_group = table.Column<long>(type: "bigint", nullable: false),
                    ledger_xattrs = table.Column<byte[]>(type: "varbinary(max)", nullable: true),
                    ledger_hash = table.Column<byte[]>(type: "varbinary(64)", maxLength: 64, nullable: true),
                    ledger_sha256 = table.Column<byte[]>(type: "varbinary(32)", maxLength: 32, nullable: true),
                    ledger_upload_id = table.Column<long>(type: "bigint", nullable: true),
                    ledger_place = table.Column<string>(type: "nvarchar(800)", maxLength: 800, nullable: true),
                    ledger_detail = table.Column<string>(type: "nvarchar(max)", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_ledger", x => x.ledger_id);
                });

            migrationBuilder.CreateTable(
                name: "legacy",
                columns: table => new
                {
                    legacy_id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("SqlServer:Identity", "1, 1"),
                    legacy_prefix = table.Column<string>(type: "nvarchar(64)", maxLength: 64, nullable: false),
                    legacy_kind = table.Column<byte>(type: "tinyint", nullable: false),
                    legacy_name = table.Column<string>(type: "nvarchar(255)", maxLength: 255, nullable: false, collation: "Latin1_General_100_BIN2"),
                    legacy_name_hash = table.Column<long>(type: "bigint", nullable: false),
                    legacy_file_hash = table.Column<long>(type: "bigint", nullable: false),
                    legacy_identity = table.Column<long>(type: "bigint", nullable: false),
                    legacy_fingerprint = table.Column<long>(type: "bigint", nullable: false),
                    legacy_import = table.Column<long>(type: "bigint", nullable: false),
                    legacy_state = table.Column<byte>(type: "tinyint", nullable: false),
                    legacy_upload_id = table.Column<long>(type: "bigint", nullable: true),
                    legacy_archive_name = table.Column<string>(type: "nvarchar(255)", maxLength: 255, nullable: true, collation: "Latin1_General_100_BIN2"),
                    legacy_storage_key = table.Column<string>(type: "nvarchar(255)", maxLength: 255, nullable: true, collation: "Latin1_General_100_BIN2"),
                    legacy_size = table.Column<long>(type: "bigint", nullable: true),
                    legacy_width = table.Column<int>(type: "int", nullable: true),
                    legacy_height = table.Column<int>(type: "int", nullable: true),
                    legacy_bits = table.Column<int>(type: "int", nullable: true),
                    legacy_media_type = table.Column<string>(type: "varchar(32)", unicode: false, maxLength: 32, nullable: true),
                    legacy_mime_major = table.Column<string>(type: "varchar(32)", unicode: false, maxLength: 32, nullable: true),
                    legacy_mime_minor = table.Column<string>(type: "varchar(100)", unicode: false, maxLength: 100, nullable: true),
                    legacy_sha1 = table.Column<byte[]>(type: "varbinary(20)", maxLength: 20, nullable: true),
                    legacy_timestamp = table.Column<DateTime>(type: "datetime2(3)", precision: 3, nullable: true),
                    legacy_user_id = table.Column<long>(type: "bigint", nullable: true),
                    legacy_user_text = table.Column<string>(type: "nvarchar(255)", maxLength: 255, nullable: false),
                    legacy_description = table.Column<string>(type: "nvarchar(max)", nullable: false),
                    legacy_deleted = table.Column<short>(type: "smallint", nullable: false),
                    legacy_deletion_user_text = table.Column<string>(type: "nvarchar(255)", maxLength: 255, nullable: true),
                    legacy_deletion_timestamp = table.Column<DateTime>(type: "datetime2(3)", precision: 3, nullable: true),
                    legacy_deletion_reason = table.Column<string>(type: "nvarchar(max)", nullable: true),
                    legacy_metadata = table.Column<string>(type: "nvarchar(max)", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_legacy", x => x.legacy_id);
                });

            migrationBuilder.CreateIndex(
                name: "ledger_kept_hash",
                table: "ledger",
                column: "ledger_hash",
                filter: "\"ledger_state\" = 3");

            migrationBuilder.CreateIndex(
                name: "ledger_name_hash",
                table: "ledger",
                columns: new[] { "ledger_name_hash", "ledger_state" });

            migrationBuilder.CreateIndex(
                name: "ledger_path",
                table: "ledger",
                column: "ledger_path",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ledger_upload_id",
                table: "ledger",
                column: "ledger_upload_id",
                filter: "\"ledger_upload_id\" IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "legacy_file_hash",
                table: "legacy",
                column: "legacy_file_hash",
                filter: "\"legacy_kind\" <> 0");

            migrationBuilder.CreateIndex(
                name: "legacy_name_hash",
                table: "legacy",
                columns: new[] { "legacy_name_hash", "legacy_state" });
        }

        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "ledger");

            migrationBuilder.DropTable(
                name: "legacy");
        }
    }
}
