using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace HashStore.Schema.SqlServer.Migrations
{
    public partial class Leases : Migration
    {
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "lease",
                columns: table => new
                {
                    lease_id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("SqlServer:Identity", "1, 1"),
                    lease_kind = table.Column<byte>(type: "tinyint", nullable: false),
                    lease_from = table.Column<long>(type: "bigint", nullable: false),
                    lease_to = table.Column<long>(type: "bigint", nullable: false),
                    lease_holder = table.Column<string>(type: "varchar(120)", unicode: false, maxLength: 120, nullable: false),
                    lease_expires = table.Column<long>(type: "bigint", nullable: false)
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
