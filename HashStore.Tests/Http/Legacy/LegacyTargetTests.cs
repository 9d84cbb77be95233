using System.Text;
using FsCheck;
using FsCheck.Fluent;
using HashStore.Server.Api;
using HashStore.Server.Legacy;
using Xunit;

namespace HashStore.Tests.Http.Legacy;

/// <summary>From the raw path of a request to a legacy path.</summary>
public sealed class LegacyTargetTests
{
    private static readonly Gen<string> Segment = Gen.OneOf(
            Gen.Elements("a", "B", "7", " ", "_", "+", "%", "%41", "!", "'", "(", ")", "&", "=", "@", ":", ";", ",", "~", "é", "e\u0301", "日", "🎉", "?", "#", "\"", "[", "\n", "\uFFFE"),
            Gen.Choose(1, 0x10FFFF).Where(code => Rune.IsValid(code) && code is not ('/' or '\\')).Select(code => new Rune(code).ToString()))
        .NonEmptyListOf().Select(string.Concat).Where(text => text is not ("." or "..") && Encoding.UTF8.GetByteCount(text) <= 255);

    [Fact]
    public void Whatever_way_it_is_encoded_the_path_is_the_same()
    {
        var paths = Gen.Elements("1/12/", "archive/1/12/", "", "thumb/f/ff/").SelectMany(start => Segment.Select(file => start + file))
            .Where(path => !LegacyTarget.FileOf(path).StartsWith(".hs~", StringComparison.Ordinal));
        var targets = paths.SelectMany(path => Encodings.Any("images/" + path).Select(raw => (path, raw)));
        Prop.ForAll(targets.ToArbitrary(), target => Assert.Equal(target.path, LegacyTarget.Read("/" + target.raw, "/images"))).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));
    }

    [Fact]
    public void Any_request_is_refused_or_a_path_without_a_way_out()
    {
        var pieces = Gen.Elements("/", "..", ".", "%2e", "%2F", "%5c", "\\", "%00", "a", "images", "/images/", "1/12/", "%", "%C3%A9", "%FF", "archive", ".hashstore", ".hs~1");
        Prop.ForAll(pieces.ListOf().Select(string.Concat).ToArbitrary(), raw =>
        {
            string? path;
            try
            {
                path = LegacyTarget.Read("/images/" + raw, "/images");
            }
            catch (ProblemException exception)
            {
                Assert.Equal(400, exception.Problem.Status);
                return;
            }

            if (path is not null)
            {
                Assert.All(path.Split('/'), segment => Assert.False(segment is "" or "." or ".."));
                Assert.DoesNotContain('\\', path);
                Assert.DoesNotContain('\0', path);
                Assert.Equal("/tree/" + path, Path.GetFullPath("/tree/" + path));
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(5000));
    }

    [Theory]
    [InlineData("/images/1/12/A.jpg", "1/12/A.jpg")]
    [InlineData("/%69mages/1/12/A.jpg", "1/12/A.jpg")]
    [InlineData("/images/A%2541.jpg", "A%41.jpg")]
    [InlineData("/images/A+B%2BC.jpg", "A+B+C.jpg")]
    [InlineData("/images/.dot.jpg", ".dot.jpg")]
    [InlineData("/images/", null)]
    [InlineData("/images//A.jpg", null)]
    [InlineData("/images/1//A.jpg", null)]
    [InlineData("/images/1/12/", null)]
    [InlineData("//images/A.jpg", null)]
    [InlineData("/Images/A.jpg", null)]
    [InlineData("/imagesA.jpg", null)]
    [InlineData("/images/../A.jpg", null)]
    [InlineData("/images/%2e%2E/A.jpg", null)]
    [InlineData("/images/1/./A.jpg", null)]
    [InlineData("/images/1%2F12%2FA.jpg", null)]
    [InlineData("/images%2F1/12/A.jpg", null)]
    [InlineData("/images/A%00.jpg", null)]
    [InlineData("/images/1\\12\\A.jpg", null)]
    [InlineData("/images/1%5C12%5CA.jpg", null)]
    [InlineData("/images/.hashstore/admin-token", null)]
    [InlineData("/images/%2Ehashstore/admin-token", null)]
    [InlineData("/images/1/12/.hs~17", null)]
    public void Reads(string raw, string? path) => Assert.Equal(path, LegacyTarget.Read(raw, "/images"));

    [Theory]
    [InlineData("/images/%")]
    [InlineData("/images/A%4.jpg")]
    [InlineData("/images/%zz.jpg")]
    [InlineData("/images/%FF.jpg")]
    [InlineData("/images/%C0%AF.jpg")]
    [InlineData("/images/%ED%A0%80.jpg")]
    public void Refuses_what_is_no_encoded_text(string raw) => Assert.Equal(400, Assert.Throws<ProblemException>(() => LegacyTarget.Read(raw, "/images")).Problem.Status);

    [Fact]
    public void Nothing_longer_than_a_path_is_one()
    {
        Assert.NotNull(LegacyTarget.Read("/images/" + new string('a', 255), "/images"));
        Assert.Null(LegacyTarget.Read("/images/" + new string('a', 256), "/images"));
        Assert.Null(LegacyTarget.Read("/images/" + string.Concat(Enumerable.Repeat("%C3%A9", 128)), "/images"));
        Assert.Null(LegacyTarget.Read("/images/" + string.Join('/', Enumerable.Repeat("abcdefg", 600)), "/images"));
    }

    [Theory]
    [InlineData("1/12/A_b.jpg", "1/12/A_b.jpg")]
    [InlineData("1/12/A b.jpg", "1/12/A b.jpg|1/12/A_b.jpg")]
    [InlineData("1/12/e\u0301.jpg", "1/12/e\u0301.jpg|1/12/é.jpg")]
    [InlineData("1/12/e\u0301 b.jpg", "1/12/e\u0301 b.jpg|1/12/e\u0301_b.jpg|1/12/é_b.jpg")]
    [InlineData("1/12/e\u0301\uFFFE.jpg", "1/12/e\u0301\uFFFE.jpg")]
    public void A_path_may_be_spelled_in_other_ways(string path, string spellings) => Assert.Equal(spellings.Split('|'), LegacyTarget.Spellings(path));
}
