using System.Globalization;
using System.Text;
using HashStore.Tests.Http.Support;
using Xunit;
using Xunit.Abstractions;

namespace HashStore.Tests.Http;

/// <summary>Ranges of objects (RFC 9110 section 14): exact bytes, from the cache and from the file.</summary>
public sealed class ObjectRangeTests(ObjectConditionTests.TwoObjects objects, ITestOutputHelper output) : IClassFixture<ObjectConditionTests.TwoObjects>
{
    private readonly ServerClient client = objects.Server.Client;

    /// <summary>N stands for the length, L for the last position.</summary>
    [Theory]
    [InlineData("bytes=0-0")]
    [InlineData("bytes=0-")]
    [InlineData("bytes=L-")]
    [InlineData("bytes=10-19")]
    [InlineData("bytes=500-99999999999999999999")]
    [InlineData("bytes=-1")]
    [InlineData("bytes=-500")]
    [InlineData("bytes=-99999999")]
    [InlineData("bytes=0-0,-1")]
    [InlineData("bytes=5-9, 0-4 ,20-29")]
    [InlineData("bytes=0-9,99999999-")]
    [InlineData("bytes=0-9,5-14")]
    [InlineData("BYTES=1-2")]
    [InlineData("bytes=N-")]
    [InlineData("bytes=-0")]
    [InlineData("bytes=99999999-99999999")]
    [InlineData("bytes=0-L,0-L")]
    [InlineData("bytes=9-1")]
    [InlineData("bytes=abc")]
    [InlineData("bytes=0-1;2-3")]
    [InlineData("lines=0-1")]
    [InlineData("")]
    public async Task A_range_gives_exactly_its_bytes(string range)
    {
        foreach (var content in objects.Contents)
        {
            var field = range.Replace("N", $"{content.Length}", StringComparison.Ordinal).Replace("L", $"{content.Length - 1}", StringComparison.Ordinal);
            AssertByModel(await client.GetAsync(Samples.ObjectUrl(content, "Object.png"), ("Range", field)), field, content);
        }
    }

    [Theory]
    [InlineData(64, 206)]
    [InlineData(65, 200)]
    public async Task A_long_list_of_ranges_is_answered_with_the_whole(int count, int status)
    {
        foreach (var content in objects.Contents)
        {
            var field = "bytes=" + string.Join(',', Enumerable.Range(0, count).Select(at => $"{at * 2}-{at * 2}"));
            (await client.GetAsync(Samples.ObjectUrl(content), ("Range", field))).AssertStatus(status);
        }
    }

    [Fact]
    public async Task HEAD_ignores_ranges()
    {
        foreach (var content in objects.Contents)
        {
            foreach (var range in (string[])["bytes=0-9", "bytes=0-0,-1", "bytes=99999999-"])
            {
                var head = (await client.HeadAsync(Samples.ObjectUrl(content), ("Range", range))).AssertStatus(200);
                Assert.Equal($"{content.Length}", head["Content-Length"]);
                Assert.Null(head["Content-Range"]);
            }
        }
    }

    [Fact]
    public async Task A_part_has_the_fields_of_the_whole()
    {
        foreach (var content in objects.Contents)
        {
            var whole = (await client.GetAsync(Samples.ObjectUrl(content, "Object.png"))).AssertStatus(200);
            var part = (await client.GetAsync(Samples.ObjectUrl(content, "Object.png"), ("Range", "bytes=1-3"))).AssertStatus(206);
            string[] fields =
            [
                "ETag", "Last-Modified", "Cache-Control", "Content-Type", "Content-Disposition", "X-Content-Type-Options", "Content-Security-Policy",
                "Repr-Digest", "Surrogate-Key", "Accept-Ranges",
            ];
            Assert.All(fields, field => Assert.Equal(whole[field], part[field]));
        }
    }

    [Fact]
    public async Task Random_ranges_give_exactly_the_bytes_that_a_model_says()
    {
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        for (var round = 0; round < 400; round++)
        {
            var content = objects.Contents[round % objects.Contents.Length];
            var field = RandomField(random, content.Length);
            var answer = await client.GetAsync(Samples.ObjectUrl(content, "Object.png"), ("Range", field));
            try
            {
                AssertByModel(answer, field, content);
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException($"seed {seed}, Range: {field}, {content.Length} bytes", exception);
            }
        }
    }

