using FsCheck;
using FsCheck.Fluent;
using HashStore.Schema;
using HashStore.Storage.Objects;
using Xunit;

namespace HashStore.Tests.Objects;

public sealed class ObjectPathTests
{
    [Theory]
    [InlineData("1234", "1/2/3/4")]
    [InlineData("0000", "0/0/0/0")]
    [InlineData("ffff", "f/f/f/f")]
    [InlineData("123456", "1/2/3/456")]
    [InlineData("123456789abcdef0", "1/2/3/456789abcdef0")]
    [InlineData("d41d8cd98f00b204e9800998ecf8427e", "d/4/1/d8cd98f00b204e9800998ecf8427e")]
    [InlineData("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "e/3/b/0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    public void A_key_has_one_path_and_the_path_that_key(string hex, string path)
    {
        Assert.True(ContentKey.TryParse(hex, out var key));
        Assert.Equal(path, ObjectPath.Of(key));
        Assert.StartsWith(ObjectPath.DirectoryOf(key) + "/", path, StringComparison.Ordinal);
        Assert.True(ObjectPath.TryParse(path, out var parsed));
        Assert.Equal(key, parsed);
    }

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("1")]
    [InlineData("1/2/3")]
    [InlineData("1/2/3/")]
    [InlineData("1234")]
    [InlineData("1/2/34")]
    [InlineData("12/3/4")]
    [InlineData("1/23/4")]
    [InlineData("/1/2/3/4")]
    [InlineData("1/2/3/4/")]
    [InlineData("1/2/3/4//")]
    [InlineData("1//2/3/4")]
    [InlineData("1/2//3/4")]
    [InlineData("1/2/3//4")]
    [InlineData("1/2/3/4/5")]
    [InlineData("1/2/3/4/name")]
    [InlineData("1/2/3/45")]
    [InlineData("1/2/3/4567")]
    [InlineData("A/2/3/4")]
    [InlineData("1/B/3/4")]
    [InlineData("1/2/C/4")]
    [InlineData("1/2/3/D")]
    [InlineData("1/2/3/456789ABCDEF0")]
    [InlineData("1/2/3/g")]
    [InlineData("g/2/3/4")]
    [InlineData("1/2/3/ ")]
    [InlineData("1/2/3/4 ")]
    [InlineData(" 1/2/3/4")]
    [InlineData("1/2/3/.")]
    [InlineData("1/2/3/..")]
    [InlineData("1\\2\\3\\4")]
    [InlineData("./1/2/3/4")]
    [InlineData("1/2/3/\u0664")]
    [InlineData("1/2/3/４")]
    [InlineData("1/12/Name.jpg")]
    [InlineData("thumb/1/2/3/4")]
    public void What_is_no_objects_path_is_refused(string path) => Assert.False(ObjectPath.TryParse(path, out _));

    [Theory]
    [InlineData("1/2/3/4", "1234", "")]
    [InlineData("1/2/3/4/", "1234", "")]
    [InlineData("1/2/3/4/Name.jpg", "1234", "Name.jpg")]
    [InlineData("1/2/3/456789abcdef0/Größe \U0001F600.png", "123456789abcdef0", "Größe \U0001F600.png")]
    [InlineData("1/2/3/4/..", "1234", "..")]
    public void A_path_may_be_followed_by_one_name(string path, string hex, string expected)
    {
        Assert.True(ObjectPath.TryParseWithName(path, out var key, out var name));
        Assert.Equal(hex, key.ToString());
        Assert.Equal(expected, name.ToString());
    }

    [Theory]
    [InlineData("1/2/3/4//")]
    [InlineData("1/2/3/4//Name.jpg")]
    [InlineData("1/2/3/4/Name/jpg")]
    [InlineData("1/2/3/4/Name.jpg/")]
    [InlineData("1/2/3/45/Name.jpg")]
    [InlineData("1/2/3//Name.jpg")]
    [InlineData("1/2/3/Name.jpg")]
    [InlineData("1/2/3/4Name.jpg")]
    public void A_name_is_one_segment_after_a_whole_key(string path) => Assert.False(ObjectPath.TryParseWithName(path, out _, out _));

    [Fact]
    public void The_longest_key_fits_and_a_longer_one_does_not()
    {
        var longest = new string('a', 128);
        Assert.True(ObjectPath.TryParse($"a/a/a/{longest[3..]}", out var key));
        Assert.Equal(longest, key.ToString());
        Assert.False(ObjectPath.TryParse($"a/a/a/{longest}", out _));
        Assert.False(ObjectPath.TryParse($"a/a/a/{new string('a', 100_000)}", out _));
    }

    [Fact]
    public void Keys_of_every_length_round_trip()
    {
        var keys = from length in Gen.Choose(ContentKey.MinBits / 8, 64)
                   from bytes in Gen.Choose(0, 255).Select(value => (byte)value).ArrayOf(length)
                   select new ContentKey(bytes);
        Prop.ForAll(keys.ToArbitrary(), key =>
        {
            var path = ObjectPath.Of(key);
            return ObjectPath.TryParse(path, out var parsed) && parsed == key
                && ObjectPath.TryParseWithName(path + "/Name", out var named, out var name) && named == key && name is "Name"
                && path == $"{key.ToString()[0]}/{key.ToString()[1]}/{key.ToString()[2]}/{key.ToString()[3..]}";
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Whatever_parses_is_the_path_of_its_key()
    {
        var pieces = Gen.Elements("1", "a", "f", "0", "/", "/", "A", "g", ".", "12", "1/2/3/", "\0");
        Prop.ForAll(
            pieces.ListOf().Select(string.Concat).ToArbitrary(),
            path => !ObjectPath.TryParse(path, out var key) || ObjectPath.Of(key) == path).QuickCheckThrowOnFailure();
    }
}
