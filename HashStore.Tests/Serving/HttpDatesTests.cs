using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using HashStore.Storage.Serving;
using Xunit;

namespace HashStore.Tests.Serving;

/// <summary>RFC 9110 section 5.6.7.</summary>
public sealed class HttpDatesTests
{
    [Theory]
    // the RFC's examples
    [InlineData("Sun, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37")]
    [InlineData("Sunday, 06-Nov-94 08:49:37 GMT", "1994-11-06T08:49:37")]
    [InlineData("Sun Nov  6 08:49:37 1994", "1994-11-06T08:49:37")]
    // others that are valid
    [InlineData(" Sun, 06 Nov 1994 08:49:37 GMT\t", "1994-11-06T08:49:37")]
    [InlineData("Wed Nov 16 08:49:37 1994", "1994-11-16T08:49:37")]
    [InlineData("Thu, 29 Feb 2024 23:59:59 GMT", "2024-02-29T23:59:59")]
    [InlineData("Sat, 31 Dec 2016 23:59:60 GMT", "2016-12-31T23:59:59")]
    [InlineData("Fri, 31 Dec 9999 23:59:60 GMT", "9999-12-31T23:59:59")]
    // invalid
    [InlineData("", null)]
    [InlineData("0", null)]
    [InlineData(",", null)]
    [InlineData("Mon, 06 Nov 1994 08:49:37 GMT", null)]
    [InlineData("sun, 06 nov 1994 08:49:37 gmt", null)]
    [InlineData("Sun, 06 Nov 1994 08:49:37 UTC", null)]
    [InlineData("Sun, 06 Nov 1994 08:49:37 +0000", null)]
    [InlineData("Sun, 6 Nov 1994 08:49:37 GMT", null)]
    [InlineData("Sun, 06 Nov 1994 8:49:37 GMT", null)]
    [InlineData("Sun, 06 Nov 1994 24:00:00 GMT", null)]
    [InlineData("Sun, 06 Nov 1994 08:60:00 GMT", null)]
    [InlineData("Sun, 06 Nov 1994 08:49:61 GMT", null)]
    [InlineData("Sun, 06 Nov 1994 08-49-37 GMT", null)]
    [InlineData("Thu, 29 Feb 2023 00:00:00 GMT", null)]
    [InlineData("Sun, 00 Nov 1994 08:49:37 GMT", null)]
    [InlineData("Sun, 06 Nov 0000 08:49:37 GMT", null)]
    [InlineData("Sun, 06 Nov +994 08:49:37 GMT", null)]
    [InlineData("Sun, 06-Nov-94 08:49:37 GMT", null)]
    [InlineData("Sunday, 06-Nov-1994 08:49:37 GMT", null)]
    [InlineData("Sun Nov 6 08:49:37 1994", null)]
    [InlineData("1994-11-06T08:49:37Z", null)]
    [InlineData("Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT", null)]
    public void A_date_is_read(string text, string? expected)
    {
        Assert.Equal(expected is not null, HttpDates.TryParse(text, new Clock("2026-11-21T00:00:00Z"), out var date));
        Assert.Equal(expected, expected is null ? null : date.ToString("s", CultureInfo.InvariantCulture));
    }

    // "more than 50 years in the future [...] the most recent year in the past that had the same last two digits"
    [Theory]
    [InlineData("2026-11-21T00:00:00Z", "Thursday, 01-Jan-70 00:00:00 GMT", 1970)]
    [InlineData("2026-11-21T00:00:00Z", "Wednesday, 01-Jan-70 00:00:00 GMT", 2070)]
    [InlineData("2026-11-21T00:00:00Z", "Wednesday, 01-Jan-76 00:00:00 GMT", 2076)]
    [InlineData("2026-11-21T00:00:00Z", "Thursday, 01-Jan-76 00:00:00 GMT", 1976)]
    [InlineData("2026-11-21T00:00:00Z", "Saturday, 01-Jan-77 00:00:00 GMT", 1977)]
    [InlineData("2026-11-21T00:00:00Z", "Saturday, 01-Jan-00 00:00:00 GMT", 2000)]
    [InlineData("2026-11-21T00:00:00Z", "Friday, 01-Jan-70 00:00:00 GMT", null)]
    [InlineData("2026-11-21T00:00:00Z", "Thursday, 31-Dec-76 00:00:00 GMT", null)]
    [InlineData("2026-11-21T00:00:00Z", "Friday, 31-Dec-76 00:00:00 GMT", 1976)]
    [InlineData("2026-11-21T00:00:00Z", "Thursday, 29-Feb-00 00:00:00 GMT", null)]
    [InlineData("2026-11-21T00:00:00Z", "Tuesday, 29-Feb-00 00:00:00 GMT", 2000)]
    [InlineData("2095-01-01T00:00:00Z", "Saturday, 01-Jan-05 00:00:00 GMT", 2005)]
    [InlineData("2095-01-01T00:00:00Z", "Thursday, 01-Jan-05 00:00:00 GMT", 2105)]
    public void A_two_digit_year_is_at_most_fifty_years_ahead(string now, string text, int? year)
    {
        Assert.Equal(year is not null, HttpDates.TryParse(text, new Clock(now), out var date));
        Assert.Equal(year ?? 1, date.Year);
    }

    [Fact]
    public void Every_second_is_read_back_in_all_formats() =>
        Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), seconds =>
        {
            var date = DateTimeOffset.UnixEpoch.AddSeconds(seconds);
            foreach (var format in new[] { "R", "dddd, dd-MMM-yy HH:mm:ss 'GMT'", $"ddd MMM {date.Day,2} HH:mm:ss yyyy" })
            {
                Assert.True(HttpDates.TryParse(date.ToString(format, CultureInfo.InvariantCulture), new Clock("2000-01-01T00:00:00Z"), out var read));
                Assert.Equal(date, read);
            }
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Arbitrary_and_damaged_text_never_throws() =>
        Prop.ForAll(ArbMap.Default.ArbFor<NonNull<string>>(), Gen.Choose(0, 28).ToArbitrary(), ArbMap.Default.ArbFor<char>(), (text, at, c) =>
        {
            _ = HttpDates.TryParse(text.Get, out _);
            foreach (var valid in new[] { "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994" })
            {
                var i = at % valid.Length;
                _ = HttpDates.TryParse(valid[..i] + c + valid[(i + 1)..], out _);
                _ = HttpDates.TryParse(valid.AsSpan(0, i), out _);
            }
        }).QuickCheckThrowOnFailure();

    private sealed class Clock(string now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => DateTimeOffset.Parse(now, CultureInfo.InvariantCulture);
    }
}
