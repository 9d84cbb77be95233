using System.Globalization;
using System.Text;
using HashStore.Storage.Safety;
using HashStore.Tests.Support;
using Xunit;

namespace HashStore.Tests.Safety;

/// <summary>What is refused in drawings and what is not: one line for each way in which an SVG has been made to run or load something.</summary>
public sealed class SvgScanTests
{
    private const string Open = "<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\">";

    private static readonly SvgLimits limits = new(1 << 20, SvgLimits.DefaultMaxDepth, SvgLimits.DefaultTime);

    [Theory]
    [InlineData(RiskKind.Script, "<script>alert(1)</script>")]
    [InlineData(RiskKind.Script, "<script type='text/plain'/>")]
    [InlineData(RiskKind.Script, "<SCRIPT/>")]
    [InlineData(RiskKind.Script, "<g><g><script xlink:href='data:text/javascript,1'/></g></g>")]
    [InlineData(RiskKind.Script, "<a:script xmlns:a='http://www.w3.org/2000/svg'>1</a:script>")]
    [InlineData(RiskKind.Script, "<h:script xmlns:h='http://www.w3.org/1999/xhtml'>1</h:script>")]
    [InlineData(RiskKind.Script, "<x:script xmlns:x='http://ns.adobe.com/x/'>1</x:script>")]
    [InlineData(RiskKind.Script, "<handler xmlns:ev='http://www.w3.org/2001/xml-events' ev:event='load'>1</handler>")]
    [InlineData(RiskKind.Script, "<ev:listener xmlns:ev='http://www.w3.org/2001/xml-events' event='load' handler='#a'/>")]
    [InlineData(RiskKind.EventHandler, "<rect onclick='1'/>")]
    [InlineData(RiskKind.EventHandler, "<rect ONMOUSEOVER='1'/>")]
    [InlineData(RiskKind.EventHandler, "<rect onbegin=''/>")]
    [InlineData(RiskKind.EventHandler, "<rect a:onload='1' xmlns:a='urn:a'/>")]
    [InlineData(RiskKind.EventHandler, "<rect xmlns:ev='http://www.w3.org/2001/xml-events' ev:handler='#a'/>")]
    [InlineData(RiskKind.EventHandler, "<set attributeName='onmouseover' to='alert(1)'/>")]
    [InlineData(RiskKind.EventHandler, "<animate attributeName=' OnClick ' values='1;2'/>")]
    [InlineData(RiskKind.ForeignElement, "<foreignObject><p xmlns='http://www.w3.org/1999/xhtml'>x</p></foreignObject>")]
    [InlineData(RiskKind.ForeignElement, "<p xmlns='http://www.w3.org/1999/xhtml'>x</p>")]
    [InlineData(RiskKind.ForeignElement, "<iframe src='#a'/>")]
    [InlineData(RiskKind.ForeignElement, "<h:img xmlns:h='http://www.w3.org/1999/xhtml' src='x'/>")]
    [InlineData(RiskKind.ForeignElement, "<math xmlns='http://www.w3.org/1998/Math/MathML'><mi>x</mi></math>")]
    [InlineData(RiskKind.ForeignElement, "<binding xmlns='http://www.mozilla.org/xbl'/>")]
    [InlineData(RiskKind.ForeignElement, "<window xmlns='http://www.mozilla.org/keymaster/gatekeeper/there.is.only.xul'/>")]
    [InlineData(RiskKind.ForeignElement, "<stylesheet xmlns='http://www.w3.org/1999/XSL/Transform'/>")]
    [InlineData(RiskKind.ForeignElement, "<thing xmlns='urn:unknown'/>")]
    [InlineData(RiskKind.Reference, "<image xlink:href='http://example.org/a.png'/>")]
    [InlineData(RiskKind.Reference, "<image href='//example.org/a.png'/>")]
    [InlineData(RiskKind.Reference, "<image href='a.png'/>")]
    [InlineData(RiskKind.Reference, "<image href='file:///etc/passwd'/>")]
    [InlineData(RiskKind.Reference, "<use xlink:href='http://example.org/a.svg#b'/>")]
    [InlineData(RiskKind.Reference, "<use href='data:image/svg+xml;base64,PHN2Zy8+#a'/>")]
    [InlineData(RiskKind.Reference, "<image href='data:image/svg+xml,%3Csvg/%3E'/>")]
    [InlineData(RiskKind.Reference, "<image href=' &#x09;data:text/html,x'/>")]
    [InlineData(RiskKind.Reference, "<a xlink:href='javascript:alert(1)'><text>x</text></a>")]
    [InlineData(RiskKind.Reference, "<a href='&#106;ava&#10;script:alert(1)'><text>x</text></a>")]
    [InlineData(RiskKind.Reference, "<a href='JaVaScRiPt:alert(1)'/>")]
    [InlineData(RiskKind.Reference, "<a href='data:text/html;base64,PHNjcmlwdD4='/>")]
    [InlineData(RiskKind.Reference, "<a href='vbscript:x'/>")]
    [InlineData(RiskKind.Reference, "<rect xlink:href='http://example.org/'/>")]
    [InlineData(RiskKind.Reference, "<feImage href='http://example.org/a.png'/>")]
    [InlineData(RiskKind.Reference, "<g xml:base='http://example.org/'><use href='#a'/></g>")]
    [InlineData(RiskKind.Reference, "<font-face-uri xlink:href='http://example.org/f'/>")]
    [InlineData(RiskKind.Reference, "<animate attributeName='href' values='javascript:alert(1)'/>")]
    [InlineData(RiskKind.Reference, "<set attributeName='xlink:href' to='#a'/>")]
    [InlineData(RiskKind.Reference, "<set attributeName='fill' to='http://example.org/'/>")]
    [InlineData(RiskKind.Reference, "<animate attributeName='fill' from='data:text/html,x' to='red'/>")]
    [InlineData(RiskKind.Stylesheet, "<style>@import 'http://example.org/a.css';</style>")]
    [InlineData(RiskKind.Stylesheet, "<style>@imp\\6f rt 'a.css';</style>")]
    [InlineData(RiskKind.Stylesheet, "<style>rect { fill: url(http://example.org/a) }</style>")]
    [InlineData(RiskKind.Stylesheet, "<style><![CDATA[rect { fill: url(\"//example.org/a\") }]]></style>")]
    [InlineData(RiskKind.Stylesheet, "<style>rect { background: u\\72l(http://example.org/a) }</style>")]
    [InlineData(RiskKind.Stylesheet, "<style>rect { fill: ur/**/l(http://example.org/a) }</style>")]
    [InlineData(RiskKind.Stylesheet, "<style>a /* { b: url(http://example.org/a) }</style>")]
    [InlineData(RiskKind.Stylesheet, "<style>rect { fill: ur<![CDATA[l(http://example.org/a)]]> }</style>")]
    [InlineData(RiskKind.Stylesheet, "<style>@font-face { src: url(http://example.org/f.woff) }</style>")]
    [InlineData(RiskKind.Stylesheet, "<style>rect { background: image-set('http://example.org/a' 1x) }</style>")]
    [InlineData(RiskKind.Stylesheet, "<style>rect { width: expression(alert(1)) }</style>")]
    [InlineData(RiskKind.Stylesheet, "<style>rect { -moz-binding: url(#a) }</style>")]
    [InlineData(RiskKind.Stylesheet, "<style>rect { behavior: url(#a) }</style>")]
    [InlineData(RiskKind.Stylesheet, "<style>rect { fill: url(data:image/svg+xml,x) }</style>")]
    [InlineData(RiskKind.Stylesheet, "<style><?xpacket a?>rect { fill: url(http://example.org/a) }</style>")]
    [InlineData(RiskKind.Stylesheet, "<style type='text/javascript'>1</style>")]
    [InlineData(RiskKind.Stylesheet, "<rect style='fill: url(http://example.org/a)'/>")]
    [InlineData(RiskKind.Stylesheet, "<rect style='fill: \\75 \\72 \\6c (http://example.org/a)'/>")]
    [InlineData(RiskKind.Stylesheet, "<rect fill='url( \"http://example.org/a\" )'/>")]
    [InlineData(RiskKind.Stylesheet, "<rect filter='url(other.svg#f)'/>")]
    [InlineData(RiskKind.Stylesheet, "<rect mask='URL(//example.org/a.svg#m)'/>")]
    [InlineData(RiskKind.Stylesheet, "<rect cursor='url(http://example.org/c)'/>")]
    [InlineData(RiskKind.Stylesheet, "<rect style='background: u&#114;l(javascript:alert(1))'/>")]
    [InlineData(RiskKind.Instruction, "<?xml-stylesheet href='a.css'?>")]
    [InlineData(RiskKind.Instruction, "<?php echo 1 ?>")]
    [InlineData(RiskKind.Unreadable, "<rect")]
    [InlineData(RiskKind.Unreadable, "<a></b>")]
    [InlineData(RiskKind.Unreadable, "&unknown;")]
    [InlineData(RiskKind.Unreadable, "<x:y/>")]
    public void What_runs_loads_or_hides_something_is_found(RiskKind kind, string inside) => Assert.Equal(kind, Of(Open + inside + "</svg>")?.Kind);

