using HashStore.Schema;
using HashStore.Schema.Tables;
using Xunit;

namespace HashStore.Tests.Migrate.Tables;

/// <summary>The tables of every schema of MediaWiki that differs in what is read.</summary>
public sealed class SchemaTests : IDisposable
{
    private const string Empty = "phoiac9h4m842xq45sp7s6u21eteeq1"; // the SHA-1 of nothing, in base 36

    private readonly TablesCase tables = new();

    [Fact]
    public async Task Version_1_4_has_text_only_and_names_twice()
    {
        var rows = await tables.ImportDumpAsync(
            """
            CREATE TABLE image (img_name varchar(255) binary NOT NULL default '', img_size int(8) unsigned NOT NULL default '0', img_description tinyblob NOT NULL,
              img_user int(5) unsigned NOT NULL default '0', img_user_text varchar(255) binary NOT NULL default '', img_timestamp char(14) binary NOT NULL default '', KEY img_size (img_size));
            INSERT INTO image VALUES ('A.jpg',12,'first',3,'Ann','20040102030405'),('A.jpg',12,'first',3,'Ann','20040102030405'),('A.jpg',13,'other',0,'10.0.0.1','20050102030405');
            CREATE TABLE oldimage (oi_name varchar(255), oi_archive_name varchar(255), oi_size int(8), oi_description tinyblob, oi_user int(5), oi_user_text varchar(255), oi_timestamp char(14));
            INSERT INTO oldimage VALUES ('A.jpg','',11,'older',3,'Ann','20030102030405');
            """);
        Assert.Equal([LegacyKind.Current, LegacyKind.Current, LegacyKind.Old], rows.Select(row => row.Kind));
        Assert.Equal(("A.jpg", 12L, "first", 3L, "Ann"), (rows[0].Name, rows[0].Size, rows[0].Description, rows[0].UserId, rows[0].UserText));
        Assert.Equal((null, "10.0.0.1"), (rows[1].UserId, rows[1].UserText));
        Assert.Equal((null, null, null, null, null), (rows[0].Width, rows[0].Sha1, rows[0].MimeMajor, rows[0].Metadata, rows[2].ArchiveName));
        Assert.Equal(new DateTime(2004, 1, 2, 3, 4, 5), rows[0].Timestamp);
    }

