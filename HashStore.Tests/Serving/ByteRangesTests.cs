using System.Globalization;
using System.Numerics;
using System.Text.RegularExpressions;
using FsCheck;
using FsCheck.Fluent;
using HashStore.Storage.Serving;
using Xunit;

namespace HashStore.Tests.Serving;

/// <summary>RFC 9110 section 14. A row's expectation reads like the answer: <c>whole</c>, <c>none</c> (416), or the ranges as first-last.</summary>
public sealed partial class ByteRangesTests
{
    [Theory]
    // 14.1.2, the RFC's examples, with a representation of 10000 bytes
    [InlineData("bytes=0-499", 10000, "0-499")]
    [InlineData("bytes=500-999", 10000, "500-999")]
    [InlineData("bytes=-500", 10000, "9500-9999")]
    [InlineData("bytes=9500-", 10000, "9500-9999")]
    [InlineData("bytes=0-0,-1", 10000, "0-0 9999-9999")]
    [InlineData("bytes= 0-0, -1", 10000, "0-0 9999-9999")]
    [InlineData("bytes= 0-999, 4500-5499, -1000", 10000, "0-999 4500-5499 9000-9999")]
    [InlineData("bytes=500-600,601-999", 10000, "500-600 601-999")]
    [InlineData("bytes=500-700,601-999", 10000, "500-700 601-999")]
    // 14.2: no field, or a unit that is not understood
    [InlineData(null, 10, "whole")]
    [InlineData("", 10, "whole")]
    [InlineData("seconds=1-2", 10, "whole")]
    [InlineData("bytes", 10, "whole")]
    [InlineData("bytes 0-4", 10, "whole")]
    [InlineData("bytes =0-4", 10, "whole")]
    [InlineData("exampleunit=1.2-4.3", 10, "whole")]
    // 14.1: unit names are case-insensitive
    [InlineData("BYTES=0-4", 10, "0-4")]
    [InlineData("Bytes=0-4", 10, "0-4")]
    // 14.1.1: invalid ranges-specifiers are ignored as a whole
    [InlineData("bytes=", 10, "whole")]
    [InlineData("bytes=,", 10, "whole")]
    [InlineData("bytes=-", 10, "whole")]
    [InlineData("bytes=5", 10, "whole")]
    [InlineData("bytes=a-b", 10, "whole")]
    [InlineData("bytes=0x1-2", 10, "whole")]
    [InlineData("bytes=--5", 10, "whole")]
    [InlineData("bytes=1-2-3", 10, "whole")]
    [InlineData("bytes=+1-2", 10, "whole")]
    [InlineData("bytes=1 -2", 10, "whole")]
    [InlineData("bytes=\u0661-2", 10, "whole")]
    [InlineData("bytes=5-3", 10, "whole")]
    [InlineData("bytes=0-1,5-3", 10, "whole")]
    [InlineData("bytes=20-10", 10, "whole")]
    [InlineData("bytes=0-1;2-3", 10, "whole")]
    [InlineData("bytes=0-1,bytes=2-3", 10, "whole")]
    // 14.1.2: last-pos is clamped, a long suffix is everything
    [InlineData("bytes=0-", 10, "0-9")]
    [InlineData("bytes=9-9", 10, "9-9")]
    [InlineData("bytes=3-10", 10, "3-9")]
    [InlineData("bytes=0-999999", 10, "0-9")]
    [InlineData("bytes=-10", 10, "0-9")]
    [InlineData("bytes=-11", 10, "0-9")]
    [InlineData("bytes=007-8", 10, "7-8")]
    // 14.1.2: unsatisfiable
    [InlineData("bytes=10-", 10, "none")]
    [InlineData("bytes=10-11", 10, "none")]
    [InlineData("bytes=-0", 10, "none")]
    [InlineData("bytes=-0,10-,20-30", 10, "none")]
    [InlineData("bytes=0-", 0, "none")]
    [InlineData("bytes=0-0", 0, "none")]
    [InlineData("bytes=-1", 0, "none")]
    // one of several exists
    [InlineData("bytes=-0,3-4", 10, "3-4")]
    [InlineData("bytes=3-4,10-20", 10, "3-4")]
    // 14.1.2: "recipients MUST anticipate potentially large decimal numerals"
    [InlineData("bytes=0-9223372036854775807", 10, "0-9")]
    [InlineData("bytes=0-9223372036854775808", 10, "0-9")]
    [InlineData("bytes=1-99999999999999999999999999", 10, "1-9")]
    [InlineData("bytes=-99999999999999999999999999", 10, "0-9")]
    [InlineData("bytes=99999999999999999999999999-", 10, "none")]
    [InlineData("bytes=99999999999999999999999999-99999999999999999999999998", 10, "whole")]
    [InlineData("bytes=99999999999999999999999998-99999999999999999999999999", 10, "none")]
    [InlineData("bytes=00000000000000000000000001-2", 10, "1-2")]
    [InlineData("bytes=9223372036854775806-", long.MaxValue, "9223372036854775806-9223372036854775806")]
    [InlineData("bytes=1-9223372036854775807", long.MaxValue, "1-9223372036854775806")]
    // 5.6.1.2: white space around commas and empty elements
    [InlineData("bytes=0-1 , 3-4\t,\t6-7", 10, "0-1 3-4 6-7")]
    [InlineData("bytes=,,0-1,, ,", 10, "0-1")]
    // more bytes than the file has: the file, once
    [InlineData("bytes=0-,0-", 10, "whole")]
    [InlineData("bytes=0-5,5-9", 10, "whole")]
    [InlineData("bytes=0-5,6-9", 10, "0-5 6-9")]
    [InlineData("bytes=0-1,0-1", 10, "0-1 0-1")]
    public void A_field_asks_for(string? field, long length, string expected) => Assert.Equal(expected, Describe(field, length));