    [Theory]
    [InlineData(RiskKind.DocumentType, "<!DOCTYPE svg [<!ENTITY a '&#60;script>'>]><svg xmlns='http://www.w3.org/2000/svg'>&a;</svg>")]
    [InlineData(RiskKind.DocumentType, "<!DOCTYPE svg [<!ATTLIST svg onload CDATA 'alert(1)'>]><svg xmlns='http://www.w3.org/2000/svg'/>")]
    [InlineData(RiskKind.DocumentType, "<!DOCTYPE svg SYSTEM 'http://example.org/a.dtd'><svg xmlns='http://www.w3.org/2000/svg'/>")]
    [InlineData(RiskKind.DocumentType, "<!DOCTYPE svg PUBLIC '-//Example//DTD X//EN' 'http://example.org/a.dtd'><svg xmlns='http://www.w3.org/2000/svg'/>")]
    [InlineData(RiskKind.DocumentType, "<!DOCTYPE svg PUBLIC '-//W3C//DTD SVG 1.1//EN' 'http://example.org/svg11.dtd'><svg xmlns='http://www.w3.org/2000/svg'/>")]
    [InlineData(RiskKind.DocumentType, "<!DOCTYPE svg [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><svg xmlns='http://www.w3.org/2000/svg'>&a;</svg>")]
    [InlineData(RiskKind.DocumentType, "<!-- <!DOCTYPE svg> --><!DOCTYPE svg [<!ENTITY a 'b'>]><svg xmlns='http://www.w3.org/2000/svg'/>")]
    [InlineData(RiskKind.Instruction, "<?xml-stylesheet type='text/xsl' href='#a'?><svg xmlns='http://www.w3.org/2000/svg'/>")]
    [InlineData(RiskKind.Instruction, "<svg xmlns='http://www.w3.org/2000/svg'/><?xml-stylesheet href='a'?>")]
    [InlineData(RiskKind.EventHandler, "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>")]
    [InlineData(RiskKind.ForeignElement, "<html xmlns='http://www.w3.org/1999/xhtml'><svg/></html>")]
    [InlineData(RiskKind.Encoding, "<?xml version='1.0' encoding='UTF-7'?><svg xmlns='http://www.w3.org/2000/svg'/>")]
    [InlineData(RiskKind.Encoding, "<?xml version='1.0' encoding='ebcdic-cp-us'?><svg xmlns='http://www.w3.org/2000/svg'/>")]
    [InlineData(RiskKind.Encoding, "<?xml version='1.0' encoding='ISO-2022-JP'?><svg xmlns='http://www.w3.org/2000/svg'/>")]
    [InlineData(RiskKind.Encoding, "<?xml version='1.0' encoding = \"x-mac-roman\"?><svg xmlns='http://www.w3.org/2000/svg'/>")]
    [InlineData(RiskKind.Unreadable, "<svg xmlns='http://www.w3.org/2000/svg'/><svg/>")]
    [InlineData(RiskKind.Unreadable, "<svg xmlns='http://www.w3.org/2000/svg'/><!DOCTYPE svg>")]
    [InlineData(RiskKind.Unreadable, "")]
    [InlineData(RiskKind.Unreadable, "<!doctype svg><svg xmlns='http://www.w3.org/2000/svg'/>")]
    [InlineData(RiskKind.Unreadable, "<!DOCTYPE svg><!DOCTYPE svg><svg xmlns='http://www.w3.org/2000/svg'/>")]
    [InlineData(RiskKind.Instruction, "<?xml-stylesheet href='a'?><!DOCTYPE svg><svg xmlns='http://www.w3.org/2000/svg'/>")]
    [InlineData(RiskKind.DocumentType, "<!DOCTYPE html><svg xmlns='http://www.w3.org/2000/svg'/>")]
    [InlineData(RiskKind.Script, "<!DOCTYPE svg><svg xmlns='http://www.w3.org/2000/svg'><script/></svg>")]
    public void The_document_around_it_is_looked_at_too(RiskKind kind, string document) => Assert.Equal(kind, Of(document)?.Kind);

