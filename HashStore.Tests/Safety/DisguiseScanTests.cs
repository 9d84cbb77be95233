using System.IO.Compression;
using System.Text;
using HashStore.Storage.Content;
using HashStore.Storage.Safety;
using HashStore.Tests.Content;
using Xunit;

namespace HashStore.Tests.Safety;

/// <summary>Contents that are two things at once, and contents that only look so.</summary>
public sealed class DisguiseScanTests
{
    private static readonly byte[] gif = [.. "GIF89a"u8, 1, 0, 1, 0, 0x80, 0, 0, 0, 0, 0, 255, 255, 255];

    [Theory]
    [InlineData("<script>alert(1)</script>")]
    [InlineData("<ScRiPt src=//example.org/a>")]
    [InlineData("<html>")]
    [InlineData("<!DOCTYPE  html><!doctype html>")]
    [InlineData("<body onload=alert(1)>")]
    [InlineData("<img src=x onerror=alert(1)>")]
    [InlineData("<a href=javascript:alert(1)>")]
    [InlineData("<svg onload=alert(1)>")]
    [InlineData("<iframe src=a>")]
    [InlineData("<title>x")]
    [InlineData("<plaintext>")]
    [InlineData("<x href = ' java\tscript:alert(1)'>")]
    [InlineData("<x style=\"a:url( javascript:alert(1) )\">")]
    [InlineData("<x type=\"text/javascript\">")]
    [InlineData("&#60;script&#62;")]
    [InlineData("&#x3c;SCRIPT&#x3E;")]
    [InlineData("<x href=\"&#106;&#97;vascript:alert(1)\">")]
    [InlineData("+ADw-script+AD4-alert(1)+ADw-/script+AD4-")]
    [InlineData("+ADwAcwBjAHIAaQBwAHQAPg-")]
    [InlineData("<\0s\0c\0r\0i\0p\0t\0>\0")]
    public void Markup_in_the_first_bytes_of_a_picture_is_found(string markup)
    {
        byte[] inComment = [.. gif, 0x21, 0xFE, (byte)Math.Min(255, markup.Length), .. Encoding.UTF8.GetBytes(markup), 0, 0x3B];
        Assert.Equal("image/gif", ContentSniffer.Sniff(inComment, inComment.Length).Mime);
        Assert.Equal(RiskKind.Markup, DisguiseScan.Of("image/gif", inComment)?.Kind);
        byte[] inExif = [.. SampleFiles.Jpeg().AsSpan(0, 2), 0xFF, 0xE1, 0, 200, .. "Exif\0\0"u8, .. Encoding.UTF8.GetBytes(markup), .. new byte[300]];
        Assert.Equal(RiskKind.Markup, DisguiseScan.Of("image/jpeg", inExif)?.Kind);
        Assert.Equal(RiskKind.Markup, DisguiseScan.Of("application/pdf", Encoding.UTF8.GetBytes("%PDF-1.7\n" + markup))?.Kind);
        Assert.Equal(RiskKind.Markup, DisguiseScan.Of("audio/mpeg", Encoding.UTF8.GetBytes("ID3\u0003\0\0" + markup))?.Kind);
    }

    [Theory]
    [InlineData("<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF><dc:title>On <b> and JavaScript: a book</dc:title>")]
    [InlineData("Copyright 2020 someone, all rights reserved; a < b, c+d, script")]
    [InlineData("<</Type/Catalog/Title(x)>>")]
    public void Metadata_of_pictures_is_no_markup(string text) =>
        Assert.Null(DisguiseScan.Of("image/png", [.. SampleFiles.Png(), .. Encoding.UTF8.GetBytes(text)]));

    [Fact]
    public void Only_as_many_bytes_count_as_browsers_looked_at()
    {
        byte[] markup = [.. "<script>"u8];
        Assert.NotNull(DisguiseScan.Of("image/gif", [.. gif, .. new byte[SniffedMarkup.HeadBytes - gif.Length - markup.Length], .. markup]));
        Assert.Null(DisguiseScan.Of("image/gif", [.. gif, .. Filler(SniffedMarkup.HeadBytes), .. markup]));
    }

