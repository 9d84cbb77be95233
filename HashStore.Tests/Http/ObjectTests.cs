using System.Globalization;
using HashStore.Tests.Http.Support;
using HashStore.Tests.Support;
using Xunit;

namespace HashStore.Tests.Http;

/// <summary>The contract's row of objects, but for ranges and conditions: see <see cref="ObjectRangeTests"/> and <see cref="ObjectConditionTests"/>.</summary>
public sealed class ObjectTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private readonly ServerProcess server = fixture.Server;
    private readonly ServerClient client = fixture.Server.Client;

    [Theory]
    [InlineData(700)]
    [InlineData(64 << 10)]
    [InlineData((64 << 10) + 1)]
    [InlineData(300_000)]
    public async Task An_object_answers_with_everything_a_reader_and_a_cache_need(int size)
    {
        var content = Samples.Png(size);
        var before = DateTimeOffset.UtcNow.AddSeconds(-2);
        await client.UploadAsync($"Everything {size}.png", content);

        // The second answer comes from the cache.
        for (var time = 0; time < 2; time++)
        {
            var answer = (await client.GetAsync(Samples.ObjectUrl(content, $"Everything_{size}.png"))).AssertStatus(200);
            Assert.Equal(content, answer.Body);
            Assert.Equal("image/png", answer["Content-Type"]);
            Assert.Equal($"{content.Length}", answer["Content-Length"]);
            Assert.Equal($"\"{Samples.Sha256(content)}\"", answer["ETag"]);
            Assert.Equal("public, max-age=31536000, immutable", answer["Cache-Control"]);
            Assert.Equal("bytes", answer["Accept-Ranges"]);
            Assert.Equal($"inline; filename*=UTF-8''Everything_{size}.png", answer["Content-Disposition"]);
            Assert.Equal("nosniff", answer["X-Content-Type-Options"]);
            Assert.Contains("sandbox", answer["Content-Security-Policy"]!.Split(';', StringSplitOptions.TrimEntries));
            Assert.Contains("default-src 'none'", answer["Content-Security-Policy"], StringComparison.Ordinal);
            Assert.Equal($"sha-256=:{Samples.Base64Sha256(content)}:", answer["Repr-Digest"]);
            Assert.Equal(Samples.Sha256(content)[..16], answer["Surrogate-Key"]);
            var modified = DateTimeOffset.ParseExact(answer["Last-Modified"]!, "R", CultureInfo.InvariantCulture);
            Assert.InRange(modified, before, DateTimeOffset.UtcNow.AddSeconds(1));
        }
    }

    [Theory]
    [InlineData(700)]
    [InlineData(300_000)]
    public async Task HEAD_has_the_fields_of_GET_and_no_body(int size)
    {
        var content = Samples.Png(size);
        await client.UploadAsync($"Head {size}.png", content);
        var url = Samples.ObjectUrl(content, "Head.png");
        var get = (await client.GetAsync(url)).AssertStatus(200);
        var head = (await client.HeadAsync(url)).AssertStatus(200);
        Assert.Empty(head.Body);
        Assert.Equal(WithoutDate(get), WithoutDate(head));
    }

    [Fact]
    public async Task HEAD_over_a_kept_connection_sends_not_a_byte_of_body()
    {
        var content = Samples.Png();
        await client.UploadAsync("Kept.png", content);
        using var connection = await server.ConnectAsync();
        await connection.SendHeadAsync($"HEAD {Samples.ObjectUrl(content)}", null);
        await connection.SendHeadAsync($"GET {Samples.ObjectUrl(content)}", null);
        Assert.Equal($"{content.Length}", (await connection.ReadAnswerAsync(toHead: true))!["Content-Length"]);
        Assert.Equal(content, (await connection.ReadAnswerAsync())!.Body);
    }

    [Theory]
    [InlineData("", "inline")]
    [InlineData("/", "inline")]
    [InlineData("/Any.png", "inline; filename*=UTF-8''Any.png")]
    [InlineData("/any.PNG", "inline; filename*=UTF-8''any.PNG")]
    [InlineData("/No%20extension", "inline; filename*=UTF-8''No%20extension")]
    [InlineData("/Unknown.extension", "inline; filename*=UTF-8''Unknown.extension")]
    [InlineData("/%E6%97%A5%E6%9C%AC.png", "inline; filename*=UTF-8''%E6%97%A5%E6%9C%AC.png")]
    [InlineData("/100%25%20%22sure%22.png", "inline; filename*=UTF-8''100%25%20%22sure%22.png")]
    [InlineData("/%0D%0AX-Evil:%201.png", "inline; filename*=UTF-8''%0D%0AX-Evil%3A%201.png")]
    [InlineData("/%F0%9F%8E%89.png?query=ignored", "inline; filename*=UTF-8''%F0%9F%8E%89.png")]
    public async Task An_object_answers_under_any_name(string suffix, string disposition)
    {
        var content = SharedPng;
        await client.UploadAsync("Shared.png", content);
        var answer = (await client.GetAsync(Samples.ObjectUrl(content) + suffix)).AssertStatus(200);
        Assert.Equal(content, answer.Body);
        Assert.Equal("image/png", answer["Content-Type"]);
        Assert.Equal(disposition, answer["Content-Disposition"]);
        Assert.Null(answer["X-Evil"]);
    }

    [Theory]
    [InlineData("Wrong.jpg")]
    [InlineData("Wrong.html")]
    [InlineData("Wrong.svg")]
    [InlineData("Wrong.txt")]
    [InlineData("Wrong.png.pdf")]
    public async Task A_name_whose_extension_contradicts_the_content_is_not_found(string name)
    {
        var content = SharedPng;
        await client.UploadAsync("Shared.png", content);
        (await client.GetAsync(Samples.ObjectUrl(content, name))).AssertProblem(404);
        Assert.Equal(404, (await client.HeadAsync(Samples.ObjectUrl(content, name))).Status);
    }

    [Fact]
    public async Task A_contradicting_name_that_the_content_was_stored_under_gives_bytes_to_save()
    {
        var content = Samples.Png();
        await client.UploadAsync("Legacy.png", content);

        // Uploads under such a name are refused; a wiki's old tree may hold them.
        Assert.Equal(1, RawDatabase.Change(server.Store, $"UPDATE filename SET fn_name = 'Legacy.txt' WHERE fn_name = 'Legacy.png'"));
        var answer = (await client.GetAsync(Samples.ObjectUrl(content, "Legacy.txt"))).AssertStatus(200);
        Assert.Equal(content, answer.Body);
        Assert.Equal("application/octet-stream", answer["Content-Type"]);
        Assert.Equal("attachment; filename*=UTF-8''Legacy.txt", answer["Content-Disposition"]);
        Assert.Equal("nosniff", answer["X-Content-Type-Options"]);
        (await client.GetAsync(Samples.ObjectUrl(content, "Other.txt"))).AssertProblem(404);
    }

    [Fact]
    public async Task What_a_browser_could_run_is_an_attachment()
    {
        (string Name, byte[] Content, string Type, string Kind)[] samples =
        [
            ("Drawing.svg", Samples.Svg(), "image/svg+xml", "attachment"),
            ("Page.html", Samples.Html(), "text/html; charset=utf-8", "attachment"),
            ("Archive.zip", Samples.Zip(), "application/zip", "attachment"),
            ("Bytes.bin", Samples.Unknown(100), "application/octet-stream", "attachment"),
            ("Page.txt", Samples.Html(), "text/plain; charset=utf-8", "inline"),
            ("Notes.txt", Samples.Text("Grüße, "), "text/plain; charset=utf-8", "inline"),
            ("Latin.txt", [.. Samples.Text(), 0xE4], "text/plain", "inline"),
            ("Photo.jpg", Samples.Jpeg(), "image/jpeg", "inline"),
        ];
        foreach (var (name, content, type, kind) in samples)
        {
            await client.UploadAsync(name, content);
            var answer = (await client.GetAsync(Samples.ObjectUrl(content, name))).AssertStatus(200);
            Assert.Equal(content, answer.Body);
            Assert.Equal((name, type, $"{kind}; filename*=UTF-8''{name}"), (name, answer["Content-Type"], answer["Content-Disposition"]));
            Assert.Equal("nosniff", answer["X-Content-Type-Options"]);
            Assert.Contains("sandbox", answer["Content-Security-Policy"], StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task An_empty_file_is_an_object_like_any_other()
    {
        await client.UploadAsync("Empty.txt", []);
        var answer = (await client.GetAsync(Samples.ObjectUrl([], "Empty.txt"))).AssertStatus(200);
        Assert.Empty(answer.Body);
        Assert.Equal("0", answer["Content-Length"]);
        Assert.StartsWith("text/plain", answer["Content-Type"], StringComparison.Ordinal);
        (await client.GetAsync(Samples.ObjectUrl([], "Empty.txt"), ("Range", "bytes=0-"))).AssertProblem(416);
    }

    [Theory]
    [InlineData("/images/0/0/0/0000000000000")]
    [InlineData("/images/0/0/0/0000000000000/Name.png")]
    [InlineData("/images/0/0/0/000000000000")]
    [InlineData("/images/0/0/0/00000000000000")]
    [InlineData("/images/0/0/0")]
    [InlineData("/images/")]
    [InlineData("/images")]
    [InlineData("/images/.hashstore/admin-token")]
    [InlineData("/images/.hashstore/layout.json")]
    [InlineData("/images/0/0/0/000000000000g")]
    public async Task What_is_not_there_is_a_404_that_nobody_keeps(string path)
    {
        (await client.GetAsync(path)).AssertProblem(404);
        var head = await client.HeadAsync(path);
        Assert.Equal((404, "no-store"), (head.Status, head["Cache-Control"]));
        Assert.Empty(head.Body);
    }

    [Fact]
    public async Task Upper_case_digits_name_no_object()
    {
        var content = Enumerable.Repeat(0, 100).Select(_ => Samples.Png()).First(some => Samples.ObjectPath(some).Any(char.IsAsciiLetter));
        await client.UploadAsync("Case.png", content);
        (await client.GetAsync($"/images/{Samples.ObjectPath(content)}")).AssertStatus(200);
        (await client.GetAsync($"/images/{Samples.ObjectPath(content).ToUpperInvariant()}")).AssertProblem(404);
        (await client.GetAsync($"/images/{Samples.ObjectPath(content).ToUpperInvariant()}/Case.png")).AssertProblem(404);
        (await client.GetAsync($"/IMAGES/{Samples.ObjectPath(content)}")).AssertProblem(404);
    }

    [Theory]
    [InlineData(700)]
    [InlineData(300_000)]
    public async Task A_deleted_object_is_gone_at_once_and_back_after_undelete(int size)
    {
        var content = Samples.Png(size);
        var name = $"Gone {size}.png";
        await client.UploadAsync(name, content);
        var url = Samples.ObjectUrl(content, "Gone.png");
        (await client.GetAsync(url)).AssertStatus(200);
        (await client.DeleteAsync($"/api/files/{Uri.EscapeDataString(name)}")).AssertStatus(200);
        (await client.GetAsync(url)).AssertProblem(410);
        (await client.GetAsync(url, ("If-None-Match", $"\"{Samples.Sha256(content)}\""))).AssertProblem(410);
        (await client.GetAsync(url, ("Range", "bytes=0-1"))).AssertProblem(410);
        Assert.Equal("no-store", (await client.HeadAsync(url)).AssertStatus(410)["Cache-Control"]);
        (await client.PostAsync($"/api/files/{Uri.EscapeDataString(name)}/undelete")).AssertStatus(200);
        Assert.Equal(content, (await client.GetAsync(url)).AssertStatus(200).Body);
    }

    [Theory]
    [InlineData("PUT")]
    [InlineData("POST")]
    [InlineData("DELETE")]
    [InlineData("PATCH")]
    [InlineData("OPTIONS")]
    public async Task Objects_can_only_be_read(string method)
    {
        var content = SharedPng;
        await client.UploadAsync("Shared.png", content);
        var answer = await client.SendAsync(method, Samples.ObjectUrl(content, "Shared.png"), null);
        answer.AssertProblem(405);
        Assert.Equal("GET, HEAD", answer["Allow"]);
        Assert.Equal(content, (await client.GetAsync(Samples.ObjectUrl(content))).AssertStatus(200).Body);
    }

    [Fact]
    public async Task The_absolute_form_of_a_request_is_understood()
    {
        var content = Samples.Png();
        await client.UploadAsync("Absolute form.png", content);
        foreach (var path in (string[])[Samples.ObjectUrl(content, "Absolute form.png"), "/file/Absolute%20form.png", "/api/files/Absolute%20form.png"])
        {
            using var connection = await server.ConnectAsync();
            await connection.SendAsync($"GET {server.Url.GetLeftPart(UriPartial.Authority)}{path} HTTP/1.1\r\nHost: {server.Url.Authority}\r\n\r\n");
            Assert.Equal((path, path.StartsWith("/file", StringComparison.Ordinal) ? 302 : 200), (path, (await connection.ReadAnswerAsync())!.Status));
        }
    }

    private static byte[] SharedPng { get; } = Samples.Png();

    private static SortedDictionary<string, string> WithoutDate(Answer answer) =>
        new(answer.Fields.Where(field => !field.Key.Equals("Date", StringComparison.OrdinalIgnoreCase)).ToDictionary());
}
