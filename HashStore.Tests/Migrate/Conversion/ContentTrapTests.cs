using System.Security.Cryptography;
using System.Text;
using HashStore.Schema;
using HashStore.Tests.Content;
using Xunit;
using static HashStore.Tests.Migrate.Conversion.LegacyTreeBuilder;

namespace HashStore.Tests.Migrate.Conversion;

/// <summary>Bytes that are not what the tables claim, and keys that meet (docs/MIGRATION.md, traps 13, 27, 35, 37).</summary>
public sealed class ContentTrapTests : IDisposable
{
    private const string Name = "Name.jpg", First = "20180101000000", Now = "20200101000000";

    private readonly LegacyTreeBuilder tree = new();

    public void Dispose() => tree.Dispose();

    [Theory] // trap 13
    [InlineData("img_sha1", "", "converted", "")]
    [InlineData("img_sha1", null, "converted", "")]
    [InlineData("img_sha1", "0000000000000000000000000000001", "mismatch", "SHA-1")]
    [InlineData("img_sha1", "tooshort", "converted", "")]
    [InlineData("img_size", "0", "mismatch", "0 bytes")]
    [InlineData("img_size", "77", "mismatch", "77 bytes")]
    [InlineData("img_size", "-2147483648", "converted", "")]
    [InlineData("img_timestamp", "", "converted", "")]
    [InlineData("img_timestamp", "00000000000000", "converted", "")]
    public async Task What_a_row_claims_is_compared_and_not_believed(string column, string? value, string status, string detail)
    {
        tree.Image(Name, "one", (column, value));
        var run = await tree.RunAsync(0);
        var line = tree.Report[tree.Current(Name)];
        Assert.Equal((status, Sha256("one"), "3"), (line.Status, line.Sha256, line.Size));
        Assert.Contains(detail, line.Detail, StringComparison.Ordinal);
        Assert.Equal(status == "mismatch", run.Output.Contains($"mismatch {tree.Current(Name)}: ", StringComparison.Ordinal));
        Assert.Single(await tree.HistoryAsync(Name));
        tree.CheckLinked(tree.Current(Name));
        await tree.RunAsync(0);
        Assert.Equal("already", tree.Report[tree.Current(Name)].Status);
    }

    [Fact] // trap 13: the disk was full once
    public async Task A_truncated_file_is_converted_as_it_is()
    {
        tree.ImageRow(Name, "the whole of it");
        tree.File(tree.Current(Name), "the wh");
        await tree.RunAsync(0);
        Assert.Equal("mismatch", tree.Report[tree.Current(Name)].Status);
        Assert.Contains("the tables say 15 bytes", tree.Report[tree.Current(Name)].Detail, StringComparison.Ordinal);
        Assert.Equal([$"{Now} {User}: the whole of it of {Name} [the wh] *"], await tree.HistoryAsync(Name));
    }

    [Fact] // trap 27
    public async Task Empty_files_and_error_pages_are_content_too()
    {
        tree.Image("Empty.jpg", "");
        tree.Image("Empty2.png", "");
        tree.Image("Error.jpg", "<!DOCTYPE html><html><body>502 Bad Gateway</body></html>");
        await tree.RunAsync(0);
        Assert.Equal(["converted", "converted", "duplicate"], tree.Report.Values.Select(line => line.Status).Order());
        await using var store = await tree.OpenStoreAsync();
        Assert.Equal("text/html", (await store.Names.FindAsync(FileName.FromStored("Error.jpg"))).File!.Current.Mime);
        Assert.Equal(0, (await store.Names.FindAsync(FileName.FromStored("Empty2.png"))).File!.Current.Size);
    }

