using System.Text;
using FsCheck;
using FsCheck.Fluent;
using HashStore.Tests.Http.Support;
using HashStore.Tests.Migrate.Conversion;
using Xunit;

namespace HashStore.Tests.Http.Legacy;

/// <summary>The contract's row of legacy addresses, on a tree of which nothing is converted before somebody asks for it.</summary>
public sealed class LegacyAddressTests(LegacyAddressTests.Site site) : IClassFixture<LegacyAddressTests.Site>
{
    private const string Archived = "20200101000000";

    private static readonly string[] oddNames =
    [
        "Plain.txt", "A+B.txt", "It's_(fine)!.txt", "100%.txt", "50%25_off.txt", "Semi;colon,=&@$:~.txt", "Question?.txt", "Quote\".txt", "Sp ace.txt", "Ünïcode_日本_🎉.txt", "lower.txt", "Hash#.txt",
        "[Brackets].txt", "Tab\tstop.txt", "No_extension", "Dot..dot.txt",
    ];

    private readonly ServerClient client = site.Server.Client;
    private readonly LegacyTreeBuilder tree = site.Server.Tree;

    [Fact]
    public async Task An_address_answers_with_everything_a_reader_and_a_cache_need()
    {
        var content = Encoding.UTF8.GetBytes("It's_(fine)!.txt now");
        var path = tree.Current("It's_(fine)!.txt");
        for (var time = 0; time < 2; time++)
        {
            var answer = (await client.GetAsync(LegacyServer.Url(path))).AssertStatus(200);
            Assert.Equal(content, answer.Body);
            Assert.Equal($"{content.Length}", answer["Content-Length"]);
            Assert.Equal("text/plain; charset=utf-8", answer["Content-Type"]);
            Assert.Equal($"\"{Samples.Sha256(content)}\"", answer["ETag"]);
            Assert.Equal("public, max-age=60, must-revalidate", answer["Cache-Control"]);
            Assert.NotNull(answer["Last-Modified"]);
            Assert.Equal("bytes", answer["Accept-Ranges"]);
            Assert.Equal("inline; filename*=UTF-8''It%27s_%28fine%29%21.txt", answer["Content-Disposition"]);
            Assert.Equal("nosniff", answer["X-Content-Type-Options"]);
            Assert.Contains("sandbox", answer["Content-Security-Policy"], StringComparison.Ordinal);
            Assert.Equal($"sha-256=:{Samples.Base64Sha256(content)}:", answer["Repr-Digest"]);
            Assert.Equal(Samples.Sha256(content)[..16], answer["Surrogate-Key"]);
            Assert.Equal($"<{Samples.ObjectUrl(content, "It's_(fine)!.txt")}>; rel=\"canonical\"", answer["Link"]);
        }

        var canonical = (await client.GetAsync(Samples.ObjectUrl(content, "It's_(fine)!.txt"))).AssertStatus(200);
        Assert.Equal(content, canonical.Body);
        Assert.Equal("public, max-age=31536000, immutable", canonical["Cache-Control"]);
        Assert.Null(canonical["Link"]);
    }

    [Fact]
    public async Task An_old_version_answers_too_and_leads_to_its_object()
    {
        var content = Encoding.UTF8.GetBytes("A+B.txt before");
        var answer = (await client.GetAsync(LegacyServer.Url(tree.Archived("A+B.txt", Archived)))).AssertStatus(200);
        Assert.Equal(content, answer.Body);
        Assert.Equal($"<{Samples.ObjectUrl(content, "A+B.txt")}>; rel=\"canonical\"", answer["Link"]);
        Assert.Equal($"inline; filename*=UTF-8''{Archived}%21A%2BB.txt", answer["Content-Disposition"]);
    }

    [Fact]
    public void In_whatever_way_it_is_encoded_an_address_answers_with_the_same_bytes()
    {
        var asked = Gen.Elements(oddNames).SelectMany(name => Gen.Elements(true, false).SelectMany(old =>
            Encodings.Any(old ? tree.Archived(name, Archived) : tree.Current(name)).Select(raw => (Raw: raw, Content: $"{name} {(old ? "before" : "now")}"))));
        Prop.ForAll(asked.ToArbitrary(), one =>
        {
            var answer = client.GetAsync("/images/" + one.Raw).GetAwaiter().GetResult();
            Assert.Equal((200, one.Content), (answer.Status, answer.Text));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(400));
    }

    [Theory]
    [InlineData("Two words.txt", "Two_words.txt")]
    [InlineData("U\u0308ni\u0308code_日本_🎉.txt", "Ünïcode_日本_🎉.txt")]
    [InlineData("Two wo\u0308rds.txt", "Two_wörds.txt")]
    public async Task A_name_that_is_spelled_in_another_way_is_found(string spelled, string name)
    {
        tree.File(tree.Current(name), $"{name} now");
        var folder = tree.Current(name)[..^name.Length];
        var answer = (await client.GetAsync(LegacyServer.Url(folder + spelled))).AssertStatus(200);
        Assert.Equal($"{name} now", answer.Text);
        Assert.Contains(Uri.EscapeDataString(name), answer["Link"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task HEAD_has_the_fields_of_GET_and_no_body()
    {
        var url = LegacyServer.Url(tree.Current("Plain.txt"));
        var get = (await client.GetAsync(url)).AssertStatus(200);
        var head = (await client.HeadAsync(url)).AssertStatus(200);
        Assert.Empty(head.Body);
        Assert.Equal(Fields(get), Fields(head));

        static IEnumerable<string> Fields(Answer answer) => answer.Fields.Where(field => field.Key != "Date").Select(field => $"{field.Key}: {field.Value}").Order(StringComparer.Ordinal);
    }

    [Fact]
    public async Task Nothing_is_where_nothing_lies()
    {
        var name = "Plain.txt";
        var other = tree.Current("A+B.txt");
        string[] paths =
        [
            tree.Current("Nobody.txt"), tree.Archived(name, "20190101000000"), other[..^"A+B.txt".Length] + name, tree.Current(name) + "/more", tree.Current(name)[..^name.Length], "Plain.txt",
            "archive/Plain.txt", tree.Thumb(name, "120px-Plain.txt"), "deleted/a/b/c/abc.txt", "temp/a.txt", tree.Current(name).ToUpperInvariant(),
        ];
        foreach (var path in paths)
        {
            var answer = await client.GetAsync(LegacyServer.Url(path));
            Assert.True(answer.Status == 404, $"{path}: {answer.Status}");
            answer.AssertProblem(404);
        }
    }

    [Fact]
    public async Task A_deleted_file_is_gone_at_once_and_comes_back()
    {
        tree.File(tree.Current("Deleted.txt"), "Deleted.txt now");
        var url = LegacyServer.Url(tree.Current("Deleted.txt"));
        (await client.GetAsync(url)).AssertStatus(200);
        (await client.DeleteAsync("/api/files/Deleted.txt")).AssertStatus(200);
        (await client.GetAsync(url)).AssertProblem(410);
        Assert.Equal("no-store", (await client.HeadAsync(url)).AssertStatus(410)["Cache-Control"]);
        (await client.PostAsync("/api/files/Deleted.txt/undelete")).AssertStatus(200);
        Assert.Equal("Deleted.txt now", (await client.GetAsync(url)).AssertStatus(200).Text);
    }

    [Theory]
    [InlineData("PUT")]
    [InlineData("POST")]
    [InlineData("DELETE")]
    [InlineData("PURGE")]
    public async Task An_address_can_only_be_read(string method)
    {
        var answer = await client.SendAsync(method, LegacyServer.Url(tree.Current("Plain.txt")), null);
        answer.AssertProblem(405);
        Assert.Equal("GET, HEAD", answer["Allow"]);
    }

    [Fact]
    public async Task A_name_is_brought_in_by_whoever_asks_for_it()
    {
        tree.File(tree.Current("Asked.txt"), "Asked.txt now");
        var led = (await client.GetAsync("/file/Asked.txt")).AssertStatus(302);
        Assert.Equal("Asked.txt now", (await client.GetAsync(led["Location"]!)).AssertStatus(200).Text);

        tree.File(tree.Current("Viewed.txt"), "Viewed.txt now");
        Assert.Equal(1, (await client.GetAsync("/api/files/Viewed.txt")).AssertStatus(200).Json.GetProperty("versions").GetArrayLength());
        (await client.GetAsync("/file/Never.txt")).AssertProblem(404);
    }

    [Theory]
    [InlineData("lower.txt")]
    [InlineData("Hash#.txt")]
    [InlineData("50%25_off.txt")]
    public async Task A_name_that_an_upload_could_not_have_is_found_and_can_be_deleted(string name)
    {
        var led = (await client.GetAsync("/file/" + Uri.EscapeDataString(name))).AssertStatus(302);
        Assert.Equal($"{name} now", (await client.GetAsync(led["Location"]!)).AssertStatus(200).Text);
        var api = "/api/files/" + Uri.EscapeDataString(name);
        Assert.Equal(name, (await client.GetAsync(api)).AssertStatus(200).Json.GetProperty("name").GetString());
        (await client.DeleteAsync(api)).AssertStatus(200);
        (await client.GetAsync(LegacyServer.Url(tree.Current(name)))).AssertProblem(410);
        (await client.PostAsync(api + "/undelete")).AssertStatus(200);
    }

    [Fact]
    public async Task An_upload_comes_after_what_the_tree_has()
    {
        tree.File(tree.Current("Replaced.txt"), "Replaced.txt now");
        var content = Samples.Text();
        var json = (await client.PutAsync("Replaced.txt", content)).AssertStatus(200).Json;
        Assert.Equal(
            [Samples.Sha256(content), Samples.Sha256(Encoding.UTF8.GetBytes("Replaced.txt now"))],
            json.GetProperty("versions").EnumerateArray().Select(version => version.GetProperty("sha256").GetString()));
        Assert.Equal(content, (await client.GetAsync(LegacyServer.Url(tree.Current("Replaced.txt")))).AssertStatus(200).Body);

        tree.File(tree.Current("Only_new.txt"), "Only_new.txt now");
        (await client.PutAsync("Only_new.txt", Samples.Text(), ("If-None-Match", "*"))).AssertProblem(412);
    }

    [Fact]
    public async Task A_rename_does_not_go_over_what_the_tree_has()
    {
        tree.File(tree.Current("Taken.txt"), "Taken.txt now");
        await client.UploadAsync("Moving.txt", Samples.Text());
        (await client.PostAsync("/api/files/Moving.txt/rename", """{"to":"Taken.txt"}""")).AssertProblem(409);
        Assert.Equal("Taken.txt now", (await client.GetAsync(LegacyServer.Url(tree.Current("Taken.txt")))).AssertStatus(200).Text);
    }

    [Fact]
    public async Task Many_who_ask_at_once_are_all_answered()
    {
        tree.File(tree.Current("Popular.txt"), "Popular.txt now");
        var url = LegacyServer.Url(tree.Current("Popular.txt"));
        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => client.GetAsync(url)));
        Assert.All(answers, answer => Assert.Equal((200, "Popular.txt now"), (answer.Status, answer.Text)));
        Assert.Equal(1, (await client.GetAsync("/api/files/Popular.txt")).Json.GetProperty("versions").GetArrayLength());
    }

    /// <summary>Names of all kinds, each with an old version.</summary>
    public sealed class Site : IAsyncLifetime
    {
        internal LegacyServer Server { get; private set; } = null!;

        public async Task InitializeAsync()
        {
            var tree = new LegacyTreeBuilder();
            foreach (var name in oddNames)
            {
                tree.Image(name, $"{name} now");
                tree.Old(name, Archived, $"{name} before");
            }

            Server = await LegacyServer.StartAsync(tree);
        }

        public async Task DisposeAsync() => await Server.DisposeAsync();
    }
}
