using FsCheck;
using FsCheck.Fluent;
using HashStore.Storage.Serving;
using Xunit;

namespace HashStore.Tests.Serving;

/// <summary>RFC 9110 sections 8.8.3, 13.1.1 and 13.1.2.</summary>
public sealed class EntityTagsTests
{
    [Theory]
    // 8.8.3.2, the RFC's table: ETag 1, ETag 2, strong, weak
    [InlineData("W/\"1\"", "W/\"1\"", false, true)]
    [InlineData("W/\"1\"", "W/\"2\"", false, false)]
    [InlineData("W/\"1\"", "\"1\"", false, true)]
    [InlineData("\"1\"", "\"1\"", true, true)]
    // 13.1.1 and 13.1.2, the RFC's examples
    [InlineData("\"xyzzy\"", "\"xyzzy\"", true, true)]
    [InlineData("\"xyzzy\", \"r2d2xxxx\", \"c3piozzzz\"", "\"c3piozzzz\"", true, true)]
    [InlineData("\"xyzzy\", \"r2d2xxxx\", \"c3piozzzz\"", "\"r2d2xxxx\"", true, true)]
    [InlineData("W/\"xyzzy\", W/\"r2d2xxxx\", W/\"c3piozzzz\"", "\"r2d2xxxx\"", false, true)]
    [InlineData("*", "\"xyzzy\"", true, true)]
    [InlineData(" * ", "\"xyzzy\"", true, true)]
    // lists
    [InlineData("", "\"a\"", false, false)]
    [InlineData(" , ,", "\"a\"", false, false)]
    [InlineData(",,\"b\" ,\t\"a\",", "\"a\"", true, true)]
    [InlineData("\"b\",\"a\"", "\"a\"", true, true)]
    [InlineData("\"a\",*", "\"b\"", false, false)]
    // commas within quotes
    [InlineData("\"x,\"a\",y\"", "\"a\"", false, false)]
    [InlineData("\"b,c\", \"a\"", "\"a\"", true, true)]
    [InlineData("\"b,c\"", "\"b,c\"", true, true)]
    [InlineData("\"b,\"", "\"b\"", false, false)]
    // malformed elements match nothing, and spoil no other
    [InlineData("a", "\"a\"", false, false)]
    [InlineData("\"a", "\"a\"", false, false)]
    [InlineData("a\"", "\"a\"", false, false)]
    [InlineData("'a'", "\"a\"", false, false)]
    [InlineData("w/\"a\"", "\"a\"", false, false)]
    [InlineData("W/ \"a\"", "\"a\"", false, false)]
    [InlineData("W/W/\"a\"", "\"a\"", false, false)]
    [InlineData("\"a\" x", "\"a\"", false, false)]
    [InlineData("\"a\" \"b\"", "\"a\"", false, false)]
    [InlineData("junk, \"a\"", "\"a\"", true, true)]
    [InlineData("\"never closed, \"a\"", "\"a\"", false, false)]
    [InlineData("\"A\"", "\"a\"", false, false)]
    public void A_list_is_compared(string field, string etag, bool strong, bool weak)
    {
        Assert.Equal(strong, EntityTags.MatchesStrong(field, etag));
        Assert.Equal(weak, EntityTags.MatchesWeak(field, etag));
    }

    [Fact]
    public void Nothing_matches_where_no_representation_exists()
    {
        Assert.False(EntityTags.MatchesStrong("*", null));
        Assert.False(EntityTags.MatchesWeak("*", null));
    }

    [Fact]
    public void Arbitrary_text_never_throws() =>
        Prop.ForAll<NonNull<string>, NonNull<string>>((field, etag) =>
        {
            // What matches strongly matches weakly.
            Assert.True(!EntityTags.MatchesStrong(field.Get, etag.Get) || EntityTags.MatchesWeak(field.Get, etag.Get));
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_tag_is_found_in_a_list_exactly_when_it_was_put_there()
    {
        var opaque = Gen.Elements("a", "b", "W/", ",", " ,", "0f").ListOf().Select(parts => $"\"{string.Concat(parts)}\"");
        var tag = opaque.SelectMany(o => Gen.Elements(o, "W/" + o));
        Prop.ForAll(tag.ListOf().ToArbitrary(), opaque.ToArbitrary(), Gen.Elements(",", ", ", " ,\t", ",,").ToArbitrary(), (tags, etag, comma) =>
        {
            var field = string.Join(comma, tags);
            Assert.Equal(tags.Contains(etag), EntityTags.MatchesStrong(field, etag));
            Assert.Equal(tags.Contains(etag) || tags.Contains("W/" + etag), EntityTags.MatchesWeak(field, etag));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));
    }
}
