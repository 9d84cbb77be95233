using HashStore.Tests.Http.Support;
using Xunit;

namespace HashStore.Tests.Http;

/// <summary>
/// Requests whose end two servers could see in different places (RFC 9112 section 11.2): refused, or taken in one way only and the connection closed, so that nothing of them can pass for another's request.
/// </summary>
public sealed class SmugglingTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private const string Next = "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n";
    private const string Chunked = "5\r\nhello\r\n0\r\n\r\n";

    private readonly ServerProcess server = fixture.Server;

    [Theory]
    [InlineData("Content-Length: 5\r\nContent-Length: 5", "hello")]
    [InlineData("Content-Length: 5\r\nContent-Length: 6", "hello!")]
    [InlineData("Content-Length: 5, 5", "hello")]
    [InlineData("Content-Length: +5", "hello")]
    [InlineData("Content-Length: -5", "hello")]
    [InlineData("Content-Length: 0x5", "hello")]
    [InlineData("Content-Length: 5 5", "hello")]
    [InlineData("Content-Length:\r\n 5", "hello")]
    [InlineData("Content-Length : 5", "hello")]
    [InlineData("Transfer-Encoding : chunked", Chunked)]
    [InlineData("Transfer-Encoding:\r\n chunked", Chunked)]
    [InlineData("Transfer-Encoding:\vchunked", Chunked)]
    [InlineData("Transfer-Encoding: xchunked", Chunked)]
    [InlineData("Transfer-Encoding: chunked, identity", Chunked)]
    [InlineData("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", Chunked)]
    [InlineData("Transfer-Encoding: chunked", "5\nhello\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked", "5;a\nhello\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked", "0x5\r\nhello\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked", "-5\r\nhello\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked", "fffffffffffffffff\r\nhello\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked", "5\r\nhelloX\r\n0\r\n\r\n")]
    [InlineData("X-Folded: a\r\n b\r\nContent-Length: 5", "hello")]
    [InlineData("X-Bare: a\nContent-Length: 5", "hello")]
    [InlineData("X-Bare: a\rContent-Length: 5", "hello")]
    [InlineData("X-Nul: a\0b\r\nContent-Length: 5", "hello")]
    [InlineData(": empty\r\nContent-Length: 5", "hello")]
    [InlineData("Host: other\r\nContent-Length: 5", "hello")]
    public async Task A_request_with_two_readings_is_refused_and_nothing_after_it_is_read(string fields, string body)
    {
        var before = await Kept.LookAsync(server);
        using var connection = await server.ConnectAsync();
        await connection.SendAsync($"PUT /api/files/Smuggled.txt HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {server.AdminToken}\r\n{fields}\r\n\r\n{body}{Next}");
        Assert.Equal(400, (await connection.ReadAnswerAsync())?.Status);
        Assert.Null(await connection.ReadAnswerAsync());
        Assert.Equal(before, await Kept.LookAsync(server));
    }

    /// <summary>"A server MAY reject a request that contains both Content-Length and Transfer-Encoding or process such a request in accordance with the Transfer-Encoding alone. Regardless, the server MUST close the connection after responding" (section 6.1).</summary>
    [Theory]
    [InlineData("Content-Length: 3\r\nTransfer-Encoding: chunked")]
    [InlineData("Transfer-Encoding: chunked\r\nContent-Length: 300")]
    public async Task Where_length_and_chunks_are_announced_the_chunks_count_and_the_connection_ends(string fields)
    {
        using var connection = await server.ConnectAsync();
        await connection.SendAsync($"PUT /api/files/Both.txt HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {server.AdminToken}\r\n{fields}\r\n\r\n{Chunked}{Next}");
        var answer = (await connection.ReadAnswerAsync())!;
        Assert.Contains(answer.Status, (int[])[200, 201]);
        Assert.Equal(5, answer.Json.GetProperty("current").GetProperty("size").GetInt32());
        Assert.Null(await connection.ReadAnswerAsync());
    }

    [Fact]
    public async Task A_transfer_coding_that_is_not_undone_is_refused()
    {
        var before = await Kept.LookAsync(server);
        using var connection = await server.ConnectAsync();
        await connection.SendHeadAsync("PUT /api/files/Coded.txt", server.AdminToken, "Transfer-Encoding: gzip, chunked");
        await connection.SendAsync(Chunked);
        (await connection.ReadAnswerAsync())!.AssertProblem(501);
        Assert.Equal(before, await Kept.LookAsync(server));
    }

    [Theory]
    [InlineData("GET /healthz HTTP/1.1\nHost: a\n\n")]
    [InlineData("GET /healthz HTTP/1.1\r\n Host: a\r\n\r\n")]
    [InlineData("GET /healthz HTTP/1.1\r\n\r\n")]
    [InlineData("GET /heal thz HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET http://b/healthz HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET /healthz HTTP/1.1 \r\nHost: a\r\n\r\n")]
    public async Task A_head_with_two_readings_is_refused(string head)
    {
        using var connection = await server.ConnectAsync();
        await connection.SendAsync(head + Next);
        Assert.Equal(400, (await connection.ReadAnswerAsync())?.Status);
        Assert.Null(await connection.ReadAnswerAsync());
    }

    /// <summary>A request within the body of another is its body, whoever reads it.</summary>
    [Fact]
    public async Task A_request_in_the_body_of_a_GET_is_not_answered()
    {
        using var connection = await server.ConnectAsync();
        const string Hidden = "GET /api/stats HTTP/1.1\r\nHost: a\r\n\r\n";
        await connection.SendAsync($"GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: {Hidden.Length}\r\n\r\n{Hidden}GET /api/none HTTP/1.1\r\nHost: a\r\n\r\n");
        (await connection.ReadAnswerAsync())!.AssertStatus(200);
        (await connection.ReadAnswerAsync())!.AssertProblem(404);
    }
}
