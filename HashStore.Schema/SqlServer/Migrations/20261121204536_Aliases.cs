using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace HashStore.Schema.SqlServer.Migrations
{
    public partial class Aliases : Migration
    {
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "ledger_kept_hash",
                table: "ledger");

            migrationBuilder.AddColumn<int>(
                name: "store_from_bits",
                table: "store",
                type: "int",
                nullable: true);

            migrationBuilder.CreateTable(
                name: "alias",
                columns: table => new
                {
                    alias_key = table.Column<byte[]>(type: "varbinary(64)", maxLength: 64, nullable: false),
                    alias_hash = table.Column<byte[]>(type: "varbinary(64)", maxLength: 64, nullable: false),
                    alias_state = table.Column<byte>(type: "tinyint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_alias", x => x.alias_key);
                });

            migrationBuilder.CreateIndex(
                name: "ledger_hash",
                table: "ledger",
                column: "ledger_hash",
                filter: "\"ledger_hash\" IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "alias_hash",
                table: "alias",
                column: "alias_hash");

            migrationBuilder.CreateIndex(
                name: "alias_pending",
                table: "alias",
                column: "alias_state",
                filter: "\"alias_state\" = 0");
        }

        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "alias");

            migrationBuilder.DropIndex(
                name: "ledger_hash",
                table: "ledger");

            migrationBuilder.DropColumn(
                name: "store_from_bits",
                table: "store");

            migrationBuilder.CreateIndex(
                name: "ledger_kept_hash",
                table: "ledger",
                column: "ledger_hash",
                filter: "\"ledger_state\" = 3");
        }
    }
}
