using System.Text;
using FsCheck;
using FsCheck.Fluent;
using HashStore.Schema;
using HashStore.Storage.Objects;
using HashStore.Storage.Thumbnails;
using HashStore.Storage.Thumbnails.Rendering;
using Xunit;

namespace HashStore.Tests.Thumbnails;

/// <summary>Names of thumbnails, read and written (MediaWiki: File::generateThumbName and its handlers' makeParamString).</summary>
public sealed class ThumbNameTests
{
    private static readonly Gen<int> widths = Gen.Choose(1, ThumbParameters.MaxWidth);

    private static readonly Gen<ThumbParameters> parameters = Gen.OneOf(
        widths.Select(width => new ThumbParameters(width)),
        widths.Select(width => new ThumbParameters(width, IsStill: true)),
        widths.SelectMany(width => Gen.Choose(1, 999_999).Select(page => new ThumbParameters(width, page))),
        widths.SelectMany(width => Gen.Choose(1, 99).SelectMany(page => Gen.Elements(true, false).Select(lossless => new ThumbParameters(width, page, Lossless: lossless)))),
        widths.SelectMany(width => Gen.Elements("de", "zh-hans", "sr-ec", "be-x-old", "px").Select(language => new ThumbParameters(width, Language: language))));

    /// <summary>What strangers may write: pieces of names of thumbnails in any order, with what could lead elsewhere among them.</summary>
    private static readonly Gen<string> hostile = Gen.Elements(
        "..", "/", "\\", "\0", ".", "-", "px", "500px", "500px-", "page2-", "lang", "langde-", "lossy-", "thumbnail", "Name.jpg", ".jpg", ".svg.png", "!", "%2f", "\n", "é", "🎉", "=", "~", "seek=3.5-", "99999999999")
        .ListOf().Select(string.Concat);

    private static readonly Gen<string> originals = Gen.Elements("A", "b", "-", "_", ".", "px-", "500px-", "!", "é", "日", " ", "thumbnail", "'", "20200101000000!").NonEmptyListOf()
        .SelectMany(pieces => Gen.Elements(".jpg", ".JPG", ".jpeg", ".svg", ".pdf", ".webm", ".tar.gz", "").Select(extension => string.Concat(pieces) + extension))
        .Where(name => Encoding.UTF8.GetByteCount(name) <= 240 && name is not ("." or ".."));

