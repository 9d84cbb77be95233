using System.Globalization;
using System.Text;
using HashStore.Tests.Http.Support;
using HashStore.Tests.Migrate.Conversion;
using Xunit;

namespace HashStore.Tests.Http.Legacy;

/// <summary>Ranges and conditions of legacy addresses: of an object, of a thumbnail and of a file that is not converted.</summary>
public sealed class LegacyConditionTests(LegacyConditionTests.Site site) : IClassFixture<LegacyConditionTests.Site>
{
    private readonly ServerClient client = site.Server.Client;

    public static TheoryData<string> Kinds => ["object", "thumbnail", "plain"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Ranges_give_exactly_their_bytes(string kind)
    {
        var (url, content) = site.Of(kind);
        var one = (await client.GetAsync(url, ("Range", "bytes=10-19"))).AssertStatus(206);
        Assert.Equal(content[10..20], one.Body);
        Assert.Equal($"bytes 10-19/{content.Length}", one["Content-Range"]);
        Assert.Equal(content[^5..], (await client.GetAsync(url, ("Range", "bytes=-5"))).AssertStatus(206).Body);
        var several = (await client.GetAsync(url, ("Range", "bytes=0-0,-1"))).AssertStatus(206);
        Assert.StartsWith("multipart/byteranges; boundary=", several["Content-Type"], StringComparison.Ordinal);
        Assert.Equal($"{several.Body.Length}", several["Content-Length"]);
        Assert.Contains($"Content-Range: bytes 0-0/{content.Length}", Encoding.Latin1.GetString(several.Body), StringComparison.Ordinal);
        var beyond = await client.GetAsync(url, ("Range", "bytes=99999999-"));
        beyond.AssertProblem(416);
        Assert.Equal($"bytes */{content.Length}", beyond["Content-Range"]);
        Assert.Equal(content, (await client.GetAsync(url, ("Range", "lines=1-2"))).AssertStatus(200).Body);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Conditions_are_told_by_the_tag(string kind)
    {
        var (url, content) = site.Of(kind);
        await Settled(url);
        var plain = (await client.GetAsync(url)).AssertStatus(200);
        Assert.StartsWith("\"", plain["ETag"], StringComparison.Ordinal);
        var unchanged = (await client.GetAsync(url, ("If-None-Match", plain["ETag"]!))).AssertStatus(304);
        Assert.Empty(unchanged.Body);
        Assert.All(["ETag", "Cache-Control", "Last-Modified"], field => Assert.Equal(plain[field], unchanged[field]));
        Assert.Equal(content, (await client.GetAsync(url, ("If-None-Match", "\"other\""))).AssertStatus(200).Body);
        (await client.GetAsync(url, ("If-Match", "\"other\""))).AssertProblem(412);
        (await client.GetAsync(url, ("If-Match", plain["ETag"]!))).AssertStatus(200);
        (await client.GetAsync(url, ("Range", "bytes=1-3"), ("If-Range", plain["ETag"]!))).AssertStatus(206);
        (await client.GetAsync(url, ("Range", "bytes=1-3"), ("If-Range", "\"other\""))).AssertStatus(200);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_date_counts_only_where_it_is_the_one_that_was_told(string kind)
    {
        var (url, _) = site.Of(kind);
        var plain = (await client.GetAsync(url)).AssertStatus(200);
        var date = DateTimeOffset.ParseExact(plain["Last-Modified"]!, "R", CultureInfo.InvariantCulture);
        (await client.GetAsync(url, ("If-Modified-Since", $"{date:R}"))).AssertStatus(304);

        // The content may be older than what the client has: a revert.
        (await client.GetAsync(url, ("If-Modified-Since", $"{date.AddDays(1):R}"))).AssertStatus(200);
        (await client.GetAsync(url, ("If-Modified-Since", $"{date.AddDays(-1):R}"))).AssertStatus(200);
        (await client.GetAsync(url, ("If-Unmodified-Since", $"{date:R}"))).AssertStatus(200);
        (await client.GetAsync(url, ("If-Unmodified-Since", $"{date.AddDays(1):R}"))).AssertProblem(412);
        (await client.GetAsync(url, ("Range", "bytes=1-3"), ("If-Range", $"{date:R}"))).AssertStatus(200);
    }

    [Theory]
    [InlineData("thumbnail")]
    [InlineData("plain")]
    public async Task A_plain_file_is_shown_as_safely_as_an_object(string kind)
    {
        var (url, content) = site.Of(kind);
        var answer = (await client.GetAsync(url)).AssertStatus(200);
        Assert.Equal(content, answer.Body);
        Assert.Equal($"{content.Length}", answer["Content-Length"]);
        Assert.Equal("image/png", answer["Content-Type"]);
        Assert.StartsWith("inline; filename*=UTF-8''", answer["Content-Disposition"], StringComparison.Ordinal);
        Assert.Equal("nosniff", answer["X-Content-Type-Options"]);
        Assert.Contains("sandbox", answer["Content-Security-Policy"], StringComparison.Ordinal);
        Assert.Equal("public, max-age=60, must-revalidate", answer["Cache-Control"]);
        Assert.Equal("bytes", answer["Accept-Ranges"]);
        if (kind == "thumbnail")
        {
            // It lies in the store's own tree, and has an address there.
            var canonical = Assert.IsType<string>(answer["Link"]);
            Assert.StartsWith($"</images/thumb/{answer["Surrogate-Key"]![0]}/", canonical, StringComparison.Ordinal);
            var forEver = (await client.GetAsync(canonical[1..canonical.IndexOf('>', StringComparison.Ordinal)])).AssertStatus(200);
            Assert.Equal((answer["ETag"], "public, max-age=31536000, immutable"), (forEver["ETag"], forEver["Cache-Control"]));
            Assert.Equal(content, forEver.Body);
            return;
        }

        Assert.Null(answer["Link"]);
    }

    [Fact]
    public async Task Nothing_that_a_browser_runs_is_shown_from_a_plain_file()
    {
        var path = site.Server.Tree.Current("Script.svg");
        using var writer = File.Open(site.Server.Tree.File(path, Samples.Svg()), FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        var answer = (await client.GetAsync(LegacyServer.Url(path))).AssertStatus(200);
        Assert.StartsWith("attachment;", answer["Content-Disposition"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_is_cut_while_it_is_sent_is_cut_off_too()
    {
        var tree = site.Server.Tree;
        var path = tree.Current("Cut.bin");
        await using var writer = File.Open(tree.File(path, Samples.Unknown(10)), FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        writer.SetLength(200 << 20);
        await writer.FlushAsync();
        using var connection = await site.Server.Process.ConnectAsync();
        await connection.SendHeadAsync($"GET {LegacyServer.Url(path)}", null);
        await Until.TrueAsync("it is being sent", () => connection.HasAnswer);
        writer.SetLength(1000);
        Assert.Null(await connection.ReadAnswerAsync());
    }

    /// <summary>A tag is weak as long as a change could hide behind it.</summary>
    private Task Settled(string url) => Until.TrueAsync("the tag is strong", async () => (await client.GetAsync(url))["ETag"]!.StartsWith('"'));

    /// <summary>An object, a thumbnail, and a file that somebody has open for writing, so that it cannot be converted.</summary>
    public sealed class Site : IAsyncLifetime
    {
        private readonly byte[] current = Samples.Png(5000), thumbnail = Samples.Png(4000), open = Samples.Png(150_000);
        private FileStream? writer;

        internal LegacyServer Server { get; private set; } = null!;

        public async Task InitializeAsync()
        {
            var tree = new LegacyTreeBuilder();
            tree.File(tree.Current("Object.png"), current);
            tree.File(tree.Thumb("Object.png", "120px-Object.png"), thumbnail);
            writer = File.Open(tree.File(tree.Current("Open.png"), open), FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
            Server = await LegacyServer.StartAsync(tree);
        }

        public async Task DisposeAsync()
        {
            writer!.Dispose();
            await Server.DisposeAsync();
        }

        internal (string Url, byte[] Content) Of(string kind) => kind switch
        {
            "object" => (LegacyServer.Url(Server.Tree.Current("Object.png")), current),
            "thumbnail" => (LegacyServer.Url(Server.Tree.Thumb("Object.png", "120px-Object.png")), thumbnail),
            _ => (LegacyServer.Url(Server.Tree.Current("Open.png")), open),
        };
    }
}
