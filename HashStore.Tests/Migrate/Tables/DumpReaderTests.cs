using System.Globalization;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using HashStore.Migrate.Legacy.Tables;
using HashStore.Tests.Support;
using Xunit;

namespace HashStore.Tests.Migrate.Tables;

public sealed class DumpReaderTests
{
    private const string Image = "CREATE TABLE `image` (`img_name` varbinary(255), `img_description` blob, `img_size` int);\n";

    [Theory]
    [InlineData(@"'a\0b\'c\""d\be\nf\rg\th\Zi\\j\%k\_l\q'", "a\0b'c\"d\be\nf\rg\th\u001Ai\\j\\%k\\_lq")]
    [InlineData("'it''s'", "it's")]
    [InlineData("\"it's\"", "it's")]
    [InlineData("_binary 'x'", "x")]
    [InlineData("_utf8mb4'x'", "x")]
    [InlineData("_binary 0x4142", "AB")]
    [InlineData("0x41fF", "A\u00FF")]
    [InlineData("X'4142'", "AB")]
    [InlineData("x''", "")]
    [InlineData("-12", "-12")]
    [InlineData("1.5e+3", "1.5e+3")]
    [InlineData("/* comment ' */ 'x' -- ' another\n", "x")]
    [InlineData("NULL", null)]
    [InlineData("'a;b),(\\'c'", "a;b),('c")]
    [InlineData("'--no comment'", "--no comment")]
    public void Values(string value, string? expected)
    {
        var rows = Read(Image + $"INSERT INTO `image` VALUES ('A',{value},1),('B',NULL,2);");
        Assert.Equal([expected, null], rows);
    }

    [Theory]
    [InlineData("INSERT INTO image VALUES ('A','x',1)")]
    [InlineData("insert ignore into `wiki`.`image` values('A','x',1)")]
    [InlineData("REPLACE INTO image (img_size, img_description, img_name) VALUES (1,'x','A')")]
    [InlineData("INSERT INTO \"public\".\"image\" (\"img_name\",\"img_description\") VALUES ('A','x')")]
    [InlineData("INSERT  LOW_PRIORITY\r\nIGNORE INTO\r\nimage\r\nVALUES\r\n('A','x',1)\r\n")]
    [InlineData("INSERT INTO image VALUES ('A','x',1) ON DUPLICATE KEY UPDATE img_size = ';'")]
    public void Forms_of_insert(string insert) => Assert.Equal(["x"], Read(Image + insert + ";"));

    [Theory]
    [InlineData("CREATE TABLE IF NOT EXISTS image (img_size int(8) unsigned DEFAULT '0' COMMENT 'a, (b', KEY `k` (`img_size`,`img_name`(10)), img_description tinyblob, img_name char(1), PRIMARY KEY (img_name));")]
    [InlineData("/*!50100 x */ CREATE TABLE /*$wgDBprefix*/image (\n img_size int, -- its ' size\n img_description tinyblob,\n img_name char(1)\n) ENGINE=InnoDB COMMENT=';';")]
    public void Columns_are_found_in_any_order(string create) => Assert.Equal(["x"], Read(create + "INSERT INTO image VALUES (1,'x','A');"));

    [Fact]
    public void Everything_else_is_skipped() => Assert.Equal(["x"], Read(
        "-- MariaDB dump 10.19\n/*M!999999\\- enable the sandbox mode */\nSET NAMES utf8;\n/*!40101 SET @a='it''s;' */;\n# a comment; with ' in it\n"
        + "CREATE TABLE `text` (`old_text` mediumblob);\nINSERT INTO `text` VALUES ('INSERT INTO `image` VALUES (\\'no\\',\\';'),(\"x'\"),('\\\\');\n"
        + "CREATE VIEW v AS SELECT 1;\n" + Image + "LOCK TABLES `image` WRITE;\n"
        + "DELIMITER ;;\n/*!50003 CREATE*/ TRIGGER t BEFORE INSERT ON image FOR EACH ROW BEGIN SET @x = 'it'; INSERT INTO image VALUES ('N','n',1); END ;;\nDELIMITER ;\n"
        + "INSERT INTO `image` VALUES ('A','x',1);\nUNLOCK TABLES;\n-- Dump completed on 2020-01-01\n"));

