using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace HashStore.Storage.Content;

/// <summary>Tells what kind of text a head is: markup that browsers would run, scripts, plain text; else unknown bytes.</summary>
internal static class TextSniffer
{
    /// <summary>The WHATWG's "binary data bytes", which no text holds.</summary>
    private static readonly SearchValues<byte> binary = SearchValues.Create(
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 0x0B, 0x0E, 0x0F, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19, 0x1A, 0x1C, 0x1D, 0x1E, 0x1F]);

    private static readonly SearchValues<byte> nameEnds = SearchValues.Create(" \t\r\n\f/>"u8);

    /// <summary>The tags by which browsers know HTML (MIME Sniffing Standard 7.1), in lower case; each must be followed by a space or ">".</summary>
    private static readonly byte[][] htmlTags =
    [
        [.. "<!doctype html"u8], [.. "<html"u8], [.. "<head"u8], [.. "<body"u8], [.. "<script"u8], [.. "<iframe"u8], [.. "<h1"u8], [.. "<div"u8],
        [.. "<font"u8], [.. "<table"u8], [.. "<a"u8], [.. "<style"u8], [.. "<title"u8], [.. "<b"u8], [.. "<br"u8], [.. "<p"u8],
    ];

    /// <summary>Whether the bytes hold none that text cannot hold, or begin with the mark of UTF-16.</summary>
    public static bool IsText(ReadOnlySpan<byte> head) => IsUtf16(head) || !head.ContainsAny(binary);

    /// <summary>Tells the kind of text, or "application/octet-stream".</summary>
    public static SniffedType Sniff(ReadOnlySpan<byte> head, long size)
    {
        if (IsUtf16(head))
        {
            return new("text/plain", "utf-16");
        }
        // Markup counts even where binary bytes follow: browsers decide so, and a safe answer must not be milder than theirs.
        if (Markup(head) is { } mime)
        {
            return new(mime, Charset(head, size));
        }
        if (head.ContainsAny(binary))
        {
            return new(ContentSniffer.Unknown, null);
        }
        return new(head.StartsWith("#!"u8) ? "text/x-script" : "text/plain", Charset(head, size));
    }

    private static bool IsUtf16(ReadOnlySpan<byte> head) =>
        head.StartsWith((ReadOnlySpan<byte>)[0xFE, 0xFF]) || head.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xFE]);

    private static string? Charset(ReadOnlySpan<byte> head, long size)
    {
        if (Utf8.IsValid(head))
        {
            return "utf-8";
        }
        // The head's end may cut a sequence of up to four bytes: drop its lead and what follows, if its lead is among the last three.
        for (var back = 1; size > head.Length && back <= Math.Min(3, head.Length); back++)
        {
            var lead = head[^back];
            if (lead >= 0xC0)
            {
                var needed = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
                return lead <= 0xF4 && needed > back && Utf8.IsValid(head[..^back]) ? "utf-8" : null;
            }
        }
        return null;
    }

    private static string? Markup(ReadOnlySpan<byte> head)
    {
        var text = Trim(head.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]) ? head[3..] : head);
        if (StartsWithIgnoreCase(text, "<?php"u8) || text.StartsWith("<?="u8))
        {
            return "application/x-php";
        }
        var declared = text.StartsWith("<?xml"u8);
        var root = SkipProlog(text);
        if (root.IsEmpty || root[0] != '<')
        {
            return declared ? "application/xml" : null;
        }
        // An SVG picture needs no declaration; a browser that gets one as text/html would run it as well, so the root's name decides alone.
        var name = LocalName(root);
        if (name.SequenceEqual("svg"u8))
        {
            return "image/svg+xml";
        }
        if (declared)
        {
            return name.SequenceEqual("html"u8) ? "application/xhtml+xml" : "application/xml";
        }
        return IsHtml(root) || IsHtml(SkipComments(text)) ? "text/html" : null;
    }

    private static bool IsHtml(ReadOnlySpan<byte> text)
    {
        foreach (var tag in htmlTags)
        {
            if (StartsWithIgnoreCase(text, tag) && (text.Length == tag.Length || IsSpace(text[tag.Length]) || text[tag.Length] == '>'))
            {
                return true;
            }
        }
        return false;
    }

    // Everything that may stand before the root element: the declaration, processing instructions, comments, the document type.
    private static ReadOnlySpan<byte> SkipProlog(ReadOnlySpan<byte> text)
    {
        while (true)
        {
            text = SkipComments(text);
            if (text.StartsWith("<?"u8))
            {
                text = After(text, "?>"u8);
            }
            else if (StartsWithIgnoreCase(text, "<!doctype"u8))
            {
                // An internal subset stands in brackets and holds ">" of its own.
                var end = text.IndexOf((byte)'>');
                var subset = text.IndexOf((byte)'[');
                text = subset >= 0 && (end < 0 || subset < end) ? After(After(text, "]"u8), ">"u8) : After(text, ">"u8);
            }
            else
            {
                return text;
            }
        }
    }

    private static ReadOnlySpan<byte> SkipComments(ReadOnlySpan<byte> text)
    {
        text = Trim(text);
        while (text.StartsWith("<!--"u8))
        {
            text = Trim(After(text, "-->"u8));
        }
        return text;
    }

    private static ReadOnlySpan<byte> After(ReadOnlySpan<byte> text, ReadOnlySpan<byte> mark)
    {
        var at = text.IndexOf(mark);
        return at < 0 ? default : text[(at + mark.Length)..];
    }

    private static ReadOnlySpan<byte> LocalName(ReadOnlySpan<byte> tag)
    {
        var name = tag[1..];
        var end = name.IndexOfAny(nameEnds);
        name = end < 0 ? name : name[..end];
        return name[(name.IndexOf((byte)':') + 1)..];
    }

    private static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> text) => text.TrimStart(" \t\r\n\f"u8);

    private static bool IsSpace(byte value) => value is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n' or (byte)'\f';

    private static bool StartsWithIgnoreCase(ReadOnlySpan<byte> text, ReadOnlySpan<byte> start) =>
        text.Length >= start.Length && Ascii.EqualsIgnoreCase(text[..start.Length], start);
}
