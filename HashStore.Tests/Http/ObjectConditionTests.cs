using System.Globalization;
using HashStore.Tests.Http.Support;
using Xunit;

namespace HashStore.Tests.Http;

/// <summary>Conditional requests for objects (RFC 9110 section 13), for a cached one and for one too large for it.</summary>
public sealed class ObjectConditionTests(ObjectConditionTests.TwoObjects objects) : IClassFixture<ObjectConditionTests.TwoObjects>
{
    private readonly ServerClient client = objects.Server.Client;

    /// <summary>TAG stands for the object's entity tag, DATE for its modification time, BEFORE and AFTER for a day earlier or later.</summary>
    [Theory]
    [InlineData("If-None-Match", "TAG", 304)]
    [InlineData("If-None-Match", "W/TAG", 304)]
    [InlineData("If-None-Match", "\"other\", TAG", 304)]
    [InlineData("If-None-Match", "\"a,b\" , W/\"c\" ,TAG", 304)]
    [InlineData("If-None-Match", "*", 304)]
    [InlineData("If-None-Match", "\"other\"", 200)]
    [InlineData("If-None-Match", "\"a, TAG", 200)]
    [InlineData("If-Modified-Since", "DATE", 304)]
    [InlineData("If-Modified-Since", "AFTER", 304)]
    [InlineData("If-Modified-Since", "BEFORE", 200)]
    [InlineData("If-Modified-Since", "yesterday", 200)]
    [InlineData("If-Match", "TAG", 200)]
    [InlineData("If-Match", "\"other\", TAG", 200)]
    [InlineData("If-Match", "*", 200)]
    [InlineData("If-Match", "\"other\"", 412)]
    [InlineData("If-Match", "W/TAG", 412)]
    [InlineData("If-Unmodified-Since", "DATE", 200)]
    [InlineData("If-Unmodified-Since", "BEFORE", 412)]
    public async Task A_condition_decides(string field, string value, int status)
    {
        foreach (var content in objects.Contents)
        {
            var url = Samples.ObjectUrl(content, "Object.png");
            var plain = (await client.GetAsync(url)).AssertStatus(200);
            var condition = (field, Fill(value, plain));
            var get = await client.GetAsync(url, condition);
            var head = await client.HeadAsync(url, condition);
            Assert.Equal((status, status), (get.Status, head.Status));
            Assert.Empty(head.Body);
            AssertAnswer(get, plain, content);
        }
    }

    [Theory]
    [InlineData("If-None-Match", "\"other\"", "If-Modified-Since", "AFTER", 200)]
    [InlineData("If-None-Match", "TAG", "If-Modified-Since", "BEFORE", 304)]
    [InlineData("If-Match", "TAG", "If-Unmodified-Since", "BEFORE", 200)]
    [InlineData("If-Match", "TAG", "If-None-Match", "TAG", 304)]
    [InlineData("If-Match", "\"other\"", "If-None-Match", "TAG", 412)]
    [InlineData("If-None-Match", "TAG", "Range", "bytes=0-0", 304)]
    [InlineData("If-Match", "\"other\"", "Range", "bytes=0-0", 412)]
    [InlineData("If-None-Match", "TAG", "Range", "bytes=99999999-", 304)]
    public async Task Of_two_conditions_the_one_with_the_tag_counts(string field, string value, string otherField, string otherValue, int status)
    {
        foreach (var content in objects.Contents)
        {
            var url = Samples.ObjectUrl(content);
            var plain = (await client.GetAsync(url)).AssertStatus(200);
            var answer = await client.GetAsync(url, (field, Fill(value, plain)), (otherField, Fill(otherValue, plain)));
            Assert.Equal(status, answer.Status);
            AssertAnswer(answer, plain, content);
        }
    }

    [Theory]
    [InlineData("TAG", 206)]
    [InlineData("DATE", 206)]
    [InlineData("W/TAG", 200)]
    [InlineData("\"other\"", 200)]
    [InlineData("BEFORE", 200)]
    [InlineData("AFTER", 200)]
    [InlineData("nonsense", 200)]
    public async Task If_Range_decides_between_the_range_and_the_whole(string value, int status)
    {
        foreach (var content in objects.Contents)
        {
            var url = Samples.ObjectUrl(content);
            var plain = (await client.GetAsync(url)).AssertStatus(200);
            var answer = (await client.GetAsync(url, ("Range", "bytes=5-14"), ("If-Range", Fill(value, plain)))).AssertStatus(status);
            Assert.Equal(status == 206 ? content[5..15] : content, answer.Body);

            // An unsatisfiable range does not matter when the condition is false.
            var beyond = await client.GetAsync(url, ("Range", "bytes=99999999-"), ("If-Range", Fill(value, plain)));
            Assert.Equal(status == 206 ? 416 : 200, beyond.Status);
        }
    }

    private static string Fill(string value, Answer plain)
    {
        var date = DateTimeOffset.ParseExact(plain["Last-Modified"]!, "R", CultureInfo.InvariantCulture);
        return value.Replace("TAG", plain["ETag"], StringComparison.Ordinal).Replace("DATE", $"{date:R}", StringComparison.Ordinal)
            .Replace("BEFORE", $"{date.AddDays(-1):R}", StringComparison.Ordinal).Replace("AFTER", $"{date.AddDays(1):R}", StringComparison.Ordinal);
    }

    private static void AssertAnswer(Answer answer, Answer plain, byte[] content)
    {
        switch (answer.Status)
        {
            case 200:
                Assert.Equal(content, answer.Body);
                break;
            case 304:
                // "The server generating a 304 response MUST generate any of the following header fields that would have been sent in a 200 (OK) response
                // to the same request: Content-Location, Date, ETag, and Vary; Cache-Control and Expires." (RFC 9110 section 15.4.5)
                Assert.Empty(answer.Body);
                Assert.All(["ETag", "Cache-Control", "Last-Modified"], field => Assert.Equal(plain[field], answer[field]));
                Assert.Null(answer["Content-Length"]);
                break;
            default:
                answer.AssertProblem(412);
                break;
        }
    }

    /// <summary>A server with an object that its cache keeps whole, and one that it does not.</summary>
    public sealed class TwoObjects : ServerFixture, IAsyncLifetime
    {
        internal byte[][] Contents { get; } = [Samples.Png(1000), Samples.Png(200_000)];

        async Task IAsyncLifetime.InitializeAsync()
        {
            await InitializeAsync();
            for (var at = 0; at < Contents.Length; at++)
            {
                await Server.Client.UploadAsync($"Object {at}.png", Contents[at]);
            }
        }
    }
}