    [Theory]
    [InlineData("<?php system($_GET['a']); ?>", true)]
    [InlineData("<?PHP\nx", true)]
    [InlineData("<?xpacket <?php?> <?phpx <?p", false)]
    public void PHP_tags_are_found_at_both_ends_of_what_is_no_text(string tag, bool isFound)
    {
        var middle = Filler(300_000);
        byte[] bytes = Encoding.UTF8.GetBytes(tag);
        Assert.Equal(isFound, DisguiseScan.Of("image/png", [.. SampleFiles.Png(), .. bytes, .. middle])?.Kind == RiskKind.Php);
        Assert.Equal(isFound, DisguiseScan.Of("image/png", [.. SampleFiles.Png(), .. middle, .. bytes])?.Kind == RiskKind.Php);
        Assert.Null(DisguiseScan.Of("text/plain", bytes));
    }

    [Theory]
    [InlineData("image/jpeg")]
    [InlineData("image/gif")]
    [InlineData("audio/mpeg")]
    [InlineData("application/pdf")]
    [InlineData("text/plain")]
    public void An_archive_behind_something_else_is_found(string mime)
    {
        var zip = Zip("Applet.class");
        foreach (var length in (int[])[10, 5_000, 200_000])
        {
            byte[] disguised = [.. Filler(length), .. zip];
            Assert.Equal(RiskKind.Archive, DisguiseScan.Of(mime, disguised)?.Kind);
            Assert.Equal(RiskKind.Archive, DisguiseScan.Of(mime, [.. disguised, .. new byte[20]])?.Kind);
        }

        byte[] commented = [.. zip.AsSpan(0, zip.Length - 2), 0xFF, 0xFF, .. Filler(ushort.MaxValue)];
        Assert.Equal(RiskKind.Archive, DisguiseScan.Of(mime, [.. Filler(100), .. commented])?.Kind);
    }

    [Fact]
    public void Bytes_that_only_look_like_the_end_of_an_archive_are_none()
    {
        byte[] signature = [.. "PK\x05\x06"u8];
        Assert.Null(DisguiseScan.Of("image/png", [.. SampleFiles.Png(), .. signature]));
        Assert.Null(DisguiseScan.Of("image/png", [.. SampleFiles.Png(), .. signature, .. Filler(400)]));
        Assert.Null(DisguiseScan.Of("image/png", [.. SampleFiles.Png(), .. Zip("a"), .. Filler(70_000)]));
    }

    [Fact]
    public void Archives_and_types_that_are_attachments_anyway_need_no_look()
    {
        Assert.Null(DisguiseScan.Of("application/zip", Zip("a")));
        Assert.Null(DisguiseScan.Of("application/vnd.oasis.opendocument.text", Zip("a")));
        Assert.Null(DisguiseScan.Of("text/html", [.. "<script>"u8]));
        Assert.Null(DisguiseScan.Of("application/octet-stream", [.. "<?php "u8]));
    }

    [Theory]
    [InlineData("Markup is text: <script>alert(1)</script>", null)]
    [InlineData("1+1=2 and a+b-c, C++", null)]
    [InlineData("x +ADw-script+AD4-alert(1)+ADw-/script+AD4-", RiskKind.Encoding)]
    [InlineData("From: a\r\nMIME-Version: 1.0\r\nContent-Type:  multipart/related; boundary=x\r\n\r\n", RiskKind.Markup)]
    [InlineData("MIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nA letter", null)]
    public void Text_is_shown_as_text_unless_it_is_a_page_in_disguise(string text, RiskKind? kind) =>
        Assert.Equal(kind, DisguiseScan.Of("text/plain", Encoding.UTF8.GetBytes(text))?.Kind);

    [Fact]
    public void A_file_is_looked_at_as_its_bytes_are()
    {
        var path = Path.GetTempFileName();
        try
        {
            foreach (var length in (int[])[0, 100, DisguiseScan.WindowBytes - 1, DisguiseScan.WindowBytes + 1, 500_000])
            {
                byte[] disguised = [.. gif, .. Filler(length), .. Zip("A.class")];
                File.WriteAllBytes(path, disguised);
                using var file = File.OpenHandle(path);
                Assert.Equal(RiskKind.Archive, DisguiseScan.Of("image/gif", file, disguised.Length)?.Kind);
                Assert.Null(DisguiseScan.Of("image/gif", file, disguised.Length - 40));
            }
        }
        finally
        {
            File.Delete(path);
        }
    }

    internal static byte[] Zip(string entry)
    {
        using var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            using var content = zip.CreateEntry(entry).Open();
            content.Write("content"u8);
        }

        return stream.ToArray();
    }

    /// <summary>Bytes without any of the signatures.</summary>
    private static byte[] Filler(int length)
    {
        var bytes = new byte[length];
        Array.Fill(bytes, (byte)0xAB);
        return bytes;
    }
}