    [Theory]
    [InlineData("<rect width='1' height='1' fill='#abc' style='fill:red;stroke:none' transform='rotate(45 1 1) translate(3)'/>")]
    [InlineData("<defs><linearGradient id='a'/><filter id='f'/></defs><rect fill='url(#a)' style=\"filter:url( '#f' )\" mask='url(\"#m\")'/>")]
    [InlineData("<use xlink:href='#a'/><use href=' #b '/><image href='data:image/png;base64,iVBORw0KGgo='/><image href='DATA:image/jpeg,x'/><image href=''/>")]
    [InlineData("<a href='https://example.org/?a=1&amp;b=2'><text>Link</text></a><a xlink:href='#top'/>")]
    [InlineData("<style type='text/css'><![CDATA[@font-face { font-family: a; src: url('data:font/woff2;base64,x') } .b { fill: url(#a) } @media print { a { scroll-behavior: smooth } }]]></style>")]
    [InlineData("<style>/* url(http://example.org/) */ .a { fill: red }</style>")]
    [InlineData("<style/><style></style><title>On scripts: &lt;script&gt;</title><desc><![CDATA[<script>]]></desc><!-- <script>1</script> -->")]
    [InlineData("<animate attributeName='x' values='1;2'/><set attributeName='fill' to='blue'/><animateTransform attributeName='transform' type='rotate' from='0 1 1' to='360 1 1'/>")]
    [InlineData("<metadata><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns:cc='http://creativecommons.org/ns#'><cc:Work rdf:about=''><cc:license rdf:resource='http://creativecommons.org/licenses/'/></cc:Work></rdf:RDF></metadata>")]
    [InlineData("<sodipodi:namedview xmlns:sodipodi='http://sodipodi.sourceforge.net/DTD/sodipodi-0.dtd' xmlns:inkscape='http://www.inkscape.org/namespaces/inkscape' inkscape:export-filename='C:\\a\\b.png'/>")]
    [InlineData("<?xpacket begin='' id='W5M0MpCehiHzreSzNTczkc9d'?><?xpacket end='w'?>")]
    [InlineData("<text>&#228; &amp; &quot; 日本</text>")]
    public void Drawings_as_programs_write_them_pass(string inside) => Assert.Null(Of(Open + inside + "</svg>"));