    [Fact]
    public async Task Version_1_12_has_hashes_and_filearchive()
    {
        var rows = await tables.ImportDumpAsync(
            $"""
            CREATE TABLE `oldimage` (`oi_name` varbinary(255), `oi_archive_name` varbinary(255), `oi_size` int, `oi_width` int, `oi_height` int, `oi_bits` int, `oi_description` tinyblob,
              `oi_user` int, `oi_user_text` varbinary(255), `oi_timestamp` binary(14), `oi_metadata` mediumblob, `oi_media_type` enum('UNKNOWN','BITMAP'), `oi_major_mime` enum('unknown','chemical'),
              `oi_minor_mime` varbinary(32), `oi_deleted` tinyint, `oi_sha1` varbinary(32));
            INSERT INTO `oldimage` VALUES ('New.tiff','20080101000000!Old.tiff',-2147483648,0,0,8,'d',1,'Ann','20070101000000','0',NULL,'chemical','x-pdb',1,'{Empty}'),
              ('New.tiff','no mark',5,1,1,8,'d',1,'Ann','00000000000000','',NULL,'unknown','unknown',14,'');
            CREATE TABLE `image` (`img_name` varbinary(255), `img_size` int, `img_sha1` varbinary(32), `img_metadata` mediumblob, `img_media_type` text);
            INSERT INTO `image` VALUES ('New.tiff',4294967297,'0{Empty}','a:1:{"{"}s:1:\"k\";i:1;{"}"}','3D');
            CREATE TABLE `filearchive` (`fa_id` int, `fa_name` varbinary(255), `fa_archive_name` varbinary(255), `fa_storage_group` varbinary(16), `fa_storage_key` varbinary(64), `fa_deleted_user` int,
              `fa_deleted_timestamp` binary(14), `fa_deleted_reason` text, `fa_size` int, `fa_user` int, `fa_user_text` varbinary(255), `fa_description` tinyblob, `fa_timestamp` binary(14), `fa_deleted` tinyint);
            INSERT INTO `filearchive` VALUES (1,'Gone.jpg',NULL,'deleted','{Empty}.jpg\0\0',7,'20090101000000','spam',9,1,'Ann','x','20080101000000',8),
              (2,'Gone.jpg','20080101000000!Gone.jpg','deleted','{Empty}.jpg',8,NULL,'',9,1,'Ann','x','20080101000000',0),
              (3,'Gone.jpg','','deleted','',0,'20090231000000',NULL,9,1,'Ann','x','20080101000000',0);
            CREATE TABLE `user` (`user_id` int, `user_name` varbinary(255), `user_password` tinyblob);
            INSERT INTO `user` VALUES (7,'Boss','secret');
            """);
        Assert.Equal(6, rows.Count);
        Assert.Equal((4294967297, "3D", """{"k":1}"""), (rows[0].Size, rows[0].MediaType, rows[0].Metadata));
        Assert.Equal("da39a3ee5e6b4b0d3255bfef95601890afd80709", Convert.ToHexStringLower(rows[0].Sha1!));

        // A hidden version: the bytes lie in the deleted zone under the name's extension, the archive stays its name.
        var hidden = rows[1];
        Assert.Equal(("20080101000000!Old.tiff", Empty + ".tif", HiddenParts.Content), (hidden.ArchiveName, hidden.StorageKey, hidden.Deleted));
        Assert.Equal((LegacyNames.HashOf("New.tiff"), LegacyNames.HashOf("Old.tiff")), (hidden.NameHash, hidden.FileHash));
        Assert.Equal((null, "chemical", "x-pdb"), (hidden.Size, hidden.MimeMajor, hidden.MimeMinor));

        var unmarked = rows[2];
        Assert.Equal(("no mark", null, LegacyNames.HashOf("no mark")), (unmarked.ArchiveName, unmarked.StorageKey, unmarked.FileHash));
        Assert.Equal((null, null, HiddenParts.Description | HiddenParts.User | HiddenParts.Restricted), (unmarked.Timestamp, unmarked.Sha1, unmarked.Deleted));

        var deleted = rows[3..].OrderBy(row => row.DeletionUserText, StringComparer.Ordinal).ToList();
        Assert.All(deleted, row => Assert.Equal((LegacyKind.Deleted, "Gone.jpg"), (row.Kind, row.Name)));
        Assert.Equal([null, "#8", "Boss"], deleted.Select(row => row.DeletionUserText));
        Assert.Equal([null, Empty + ".jpg", Empty + ".jpg"], deleted.Select(row => row.StorageKey));
        Assert.Equal([deleted[0].NameHash, LegacyNames.HashOf(Empty + ".jpg")], deleted[..2].Select(row => row.FileHash));
        Assert.Equal([null, "", "spam"], deleted.Select(row => row.DeletionReason));
        Assert.Equal([null, null, new DateTime(2009, 1, 1)], deleted.Select(row => row.DeletionTimestamp));
    }

