using System.Text;
using HashStore.Storage.Content;
using Xunit;
using static HashStore.Tests.Content.SampleFiles;

namespace HashStore.Tests.Content;

public sealed class ContentSnifferTests
{
    private const string Word = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
    private static readonly byte[] nul = new byte[64];

    public static TheoryData<string, byte[]> Binaries()
    {
        var frame = Bytes(0xFF, 0xFB, 0x90, 0, new byte[413]);
        var adts = Bytes(0xFF, 0xF1, 0x50, 0x80, 0x02, 0x1F, 0xFC, new byte[9]);
        var data = new TheoryData<string, byte[]>
        {
            { "image/tiff", Bytes("MM\0*", Big(8)) },
            { "image/tiff", Bytes("II+\0\x08\0\0\0", nul) },
            { "image/tiff", Bytes("MM\0+\0\x08\0\0", nul) },
            { "image/x-xcf", Bytes("gimp xcf file\0", nul) },
            { "image/jp2", Bytes("\0\0\0\x0CjP  \r\n", 0x87, 0x0A, nul) },
            { "image/jxl", Bytes("\0\0\0\x0CJXL \r\n", 0x87, 0x0A, nul) },
            { "image/jxl", Bytes(0xFF, 0x0A, nul) },
            { "image/heic", Ftyp("mif1", "heic") },
            { "image/avif", Ftyp("mif1", "avif") },
            { "image/vnd.djvu", Bytes("AT&TFORM", Big(100), "DJVU") },
            { "application/pdf", Bytes("%PDF-1.7\n") },
            { "application/postscript", Bytes("%!PS-Adobe-3.0\n") },
            { "application/postscript", Bytes(0xC5, 0xD0, 0xD3, 0xC6, nul) },
            { "application/ogg", OggPage(Bytes("fishead\0", nul)) },
            { "video/ogg", OggPage(Bytes(0x80, "theora", nul)) },
            { "video/ogg", Bytes(OggPage(Bytes("fishead\0", nul)), OggPage(Bytes(1, "vorbis", nul)), OggPage(Bytes(0x80, "theora", nul))) },
            { "audio/ogg", OggPage(Bytes(1, "vorbis", nul)) },
            { "audio/ogg", OggPage(Bytes("OpusHead", nul)) },
            { "audio/ogg", OggPage(Bytes(0x7F, "FLAC", nul)) },
            { "audio/ogg", OggPage(Bytes("Speex   ", nul)) },
            { "video/webm", Bytes(0x1A, 0x45, 0xDF, 0xA3, 0x93, 0x42, 0x82, 0x84, "webm", nul) },
            { "video/x-matroska", Bytes(0x1A, 0x45, 0xDF, 0xA3, 0x93, 0x42, 0x82, 0x88, "matroska", nul) },
            { "video/quicktime", Ftyp("qt  ") },
            { "video/quicktime", Bytes(Big(8), "wide", Big(1000), "mdat", nul) },
            { "video/3gpp", Ftyp("3gp5") },
            { "video/3gpp2", Ftyp("3g2a") },
            { "audio/mp4", Ftyp("M4A ") },
            { "video/mp4", Ftyp("M4V ") },
            { "audio/flac", Bytes("fLaC", Big(34), nul) },
            { "audio/flac", Bytes("ID3", 4, 0, 0, 0, 0, 0, 2, 0, 0, "fLaC", nul) },
            { "audio/mpeg", Bytes(frame, frame) },
            { "audio/mpeg", frame },
            { "audio/aac", Bytes(adts, adts) },
            { "audio/midi", Bytes("MThd\0\0\0\x06", nul) },
            { "audio/aiff", Bytes("FORM", Big(100), "AIFF", nul) },
            { "application/zip", ZipEntry("readme.txt", "hello") },
            { "application/zip", Bytes("PK\x05\x06", nul) },
            { "application/zip", ZipEntry("mimetype", "text/html") },
            { "application/zip", Bytes(ZipEntry("[Content_Types].xml", "x"), nul) },
            { "application/epub+zip", ZipEntry("mimetype", "application/epub+zip") },
            { "application/vnd.oasis.opendocument.text", ZipEntry("mimetype", "application/vnd.oasis.opendocument.text") },
            { Word, Bytes(ZipEntry("[Content_Types].xml", "x", stored: false), ZipEntry("_rels/.rels", "x"), ZipEntry("word/document.xml")) },
            { "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", Bytes(ZipEntry("_rels/.rels"), ZipEntry("xl/workbook.xml")) },
            { "application/vnd.openxmlformats-officedocument.presentationml.presentation", Bytes(ZipEntry("docProps/app.xml"), ZipEntry("ppt/a.xml")) },
            { "application/java-archive", ZipEntry("META-INF/MANIFEST.MF", "x") },
            { "video/mpeg", Bytes(0, 0, 1, 0xBA, nul) },
            { "video/x-flv", Bytes("FLV\x01", nul) },
            { "video/x-ms-asf", Bytes(0x30, 0x26, 0xB2, 0x75, 0x8E, 0x66, 0xCF, 0x11, nul) },
            { "application/vnd.sqlite3", Bytes("SQLite format 3\0", nul) },
            { "application/zstd", Bytes(0x28, 0xB5, 0x2F, 0xFD, nul) },
            { "application/gzip", Bytes(0x1F, 0x8B, 8, nul) },
            { "application/x-bzip2", Bytes("BZh91AY&SY", nul) },
            { "application/x-xz", Bytes(0xFD, "7zXZ\0", nul) },
            { "application/x-7z-compressed", Bytes("7z", 0xBC, 0xAF, 0x27, 0x1C, nul) },
            { "application/vnd.rar", Bytes("Rar!\x1A\x07\0", nul) },
            { "application/x-tar", Bytes("name", new byte[253], "ustar\0", "00", nul) },
            { "application/x-ole-storage", Bytes(0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1, nul) },
            { "application/rtf", Bytes(@"{\rtf1\ansi hello}") },
            { "font/woff", Bytes("wOFF", nul) },
            { "font/woff2", Bytes("wOF2", nul) },
            { "font/ttf", Bytes(0, 1, 0, 0, 0, 12, nul) },
            { "font/otf", Bytes("OTTO", 0, 12, nul) },
            { "model/gltf-binary", Bytes("glTF", Little(2), nul) },
            { "application/x-executable", Bytes(0x7F, "ELF", nul) },
            { "application/vnd.microsoft.portable-executable", Bytes("MZ", 0x90, 0, nul) },
            { "application/x-mach-binary", Bytes(0xCF, 0xFA, 0xED, 0xFE, nul) },
            { "application/x-mach-binary", Bytes(0xCA, 0xFE, 0xBA, 0xBE, Big(2), nul) },
            { "application/java-vm", Bytes(0xCA, 0xFE, 0xBA, 0xBE, Big(52), nul) },
            { "application/wasm", Bytes("\0asm", Little(1)) },
            { "application/x-shockwave-flash", Bytes("CWS", 10, nul) },
            { "application/octet-stream", Bytes(1, 2, 3, 0) },
            { "application/octet-stream", Bytes("text, then a zero", 0) },
            { "application/octet-stream", Bytes("RIFF", Little(100), "NOPE", nul) },
        };
        foreach (var (mime, file) in WithMetadata())
        {
            data.Add(mime, file);
        }
        return data;
    }