    [Theory]
    [InlineData("<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>\n<!DOCTYPE svg PUBLIC \"-//W3C//DTD SVG 1.1//EN\" \"http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd\">\n<svg xmlns=\"http://www.w3.org/2000/svg\"/>\n")]
    [InlineData("\uFEFF<!-- made by hand --><!DOCTYPE svg><svg xmlns='http://www.w3.org/2000/svg'/>")]
    [InlineData("<?xml version='1.0' encoding='iso-8859-1'?><svg xmlns='http://www.w3.org/2000/svg'/>")]
    [InlineData("<?xml version='1.0' encoding='windows-1252'?><svg xmlns='http://www.w3.org/2000/svg'/>")]
    [InlineData("<svg/>")]
    public void Documents_as_programs_write_them_pass(string document) => Assert.Null(Of(document));

    [Fact]
    public void UTF_16_needs_its_mark_and_bytes_must_be_those_of_the_encoding()
    {
        const string Scripted = "<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>";
        Assert.Equal(RiskKind.Script, Of([0xFF, 0xFE, .. Encoding.Unicode.GetBytes(Scripted)])?.Kind);
        Assert.Equal(RiskKind.Script, Of([0xFE, 0xFF, .. Encoding.BigEndianUnicode.GetBytes(Scripted)])?.Kind);
        Assert.Null(Of([0xFF, 0xFE, .. Encoding.Unicode.GetBytes("<svg/>")]));
        Assert.Equal(RiskKind.Encoding, Of(Encoding.Unicode.GetBytes(Scripted))?.Kind);
        Assert.Equal(RiskKind.Encoding, Of(Encoding.BigEndianUnicode.GetBytes("<svg/>"))?.Kind);
        Assert.Equal(RiskKind.Encoding, Of([.. "<svg>"u8, 0xC3, 0x28, .. "</svg>"u8])?.Kind);
        Assert.Equal(RiskKind.Encoding, Of([.. "<?xml version='1.0' "u8, .. new string(' ', 5000).Select(space => (byte)space), .. "?><svg/>"u8])?.Kind);
    }

