using HashStore.Schema;
using HashStore.Storage;
using HashStore.Storage.Serving;
using HashStore.Storage.Thumbnails;
using HashStore.Storage.Thumbnails.Rendering;
using Xunit;

namespace HashStore.Tests.Thumbnails;

/// <summary>Which thumbnails there can be.</summary>
public sealed class ThumbRulesTests
{
    private static readonly ThumbRules rules = new([20, 120, 500, 1000]);

    [Theory]
    [InlineData("image/jpeg", "500px", "make 500px Jpeg")]
    [InlineData("image/jpeg", "20px", "make 20px Jpeg")]
    [InlineData("image/jpeg", "21px", "other 120px Jpeg")]
    [InlineData("image/jpeg", "1px", "other 20px Jpeg")]
    [InlineData("image/jpeg", "501px", "other 1000px Jpeg")]
    [InlineData("image/jpeg", "99999px", "other 1000px Jpeg")]
    [InlineData("image/png", "500px", "make 500px Png")]
    [InlineData("image/gif", "500px", "make 500px Gif")]
    [InlineData("image/webp", "500px", "make 500px WebP")]
    [InlineData("image/svg+xml", "langde-500px", "make langde-500px Png")]
    [InlineData("image/svg+xml", "langde-400px", "other langde-500px Png")]
    [InlineData("application/pdf", "page2-500px", "make page2-500px Jpeg")]
    [InlineData("application/pdf", "500px", "other page1-500px Jpeg")]
    [InlineData("image/tiff", "lossy-page1-500px", "make lossy-page1-500px Jpeg")]
    [InlineData("image/tiff", "lossless-page2-500px", "make lossless-page2-500px Png")]
    [InlineData("image/tiff", "page2-400px", "other lossy-page2-500px Jpeg")]
    [InlineData("image/tiff", "400px", "other lossy-page1-500px Jpeg")]
    [InlineData("video/webm", "500px-", "make 500px- Jpeg")]
    [InlineData("video/webm", "500px", "other 500px- Jpeg")]
    [InlineData("image/jpeg", "page2-500px", "unknown")]
    [InlineData("image/jpeg", "langde-500px", "unknown")]
    [InlineData("image/jpeg", "500px-", "unknown")]
    [InlineData("image/svg+xml", "page1-500px", "unknown")]
    [InlineData("application/pdf", "lossy-page1-500px", "unknown")]
    [InlineData("application/zip", "500px", "unknown")]
    [InlineData("audio/mpeg", "500px", "unknown")]
    public void A_width_is_a_step_and_each_type_has_its_parameters(string mime, string asked, string expected) =>
        Assert.Equal(expected, Tell(rules.Decide(Original(mime, 4000, 3000), Read(asked))));

    [Theory]
    [InlineData("image/jpeg", 400, 300, "120px", "make 120px Jpeg")]
    [InlineData("image/jpeg", 400, 300, "300px", "original")]
    [InlineData("image/jpeg", 400, 300, "500px", "original")]
    [InlineData("image/jpeg", 500, 300, "500px", "original")]
    [InlineData("image/jpeg", 501, 300, "500px", "make 500px Jpeg")]
    [InlineData("image/jpeg", 300, 501, "500px", "make 500px Jpeg")] // it may be one that is turned: the renderer knows
    [InlineData("image/png", 10, 10, "1px", "original")]
    [InlineData("image/jpeg", 5000, 300, "1001px", "other 1000px Jpeg")]
    [InlineData("image/tiff", 400, 300, "lossy-page1-500px", "make lossy-page1-500px Jpeg")] // no browser shows the original: the renderer makes one of its own width
    [InlineData("image/tiff", 400, 300, "lossy-page1-1000px", "other lossy-page1-500px Jpeg")]
    [InlineData("image/tiff", 10, 10, "lossy-page1-500px", "other lossy-page1-20px Jpeg")]
    [InlineData("video/webm", 640, 480, "1000px-", "make 1000px- Jpeg")]
    [InlineData("video/webm", 320, 240, "1000px-", "other 500px- Jpeg")]
    [InlineData("image/svg+xml", 10, 10, "1000px", "make 1000px Png")] // has any size
    [InlineData("application/pdf", 10, 10, "page1-1000px", "make page1-1000px Jpeg")]
    public void None_is_larger_than_its_original(string mime, int width, int height, string asked, string expected) =>
        Assert.Equal(expected, Tell(rules.Decide(Original(mime, width, height), Read(asked))));

    [Fact]
    public void Where_the_size_is_not_known_the_renderer_tells() => Assert.Equal("make 1000px Jpeg", Tell(rules.Decide(Original("image/jpeg", null, null), Read("1000px"))));

    [Fact]
    public void However_redirects_lead_they_end()
    {
        foreach (var (mime, own, parameters) in from mime in new[] { "image/jpeg", "image/tiff", "video/mp4", "application/pdf" }
                                                from own in new int?[] { 1, 20, 21, 120, 499, 500, 501, 5000, null }
                                                from width in new[] { 1, 20, 21, 499, 500, 1000, 1001 }
                                                select (mime, own, new ThumbParameters(width)))
        {
            ThumbRuling ruling = new ThumbRuling.Other(parameters, ThumbnailFormat.Jpeg);
            for (var steps = 0; ruling is ThumbRuling.Other other; steps++)
            {
                Assert.True(steps < 4, $"{mime} {own} {parameters}");
                ruling = rules.Decide(Original(mime, own, own), other.Parameters);
            }

            Assert.True(ruling is ThumbRuling.Make or ThumbRuling.Original);
        }
    }

    [Fact]
    public void What_a_link_leads_to_is_made_in_its_own_width()
    {
        Assert.Equal("make 137px Jpeg", Tell(rules.DecideLinked(Original("image/jpeg", 4000, 3000), Read("137px"))));
        Assert.Equal("unknown", Tell(rules.DecideLinked(Original("image/jpeg", 4000, 3000), Read("page2-137px"))));
    }

    [Theory]
    [InlineData()]
    [InlineData(0)]
    [InlineData(20, 20)]
    [InlineData(40, 20)]
    [InlineData(20, 100_000)]
    public void Steps_that_make_no_sense_are_refused(params int[] steps) => Assert.Equal(StoreFault.BadSetting, Assert.Throws<StoreException>(() => new ThumbRules(steps)).Fault);

    private static ThumbParameters Read(string text) => ThumbParameters.TryParse(text, out var read) ? read.Value : throw new ArgumentException(text);

    private static string Tell(ThumbRuling ruling) => ruling switch
    {
        ThumbRuling.Make make => $"make {make.Parameters} {make.Format}",
        ThumbRuling.Other other => $"other {other.Parameters} {other.Format}",
        ThumbRuling.Original => "original",
        _ => "unknown",
    };

    private static ServedObject Original(string mime, int? width, int? height)
    {
        var digest = new ContentDigest(new byte[32]);
        return new ServedObject(new ContentKey(new byte[8]), digest, digest, 1, DateTimeOffset.UnixEpoch, mime, null, isRisky: false) { Width = width, Height = height };
    }
}
