using System.Text;
using FsCheck;
using FsCheck.Fluent;
using HashStore.Storage.Safety;
using Xunit;

namespace HashStore.Tests.Safety;

/// <summary>The readers of hostile bytes: whatever they get they end without an error, and what is dangerous is found wherever it stands.</summary>
public sealed class SafetyPropertyTests
{
    private static readonly string[] mimes = ["image/png", "image/jpeg", "text/plain", "application/pdf", "audio/mpeg", "video/mp4"];

    private static readonly string[] pieces =
    [
        "<svg xmlns='http://www.w3.org/2000/svg'>", "</svg>", "<g>", "</g>", "<style>", "</style>", "<![CDATA[", "]]>", "<!--", "-->", "<!DOCTYPE svg", "[", "]>", "<!ENTITY a 'b'>", "&a;", "<?xml version='1.0'?>", "<?x ", "?>",
        "<rect ", "a='b' ", "/>", "href='", "'", "\"", "url(", "\\75", "/*", "*/", "@import", "&#0;", "&#x41;", "\uFEFF", "xmlns:x='", "<x:y ", ">", "<", "\0", "ä", "\uD83D",
    ];

    private static readonly SvgLimits limits = new(1 << 20, 64, TimeSpan.FromSeconds(10));

    [Fact]
    public void Arbitrary_bytes_are_looked_at_without_an_error() =>
        Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), bytes =>
        {
            foreach (var mime in mimes)
            {
                DisguiseScan.Of(mime, bytes);
            }

            Look(bytes);
            Assert.Equal(bytes.Length, Utf7.Decode([.. bytes.Where(one => one != '+')]).Length + bytes.Count(one => one == '+'));
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Arbitrary_mixtures_of_markup_are_looked_at_without_an_error() =>
        Prop.ForAll(Gen.ArrayOf(Gen.Elements(pieces)).ToArbitrary(), mixture =>
        {
            var text = string.Concat(mixture);
            Look(Encoding.UTF8.GetBytes(text));
            Look([0xFF, 0xFE, .. Encoding.Unicode.GetBytes(text)]);
            CssScan.Find(text, isSheet: true);
            CssScan.Find(text, isSheet: false);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_drawing_that_passes_stays_so_however_its_text_is_written_and_a_script_in_it_is_found() =>
        Prop.ForAll(ArbMap.Default.ArbFor<NonEmptyString>(), ArbMap.Default.ArbFor<PositiveInt>(), (text, depth) =>
        {
            var escaped = string.Concat(text.Get.Where(System.Xml.XmlConvert.IsXmlChar).Select(character => $"&#{(int)character};"));
            var nested = Math.Min(depth.Get, 40);
            string Drawing(string inside) =>
                $"<svg xmlns='http://www.w3.org/2000/svg'>{string.Concat(Enumerable.Repeat("<g>", nested))}<title>{escaped}</title>{inside}{string.Concat(Enumerable.Repeat("</g>", nested))}</svg>";
            Assert.Null(Look(Encoding.UTF8.GetBytes(Drawing(""))));
            Assert.Equal(RiskKind.Script, Look(Encoding.UTF8.GetBytes(Drawing("<script/>")))?.Kind);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void An_escaped_address_in_styles_is_found_however_it_is_escaped() =>
        Prop.ForAll(ArbMap.Default.ArbFor<int>(), seed =>
        {
            var random = new Random(seed);
            var css = string.Concat("url(".Select(character => Escape(character, random))) + "http://example.org/a)";
            Assert.NotNull(CssScan.Find($"a {{ fill: {css} }}", isSheet: true));
            Assert.NotNull(CssScan.Find($"fill: {css}", isSheet: false));
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void An_archive_is_found_behind_arbitrary_bytes() =>
        Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), ArbMap.Default.ArbFor<byte[]>(), (before, after) =>
        {
            byte[] content = [0x89, .. before, .. DisguiseScanTests.Zip("A.class"), .. after];
            Assert.NotNull(DisguiseScan.Of("image/png", content));
        }).QuickCheckThrowOnFailure();

    private static string Escape(char character, Random random)
    {
        // Hexadecimal digits after a backslash are an escape's own; a parenthesis must stay what it is.
        var spelled = random.Next(2) == 0 ? char.ToUpperInvariant(character) : character;
        return character == '(' ? "(" : random.Next(4) switch
        {
            0 => $"\\{(int)spelled:x6}",
            1 => $"\\{(int)spelled:X} ",
            2 when !char.IsAsciiHexDigit(spelled) => $"\\{spelled}",
            _ => $"{(random.Next(3) == 0 ? "/* comment */" : "")}{spelled}",
        };
    }

    private static Risk? Look(byte[] document)
    {
        using var stream = new MemoryStream(document);
        return SvgScan.Of(stream, document.Length, limits, TimeProvider.System);
    }
}
