using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using HashStore.Tests.Http.Support;
using Xunit;

namespace HashStore.Tests.Http;

/// <summary>What uploads do when they are taken; refusals stand in <see cref="UploadRefusalTests"/>.</summary>
public sealed class UploadTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private readonly ServerProcess server = fixture.Server;
    private readonly ServerClient client = fixture.Server.Client;

    [Fact]
    public async Task A_new_name_is_created_at_its_location()
    {
        var content = Samples.Png();
        var answer = (await client.PutAsync("new photo.png", content)).AssertStatus(201);
        Assert.Equal("/api/files/New_photo.png", answer["Location"]);
        Assert.StartsWith("application/json", answer["Content-Type"], StringComparison.Ordinal);
        Assert.Equal("New_photo.png", answer.Json.GetProperty("name").GetString());
        Assert.Equal(Samples.ObjectUrl(content, "New_photo.png"), answer.Json.GetProperty("url").GetString());
        Assert.False(answer.Json.GetProperty("duplicate").GetBoolean());
        Assert.Empty(answer.Json.GetProperty("warnings").EnumerateArray());
        var told = (await client.GetAsync(answer["Location"]!)).AssertStatus(200).Json;
        Assert.Equal(answer.Json.GetProperty("current").GetRawText(), told.GetProperty("current").GetRawText());
        Assert.Equal(content, await File.ReadAllBytesAsync(Path.Combine(server.Root, Samples.ObjectPath(content))));
    }

    [Fact]
    public async Task Further_bytes_are_a_new_version_and_the_same_ones_are_not()
    {
        byte[] first = Samples.Png(), second = Samples.Png();
        (await client.PutAsync("Versions.png", first)).AssertStatus(201);
        var next = (await client.PutAsync("Versions.png", second)).AssertStatus(200);
        Assert.Null(next["Location"]);
        Assert.Equal([Samples.Sha256(second), Samples.Sha256(first)], Digests(next.Json));
        Assert.False(next.Json.GetProperty("duplicate").GetBoolean());

        var same = (await client.PutAsync("Versions.png", second)).AssertStatus(200).Json;
        Assert.Equal(["unchanged"], same.GetProperty("warnings").EnumerateArray().Select(warning => warning.GetString()));
        Assert.True(same.GetProperty("duplicate").GetBoolean());
        Assert.Equal([Samples.Sha256(second), Samples.Sha256(first)], Digests(same));

        // The first one's bytes again are a version of their own.
        var again = (await client.PutAsync("Versions.png", first)).AssertStatus(200).Json;
        Assert.Equal([Samples.Sha256(first), Samples.Sha256(second), Samples.Sha256(first)], Digests(again));
        Assert.True(again.GetProperty("duplicate").GetBoolean());
        Assert.Empty(again.GetProperty("warnings").EnumerateArray());
        Assert.Empty(Kept.Staged(server));
    }

    [Fact]
    public async Task Content_that_is_there_under_another_name_is_a_duplicate()
    {
        var content = Samples.Png();
        Assert.False((await client.UploadAsync("One.png", content)).GetProperty("duplicate").GetBoolean());
        var other = (await client.PutAsync("Other.png", content)).AssertStatus(201).Json;
        Assert.True(other.GetProperty("duplicate").GetBoolean());
        Assert.Empty(other.GetProperty("warnings").EnumerateArray());
    }

    [Fact]
    public async Task If_Match_with_the_objects_entity_tag_replaces_only_that_content()
    {
        byte[] first = Samples.Png(), second = Samples.Png(), third = Samples.Png();
        var created = (await client.PutAsync("Matched.png", first, ("If-None-Match", "*"))).AssertStatus(201).Json;
        var etag = (await client.HeadAsync(created.GetProperty("url").GetString()!))["ETag"]!;
        (await client.PutAsync("Matched.png", second, ("If-Match", etag))).AssertStatus(200);
        (await client.PutAsync("Matched.png", third, ("If-Match", etag))).AssertProblem(412);
        (await client.PutAsync("Matched.png", third, ("If-Match", $"\"other\", \"{Samples.Sha256(second)}\""))).AssertStatus(200);
        (await client.PutAsync("Matched.png", first, ("If-Match", "*"))).AssertStatus(200);
    }

    [Fact]
    public async Task If_None_Match_lets_a_deleted_name_begin_anew()
    {
        await client.UploadAsync("Anew.png", Samples.Png());
        (await client.DeleteAsync("/api/files/Anew.png")).AssertStatus(200);
        (await client.PutAsync("Anew.png", Samples.Png(), ("If-None-Match", "*"))).AssertStatus(201);
    }

    [Theory]
    [InlineData("Repr-Digest", "sha-256=:{0}:")]
    [InlineData("Content-Digest", "sha-256=:{0}:")]
    [InlineData("Repr-Digest", "sha-512=:{1}:, sha-256=:{0}:")]
    [InlineData("Content-Digest", "unknown=:AAAA:, sha-512=:{1}:")]
    [InlineData("Content-MD5", "{2}")]
    public async Task A_right_digest_is_accepted(string field, string value)
    {
        var content = Samples.Png();
        var text = string.Format(
            CultureInfo.InvariantCulture, value, Samples.Base64Sha256(content), Convert.ToBase64String(SHA512.HashData(content)), Md5(content));
        (await client.PutAsync($"Digest {Samples.Sha256(content)}.png", content, (field, text))).AssertStatus(201);
    }

    [Theory]
    [InlineData("Gr%C3%BC%C3%9Fe%2C%20100%25", "Grüße, 100%")]
    [InlineData("plain+words", "plain+words")]
    [InlineData("two%0Alines", "two\nlines")]
    public async Task A_description_comes_with_a_field_or_the_query(string encoded, string description)
    {
        var field = (await client.PutAsync("Described.png", Samples.Png(), ("X-Description", encoded))).Json;
        Assert.Equal(description, field.GetProperty("current").GetProperty("description").GetString());
        var inQuery = encoded.Replace("+", "%2B", StringComparison.Ordinal);
        var query = await client.SendAsync("PUT", $"/api/files/Described.png?description={inQuery}", Bytes(Samples.Png()));
        Assert.Equal(description, query.Json.GetProperty("current").GetProperty("description").GetString());
        Assert.Equal("admin", query.Json.GetProperty("current").GetProperty("user").GetString());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(131_072)]
    [InlineData(500_000)]
    public async Task A_chunked_body_is_taken_whole(int size)
    {
        var content = size == 0 ? [] : Samples.Unknown(Math.Max(12, size))[..size];
        using var connection = await server.ConnectAsync();
        await connection.SendHeadAsync($"PUT /api/files/Chunked_{size}.bin", server.AdminToken, "Transfer-Encoding: chunked");
        for (var sent = 0; sent < content.Length; sent += 100_000)
        {
            var chunk = content[sent..Math.Min(content.Length, sent + 100_000)];
            await connection.SendAsync($"{chunk.Length:x}\r\n");
            await connection.SendAsync(chunk);
            await connection.SendAsync("\r\n");
        }

        await connection.SendAsync("0\r\n\r\n");
        var answer = (await connection.ReadAnswerAsync())!.AssertStatus(201);
        Assert.Equal(Samples.Sha256(content), answer.Json.GetProperty("current").GetProperty("sha256").GetString());
        Assert.Equal(content, (await client.GetAsync(Samples.ObjectUrl(content))).AssertStatus(200).Body);
    }

    [Fact]
    public async Task A_form_may_have_its_fields_in_either_order()
    {
        foreach (var fileFirst in (bool[])[true, false])
        {
            var content = Samples.Png(200_000);
            using var form = new MultipartFormDataContent();
            void Fields()
            {
                form.Add(new StringContent($"form {fileFirst}, ä.png", Encoding.UTF8), "name");
                form.Add(new StringContent("Grüße", Encoding.UTF8), "description");
                form.Add(new StringContent("ignored"), "wpEditToken");
            }

            if (!fileFirst)
            {
                Fields();
            }

            form.Add(Bytes(content), "file", "Own.png");
            if (fileFirst)
            {
                Fields();
            }

            var answer = (await client.SendAsync("POST", "/api/files", form)).AssertStatus(201);
            Assert.Equal($"Form_{fileFirst},_ä.png", answer.Json.GetProperty("name").GetString());
            Assert.Equal("Grüße", answer.Json.GetProperty("current").GetProperty("description").GetString());
            Assert.Equal($"/api/files/{Uri.EscapeDataString($"Form_{fileFirst},_ä.png")}", answer["Location"]);
            Assert.Equal(content, (await client.GetAsync(answer.Json.GetProperty("url").GetString()!)).AssertStatus(200).Body);
        }
    }

    [Theory]
    [InlineData("filename=\"own name.png\"", "Own_name.png")]
    [InlineData("filename=\"C:\\\\Users\\\\me\\\\path.png\"", "Path.png")]
    [InlineData("filename=\"plain.png\"; filename*=UTF-8''%C3%A4.png", "Ä.png")]
    [InlineData("filename=\"/etc/slashes.png\"", "Slashes.png")]
    public async Task A_form_without_a_name_uses_the_files_own(string disposition, string name)
    {
        var content = Samples.Png();
        var answer = await SendFormAsync($"Content-Disposition: form-data; name=\"file\"; {disposition}", content);
        Assert.Equal(name, answer.AssertStatus(201).Json.GetProperty("name").GetString());
        Assert.Equal(content, (await client.GetAsync(Samples.ObjectUrl(content))).AssertStatus(200).Body);
    }

    [Fact]
    public async Task A_browsers_form_sends_the_name_in_plain_UTF8()
    {
        var answer = await SendFormAsync("Content-Disposition: form-data; name=\"file\"; filename=\"日本 ü.png\"", Samples.Png());
        Assert.Equal("日本_ü.png", answer.AssertStatus(201).Json.GetProperty("name").GetString());
    }

    [Fact]
    public async Task Who_waits_for_100_continue_gets_it_and_sends_then()
    {
        var content = Samples.Png();
        using var connection = await server.ConnectAsync();
        await connection.SendHeadAsync("PUT /api/files/Continue.png", server.AdminToken, $"Content-Length: {content.Length}", "Expect: 100-continue");
        Assert.Equal(100, (await connection.ReadAnswerAsync())!.Status);
        await connection.SendAsync(content);
        Assert.Equal(Samples.Sha256(content), Digests((await connection.ReadAnswerAsync())!.AssertStatus(201).Json).Single());
    }

    [Fact]
    public async Task Uploads_of_one_name_at_the_same_time_are_all_in_its_history()
    {
        var contents = Enumerable.Range(0, 20).Select(_ => Samples.Png()).ToList();
        var answers = await Task.WhenAll(contents.Select(content => client.PutAsync("Rush.png", content)));
        Assert.Equal(1, answers.Count(answer => answer.Status == 201));
        Assert.Equal(19, answers.Count(answer => answer.Status == 200));
        var history = (await client.GetAsync("/api/files/Rush.png")).Json;
        Assert.Equal(contents.Select(Samples.Sha256).Order(), Digests(history).Order());
    }

    [Fact]
    public async Task Of_many_that_upload_only_if_new_one_wins()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => client.PutAsync("First come.png", Samples.Png(), ("If-None-Match", "*"))));
        Assert.Equal(1, answers.Count(answer => answer.Status == 201));
        Assert.Equal(19, answers.Count(answer => answer.Status == 412));
        Assert.Single((await client.GetAsync("/api/files/First_come.png")).Json.GetProperty("versions").EnumerateArray());
    }

    private static IEnumerable<string?> Digests(JsonElement file) =>
        file.GetProperty("versions").EnumerateArray().Select(version => version.GetProperty("sha256").GetString());

    private static ByteArrayContent Bytes(byte[] content) => new(content);

#pragma warning disable CA5351 // what Content-MD5 holds
    private static string Md5(byte[] content) => Convert.ToBase64String(MD5.HashData(content));
#pragma warning restore CA5351

    private async Task<Answer> SendFormAsync(string disposition, byte[] content)
    {
        byte[] body = [.. Encoding.UTF8.GetBytes($"--line\r\n{disposition}\r\nContent-Type: image/png\r\n\r\n"), .. content, .. "\r\n--line--\r\n"u8];
        using var connection = await server.ConnectAsync();
        await connection.SendHeadAsync(
            "POST /api/files", server.AdminToken, "Content-Type: multipart/form-data; boundary=line", $"Content-Length: {body.Length}");
        await connection.SendAsync(body);
        return (await connection.ReadAnswerAsync())!;
    }
}
