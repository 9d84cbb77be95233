using System.IO.Compression;
using System.Text;
using System.Text.Json;
using HashStore.Schema.Tables;
using HashStore.Storage;
using HashStore.Tests.Support;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace HashStore.Tests.Migrate.Tables;

public sealed class ImportVerbTests : IDisposable
{
    private const string Columns = "(`img_name` varbinary(255), `img_size` bigint, `img_description` blob, `img_timestamp` binary(14))";
    private const string Dump = $"CREATE TABLE `image` {Columns};\nINSERT INTO `image` VALUES ('A',1,'a','20200101000000'),('B',2,'b','20200101000000');\n";

    private readonly TablesCase tables = new();

    [Fact]
    public async Task An_import_makes_the_store_and_says_what_it_did()
    {
        var run = await tables.ImportAsync(tables.Write("dump.sql", Dump));
        Assert.Equal((0, ""), (run.Exit, run.Error));
        Assert.Matches(@"^import: 2 rows read in \S+ s: 2 new\.\n$", run.Output);
        Assert.Empty(Directory.EnumerateFileSystemEntries(StorePaths.For(tables.Root, null).Staging));

        run = await tables.ImportAsync(tables.Folder["dump.sql"], "--json");
        var line = JsonDocument.Parse(run.Output).RootElement;
        Assert.Equal(["verb", "converted", "skipped", "failed", "bytes", "seconds", "exit"], line.EnumerateObject().Select(property => property.Name));
        Assert.Equal([0, 2, 0, Dump.Length, 0], new[] { "converted", "skipped", "failed", "bytes", "exit" }.Select(name => line.GetProperty(name).GetInt32()));
    }

    [Fact]
    public async Task Importing_again_changes_only_what_changed()
    {
        await tables.ImportDumpAsync(Dump);
        await tables.ImportDumpAsync(Dump.Replace("image", "w2_image", StringComparison.Ordinal), "--prefix", "w2_");
        tables.Change(row => (row.State, row.UploadId) = (LegacyState.Converted, 7));
        var before = tables.Rows();

        Assert.Equal(before.Select(row => (row.Id, row.State)), (await tables.ImportDumpAsync(Dump)).Select(row => (row.Id, row.State)));

        var rows = await tables.ImportDumpAsync(Dump.Replace("'a'", "'changed'", StringComparison.Ordinal).Replace("('B'", "('C'", StringComparison.Ordinal));
        var own = rows.Where(row => row.Prefix.Length == 0).ToList();
        Assert.Equal([("A", "changed", LegacyState.Pending, 7L), ("C", "b", LegacyState.Pending, (long?)null)], own.Select(row => (row.Name, row.Description, row.State, row.UploadId)));
        Assert.Equal(before.Single(row => row is { Name: "A", Prefix: "" }).Id, own[0].Id);
        var others = rows.Where(row => row.Prefix == "w2_").ToList();
        Assert.Equal(["A", "B"], others.Select(row => row.Name));
        Assert.All(others, row => Assert.Equal(LegacyState.Converted, row.State));
        Assert.True(own[0].Import > others[0].Import);
    }

    [Theory]
    [InlineData("INSERT INTO `image` VALUES ('A',1,'a")]
    [InlineData("INSERT INTO `image` VALUES ('A',1,'a','20200101000000'),")]
    [InlineData("INSERT INTO `image` VALUES ('A',1,'a','20200101000000')")]
    public async Task A_dump_that_is_cut_off_changes_nothing(string end)
    {
        await tables.ImportDumpAsync(Dump);
        var before = tables.Rows();
        var run = await tables.ImportAsync(tables.Write("cut.sql", $"CREATE TABLE `image` {Columns};\n{end}"));
        Assert.Equal((3, ""), (run.Exit, run.Output));
        Assert.Contains("cut off", run.Error, StringComparison.Ordinal);
        Assert.Equal(before.Select(row => (row.Name, row.Import)), tables.Rows().Select(row => (row.Name, row.Import)));
        Assert.Empty(Directory.EnumerateFileSystemEntries(StorePaths.For(tables.Root, null).Staging));
    }

    [Fact]
    public async Task Tables_that_the_source_lacks_lose_no_rows()
    {
        const string Old = "CREATE TABLE oldimage (oi_name blob, oi_archive_name blob); INSERT INTO oldimage VALUES ('A','20200101000000!A');";
        Assert.Equal(3, (await tables.ImportDumpAsync(Dump + Old)).Count);
        Assert.Equal(3, (await tables.ImportDumpAsync(Dump)).Count);
        Assert.Equal(2, (await tables.ImportDumpAsync(Dump + Old[..Old.IndexOf("INSERT", StringComparison.Ordinal)])).Count);
    }