    [Fact] // trap 35
    public async Task Two_contents_with_one_claimed_hash_stay_two()
    {
        tree.Image(Name, "one");
        tree.Image("Other.jpg", "two", ("img_sha1", Base36("one")), ("img_size", "3"));
        tree.Old(Name, First, "three", ("oi_sha1", Base36("one")), ("oi_size", "3"));
        await tree.RunAsync(0);
        Assert.Equal("mismatch", tree.Report[tree.Current("Other.jpg")].Status);
        Assert.Equal("mismatch", tree.Report[tree.Archived(Name, First)].Status);
        Assert.Equal(3, tree.Report.Values.Select(line => line.Key).Distinct().Count());
    }

    [Fact] // trap 35: with keys of 16 bits two contents meet
    public async Task A_key_that_is_taken_keeps_the_newcomer_out_and_nothing_else()
    {
        await using (await Storage.Store.OpenAsync(tree.Options with { KeyBits = 16 }, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance))
        {
        }

        var (one, other) = Colliding();
        tree.Image(Name, one);
        tree.Old(Name, First, "old one");
        tree.Image("Other.jpg", other);
        tree.Old("Other.jpg", First, "old other");
        tree.Image("Third.jpg", "three");
        var mode = File.GetUnixFileMode(tree.FullPath(tree.Current(Name)));
        var run = await tree.RunAsync(1);
        var (taken, refused) = tree.Report[tree.Current(Name)].Status == "converted" ? (Name, "Other.jpg") : ("Other.jpg", Name);
        Assert.Equal("failed", tree.Report[tree.Current(refused)].Status);
        Assert.Contains("widen", tree.Report[tree.Current(refused)].Detail, StringComparison.Ordinal);
        Assert.Contains($"failed {tree.Current(refused)}: ", run.Output, StringComparison.Ordinal);
        Assert.Equal(2, (await tree.HistoryAsync(taken)).Count);
        Assert.Single(await tree.HistoryAsync("Third.jpg"));

        // The old version waits: it must not be shown as the current one. Its file is as it was.
        Assert.Empty(await tree.HistoryAsync(refused));
        tree.CheckUnlinked(tree.Current(refused), tree.Archived(refused, First));
        Assert.Equal(mode, File.GetUnixFileMode(tree.FullPath(tree.Current(refused))));
        await tree.RunAsync(1);
        Assert.Equal("failed", tree.Report[tree.Current(refused)].Status);
    }

    [Theory] // trap 37
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_path_keeps_its_time(bool copied)
    {
        tree.Image(Name, "one");
        File.SetLastWriteTimeUtc(tree.FullPath(tree.Current(Name)), new DateTime(2009, 8, 7, 6, 5, 4, DateTimeKind.Utc));
        await tree.RunAsync(0, copied ? ["--quiet-tree"] : []);
        var content = new FileInfo(tree.FullPath(tree.Current(Name))).ResolveLinkTarget(returnFinalTarget: true)!;
        Assert.Equal(new DateTime(2009, 8, 7, 6, 5, 4, DateTimeKind.Utc), content.LastWriteTimeUtc);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_the_content_says_of_itself_is_read_whether_it_is_linked_or_copied(bool copied)
    {
        tree.File(tree.Current("Image.png"), SampleFiles.Png());
        tree.Row("image", ("img_name", "Image.png"), ("img_timestamp", Now));
        tree.Image(Name, "one");
        await tree.RunAsync(0, copied ? ["--quiet-tree", "--jobs", "1"] : ["--jobs", "1"]);
        await using var store = await tree.OpenStoreAsync();
        var version = (await store.Names.FindAsync(FileName.FromStored("Image.png"))).File!.Current;
        Assert.Equal(("image/png", true), (version.Mime, version.Width > 0 && version.Height > 0));
    }

    /// <summary>Two texts whose SHA-256 begin with the same 16 bits.</summary>
    private static (string One, string Other) Colliding()
    {
        var seen = new Dictionary<int, string>();
        for (var i = 0; ; i++)
        {
            var text = $"content {i}";
            var digest = SHA256.HashData(Encoding.UTF8.GetBytes(text));
            if (!seen.TryAdd((digest[0] << 8) | digest[1], text))
            {
                return (seen[(digest[0] << 8) | digest[1]], text);
            }
        }
    }
}
