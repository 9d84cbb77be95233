using HashStore.Tests.Http.Support;
using Xunit;

namespace HashStore.Tests.Http;

/// <summary>Uploads whose framing is wrong, and refusals that come before the body.</summary>
public sealed class UploadFramingTests(ServerWithRoles fixture) : IClassFixture<ServerWithRoles>
{
    private readonly ServerProcess server = fixture.Server;
    private readonly ServerClient client = fixture.Server.Client;

    /// <summary>The client waits for 100 (Continue) and sends nothing else: an answer can only be the refusal.</summary>
    [Theory]
    [InlineData("PUT /api/files/Early.png", "", 500, 401)]
    [InlineData("PUT /api/files/Early.png", "wrong", 500, 401)]
    [InlineData("PUT /api/files/Early.png", ServerWithRoles.Reader, 500, 403)]
    [InlineData("PUT /api/files/Taken.png", ServerWithRoles.Uploader, 500, 412)]
    [InlineData("PUT /api/files/Early.png", ServerWithRoles.Uploader, ServerWithRoles.MaxUploadBytes + 1, 413)]
    [InlineData("PUT /api/files/a%7Cb.png", ServerWithRoles.Uploader, 500, 400)]
    [InlineData("POST /api/files", "", 500, 401)]
    public async Task A_refusal_comes_before_the_body_is_sent(string line, string token, int length, int status)
    {
        await client.PutAsync("Taken.png", Samples.Png());
        var before = await Kept.LookAsync(server);
        using var connection = await server.ConnectAsync();
        await connection.SendHeadAsync(
            line, token.Length == 0 ? null : token, $"Content-Length: {length}", "Expect: 100-continue", "If-None-Match: *",
            "Content-Type: multipart/form-data; boundary=line");
        (await connection.ReadAnswerAsync())!.AssertProblem(status);
        Assert.Equal(before, await Kept.LookAsync(server));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(400)]
    [InlineData(200_000)]
    public async Task A_body_that_ends_before_its_declared_length_is_refused(int sent)
    {
        var content = Samples.Png(300_000);
        var before = await Kept.LookAsync(server);
        using var connection = await server.ConnectAsync();
        await connection.SendHeadAsync("PUT /api/files/Short.png", server.AdminToken, $"Content-Length: {content.Length}");
        await connection.SendAsync(content[..sent]);
        connection.HalfClose();
        await AssertCutOffAsync(connection, before);
        (await client.GetAsync("/api/files/Short.png")).AssertProblem(404);
    }

    [Fact]
    public async Task A_chunked_body_without_its_end_is_refused()
    {
        var before = await Kept.LookAsync(server);
        using var connection = await server.ConnectAsync();
        await connection.SendHeadAsync("PUT /api/files/Short.bin", server.AdminToken, "Transfer-Encoding: chunked");
        await connection.SendAsync("3\r\nabc\r\n");
        connection.HalfClose();
        await AssertCutOffAsync(connection, before);
    }

    [Fact]
    public async Task A_chunked_body_with_nonsense_between_is_refused()
    {
        var before = await Kept.LookAsync(server);
        using var connection = await server.ConnectAsync();
        await connection.SendHeadAsync("PUT /api/files/Nonsense.bin", server.AdminToken, "Transfer-Encoding: chunked");
        await connection.SendAsync("3\r\nabc\r\nnonsense\r\n");
        (await connection.ReadAnswerAsync())!.AssertProblem(400);
        Assert.Equal(before, await Kept.LookAsync(server));
    }

    [Fact]
    public async Task A_client_that_goes_away_leaves_nothing()
    {
        var before = await Kept.LookAsync(server);
        using (var connection = await server.ConnectAsync())
        {
            await connection.SendHeadAsync("PUT /api/files/Gone.png", server.AdminToken, "Content-Length: 400000");
            await connection.SendAsync(Samples.Png(200_000));
            await Until.TrueAsync("the upload is being staged", () => Kept.Staged(server).Count == 1);
        }

        await Until.TrueAsync("the staged bytes are removed", () => Kept.Staged(server).Count == 0);
        Assert.Equal(before, await Kept.LookAsync(server));
    }