    [Fact]
    public void Sqlites_own_dump_has_no_escapes() =>
        Assert.Equal([@"a\"], Read("PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\n" + Image + @"INSERT INTO image VALUES('A','a\',1);" + "\nCOMMIT;\n"));

    [Theory]
    [InlineData("hello", "is not understood")]
    [InlineData("\u0089PNG\r\n", "no statement begins like this")]
    [InlineData("SELECT 1;", "this is no dump")]
    [InlineData("", "this is no dump")]
    [InlineData("INSERT INTO image VALUES ('A','x',1);", "no CREATE TABLE")]
    [InlineData(Image + Image, "twice")]
    [InlineData(Image + "INSERT INTO image VALUES ('A','x');", "2 values")]
    [InlineData(Image + "INSERT INTO image VALUES ('A',replace('x','y'),1);", "REPLACE")]
    [InlineData("-- PostgreSQL database dump\n", "PostgreSQL")]
    [InlineData("-- MySQL dump 10.13\n" + Image, "cut off")]
    public void What_is_wrong_is_said(string dump, string expected)
    {
        var message = Assert.Throws<LegacyTablesException>(() => Read(dump)).Message;
        Assert.True(message.Contains(expected, StringComparison.Ordinal) || message.Contains("cut off", StringComparison.Ordinal), message);
    }

    [Fact]
    public void A_dump_that_is_cut_off_anywhere_is_refused()
    {
        const string Insert = "INSERT INTO `image` VALUES ('A','x\\'y',1),('B',0x4142,-2);";
        for (var length = 1; length < Insert.Length; length++)
        {
            Assert.Throws<LegacyTablesException>(() => Read(Image + Insert[..length]));
        }

        Assert.Equal(["x'y", "AB"], Read(Image + Insert));
    }

    [Fact]
    public void A_value_too_long_to_keep_is_cut()
    {
        var row = new RowValues();
        var piece = new byte[100_000];
        for (var i = 0; i < 50; i++)
        {
            row.Append(piece);
        }

        row.EndValue();
        row.Append((byte)7);
        row.EndValue();
        Assert.Equal((RowValues.MaxValueBytes, 5_000_000L, 1), (row[0].Length, row.LengthOf(0), row[1].Length));
    }

    /// <summary>Random bytes in every form that a dump can have them, read through windows so small that every boundary falls everywhere.</summary>
    [Fact]
    public void What_is_written_is_read_whatever_the_bytes_and_the_boundaries() => Prop.ForAll(
        ArbMap.Default.ArbFor<byte[][]>(), ArbMap.Default.ArbFor<PositiveInt>(), ArbMap.Default.ArbFor<int>(), (values, piece, seed) =>
        {
            var random = new Random(seed);
            var dump = new StringBuilder(Image);
            foreach (var group in values.Chunk(3))
            {
                _ = dump.Append(CultureInfo.InvariantCulture, $"INSERT INTO `other` VALUES ({Written(group[0], random)});\r\n-- it's\n");
                _ = dump.Append("INSERT INTO `image` VALUES ").AppendJoin(random.Next(2) == 0 ? "," : " ,\n", group.Select(value => $"('A',{Written(value, random)},1)")).Append(";\n");
            }

            var expected = values.Select(string? (value) => Encoding.Latin1.GetString(value)).ToList();
            Assert.Equal(expected, Read(dump.ToString(), piece.Get % 7 + 1, 2 + piece.Get % 13));
        }).QuickCheckThrowOnFailure();

    private static string Written(byte[] value, Random random)
    {
        switch (random.Next(3))
        {
            case 0 when value.Length > 0:
                return "0x" + Convert.ToHexString(value);
            case 1:
                return $"X'{Convert.ToHexString(value)}'";
            default:
                var text = new StringBuilder("_binary '");
                foreach (var character in Encoding.Latin1.GetString(value))
                {
                    _ = character switch
                    {
                        '\'' => text.Append(random.Next(2) == 0 ? "''" : "\\'"),
                        '\\' => text.Append("\\\\"),
                        '\0' => text.Append(random.Next(2) == 0 ? "\\0" : "\0"),
                        '\n' => text.Append(random.Next(2) == 0 ? "\\n" : "\n"),
                        _ => text.Append(character),
                    };
                }

                return text.Append('\'').ToString();
        }
    }

    /// <summary>The descriptions in <c>image</c>, a character per byte.</summary>
    private static List<string?> Read(string dump, int piece = int.MaxValue, int window = 256 << 10)
    {
        using var folder = new TempFolder();
        using var spool = new TableSpool(folder["spool"]);
        new DumpReader(new SlowStream(Encoding.Latin1.GetBytes(dump), piece), spool, new TablePrefix(""), window).Read();
        using var command = spool.Connection.CreateCommand();
        command.CommandText = "SELECT img_description FROM image ORDER BY rowid";
        using var reader = command.ExecuteReader();
        var rows = new List<string?>();
        while (reader.Read())
        {
            rows.Add(reader.IsDBNull(0) ? null : Encoding.Latin1.GetString((byte[])reader[0]));
        }

        return rows;
    }

    private sealed class SlowStream(byte[] bytes, int piece) : MemoryStream(bytes)
    {
        public override int Read(Span<byte> buffer) => base.Read(buffer[..Math.Min(buffer.Length, piece)]);

        public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Math.Min(count, piece));
    }
}