    [Theory]
    [MemberData(nameof(Binaries))]
    public void Binary_formats_are_known_by_their_first_bytes(string mime, byte[] file) =>
        Assert.Equal(new SniffedType(mime, null), ContentSniffer.Sniff(file, file.Length) with { Charset = null });

    [Theory]
    [InlineData("image/svg+xml", "<svg xmlns='http://www.w3.org/2000/svg'/>")]
    [InlineData("image/svg+xml", "\uFEFF<?xml version='1.0'?>\n<!-- > <html> --><!DOCTYPE svg PUBLIC 'a' 'b'>\n<svg>")]
    [InlineData("image/svg+xml", "<?xml version='1.0'?><!DOCTYPE svg [ <!ENTITY a 'x>y'> ]><svg:svg xmlns:svg='http://www.w3.org/2000/svg'>")]
    [InlineData("text/html", "<!doctype HTML>\n<title>x</title>")]
    [InlineData("text/html", " \n<!-- c --><HtMl>")]
    [InlineData("text/html", "<script>alert(1)</script>")]
    [InlineData("text/html", "\uFEFF\t<b>bold")]
    [InlineData("text/html", "<a href=x>")]
    [InlineData("text/html", "<p>")]
    [InlineData("text/html", "<!DOCTYPE html><body><svg>")]
    [InlineData("text/plain", "<apple> is no tag of HTML")]
    [InlineData("text/plain", "< html>")]
    [InlineData("application/xhtml+xml", "<?xml version='1.0'?><!DOCTYPE html><html xmlns='http://www.w3.org/1999/xhtml'>")]
    [InlineData("application/xml", "<?xml version='1.0'?><gpx/>")]
    [InlineData("application/xml", "<?xml version='1.0'?>")]
    [InlineData("application/x-php", "<?php echo 1;")]
    [InlineData("application/x-php", "<?= 1 ?>")]
    [InlineData("text/x-script", "#!/bin/sh\necho")]
    [InlineData("text/plain", "BMW builds cars")]
    [InlineData("text/plain", "MZ was a man's initials")]
    [InlineData("text/plain", "ID, please")]
    [InlineData("text/plain", "CWS and FWS and OTTO")]
    [InlineData("text/plain", "Tab\tline\r\nfeed\f escape\x1B[0m")]
    public void Text_and_markup_are_told_apart(string mime, string text)
    {
        var file = Encoding.UTF8.GetBytes(text);
        Assert.Equal(new SniffedType(mime, "utf-8"), ContentSniffer.Sniff(file, file.Length));
    }

