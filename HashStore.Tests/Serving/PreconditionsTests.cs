using HashStore.Storage.Serving;
using Xunit;

namespace HashStore.Tests.Serving;

/// <summary>RFC 9110 sections 13.1 and 13.2.2. The representation has the tag <c>"a"</c> and was modified at 19:43:31 and a fraction.</summary>
public sealed class PreconditionsTests
{
    private const string Etag = "\"a\"";
    private const string Before = "Sat, 29 Oct 1994 19:43:30 GMT";
    private const string Same = "Sat, 29 Oct 1994 19:43:31 GMT"; // the RFC's example in 13.1.3 and 13.1.4
    private const string After = "Sat, 29 Oct 1994 19:43:32 GMT";

    private static readonly DateTimeOffset Modified = new DateTimeOffset(1994, 10, 29, 21, 43, 31, TimeSpan.FromHours(2)).AddMilliseconds(750);

    [Theory]
    [InlineData(null, null, null, null, Precondition.Proceed)]
    // step 1, 13.1.1: If-Match, strong
    [InlineData("\"a\"", null, null, null, Precondition.Proceed)]
    [InlineData("*", null, null, null, Precondition.Proceed)]
    [InlineData("\"b\"", null, null, null, Precondition.Failed)]
    [InlineData("W/\"a\"", null, null, null, Precondition.Failed)]
    [InlineData("", null, null, null, Precondition.Failed)]
    // step 2, 13.1.4: If-Unmodified-Since, only without If-Match
    [InlineData(null, null, null, Before, Precondition.Failed)]
    [InlineData(null, null, null, Same, Precondition.Proceed)]
    [InlineData(null, null, null, After, Precondition.Proceed)]
    [InlineData(null, null, null, "yesterday", Precondition.Proceed)]
    [InlineData("\"a\"", null, null, Before, Precondition.Proceed)]
    [InlineData("\"b\"", null, null, After, Precondition.Failed)]
    // step 3, 13.1.2: If-None-Match, weak
    [InlineData(null, "\"a\"", null, null, Precondition.NotModified)]
    [InlineData(null, "W/\"a\"", null, null, Precondition.NotModified)]
    [InlineData(null, "*", null, null, Precondition.NotModified)]
    [InlineData(null, "\"b\", \"a\"", null, null, Precondition.NotModified)]
    [InlineData(null, "\"b\"", null, null, Precondition.Proceed)]
    [InlineData("\"a\"", "\"a\"", null, null, Precondition.NotModified)]
    [InlineData("\"b\"", "\"a\"", null, null, Precondition.Failed)]
    [InlineData(null, "\"a\"", null, Before, Precondition.Failed)]
    // step 4, 13.1.3: If-Modified-Since, only without If-None-Match
    [InlineData(null, null, Before, null, Precondition.Proceed)]
    [InlineData(null, null, Same, null, Precondition.NotModified)]
    [InlineData(null, null, After, null, Precondition.NotModified)]
    [InlineData(null, null, "Saturday, 29-Oct-94 19:43:31 GMT", null, Precondition.NotModified)]
    [InlineData(null, null, "Sat Oct 29 19:43:31 1994", null, Precondition.NotModified)]
    [InlineData(null, null, "0", null, Precondition.Proceed)]
    [InlineData(null, null, "", null, Precondition.Proceed)]
    [InlineData(null, null, Same + ", " + Same, null, Precondition.Proceed)]
    [InlineData(null, "\"b\"", After, null, Precondition.Proceed)]
    [InlineData(null, "\"a\"", Before, null, Precondition.NotModified)]
    [InlineData("\"a\"", null, Same, null, Precondition.NotModified)]
    public void The_order_of_section_13_2_2(string? ifMatch, string? ifNoneMatch, string? modifiedSince, string? unmodifiedSince, Precondition expected) =>
        Assert.Equal(expected, Preconditions.Evaluate(
            new RequestConditions(ifMatch, ifNoneMatch, modifiedSince, unmodifiedSince, Range: "bytes=0-1", IfRange: null), Etag, Modified));

    [Theory]
    [InlineData(Before, null, Precondition.Proceed)]
    [InlineData(Same, null, Precondition.NotModified)]
    [InlineData(After, null, Precondition.Proceed)]
    [InlineData(null, Before, Precondition.Failed)]
    [InlineData(null, Same, Precondition.Proceed)]
    [InlineData(null, After, Precondition.Failed)]
    [InlineData(null, "yesterday", Precondition.Proceed)]
    public void Where_the_date_can_go_back_only_the_very_date_means_unchanged(string? modifiedSince, string? unmodifiedSince, Precondition expected) =>
        Assert.Equal(expected, Preconditions.Evaluate(new RequestConditions(null, null, modifiedSince, unmodifiedSince, null, null), Etag, Modified, dateGoesBack: true));

    [Theory]
    [InlineData(null, true)]
    [InlineData("\"a\"", true)]
    [InlineData(" \"a\" ", true)]
    [InlineData("\"b\"", false)]
    [InlineData("W/\"a\"", false)]
    [InlineData("\"b\", \"a\"", false)]
    [InlineData("*", false)]
    [InlineData("", false)]
    [InlineData("a", false)]
    [InlineData(Same, true)]
    [InlineData("Sat Oct 29 19:43:31 1994", true)]
    [InlineData(Before, false)]
    [InlineData(After, false)]
    public void If_Range_of_section_13_1_5(string? ifRange, bool expected) => Assert.Equal(expected, Preconditions.RangeApplies(ifRange, Etag, Modified));

    [Fact]
    public void If_Range_knows_no_weak_validators()
    {
        Assert.False(Preconditions.RangeApplies("W/\"a\"", "W/\"a\"", Modified));
        Assert.False(Preconditions.RangeApplies(Same, Etag, Modified, dateIsStrong: false));
        Assert.True(Preconditions.RangeApplies(Etag, Etag, Modified, dateIsStrong: false));
    }

    [Fact]
    public void Nothing_is_allocated()
    {
        var none = default(RequestConditions);
        var all = new RequestConditions("\"b\", \"a\"", "\"b\"", Same, Same, "bytes=0-1", Same);
        _ = Preconditions.Evaluate(all, Etag, Modified);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            _ = Preconditions.Evaluate(none, Etag, Modified);
            _ = Preconditions.Evaluate(all, Etag, Modified);
            _ = Preconditions.RangeApplies(all.IfRange, Etag, Modified);
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }
}
