using System.Globalization;
using System.Text;
using HashStore.Tests.Http.Support;
using Xunit;
using Xunit.Abstractions;

namespace HashStore.Tests.Http;

/// <summary>Callers who mean harm, many at once: their limits hold, memory stays bounded, and honest requests are answered meanwhile.</summary>
public sealed class AbuseTests(ITestOutputHelper output)
{
    /// <summary>What the peak of the server's memory may grow by under any of these, in KiB: hundreds of connections need a few MiB, the collector takes the rest before it works.</summary>
    private const long MaxGrowth = 160 << 10;

    [Fact]
    public async Task Hundreds_of_slow_clients_are_cut_off_while_others_are_served()
    {
        await using var server = await ServerProcess.StartAsync(
            null, "--HashStore:Limits:HeaderSeconds=4", "--HashStore:Limits:MinBytesPerSecond=1000", "--HashStore:Limits:SlowGraceSeconds=3", "--HashStore:Limits:ConcurrentUploads=8");
        var content = Samples.Png();
        await server.Client.UploadAsync("Honest.png", content);
        await MeasureAsync(server, async () =>
        {
            var slow = new List<RawConnection>();
            for (var at = 0; at < 300; at++)
            {
                slow.Add(await server.ConnectAsync());
                await slow[at].SendAsync("GET /healthz HTTP/1.1\r\nHost: a\r\nX-Slow: ");
            }

            for (var at = 0; at < 40; at++)
            {
                var body = await server.ConnectAsync();
                slow.Add(body);
                await body.SendHeadAsync($"PUT /api/files/Slow_{at}.bin", server.AdminToken, "Content-Length: 1000000");
            }

            // A byte now and then keeps a server that only watches for silence waiting for ever.
            var ends = slow.Select(connection => EndAsync(connection)).ToList();
            var upload = server.Client.PutAsync("Waiting.png", Samples.Png());
            for (var all = Task.WhenAll(ends); !all.IsCompleted; await Task.WhenAny(all, Task.Delay(100)))
            {
                Assert.Equal(content, (await server.Client.GetAsync(Samples.ObjectUrl(content, "Honest.png"))).AssertStatus(200).Body);
                await Task.WhenAll(slow.Select((connection, at) => ends[at].IsCompleted ? Task.CompletedTask : connection.TrySendAsync("x")));
            }

            Assert.All(ends, end => Assert.True(end.Result is null or 408, $"{end.Result}"));
            (await upload).AssertStatus(201);
            slow.ForEach(connection => connection.Dispose());
        });
        await Until.TrueAsync("nothing is left of the slow uploads", () => Kept.Staged(server).Count == 0);
    }

    [Fact]
    public async Task Heads_that_are_too_large_are_refused_and_cost_little()
    {
        await using var server = await ServerProcess.StartAsync();
        var large = new string('a', 200_000);
        (string Head, int Status)[] heads =
        [
            ($"GET /healthz HTTP/1.1\r\nHost: a\r\nX: {large}\r\n\r\n", 431),
            ($"GET /healthz HTTP/1.1\r\nHost: a\r\n{string.Concat(Enumerable.Range(0, 5000).Select(at => string.Create(CultureInfo.InvariantCulture, $"X{at}: a\r\n")))}\r\n", 431),
            ($"GET /{large} HTTP/1.1\r\nHost: a\r\n\r\n", 414),
            ($"GET /?{large} HTTP/1.1\r\nHost: a\r\n\r\n", 414),
            ($"{large} / HTTP/1.1\r\nHost: a\r\n\r\n", 414),
        ];
        await MeasureAsync(server, async () =>
        {
            for (var round = 0; round < 40; round++)
            {
                var answers = await Task.WhenAll(heads.Select(async head =>
                {
                    using var connection = await server.ConnectAsync();
                    await connection.TrySendAsync(head.Head);
                    return ((await connection.ReadAnswerAsync())?.Status, head.Status);
                }));

                // The server closes while the rest is still on its way, and the reset may overtake the answer.
                Assert.All(answers, answer => Assert.True(answer.Item1 is null || answer.Item1 == answer.Item2, $"{answer}"));
                (await server.Client.GetAsync("/healthz")).AssertStatus(200);
            }
        });
    }

    [Fact]
    public async Task Trailers_are_bounded()
    {
        await using var server = await ServerProcess.StartAsync();
        var before = await Kept.LookAsync(server);
        using var connection = await server.ConnectAsync();
        await connection.SendHeadAsync("PUT /api/files/Trailed.txt", server.AdminToken, "Transfer-Encoding: chunked");
        await connection.TrySendAsync("5\r\nhello\r\n0\r\nX: " + new string('a', 1_000_000) + "\r\n\r\n");
        Assert.True((await connection.ReadAnswerAsync())?.Status is null or 400 or 431);
        Assert.Null(await connection.ReadAnswerAsync());
        await Until.TrueAsync("the staged bytes are removed", () => Kept.Staged(server).Count == 0);
        Assert.Equal(before, await Kept.LookAsync(server));
    }

