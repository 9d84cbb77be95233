using System.Globalization;
using System.Text;
using HashStore.Tests.Http.Support;
using Xunit;

namespace HashStore.Tests.Http;

/// <summary>Uploads that are refused: each with a problem document, and with nothing kept.</summary>
public sealed class UploadRefusalTests(ServerWithRoles fixture) : IClassFixture<ServerWithRoles>
{
    private readonly ServerProcess server = fixture.Server;
    private readonly ServerClient client = fixture.Server.Client;

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("/%20%20")]
    [InlineData("/_")]
    [InlineData("/..")]
    [InlineData("/.")]
    [InlineData("/%2e%2e")]
    [InlineData("/%2E.")]
    [InlineData("/%FF.png")]
    [InlineData("/%C3%28.png")]
    [InlineData("/a%2Fb.png")]
    [InlineData("/a%5Cb.png")]
    [InlineData("/%3Cb%3E.png")]
    [InlineData("/a%7Cb.png")]
    [InlineData("/a%3Ab.png")]
    [InlineData("/a%23b.png")]
    [InlineData("/a%5Bb.png")]
    [InlineData("/a%7Bb.png")]
    [InlineData("/a%0Ab.png")]
    [InlineData("/a%7Fb.png")]
    [InlineData("/a%2525b%2541.png")]
    [InlineData("/a%26amp%3B.png")]
    [InlineData("/100%.png")]
    [InlineData("/%EF%BF%BD.png")]
    public async Task A_bad_name_is_refused_with_the_reason(string segment)
    {
        if (segment.Length == 0)
        {
            // Without a name there is the list, which nothing can be put to; the method is refused, or the empty name.
            var list = await SendRefusedAsync("PUT", "/api/files", Samples.Png());
            Assert.Contains(list.Status, (int[])[400, 405]);
            list.AssertProblem(list.Status);
            return;
        }

        Assert.NotEmpty((await SendRefusedAsync("PUT", "/api/files" + segment, Samples.Png())).AssertProblem(400));
    }

    /// <summary>The web server below refuses such a path before anything of ours sees it, with an empty body.</summary>
    [Theory]
    [InlineData("%00.png")]
    [InlineData("a%00.png")]
    public async Task A_NUL_in_the_path_is_refused(string segment) => (await SendRefusedAsync("PUT", "/api/files/" + segment, Samples.Png())).AssertStatus(400);

    [Fact]
    public async Task A_name_has_at_most_240_bytes_of_UTF8()
    {
        var longest = new string('ä', 118) + ".png";
        Assert.Equal(240, Encoding.UTF8.GetByteCount(longest));
        (await client.PutAsync(longest, Samples.Png())).AssertStatus(201);
        Assert.Contains("241", (await RefusedAsync("x" + longest)).AssertProblem(400), StringComparison.Ordinal);
        (await RefusedAsync(new string('x', 3000) + ".png")).AssertProblem(400);
    }

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    [InlineData("..")]
    [InlineData("a\0b.png")]
    [InlineData("a/b.png")]
    [InlineData("<b>.png")]
    [InlineData("a|b.png")]
    [InlineData("a:b.png")]
    public async Task A_bad_name_in_a_form_is_refused_too(string name)
    {
        using var connection = await server.ConnectAsync();
        var before = await Kept.LookAsync(server);
        byte[] body =
        [
            .. "--line\r\nContent-Disposition: form-data; name=\"file\"; filename=\"\"\r\n\r\n"u8, .. Samples.Png(),
            .. Encoding.UTF8.GetBytes($"\r\n--line\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\n{name}\r\n--line--\r\n"),
        ];
        await connection.SendHeadAsync(
            "POST /api/files", server.AdminToken, "Content-Type: multipart/form-data; boundary=line", $"Content-Length: {body.Length}");
        await connection.SendAsync(body);
        Assert.NotEmpty((await connection.ReadAnswerAsync())!.AssertProblem(400));
        Assert.Equal(before, await Kept.LookAsync(server));
    }

    [Theory]
    [InlineData("multipart/form-data", "", 400)]
    [InlineData("text/plain", "name=A.png", 415)]
    [InlineData("multipart/form-data; boundary=line", "nothing", 400)]
    [InlineData("multipart/form-data; boundary=line", "--line\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nA.png\r\n--line--\r\n", 400)]
    [InlineData("multipart/form-data; boundary=line", "--line\r\n\r\nA.png\r\n--line--\r\n", 400)]
    [InlineData("multipart/form-data; boundary=line", "--line\r\nContent-Disposition: form-data; name=\"file\"; filename=\"A.png\"\r\n\r\ncut of", 400)]
    [InlineData(
        "multipart/form-data; boundary=line",
        "--line\r\nContent-Disposition: form-data; name=file\r\n\r\nA\r\n--line\r\nContent-Disposition: form-data; name=file\r\n\r\nB\r\n--line--\r\n", 400)]
    public async Task A_form_that_is_none_is_refused(string type, string body, int status)
    {
        using var connection = await server.ConnectAsync();
        var before = await Kept.LookAsync(server);
        await connection.SendHeadAsync("POST /api/files", server.AdminToken, "Content-Type: " + type, $"Content-Length: {body.Length}");
        await connection.SendAsync(body);
        (await connection.ReadAnswerAsync())!.AssertProblem(status);
        Assert.Equal(before, await Kept.LookAsync(server));
    }

    [Theory]
    [InlineData("Picture.txt")]
    [InlineData("Picture.jpg")]
    [InlineData("Picture.svg")]
    [InlineData("Picture.html")]
    public async Task An_extension_that_contradicts_the_content_is_refused(string name) => (await RefusedAsync(name)).AssertProblem(415);

    [Theory]
    [InlineData("Repr-Digest", "sha-256=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:")]
    [InlineData("Content-Digest", "sha-256=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:")]
    [InlineData("Repr-Digest", "sha-256=:AAAA:")]
    [InlineData("Repr-Digest", "sha-256=nonsense")]
    [InlineData("Repr-Digest", "(((")]
    [InlineData("Content-MD5", "AAAAAAAAAAAAAAAAAAAAAA==")]
    [InlineData("Content-MD5", "nonsense")]
    [InlineData("X-Description", "100%")]
    [InlineData("X-Description", "%FF")]
    [InlineData("X-Description", "%00")]
    [InlineData("If-None-Match", "\"some tag\"")]
    public async Task A_wrong_field_is_refused(string field, string value) =>
        Assert.NotEmpty((await RefusedAsync("Field.png", (field, value))).AssertProblem(400));

    [Fact]
    public async Task A_right_digest_does_not_help_beside_a_wrong_one()
    {
        var content = Samples.Png();
        var right = $"sha-256=:{Samples.Base64Sha256(content)}:";
        var answer = await SendRefusedAsync("PUT", "/api/files/Two.png", content, ("Repr-Digest", right), ("Content-MD5", "AAAAAAAAAAAAAAAAAAAAAA=="));
        answer.AssertProblem(400);
    }

    [Fact]
    public async Task A_description_that_is_too_long_is_refused() =>
        (await RefusedAsync("Long.png", ("X-Description", new string('x', 8193)))).AssertProblem(400);

    [Fact]
    public async Task Encoded_content_is_not_taken() => (await RefusedAsync("Encoded.png", ("Content-Encoding", "gzip"))).AssertProblem(415);

    [Fact]
    public async Task A_condition_that_does_not_hold_is_refused()
    {
        var content = Samples.Png();
        (await RefusedAsync("Nobody.png", ("If-Match", "*"))).AssertProblem(412);
        (await RefusedAsync("Nobody.png", ("If-Match", $"\"{Samples.Sha256(content)}\""))).AssertProblem(412);
        await client.UploadAsync("Conditional.png", content);
        (await RefusedAsync("Conditional.png", ("If-None-Match", "*"))).AssertProblem(412);
        (await RefusedAsync("Conditional.png", ("If-Match", $"\"{Samples.Sha256(Samples.Png())}\""))).AssertProblem(412);
        (await RefusedAsync("Conditional.png", ("If-Match", $"W/\"{Samples.Sha256(content)}\""))).AssertProblem(412);
    }

    [Theory]
    [InlineData("PUT", "/api/files/Secret.png")]
    [InlineData("POST", "/api/files")]
    [InlineData("POST", "/api/files/Secret.png/revert")]
    [InlineData("POST", "/api/files/Secret.png/rename")]
    [InlineData("DELETE", "/api/files/Secret.png")]
    [InlineData("POST", "/api/files/Secret.png/undelete")]
    [InlineData("DELETE", "/api/files/Secret.png/versions/1")]
    [InlineData("POST", "/api/files/Secret.png/versions/1/undelete")]
    public async Task Writing_needs_a_token_that_is_valid_and_allowed(string method, string target)
    {
        var before = await Kept.LookAsync(server);
        var without = await client.SendAsync(method, target, new ByteArrayContent(Samples.Png()), ServerClient.Nobody);
        without.AssertProblem(401);
        Assert.Equal("Bearer", without["WWW-Authenticate"]);

        foreach (var wrong in (string[])["wrong", server.AdminToken[1..], server.AdminToken + "0", new string('x', 5000)])
        {
            var answer = await client.SendAsync(method, target, new ByteArrayContent(Samples.Png()), wrong);
            answer.AssertProblem(401);
            Assert.StartsWith("Bearer", answer["WWW-Authenticate"], StringComparison.Ordinal);
        }

        (string, string) basic = ("Authorization", "Basic YWRtaW46YWRtaW4=");
        (await client.SendAsync(method, target, new ByteArrayContent(Samples.Png()), ServerClient.Nobody, basic)).AssertProblem(401);
        (await client.SendAsync(method, target, new ByteArrayContent(Samples.Png()), ServerWithRoles.Reader)).AssertProblem(403);
        Assert.Equal(before, await Kept.LookAsync(server));
    }

    [Fact]
    public async Task Each_role_may_do_what_it_is_for()
    {
        byte[] first = Samples.Png(), second = Samples.Png();
        var uploaded = (await client.SendAsync("PUT", "/api/files/Roles.png", new ByteArrayContent(first), ServerWithRoles.Uploader)).AssertStatus(201);
        Assert.Equal("uploader", uploaded.Json.GetProperty("current").GetProperty("user").GetString());
        (await client.SendAsync("PUT", "/api/files/Roles.png", new ByteArrayContent(second), ServerWithRoles.Uploader)).AssertStatus(200);
        var id = uploaded.Json.GetProperty("current").GetProperty("id").GetInt64();
        var before = await Kept.LookAsync(server);
        (string Method, string Target)[] forAdministrators =
        [
            ("DELETE", "/api/files/Roles.png"), ("POST", "/api/files/Roles.png/undelete"), ("DELETE", $"/api/files/Roles.png/versions/{id}"),
            ("POST", $"/api/files/Roles.png/versions/{id}/undelete"),
        ];
        foreach (var (method, target) in forAdministrators)
        {
            (await client.SendAsync(method, target, null, ServerWithRoles.Uploader)).AssertProblem(403);
        }

        Assert.Equal(before, await Kept.LookAsync(server));
        (await client.SendAsync("GET", "/api/files/Roles.png", null, ServerWithRoles.Reader)).AssertStatus(200);
        (await client.SendAsync("DELETE", "/api/files/Roles.png", null, ServerWithRoles.SecondAdmin)).AssertStatus(200);
    }

    [Fact]
    public async Task What_is_too_large_is_refused_declared_or_chunked_or_in_a_form()
    {
        var content = Samples.Unknown(ServerWithRoles.MaxUploadBytes + 1);
        (await SendRefusedAsync("PUT", "/api/files/Large.bin", content)).AssertProblem(413);
        var before = await Kept.LookAsync(server);

        using var connection = await server.ConnectAsync();
        await connection.SendHeadAsync("PUT /api/files/Large.bin", server.AdminToken, "Transfer-Encoding: chunked");
        await connection.SendAsync($"{content.Length:x}\r\n");
        await connection.SendAsync(content);
        await connection.SendAsync("\r\n0\r\n\r\n");
        (await connection.ReadAnswerAsync())!.AssertProblem(413);
        Assert.Equal(before, await Kept.LookAsync(server));

        using var form = new MultipartFormDataContent { { new ByteArrayContent(content), "file", "Large.bin" } };
        (await client.SendAsync("POST", "/api/files", form)).AssertProblem(413);
        Assert.Equal(before, await Kept.LookAsync(server));
        (await client.PutAsync("Just fits.bin", content[1..])).AssertStatus(201);
    }

    [Fact]
    public async Task Other_bodies_are_small() =>
        (await SendRefusedAsync("POST", "/api/files/Any.png/rename", new byte[100_000], ("Content-Type", "application/json"))).AssertProblem(413);

    private Task<Answer> RefusedAsync(string name, params (string Field, string Value)[] fields) =>
        SendRefusedAsync("PUT", "/api/files/" + Uri.EscapeDataString(name), Samples.Png(), fields);

    private async Task<Answer> SendRefusedAsync(string method, string target, byte[] content, params (string Field, string Value)[] fields)
    {
        var before = await Kept.LookAsync(server);
        var answer = await client.SendAsync(method, target, new ByteArrayContent(content), null, fields);
        Assert.True(before == await Kept.LookAsync(server), string.Create(CultureInfo.InvariantCulture, $"{answer.Status}: something was kept"));
        Assert.Equal(404, (await client.GetAsync(Samples.ObjectUrl(content))).Status);
        return answer;
    }
}