    [Fact]
    public void The_charset_is_that_of_the_bytes()
    {
        Assert.Equal(new SniffedType("text/plain", "utf-16"), Sniff(0xFF, 0xFE, "h\0i\0"));
        Assert.Equal(new SniffedType("text/plain", "utf-16"), Sniff(0xFE, 0xFF, "\0h\0i"));
        Assert.Equal(new SniffedType("text/plain", null), Sniff("caf", 0xE9, " au lait"));
        Assert.Equal(new SniffedType("text/plain", null), Sniff("caf", 0xC3));
        Assert.Equal(new SniffedType("application/x-empty", null), Sniff());
    }

    [Fact]
    public void A_character_cut_by_the_end_of_the_head_is_still_utf_8()
    {
        var text = Encoding.UTF8.GetBytes("aä€😀");
        for (var length = 1; length <= text.Length; length++)
        {
            Assert.Equal(new SniffedType("text/plain", "utf-8"), ContentSniffer.Sniff(text.AsSpan(0, length), text.Length));
        }
        Assert.Null(ContentSniffer.Sniff(Bytes("abc", 0xFF), 100).Charset);
        Assert.Null(ContentSniffer.Sniff(Bytes("abc", 0x80), 100).Charset);
    }

    [Fact]
    public void Sync_bytes_without_a_second_frame_are_no_sound()
    {
        Assert.Equal("application/octet-stream", Sniff(0xFF, 0xFB, 0x90, 0, new byte[600]).Mime);
        Assert.Equal("application/octet-stream", Sniff(0xFF, 0xF1, 0x50, 0x80, 0x02, 0x1F, 0xFC, new byte[900]).Mime);
    }

    private static SniffedType Sniff(params object[] parts)
    {
        var file = Bytes(parts);
        return ContentSniffer.Sniff(file, file.Length);
    }
}