    [Theory]
    [InlineData("500px", 500, null, null, null, false)]
    [InlineData("page2-500px", 500, 2, null, null, false)]
    [InlineData("lossy-page1-500px", 500, 1, null, false, false)]
    [InlineData("lossless-page3-20px", 20, 3, null, true, false)]
    [InlineData("langde-500px", 500, null, "de", null, false)]
    [InlineData("langzh-hans-500px", 500, null, "zh-hans", null, false)]
    [InlineData("500px-", 500, null, null, null, true)]
    public void Parameters_are_those_of_MediaWiki(string text, int width, int? page, string? language, bool? lossless, bool isStill)
    {
        Assert.True(ThumbParameters.TryParse(text, out var read));
        Assert.Equal(new ThumbParameters(width, page, language, lossless, isStill), read);
        Assert.Equal(text, read.Value.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("px")]
    [InlineData("0px")]
    [InlineData("0500px")]
    [InlineData("100000px")]
    [InlineData("500PX")]
    [InlineData("500px--")]
    [InlineData("-500px")]
    [InlineData("page0-500px")]
    [InlineData("page02-500px")]
    [InlineData("page-500px")]
    [InlineData("lossy-500px")]
    [InlineData("langDE-500px")]
    [InlineData("lang-500px")]
    [InlineData("qlow-500px")]
    [InlineData("mid-500px")]
    [InlineData("seek=3-500px")]
    [InlineData("500px\n")]
    [InlineData("٥٠px")]
    [InlineData("page2-page2-500px")]
    public void Other_parameters_are_unknown(string text) => Assert.False(ThumbParameters.TryParse(text, out _));

    [Fact]
    public void What_is_written_is_read_and_each_way_of_showing_has_one_spelling()
    {
        Prop.ForAll(parameters.ToArbitrary(), one => ThumbParameters.TryParse(one.ToString(), out var read) && read == one).Check(Config.QuickThrowOnFailure.WithMaxTest(1000));
        Prop.ForAll(hostile.ToArbitrary(), text => !ThumbParameters.TryParse(text, out var read) || read.Value.ToString() == text).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));
    }

    [Theory]
    [InlineData("500px", "Name.jpg", ThumbnailFormat.Jpeg, "500px-Name.jpg")]
    [InlineData("500px", "Name.JPG", ThumbnailFormat.Jpeg, "500px-Name.JPG")]
    [InlineData("500px", "Name.jpeg", ThumbnailFormat.Jpeg, "500px-Name.jpeg")]
    [InlineData("langde-500px", "Name.svg", ThumbnailFormat.Png, "langde-500px-Name.svg.png")]
    [InlineData("page2-500px", "Name.pdf", ThumbnailFormat.Jpeg, "page2-500px-Name.pdf.jpg")]
    [InlineData("lossless-page1-500px", "Name.tif", ThumbnailFormat.Png, "lossless-page1-500px-Name.tif.png")]
    [InlineData("500px-", "Name.webm", ThumbnailFormat.Jpeg, "500px--Name.webm.jpg")]
    [InlineData("500px", "Name", ThumbnailFormat.Png, "500px-Name.png")]
    public void Names_are_those_of_MediaWiki(string parameters, string original, ThumbnailFormat format, string expected)
    {
        Assert.True(ThumbParameters.TryParse(parameters, out var read));
        Assert.Equal(expected, ThumbName.Of(read.Value, original, format));
    }

    [Theory]
    [InlineData(".jpg", ThumbnailFormat.Jpeg, "500px-thumbnail.jpg")]
    [InlineData(".svg", ThumbnailFormat.Png, "500px-thumbnail.svg.png")]
    [InlineData("", ThumbnailFormat.Png, "500px-thumbnail.png")]
    public void A_name_that_is_too_long_with_its_parameters_is_abbreviated(string extension, ThumbnailFormat format, string expected)
    {
        var original = new string('L', 250) + extension;
        Assert.Equal(expected, ThumbName.Of(new ThumbParameters(500), original, format));
        Assert.True(ThumbName.TryParse(expected, original, out var name));
        Assert.Equal("500px", name.Value.Parameters);
    }

    [Fact]
    public void A_name_that_was_written_is_read_in_both_forms_of_the_address() =>
        Prop.ForAll(parameters.Zip(originals).Zip(Gen.Elements(Enum.GetValues<ThumbnailFormat>())).ToArbitrary(), one =>
        {
            var ((how, original), format) = one;
            var file = ThumbName.Of(how, original, format);
            Assert.True(ThumbName.TryParse(file, original, out var legacy), file);
            Assert.True(ThumbName.TryParse(file, how.IsStill, out var hash), file);
            foreach (var name in new[] { legacy.Value, hash.Value })
            {
                Assert.Equal(how.ToString(), name.Parameters);
                Assert.Contains(name.OriginalsIn(format, isOwnType: true), read => read == original || ThumbName.IsAbbreviated(read));
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));

    [Fact]
    public void Nothing_that_a_stranger_writes_leads_out_of_the_tree_of_thumbnails()
    {
        var key = ContentKey.TryParse("123456789abcdef0", out var parsed) ? parsed : default;
        Prop.ForAll(hostile.Zip(hostile).Zip(Gen.Elements(true, false)).ToArbitrary(), one =>
        {
            var ((file, original), isStill) = one;
            foreach (var name in new[] { ThumbName.TryParse(file, isStill, out var hash) ? hash : null, original.Length > 0 && ThumbName.TryParse($"{file}-{original}.png", original, out var legacy) ? legacy : null })
            {
                if (name is null)
                {
                    continue;
                }

                var place = name.Value.PlaceOf(key).ToString();
                Assert.Equal($"/tree/{place}", Path.GetFullPath($"/tree/{place}"));
                Assert.Equal("thumb/1/2/3", Path.GetDirectoryName(place));
                Assert.StartsWith("456789abcdef0-", Path.GetFileName(place), StringComparison.Ordinal);
                Assert.True(Encoding.UTF8.GetByteCount(Path.GetFileName(place)) <= 255);
                Assert.True(ThumbPath.TryParse(place, key.Bits, out var read));
                Assert.Equal(name.Value.PlaceOf(key), read);
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(5000));
    }

    [Theory]
    [InlineData("thumb/1/2/3/456789abcdef0-500px.jpg", true)]
    [InlineData("thumb/1/2/3/456789abcdef0-page2-500px.jpg", true)]
    [InlineData("thumb/1/2/3/456789abcdef0-500px-.jpg", true)]
    [InlineData("thumb/1/2/3/456789abcdef-500px.jpg", false)]
    [InlineData("thumb/1/2/3/456789ABCDEF0-500px.jpg", false)]
    [InlineData("thumb/1/2/3/456789abcdef0.jpg", false)]
    [InlineData("thumb/1/2/3/456789abcdef0-.jpg", false)]
    [InlineData("thumb/1/2/3/456789abcdef0-500px.", false)]
    [InlineData("thumb/1/2/3/456789abcdef0-a/b.jpg", false)]
    [InlineData("thumb/1/12/Name.jpg/120px-Name.jpg", false)]
    [InlineData("1/2/3/456789abcdef0-500px.jpg", false)]
    [InlineData("", false)]
    public void A_place_is_read_back(string place, bool expected)
    {
        Assert.Equal(expected, ThumbPath.TryParse(place, 64, out var read));
        Assert.Equal(expected ? place : "", read?.ToString() ?? "");
    }
}