    [Fact]
    public async Task Compressed_dumps_are_known_by_their_bytes_and_standard_input_is_read()
    {
        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(Encoding.Latin1.GetBytes(Dump));
        }

        var bytes = packed.ToArray();
        var run = await TablesCase.RunAsync(bytes, default, "import", "--tables", "-", "--root", tables.Root);
        Assert.Equal((0, ""), (run.Exit, run.Error));
        run = await TablesCase.RunAsync(Encoding.Latin1.GetBytes(Dump), default, "import", "--tables", "-", "--root", tables.Root);
        Assert.Contains("2 unchanged", run.Output, StringComparison.Ordinal);
        Assert.Contains("2 unchanged", (await tables.ImportAsync(tables.Folder.Write("dump.txt", bytes))).Output, StringComparison.Ordinal);

        run = await tables.ImportAsync(tables.Folder.Write("cut.gz", bytes.AsSpan(0, bytes.Length - 12)));
        Assert.Equal(3, run.Exit);
        Assert.Contains("cut off", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Names_that_are_none_are_refused_and_the_rest_is_imported()
    {
        var dump = $"CREATE TABLE `image` {Columns};\nINSERT INTO `image` VALUES ('M\u00FCll',1,'','x'),('',1,'','x'),('{new string('n', 256)}',1,'','x'),"
            + "('MÃ¼ll \u00C2\u00A0&amp;%20',1,'\u00FC',''),('e\u00CC\u0081.jpg',1,'',''),('lower case.JPG',1,'','');";
        var run = await tables.ImportAsync(tables.Write("dump.sql", dump));
        Assert.Equal((1, ""), (run.Exit, run.Error));
        Assert.Contains(@"refused image M\xFCll: the name is not valid UTF-8", run.Output, StringComparison.Ordinal);
        Assert.Contains("the name is empty", run.Output, StringComparison.Ordinal);
        Assert.Contains("256 bytes", run.Output, StringComparison.Ordinal);
        Assert.Contains("3 new, 3 refused", run.Output, StringComparison.Ordinal);
        Assert.Equal(["Müll \u00A0&amp;%20", "e\u0301.jpg", "lower case.JPG"], tables.Rows().Select(row => row.Name).Order(StringComparer.Ordinal));

        run = await tables.ImportAsync(tables.Folder["dump.sql"], "--json");
        var lines = run.Output.TrimEnd('\n').Split('\n').Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Equal(4, lines.Count);
        Assert.Equal(["refused", "refused", "refused"], lines[..3].Select(line => line.GetProperty("kind").GetString()));
        Assert.Equal((3, 1), (lines[3].GetProperty("failed").GetInt32(), lines[3].GetProperty("exit").GetInt32()));
    }

    [Fact]
    public async Task A_folder_of_csv_files_is_read()
    {
        tables.Write("csv/image.csv", "\u00EF\u00BB\u00BF\"img_timestamp\",img_name,img_size,img_description_id,img_actor,img_metadata\r\n20200101000000,A.jpg,12,1,1,\"a:1:{s:1:\"\"k\"\";s:1:\"\"\n\"\";}\"\r\n"
            + "\\N,\"B, \u00C3\u00BC\",,2,\\N,\r\n,Bad\u00FC,1,,,\r\n");
        tables.Write("csv/comment.csv", "comment_id,comment_text\n1,\"two\r\nlines\"\n");
        tables.Write("csv/actor.csv", "actor_id,actor_user,actor_name\n1,3,Ann\n");
        var run = await tables.ImportAsync(tables.Folder["csv"]);
        Assert.Equal((1, ""), (run.Exit, run.Error));
        Assert.Contains(@"refused image Bad\xFC:", run.Output, StringComparison.Ordinal);
        var rows = tables.Rows();
        Assert.Equal([("A.jpg", 12L, "two\r\nlines", "Ann", """{"k":"\n"}"""), ("B, ü", null, "", "", (string?)null)], rows.Select(row => (row.Name, row.Size, row.Description, row.UserText, row.Metadata)));
        Assert.Null(rows[1].Timestamp);

        tables.Write("csv/image.csv", "img_name,img_size\nA.jpg,1\nB.jp");
        Assert.Equal(3, (await tables.ImportAsync(tables.Folder["csv"])).Exit);
        tables.Write("csv/image.csv", "img_name,img_size\nA.jpg,1\n\"B.jpg,1\nC.jpg,1\n");
        Assert.Equal(3, (await tables.ImportAsync(tables.Folder["csv"])).Exit);
        tables.Write("csv/image.csv", "name,size\nA.jpg,1\n");
        Assert.Contains("img_name", (await tables.ImportAsync(tables.Folder["csv"])).Error, StringComparison.Ordinal);
        File.Delete(tables.Folder["csv/image.csv"]);
        Assert.Contains("no table image", (await tables.ImportAsync(tables.Folder["csv"])).Error, StringComparison.Ordinal);
        Assert.Equal(2, tables.Rows().Count);
    }

    [Fact]
    public async Task A_database_is_read_while_a_wiki_writes_it()
    {
        var path = tables.WriteDatabase("my wiki #1?.db", "PRAGMA journal_mode=WAL; CREATE TABLE w_image (img_name BLOB, img_metadata BLOB); INSERT INTO w_image VALUES ('A', zeroblob(2000000));");
        using var wiki = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ConnectionString);
        wiki.Open();
        TablesCase.Execute(wiki, "INSERT INTO w_image VALUES ('B', ''); BEGIN IMMEDIATE; INSERT INTO w_image VALUES ('C', '')");
        var run = await tables.ImportAsync(path);
        Assert.Equal(3, run.Exit);
        Assert.Contains("give --prefix w_", run.Error, StringComparison.Ordinal);
        Assert.Equal((0, ""), await tables.ImportAsync(path, "--prefix", "w_") is var again ? (again.Exit, again.Error) : default);
        Assert.Equal([("A", """{"_error":"2000000 bytes, not kept"}"""), ("B", null)], tables.Rows().Select(row => (row.Name, row.Metadata)));
        TablesCase.Execute(wiki, "COMMIT");

        File.WriteAllBytes(path + ".broken", [.. File.ReadAllBytes(path).AsSpan(0, 3000)]);
        Assert.Equal(3, (await tables.ImportAsync(path + ".broken", "--prefix", "w_")).Exit);
    }

