using System.Text;
using FsCheck;
using FsCheck.Fluent;
using HashStore.Schema;
using Xunit;

namespace HashStore.Tests.Schema;

public sealed class UrlSegmentTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("Foo_bar.jpg", "Foo_bar.jpg")]
    [InlineData("a+b", "a+b")]
    [InlineData("%41%c3%A9", "Aé")]
    [InlineData("%F0%9F%98%80", "\U0001F600")]
    [InlineData("%2F%00%2e", "/\0.")]
    [InlineData("%2541", "%41")]
    [InlineData("%EF%BF%BD", "\uFFFD")]
    [InlineData("%EF%BB%BFa", "\uFEFFa")]
    public void Decodes_once(string raw, string expected)
    {
        Assert.True(UrlSegment.TryDecode(raw, out var decoded, out var problem), problem);
        Assert.Equal(expected, decoded);
        Assert.Null(problem);
    }

    [Theory]
    [InlineData("%", "%25")]
    [InlineData("a%4", "%25")]
    [InlineData("100%", "%25")]
    [InlineData("%G1", "%25")]
    [InlineData("%1G", "%25")]
    [InlineData("% 41", "%25")]
    [InlineData("%%41", "%25")]
    [InlineData("%u00e9", "%25")]
    [InlineData("é", "U+00E9")]
    [InlineData("Ã©", "U+00C3")]
    [InlineData("%E9", "%E9")]
    [InlineData("a%C3", "%C3")]
    [InlineData("%C3a", "%C3")]
    [InlineData("%80", "%80")]
    [InlineData("%C0%AF", "%C0")]
    [InlineData("%E0%80%AF", "%E0")]
    [InlineData("%ED%A0%80", "%ED")]
    [InlineData("%F4%90%80%80", "%F4")]
    [InlineData("%F0%9F%98", "%F0")]
    [InlineData("%FF", "%FF")]
    public void Refuses_and_says_why(string raw, string quoted)
    {
        Assert.False(UrlSegment.TryDecode(raw, out var decoded, out var problem));
        Assert.Equal("", decoded);
        Assert.Contains(quoted, problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(512)]
    [InlineData(513)]
    [InlineData(20000)]
    public void Decodes_any_length(int length)
    {
        var text = string.Concat(Enumerable.Repeat("é", length / 2)) + "x";
        Assert.True(UrlSegment.TryDecode(UrlSegment.Encode(text), out var decoded, out _));
        Assert.Equal(text, decoded);

        var plain = new string('x', length);
        Assert.True(UrlSegment.TryDecode(plain, out decoded, out _));
        Assert.Equal(plain, decoded);
    }

    [Fact]
    public void Round_trips_any_text()
    {
        var texts = Gen.Choose(0, 0x10FFFF).Where(Rune.IsValid).Select(code => new Rune(code).ToString()).ListOf().Select(string.Concat).ToArbitrary();
        Prop.ForAll(texts, text => UrlSegment.TryDecode(UrlSegment.Encode(text), out var decoded, out _) && decoded == text).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Any_ascii_has_a_problem_or_well_formed_text()
    {
        var pieces = Gen.OneOf(Gen.Choose(0, 127).Select(c => ((char)c).ToString()), Gen.Choose(0, 255).Select(b => $"%{b:X2}"));
        Prop.ForAll(
            pieces.ListOf().Select(string.Concat).ToArbitrary(),
            raw => UrlSegment.TryDecode(raw, out var decoded, out var problem)
                ? problem is null && decoded.EnumerateRunes().All(rune => rune.Value is not 0xFFFD || raw.Contains("%EF%BF%BD", StringComparison.Ordinal))
                : problem.EndsWith('.') && decoded.Length == 0).QuickCheckThrowOnFailure();
    }
}