    [Fact]
    public async Task Thousands_of_ranges_never_give_more_than_the_object_has()
    {
        await using var server = await ServerProcess.StartAsync();
        var content = Samples.Png(3_000_000);
        await server.Client.UploadAsync("Ranges.png", content);
        var url = Samples.ObjectUrl(content, "Ranges.png");
        string[] ranges =
        [
            "bytes=" + string.Join(',', Enumerable.Range(0, 3000).Select(at => string.Create(CultureInfo.InvariantCulture, $"{at}-"))),
            "bytes=" + string.Join(',', Enumerable.Repeat("0-", 5000)),
            "bytes=" + string.Join(',', Enumerable.Repeat("-2999999", 1500)),
            "bytes=" + string.Join(',', Enumerable.Range(0, 2000).Select(at => string.Create(CultureInfo.InvariantCulture, $"{at * 2}-{at * 2}"))),
            "bytes=" + new string(',', 15_000) + "0-1",
            "bytes=0-" + new string('9', 15_000),
        ];
        await MeasureAsync(server, async () =>
        {
            for (var round = 0; round < 5; round++)
            {
                foreach (var answer in await Task.WhenAll(ranges.Select(range => server.Client.GetAsync(url, ("Range", range)))))
                {
                    Assert.Contains(answer.Status, (int[])[200, 206]);
                    Assert.InRange(answer.Body.Length, 1, content.Length);
                }
            }
        });
    }

    [Theory]
    [InlineData("/images", "/a")]
    [InlineData("/images", "/0")]
    [InlineData("/images/thumb", "/0")]
    [InlineData("/images/1/2/3", "/%2e%2e")]
    [InlineData("/images", "/")]
    [InlineData("/api/files", "/a")]
    [InlineData("/file", "/%C3%A4")]
    public async Task Deep_paths_lead_nowhere(string start, string segment)
    {
        await using var server = await ServerProcess.StartAsync();
        await MeasureAsync(server, async () =>
        {
            foreach (var depth in (int[])[10, 100, 1000, 3500])
            {
                var path = new StringBuilder(start).Insert(start.Length, segment, Math.Min(depth, 7500 / segment.Length)).ToString();
                var answer = await server.Client.GetAsync(path);
                Assert.Contains(answer.Status, (int[])[400, 404, 414]);
            }
        });
    }

    [Fact]
    public async Task Connections_beyond_the_limit_are_closed_and_those_within_served()
    {
        await using var server = await ServerProcess.StartAsync(null, "--HashStore:Limits:Connections=20");
        var connections = new List<RawConnection>();
        for (var at = 0; at < 100; at++)
        {
            connections.Add(await server.ConnectAsync());
        }

        var answered = 0;
        foreach (var connection in connections)
        {
            await connection.TrySendAsync("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
            answered += (await connection.ReadAnswerAsync())?.Status == 200 ? 1 : 0;
        }

        Assert.InRange(answered, 1, 20);
        connections.ForEach(connection => connection.Dispose());
        await Until.TrueAsync("there is room again", async () =>
        {
            using var connection = await server.ConnectAsync();
            await connection.TrySendAsync("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
            return (await connection.ReadAnswerAsync())?.Status == 200;
        });
    }

    [Fact]
    public async Task Guessing_tokens_is_slow_and_reading_goes_on()
    {
        await using var server = await ServerProcess.StartAsync(null, "--HashStore:Limits:WrongTokensPerSecond=1");
        var content = Samples.Png();
        await server.Client.UploadAsync("Open.png", content);
        var refused = 0;
        for (var guess = 0; refused == 0 && guess < 10_000; guess++)
        {
            var answer = await server.Client.SendAsync("PUT", "/api/files/A.png", new ByteArrayContent(content), $"guess {guess}");
            Assert.Contains(answer.Status, (int[])[401, 429]);
            if (answer.Status == 429)
            {
                answer.AssertProblem(429);
                Assert.Equal("10", answer["Retry-After"]);
                refused++;
            }
        }

        // Who needs no token is served, and the right token works again as soon as the guessing ends.
        Assert.Equal(1, refused);
        Assert.Equal(content, (await server.Client.GetAsync(Samples.ObjectUrl(content))).AssertStatus(200).Body);
        await Until.TrueAsync("the right token is taken again", async () => (await server.Client.PutAsync("B.png", Samples.Png())).Status == 201);
    }

    /// <summary>The status that a connection ends with; null: it was cut without one.</summary>
    private static async Task<int?> EndAsync(RawConnection connection)
    {
        var answer = await connection.ReadAnswerAsync();
        Assert.Null(await connection.ReadAnswerAsync());
        return answer?.Status;
    }

    private async Task MeasureAsync(ServerProcess server, Func<Task> abuse)
    {
        var before = PeakOf(server);
        await abuse();
        var after = PeakOf(server);
        output.WriteLine($"Peak memory of the server: {before} KiB before, {after} KiB after");
        Assert.InRange(after - before, 0, MaxGrowth);
        (await server.Client.GetAsync("/healthz")).AssertStatus(200);
    }

    /// <summary>The most memory that the process ever had, in KiB.</summary>
    private static long PeakOf(ServerProcess server) => long.Parse(
        File.ReadLines($"/proc/{server.Pid}/status").First(line => line.StartsWith("VmHWM:", StringComparison.Ordinal)).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1],
        CultureInfo.InvariantCulture);
}