    [Theory]
    [InlineData("", "mw_", "leave --prefix out")]
    [InlineData("a_", "", "give --prefix a_")]
    [InlineData("a", "", "give --prefix a")]
    public async Task The_right_prefix_is_named(string actual, string given, string expected)
    {
        var run = await tables.ImportAsync(tables.Write("dump.sql", Dump.Replace("image", actual + "image", StringComparison.Ordinal)), "--prefix", given);
        Assert.Equal((3, ""), (run.Exit, run.Output));
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("import")]
    [InlineData("import", "--root", "/tmp/x")]
    [InlineData("import", "--root", "/tmp/x", "--tables", "")]
    [InlineData("import", "--root", "/tmp/x", "--tables", "a", "--prefix", "12345678901234567890123456789012345678901234567890123456789012345")]
    public async Task Wrong_usage_exits_2(params string[] arguments) => Assert.Equal(2, (await TablesCase.RunAsync(null, default, arguments)).Exit);

    [Fact]
    public async Task A_source_that_is_not_there_makes_no_store()
    {
        var run = await tables.ImportAsync(tables.Folder["nothing.sql"]);
        Assert.Equal((3, ""), (run.Exit, run.Output));
        Assert.Contains("nothing.sql", run.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(tables.Root));
    }

    [Fact]
    public async Task An_interrupted_import_exits_130()
    {
        tables.Write("dump.sql", Dump);
        var run = await TablesCase.RunAsync(null, new CancellationToken(canceled: true), "import", "--tables", tables.Folder["dump.sql"], "--root", tables.Root, "--json");
        Assert.Equal(130, run.Exit);
        Assert.Contains("\"exit\":130", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rows_of_many_transactions_are_all_there_and_go_again()
    {
        var names = Enumerable.Range(0, 5_000).Select(i => $"('Name {i}',{i},'','20200101000000')").ToList();
        var all = $"CREATE TABLE `image` {Columns}; INSERT INTO `image` VALUES {string.Join(',', names)};";
        Assert.Equal(5_000, (await tables.ImportDumpAsync(all)).Count);
        var run = await tables.ImportAsync(tables.Write("dump.sql", $"CREATE TABLE `image` {Columns}; INSERT INTO `image` VALUES {string.Join(',', names[..10])};"));
        Assert.Contains("10 unchanged, 4,990 gone", run.Output, StringComparison.Ordinal);
        Assert.Equal(10, tables.Rows().Count);
    }

    [Fact]
    public async Task Two_imports_at_a_time_are_refused()
    {
        await tables.ImportDumpAsync(Dump);
        await using var store = await Store.OpenAsync(new StoreOptions { Paths = StorePaths.For(tables.Root, null) }, NullLogger.Instance);
        using var other = new HashStore.Storage.Durability.FileLock(Path.Combine(store.Paths.State, "import.lock"));
        Assert.True(other.TryKeep());
        var run = await tables.ImportAsync(tables.Folder["dump.sql"]);
        Assert.Equal(3, run.Exit);
        Assert.Contains("Another import", run.Error, StringComparison.Ordinal);
    }

    public void Dispose() => tables.Dispose();
}