    [Fact]
    public async Task What_comes_beyond_the_declared_length_is_a_bad_request_of_its_own()
    {
        var content = Samples.Png(700);
        using var connection = await server.ConnectAsync();
        await connection.SendHeadAsync("PUT /api/files/Long.png", server.AdminToken, $"Content-Length: {content.Length}");
        await connection.SendAsync([.. content, .. "and more of it\r\n\r\n"u8]);
        (await connection.ReadAnswerAsync())!.AssertStatus(201);
        Assert.Equal(400, (await connection.ReadAnswerAsync())!.Status);
        Assert.Null(await connection.ReadAnswerAsync());
        Assert.Equal(content, (await client.GetAsync(Samples.ObjectUrl(content))).AssertStatus(200).Body);
        Assert.Equal(content.Length, (await client.GetAsync("/api/files/Long.png")).Json.GetProperty("current").GetProperty("size").GetInt64());
    }

    [Fact]
    public async Task Several_uploads_may_follow_each_other_on_one_connection()
    {
        using var connection = await server.ConnectAsync();
        var contents = Enumerable.Range(0, 5).Select(_ => Samples.Png()).ToList();
        foreach (var content in contents)
        {
            await connection.SendHeadAsync("PUT /api/files/Pipelined.png", server.AdminToken, $"Content-Length: {content.Length}");
            await connection.SendAsync(content);
        }

        foreach (var content in contents)
        {
            var answer = (await connection.ReadAnswerAsync())!;
            Assert.Equal(Samples.Sha256(content), answer.Json.GetProperty("current").GetProperty("sha256").GetString());
        }
    }

    [Theory]
    [InlineData("Content-Length: 5\r\nContent-Length: 6")]
    [InlineData("Content-Length: five")]
    [InlineData("Content-Length: -5")]
    public async Task A_length_that_is_none_is_refused(string fields)
    {
        var before = await Kept.LookAsync(server);
        using var connection = await server.ConnectAsync();
        await connection.SendHeadAsync("PUT /api/files/Length.bin", server.AdminToken, fields);
        await connection.SendAsync("hello!");
        Assert.Equal(400, (await connection.ReadAnswerAsync())!.Status);
        Assert.Equal(before, await Kept.LookAsync(server));
    }

    /// <summary>The web server takes an end of the input that it sees together with the last bytes for an early end: then the answer must be true and say so.</summary>
    [Theory]
    [InlineData(100)]
    [InlineData(300_000)]
    public async Task A_whole_body_whose_sender_says_that_nothing_more_comes_is_kept_or_refused_and_the_answer_is_true(int size)
    {
        for (var round = 0; round < 20; round++)
        {
            var content = Samples.Png(size);
            using var connection = await server.ConnectAsync();
            await connection.SendHeadAsync($"PUT /api/files/Last_{size}_{round}.png", server.AdminToken, $"Content-Length: {content.Length}");
            await connection.SendAsync(content);
            connection.HalfClose();
            var answer = (await connection.ReadAnswerAsync())!;
            Assert.Null(await connection.ReadAnswerAsync());
            if (answer.Status == 201)
            {
                Assert.Equal(content, (await client.GetAsync(Samples.ObjectUrl(content))).AssertStatus(200).Body);
            }
            else
            {
                answer.AssertProblem(400);
                (await client.GetAsync(Samples.ObjectUrl(content))).AssertProblem(404);
            }
        }
    }

    [Fact]
    public async Task An_answer_reaches_a_client_that_says_that_nothing_more_comes()
    {
        var content = Samples.Png(900_000);
        await client.UploadAsync("Much.png", content);
        using var connection = await server.ConnectAsync();
        await connection.SendHeadAsync($"GET {Samples.ObjectUrl(content)}", null);
        connection.HalfClose();
        Assert.Equal(content, (await connection.ReadAnswerAsync())!.AssertStatus(200).Body);
        Assert.Null(await connection.ReadAnswerAsync());
    }

    /// <summary>
    /// "A server that receives an incomplete request message [...] MAY send an error response prior to closing the connection" (RFC 9112 section 8).
    /// </summary>
    private async Task AssertCutOffAsync(RawConnection connection, Kept before)
    {
        (await connection.ReadAnswerAsync())!.AssertProblem(400);
        Assert.Null(await connection.ReadAnswerAsync());
        await Until.TrueAsync("the staged bytes are removed", () => Kept.Staged(server).Count == 0);
        Assert.Equal(before, await Kept.LookAsync(server));
    }
}
