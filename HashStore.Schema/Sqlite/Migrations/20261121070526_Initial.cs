using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace HashStore.Schema.Sqlite.Migrations
{
    public partial class Initial : Migration
    {
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "file",
                columns: table => new
                {
                    file_hash = table.Column<byte[]>(type: "BLOB", maxLength: 64, nullable: false),
                    file_sha256 = table.Column<byte[]>(type: "BLOB", maxLength: 32, nullable: false),
                    file_digest = table.Column<byte[]>(type: "BLOB", maxLength: 64, nullable: true),
                    file_sha1 = table.Column<byte[]>(type: "BLOB", maxLength: 20, nullable: false),
                    file_size = table.Column<long>(type: "INTEGER", nullable: false),
                    file_width = table.Column<int>(type: "INTEGER", nullable: true),
                    file_height = table.Column<int>(type: "INTEGER", nullable: true),
                    file_bits = table.Column<int>(type: "INTEGER", nullable: true),
                    file_playtime = table.Column<long>(type: "INTEGER", nullable: true),
                    file_media_type = table.Column<string>(type: "TEXT", unicode: false, maxLength: 16, nullable: false),
                    file_mime_major = table.Column<string>(type: "TEXT", unicode: false, maxLength: 32, nullable: false),
                    file_mime_minor = table.Column<string>(type: "TEXT", unicode: false, maxLength: 100, nullable: false),
                    file_refcount = table.Column<long>(type: "INTEGER", nullable: false),
                    file_state = table.Column<byte>(type: "INTEGER", nullable: false),
                    file_touched = table.Column<DateTime>(type: "TEXT", precision: 3, nullable: false),
                    file_metadata = table.Column<string>(type: "TEXT", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_file", x => x.file_hash);
                });

            migrationBuilder.CreateTable(
                name: "filename",
                columns: table => new
                {
                    fn_id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    fn_name = table.Column<string>(type: "TEXT", maxLength: 255, nullable: false, collation: "BINARY"),
                    fn_latest = table.Column<long>(type: "INTEGER", nullable: true),
                    fn_deleted = table.Column<bool>(type: "INTEGER", nullable: false),
                    fn_redirect = table.Column<long>(type: "INTEGER", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_filename", x => x.fn_id);
                });

            migrationBuilder.CreateTable(
                name: "store",
                columns: table => new
                {
                    store_id = table.Column<int>(type: "INTEGER", nullable: false),
                    store_uuid = table.Column<Guid>(type: "TEXT", nullable: false),
                    store_generation = table.Column<long>(type: "INTEGER", nullable: false),
                    store_algorithm = table.Column<string>(type: "TEXT", unicode: false, maxLength: 16, nullable: false),
                    store_key_bits = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_store", x => x.store_id);
                });

            migrationBuilder.CreateTable(
                name: "upload",
                columns: table => new
                {
                    upload_id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    upload_name_id = table.Column<long>(type: "INTEGER", nullable: false),
                    upload_hash = table.Column<byte[]>(type: "BLOB", maxLength: 64, nullable: false),
                    upload_timestamp = table.Column<DateTime>(type: "TEXT", precision: 3, nullable: false),
                    upload_user = table.Column<long>(type: "INTEGER", nullable: true),
                    upload_user_text = table.Column<string>(type: "TEXT", maxLength: 255, nullable: false),
                    upload_description = table.Column<string>(type: "TEXT", nullable: false),
                    upload_deleted = table.Column<short>(type: "INTEGER", nullable: false),
                    upload_archive_name = table.Column<string>(type: "TEXT", maxLength: 255, nullable: true, collation: "BINARY"),
                    upload_deletion_user_text = table.Column<string>(type: "TEXT", maxLength: 255, nullable: true),
                    upload_deletion_timestamp = table.Column<DateTime>(type: "TEXT", precision: 3, nullable: true),
                    upload_deletion_reason = table.Column<string>(type: "TEXT", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_upload", x => x.upload_id);
                    table.ForeignKey(
                        name: "FK_upload_file_upload_hash",
                        column: x => x.upload_hash,
                        principalTable: "file",
                        principalColumn: "file_hash",
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "FK_upload_filename_upload_name_id",
                        column: x => x.upload_name_id,
                        principalTable: "filename",
                        principalColumn: "fn_id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateIndex(
                name: "file_sha1",
                table: "file",
                column: "file_sha1");

            migrationBuilder.CreateIndex(
                name: "file_sha256",
                table: "file",
                column: "file_sha256",
                filter: "\"file_digest\" IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "file_state",
                table: "file",
                column: "file_state",
                filter: "\"file_state\" IN (0, 2)");

            migrationBuilder.CreateIndex(
                name: "fn_name",
                table: "filename",
                column: "fn_name",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "fn_redirect",
                table: "filename",
                column: "fn_redirect",
                filter: "\"fn_redirect\" IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "upload_hash",
                table: "upload",
                column: "upload_hash");

            migrationBuilder.CreateIndex(
                name: "upload_name_timestamp",
                table: "upload",
                columns: new[] { "upload_name_id", "upload_timestamp" });
        }

        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "store");

            migrationBuilder.DropTable(
                name: "upload");

            migrationBuilder.DropTable(
                name: "file");

            migrationBuilder.DropTable(
                name: "filename");
        }
    }
}