    [Fact]
    public async Task Version_1_31_is_read_in_the_middle_of_its_migrations()
    {
        var rows = await tables.ImportDumpAsync(
            """
            CREATE TABLE `actor` (`actor_id` bigint, `actor_user` int, `actor_name` varbinary(255));
            INSERT INTO `actor` VALUES (1,3,'Ann'),(2,NULL,'10.0.0.1'),(3,NULL,'de>Ben');
            CREATE TABLE `image` (`img_name` varbinary(255), `img_description` varbinary(767), `img_description_id` bigint, `img_user` int, `img_user_text` varbinary(255), `img_actor` bigint, `img_timestamp` binary(14));
            INSERT INTO `image` VALUES ('A','',11,0,'',1,'20180101000000'),('B','text',0,5,'Old',0,'20180101000000'),('C','text',99,5,'Old',99,'20180101000000'),
              ('D','',0,0,'',2,'20180101000000'),('E','',0,0,'',3,'20180101000000');
            CREATE TABLE `image_comment_temp` (`imgcomment_name` varbinary(255), `imgcomment_description_id` bigint);
            INSERT INTO `image_comment_temp` VALUES ('D',12);
            CREATE TABLE `comment` (`comment_id` bigint, `comment_hash` int, `comment_text` blob, `comment_data` blob);
            INSERT INTO `comment` VALUES (11,-5,'eleven',NULL),(12,5,'twelve',NULL),(13,0,'nobody\'s',NULL);
            """);
        Assert.Equal(
            [("A", "eleven", 3, "Ann"), ("B", "text", 5, "Old"), ("C", "text", 5, "Old"), ("D", "twelve", null, "10.0.0.1"), ("E", "", (long?)null, "de>Ben")],
            rows.Select(row => (row.Name, row.Description, row.UserId, row.UserText)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Version_1_39_is_read_from_a_dump_and_from_sqlite(bool fromDump)
    {
        const string Sql =
            """
            CREATE TABLE /*_*/comment (comment_id BIGINT UNSIGNED NOT NULL, comment_hash INT NOT NULL, comment_text BLOB NOT NULL, comment_data BLOB DEFAULT NULL, PRIMARY KEY(comment_id));
            CREATE TABLE /*_*/actor (actor_id BIGINT NOT NULL, actor_user INTEGER, actor_name BLOB NOT NULL, PRIMARY KEY(actor_id));
            CREATE TABLE /*_*/image (img_name BLOB NOT NULL, img_size INTEGER, img_width INTEGER, img_height INTEGER, img_metadata BLOB, img_bits INTEGER, img_media_type TEXT, img_major_mime TEXT,
              img_minor_mime BLOB, img_description_id BIGINT, img_actor BIGINT, img_timestamp BLOB, img_sha1 BLOB, PRIMARY KEY(img_name));
            CREATE TABLE /*_*/filearchive (fa_id INTEGER, fa_name BLOB, fa_storage_key BLOB, fa_deleted_user INTEGER, fa_deleted_timestamp BLOB, fa_deleted_reason_id BIGINT, fa_size INTEGER, fa_actor BIGINT, fa_description_id BIGINT,
              fa_deleted INTEGER, fa_timestamp BLOB, fa_sha1 BLOB);
            INSERT INTO image VALUES ('A.svg',3,10,20,'{"data":{"a":1},"blobs":{}}',8,'DRAWING','image','svg+xml',1,1,'20200101000000','phoiac9h4m842xq45sp7s6u21eteeq1');
            INSERT INTO filearchive VALUES (4,'B.svg','k.svg',9,'20210101000000',2,5,1,1,1,'20200101000000','phoiac9h4m842xq45sp7s6u21eteeq1');
            INSERT INTO comment VALUES (1,0,'made',NULL); INSERT INTO comment VALUES (2,0,'bad',NULL);
            INSERT INTO actor VALUES (1,9,'Ann');
            """;
        var path = fromDump ? tables.Write("wiki.sql", Sql) : tables.WriteDatabase("wiki.sqlite", Sql);
        Assert.Equal(0, (await tables.ImportAsync(path)).Exit);
        var rows = tables.Rows();
        Assert.Equal(
            ("A.svg", 3L, 10, 20, 8, "DRAWING", "image", "svg+xml"),
            (rows[0].Name, rows[0].Size, rows[0].Width, rows[0].Height, rows[0].Bits, rows[0].MediaType, rows[0].MimeMajor, rows[0].MimeMinor));
        Assert.Equal((9L, "Ann", "made", """{"data":{"a":1},"blobs":{}}"""), (rows[0].UserId, rows[0].UserText, rows[0].Description, rows[0].Metadata));
        Assert.Equal((LegacyKind.Deleted, "k.svg", "Ann", "bad", HiddenParts.Content), (rows[1].Kind, rows[1].StorageKey, rows[1].DeletionUserText, rows[1].DeletionReason, rows[1].Deleted));
    }

    [Fact]
    public async Task Version_1_44_keeps_revisions_in_tables_of_their_own()
    {
        const string File =
            """
            CREATE TABLE `file` (`file_id` bigint, `file_name` varbinary(255), `file_latest` bigint, `file_type` smallint, `file_deleted` smallint);
            INSERT INTO `file` VALUES (1,'A.jpg',11,1,0),(2,'B.jpg',13,9,1);
            CREATE TABLE `filerevision` (`fr_id` bigint, `fr_file` bigint, `fr_size` bigint, `fr_width` int, `fr_height` int, `fr_metadata` mediumblob, `fr_bits` int, `fr_description_id` bigint,
              `fr_actor` bigint, `fr_timestamp` binary(14), `fr_sha1` varbinary(32), `fr_archive_name` varbinary(255), `fr_deleted` smallint);
            INSERT INTO `filerevision` VALUES (10,1,5,1,2,'',8,1,1,'20190101000000','','20200101000000!A.jpg',0),(11,1,6,1,2,'',8,1,1,'20200101000000','','',0),
              (13,2,7,1,2,'',8,1,1,'20200101000000','phoiac9h4m842xq45sp7s6u21eteeq1','',0),(14,77,7,1,2,'',8,1,1,'20200101000000','','',0);
            CREATE TABLE `filetypes` (`ft_id` smallint, `ft_media_type` varbinary(255), `ft_major_mime` varbinary(255), `ft_minor_mime` varbinary(255));
            INSERT INTO `filetypes` VALUES (1,'BITMAP','image','jpeg');
            CREATE TABLE `actor` (`actor_id` bigint, `actor_user` int, `actor_name` varbinary(255)); INSERT INTO `actor` VALUES (1,3,'Ann');
            CREATE TABLE `comment` (`comment_id` bigint, `comment_text` blob); INSERT INTO `comment` VALUES (1,'made');
            CREATE TABLE `image` (`img_name` varbinary(255), `img_size` int);
            """;
        var run = await tables.ImportAsync(tables.Write("dump.sql", File));
        Assert.Equal((1, ""), (run.Exit, run.Error));
        Assert.StartsWith("refused filerevision 14: there is no row 77 in table file\n", run.Output, StringComparison.Ordinal);
        var rows = tables.Rows();
        Assert.Equal([(LegacyKind.Current, "A.jpg", 6L), (LegacyKind.Old, "A.jpg", 5L), (LegacyKind.Deleted, "B.jpg", 7L)], rows.Select(row => (row.Kind, row.Name, row.Size!.Value)));
        Assert.Equal(("20200101000000!A.jpg", "BITMAP", "jpeg", "Ann", "made"), (rows[1].ArchiveName, rows[1].MediaType, rows[1].MimeMinor, rows[1].UserText, rows[1].Description));
        Assert.Equal((Empty + ".jpg", null), (rows[2].StorageKey, rows[2].MediaType));

        // While both are written, the old tables are the ones that every wiki keeps complete.
        run = await tables.ImportAsync(tables.Write("dump.sql", File + "INSERT INTO `image` VALUES ('C.jpg',1);"));
        Assert.Equal(0, run.Exit);
        Assert.Contains("filerevision", run.Error, StringComparison.Ordinal);
        Assert.Contains(tables.Rows(), row => row.Name == "C.jpg");
        Assert.DoesNotContain(tables.Rows(), row => row is { Name: "A.jpg", Kind: LegacyKind.Current });
    }

    public void Dispose() => tables.Dispose();
}
