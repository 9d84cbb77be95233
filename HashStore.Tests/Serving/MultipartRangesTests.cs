using System.Globalization;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using HashStore.Storage.Serving;
using Xunit;

namespace HashStore.Tests.Serving;

/// <summary>RFC 9110 sections 14.6 and 15.3.7.2.</summary>
public sealed class MultipartRangesTests
{
    // The shape of the example in 15.3.7.2, with short parts.
    [Fact]
    public void The_body_looks_like_the_RFCs_example()
    {
        var framing = new MultipartRanges("application/pdf", 8000, [new ByteRange(500, 3), new ByteRange(7000, 2)], "THIS_STRING_SEPARATES");
        var file = Enumerable.Range(0, 8000).Select(i => (byte)('a' + (i % 26))).ToArray();

        Assert.Equal("multipart/byteranges; boundary=THIS_STRING_SEPARATES", framing.ContentType);
        Assert.Equal(
            "--THIS_STRING_SEPARATES\r\nContent-Type: application/pdf\r\nContent-Range: bytes 500-502/8000\r\n\r\nghi" +
            "\r\n--THIS_STRING_SEPARATES\r\nContent-Type: application/pdf\r\nContent-Range: bytes 7000-7001/8000\r\n\r\ngh" +
            "\r\n--THIS_STRING_SEPARATES--\r\n",
            Encoding.ASCII.GetString(Body(framing, file)));
    }

    [Fact]
    public void The_declared_length_is_exact_and_the_parts_read_back() =>
        Prop.ForAll(
            Gen.Choose(1, 3000).SelectMany(length => Gen.Choose(0, length - 1).SelectMany(a => Gen.Choose(1, length - a).Select(n => new ByteRange(a, n)))
                .ListOf().Where(ranges => ranges.Count is >= 1 and <= ByteRanges.MaxRanges).Select(ranges => (length, ranges.ToArray()))).ToArbitrary(),
            ArbMap.Default.ArbFor<int>(),
            (input, seed) =>
            {
                var (length, ranges) = input;
                var file = new byte[length];
                new Random(seed).NextBytes(file);
                var framing = new MultipartRanges("image/jpeg", length, ranges, MultipartRanges.NewBoundary());

                var body = Body(framing, file);

                Assert.Equal(framing.ContentLength, body.Length);
                var parts = ReadBack(body, framing.Boundary);
                Assert.Equal(ranges, parts.Select(p => p.Range));
                Assert.All(parts, p => Assert.Equal(file.AsSpan((int)p.Range.Offset, (int)p.Range.Length).ToArray(), p.Content));
            }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_length_beyond_four_gigabytes_is_counted_exactly()
    {
        const long Total = 10_000_000_000;
        var framing = new MultipartRanges("video/webm", Total, [new ByteRange(0, 5_000_000_000), new ByteRange(Total - 1, 1)], "b");
        Assert.Equal(5_000_000_001 + framing.PartHeader(0).Length + framing.PartHeader(1).Length + framing.Closing.Length, framing.ContentLength);
    }

    [Fact]
    public void Boundaries_are_long_and_different()
    {
        var boundaries = Enumerable.Range(0, 100).Select(_ => MultipartRanges.NewBoundary()).ToList();
        Assert.All(boundaries, b => Assert.Matches("^[0-9a-f]{32}$", b));
        Assert.Equal(boundaries.Count, boundaries.Distinct().Count());
    }

    [Theory]
    [InlineData("image/png", "")]
    [InlineData("image/png", "with space")]
    [InlineData("image/png", "a\r\nb")]
    [InlineData("image/png\r\nX-Forged: 1", "b")]
    [InlineData("image/\u00e9", "b")]
    public void Framing_that_could_be_broken_out_of_is_refused(string type, string boundary) =>
        Assert.Throws<ArgumentException>(() => new MultipartRanges(type, 10, [new ByteRange(0, 1)], boundary));

    [Fact]
    public void A_boundary_has_at_most_seventy_characters()
    {
        _ = new MultipartRanges("image/png", 10, [new ByteRange(0, 1)], new string('b', 70));
        Assert.Throws<ArgumentException>(() => new MultipartRanges("image/png", 10, [new ByteRange(0, 1)], new string('b', 71)));
    }

    private static byte[] Body(MultipartRanges framing, byte[] file)
    {
        using var body = new MemoryStream();
        for (var i = 0; i < framing.Ranges.Count; i++)
        {
            body.Write(framing.PartHeader(i).Span);
            body.Write(file.AsSpan((int)framing.Ranges[i].Offset, (int)framing.Ranges[i].Length));
        }

        body.Write(framing.Closing.Span);
        return body.ToArray();
    }

    /// <summary>A multipart reader that knows the boundary only: cuts at delimiters (RFC 2046 section 5.1.1), never by the lengths it is to check.</summary>
    private static List<(ByteRange Range, byte[] Content)> ReadBack(byte[] body, string boundary)
    {
        // Latin-1 maps every byte to the character of the same number, so text functions work on bytes.
        var pieces = ("\r\n" + Encoding.Latin1.GetString(body)).Split("\r\n--" + boundary);
        Assert.Equal("", pieces[0]);
        Assert.Equal("--\r\n", pieces[^1]);
        return pieces[1..^1].Select(piece =>
        {
            var end = piece.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            var fields = piece[..end].Split("\r\n", StringSplitOptions.RemoveEmptyEntries).ToDictionary(f => f.Split(": ")[0], f => f.Split(": ")[1]);
            Assert.Equal("image/jpeg", fields["Content-Type"]);
            var numbers = fields["Content-Range"]["bytes ".Length..].Split('-', '/').Select(n => long.Parse(n, CultureInfo.InvariantCulture)).ToArray();
            return (new ByteRange(numbers[0], numbers[1] - numbers[0] + 1), Encoding.Latin1.GetBytes(piece[(end + 4)..]));
        }).ToList();
    }
}