    private static string RandomField(Random random, int length)
    {
        var specs = Enumerable.Range(0, random.Next(1, 7)).Select(_ =>
        {
            // Short ones mostly, so that several together do not exceed the whole.
            var first = random.Next(4) == 0 ? random.Next(length + 20) : random.Next(length);
            var size = random.Next(3) == 0 ? random.Next(length + 20) : random.Next(length / 8);
            return random.Next(8) switch
            {
                0 => $"-{size}",
                1 => $"{first}-",
                2 => $" {first}-{first + size} ",
                3 when random.Next(10) == 0 => $"{first}-{first - 1}",
                _ => $"{first}-{first + size}",
            };
        });
        return "bytes=" + string.Join(',', specs);
    }

    /// <summary>Written from the RFC, with none of the product's code: 416, the whole, one part, or parts in the order asked for.</summary>
    private static void AssertByModel(Answer answer, string field, byte[] content)
    {
        if (Model(field, content.Length) is not { } ranges)
        {
            Assert.Equal(content, answer.AssertStatus(200).Body);
            Assert.Null(answer["Content-Range"]);
            return;
        }

        switch (ranges.Count)
        {
            case 0:
                answer.AssertProblem(416);
                Assert.Equal($"bytes */{content.Length}", answer["Content-Range"]);
                break;
            case 1:
                answer.AssertStatus(206);
                Assert.Equal($"bytes {ranges[0].First}-{ranges[0].Last}/{content.Length}", answer["Content-Range"]);
                Assert.Equal(Slice(content, ranges[0]), answer.Body);
                break;
            default:
                answer.AssertStatus(206);
                Assert.Null(answer["Content-Range"]);
                AssertParts(answer, ranges, content);
                break;
        }
    }

    private static void AssertParts(Answer answer, List<(long First, long Last)> ranges, byte[] content)
    {
        const string Type = "multipart/byteranges; boundary=";
        Assert.StartsWith(Type, answer["Content-Type"], StringComparison.Ordinal);
        var boundary = answer["Content-Type"]![Type.Length..];
        using var expected = new MemoryStream();
        foreach (var range in ranges)
        {
            var span = $"bytes {range.First}-{range.Last}/{content.Length}";
            expected.Write(Encoding.ASCII.GetBytes(
                $"{(expected.Length == 0 ? "" : "\r\n")}--{boundary}\r\nContent-Type: image/png\r\nContent-Range: {span}\r\n\r\n"));
            expected.Write(Slice(content, range));
        }

        expected.Write(Encoding.ASCII.GetBytes($"\r\n--{boundary}--\r\n"));
        Assert.Equal(expected.ToArray(), answer.Body);
        Assert.Equal($"{expected.Length}", answer["Content-Length"]);
    }

    /// <summary>Null: the field is to be ignored.</summary>
    private static List<(long First, long Last)>? Model(string field, int length)
    {
        if (!field.StartsWith("bytes=", StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        var ranges = new List<(long First, long Last)>();
        foreach (var spec in field["bytes=".Length..].Split(',', StringSplitOptions.TrimEntries))
        {
            var ends = spec.Split('-');
            if (ends.Length != 2 || ends is ["", ""] || !ends.All(end => end.All(char.IsAsciiDigit)))
            {
                return null;
            }

            var (first, last) = (Number(ends[0]), Number(ends[1]));
            if (first > last)
            {
                return null;
            }

            var range = first is null
                ? (First: Math.Max(0, length - last!.Value), Last: length - 1L)
                : (First: first.Value, Last: Math.Min(last ?? long.MaxValue, length - 1));
            if (range.First < length && range.First <= range.Last)
            {
                ranges.Add(range);
            }
        }

        // More bytes than the whole has: the whole is sent once.
        return ranges.Sum(range => range.Last - range.First + 1) > length ? null : ranges;
    }

    private static long? Number(string digits) =>
        digits.Length == 0 ? null : digits.Length > 18 ? long.MaxValue : long.Parse(digits, CultureInfo.InvariantCulture);

    private static byte[] Slice(byte[] content, (long First, long Last) range) => content[(int)range.First..((int)range.Last + 1)];
}
