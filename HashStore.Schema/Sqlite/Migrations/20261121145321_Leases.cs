using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace HashStore.Schema.Sqlite.Migrations
{
    public partial class Leases : Migration
    {
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "lease",
                columns: table => new
                {
                    lease_id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    lease_kind = table.Column<byte>(type: "INTEGER", nullable: false),
                    lease_from = table.Column<long>(type: "INTEGER", nullable: false),
                    lease_to = table.Column<long>(type: "INTEGER", nullable: false),
                    lease_holder = table.Column<string>(type: "TEXT", unicode: false, maxLength: 120, nullable: false),
                    lease_expires = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_lease", x => x.lease_id);
                });
        }

        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "lease");
        }
    }
}