    [Fact]
    public void Sixty_four_ranges_are_served_and_sixty_five_are_ignored()
    {
        var ranges = string.Join(',', Enumerable.Range(0, ByteRanges.MaxRanges).Select(i => $"{i}-{i}"));
        Assert.Equal(RangeOutcome.SeveralRanges, ByteRanges.Parse("bytes=" + ranges, 1000, out _, out var several));
        Assert.Equal(ByteRanges.MaxRanges, several!.Length);
        Assert.Equal("whole", Describe("bytes=" + ranges + ",70-70", 1000));
        Assert.Equal("whole", Describe("bytes=" + ranges + ",7000-", 1000));
    }

    [Fact]
    public void None_and_one_range_allocate_nothing()
    {
        _ = Describe("bytes=0-4", 10);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            _ = ByteRanges.Parse(null, 10, out _, out _);
            _ = ByteRanges.Parse("bytes=0-4", 10, out _, out _);
            _ = ByteRanges.Parse("bytes=10-", 10, out _, out _);
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    // 14.4: "Content-Range: bytes 42-1233/1234" and "bytes */1234"
    [Fact]
    public void Content_Range_is_written_as_in_the_RFC()
    {
        Assert.Equal("bytes 42-1233/1234", new ByteRange(42, 1192).ContentRange(1234));
        Assert.Equal("bytes */1234", ByteRange.UnsatisfiedContentRange(1234));
    }

    [Fact]
    public void Arbitrary_text_never_throws_and_ranges_lie_in_the_file() =>
        Prop.ForAll<string, NonNegativeInt>((text, length) =>
        {
            foreach (var field in new[] { text, "bytes=" + text })
            {
                _ = ByteRanges.Parse(field, length.Get, out var one, out var several);
                Assert.All(several ?? [one], r => Assert.True(r.Offset >= 0 && r.Offset + r.Length <= length.Get));
            }
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Scrambled_range_characters_agree_with_the_model() =>
        Prop.ForAll(Gen.Elements("0", "1", "5", "9", "-", ",", " ", "\t").ListOf().Select(string.Concat).ToArbitrary(), Gen.Choose(0, 30).ToArbitrary(),
            (set, length) => Assert.Equal(Model("bytes=" + set, length), Describe("bytes=" + set, length)))
        .Check(Config.QuickThrowOnFailure.WithMaxTest(5000));

    [Fact]
    public void Well_formed_specs_agree_with_the_model()
    {
        var number = Gen.Frequency(
            (8, Gen.Choose(0, 40).Select(n => n.ToString(CultureInfo.InvariantCulture))),
            (1, Gen.Elements("9223372036854775807", "9223372036854775808", "123456789012345678901234567890", "0000000000000000000000012")));
        var spec = Gen.Frequency(
            (2, number.Select(n => "-" + n)),
            (2, number.Select(n => n + "-")),
            (1, number.SelectMany(first => number.Select(last => first + "-" + last))),
            (8, Gen.Choose(0, 40).SelectMany(first => Gen.Choose(0, 8).Select(more => $"{first}-{first + more}"))));
        var comma = Gen.Elements(",", ", ", " ,", "\t,\t", ",,");
        var field = Gen.Choose(1, 70).SelectMany(count => Gen.Frequency((9, Gen.Constant((count % 5) + 1)), (1, Gen.Constant(count))))
            .SelectMany(count => spec.ArrayOf(count)).SelectMany(specs => comma.Select(c => "bytes=" + string.Join(c, specs)));
        var length = Gen.Frequency(
            (6, Gen.Choose(0, 50).Select(n => (long)n)), (2, Gen.Choose(50, 5000).Select(n => (long)n)), (1, Gen.Constant(long.MaxValue)));

        var seen = new int[Enum.GetValues<RangeOutcome>().Length];

        Prop.ForAll(field.ToArbitrary(), length.ToArbitrary(), (f, l) =>
        {
            Assert.Equal(Model(f, l), Describe(f, l));
            seen[(int)ByteRanges.Parse(f, l, out _, out _)]++;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(5000));

        // The generator reaches every outcome often, or the property says little.
        Assert.All(seen, count => Assert.True(count > 100, string.Join(' ', seen)));
    }

    private static string Describe(string? field, long length)
    {
        var outcome = ByteRanges.Parse(field, length, out var one, out var several);
        Assert.Equal(outcome == RangeOutcome.SeveralRanges, several is not null);
        return outcome switch
        {
            RangeOutcome.Whole => "whole",
            RangeOutcome.Unsatisfiable => "none",
            RangeOutcome.OneRange => Format(one),
            _ => string.Join(' ', several!.Select(Format)),
        };

        static string Format(ByteRange r) => $"{r.Offset}-{r.Offset + r.Length - 1}";
    }

    /// <summary>The section's rules word by word, with big numbers and regular expressions.</summary>
    private static string Model(string field, long length)
    {
        var specs = field["bytes=".Length..].Split(',').Select(s => s.Trim(' ', '\t')).Where(s => s != "").ToList();
        if (specs.Count is 0 or > 64 || !specs.All(s => Spec().IsMatch(s)))
        {
            return "whole";
        }

        var found = new List<(BigInteger First, BigInteger Last)>();
        foreach (var match in specs.Select(s => Spec().Match(s)))
        {
            BigInteger? first = Number(match.Groups[1].Value), last = Number(match.Groups[2].Value);
            if (first is null)
            {
                found.Add((BigInteger.Max(0, length - last!.Value), length - 1));
            }
            else if (last < first)
            {
                return "whole";
            }
            else
            {
                found.Add((first.Value, BigInteger.Min(last ?? length, length - 1)));
            }
        }

        found.RemoveAll(r => r.First > r.Last);
        var sum = found.Aggregate(BigInteger.Zero, (total, r) => total + r.Last - r.First + 1);
        return found.Count == 0 ? "none" : sum > length ? "whole" : string.Join(' ', found.Select(r => $"{r.First}-{r.Last}"));

        static BigInteger? Number(string digits) => digits == "" ? null : BigInteger.Parse(digits, CultureInfo.InvariantCulture);
    }

    [GeneratedRegex(@"\A(?=[0-9]|-[0-9])([0-9]*)-([0-9]*)\z")]
    private static partial Regex Spec();
}