    [Fact]
    public void Limits_hold()
    {
        var deep = string.Concat(Enumerable.Repeat("<g>", SvgLimits.DefaultMaxDepth + 2)) + string.Concat(Enumerable.Repeat("</g>", SvgLimits.DefaultMaxDepth + 2));
        Assert.Contains("512", Of(Open + deep + "</svg>")!.What, StringComparison.Ordinal);
        Assert.Contains("MaxSvgBytes", Of(Open + new string(' ', 2 << 20) + "</svg>")!.What, StringComparison.Ordinal);

        var clock = new ManualClock();
        using var slow = new SlowStream(Encoding.UTF8.GetBytes(Open + string.Concat(Enumerable.Repeat("<g/>", 50_000)) + "</svg>"), () => clock.Advance(TimeSpan.FromSeconds(3)));
        Assert.Contains("too long", SvgScan.Of(slow, slow.Length, limits, clock)!.What, StringComparison.Ordinal);
    }

    /// <summary>Expanded, this would be 10^9 words; nothing of it may ever be.</summary>
    [Fact]
    public void Entities_within_entities_are_refused_unexpanded()
    {
        var bomb = new StringBuilder("<!DOCTYPE svg [<!ENTITY a0 'laughter'>");
        for (var level = 1; level < 10; level++)
        {
            bomb.Append(CultureInfo.InvariantCulture, $"<!ENTITY a{level} '{string.Concat(Enumerable.Repeat($"&a{level - 1};", 10))}'>");
        }

        Assert.Equal(RiskKind.DocumentType, Of(bomb.Append("]><svg xmlns='http://www.w3.org/2000/svg'>&a9;</svg>").ToString())?.Kind);
        Assert.Equal(RiskKind.DocumentType, Of($"<!DOCTYPE svg [<!ELEMENT a {new string('(', 300_000)}a{string.Concat(Enumerable.Repeat(")*", 300_000))}>]><svg/>")?.Kind);
        Assert.Equal(RiskKind.DocumentType, Of("<!DOCTYPE svg [<!ENTITY % a 'xxxx'><!ENTITY % b '%a;%a;%a;'>%b;%b;]><svg/>")?.Kind);
    }

    private static Risk? Of(string document) => Of(Encoding.UTF8.GetBytes(document));

    private static Risk? Of(byte[] document)
    {
        using var stream = new MemoryStream(document);
        return SvgScan.Of(stream, document.Length, limits, TimeProvider.System);
    }

    private sealed class SlowStream(byte[] content, Action read) : MemoryStream(content)
    {
        public override int Read(byte[] buffer, int offset, int count)
        {
            read();
            return base.Read(buffer, offset, count);
        }
    }
}
