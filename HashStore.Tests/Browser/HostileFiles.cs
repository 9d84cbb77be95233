using System.Text;
using HashStore.Tests.Content;
using HashStore.Tests.Safety;

namespace HashStore.Tests.Browser;

/// <summary>A file that calls a beacon when a browser runs it.</summary>
/// <param name="Name">Its name, as a file.</param>
/// <param name="Content">Its bytes, given the beacon's address.</param>
/// <param name="RunsAs">The media type under which Chromium runs it when nobody protects it; null: today's does not, older browsers did.</param>
internal sealed record HostileFile(string Name, Func<string, byte[]> Content, string? RunsAs = null);

/// <summary>The ways in which stored files have been made to run in a site's origin.</summary>
internal static class HostileFiles
{
    private const string Svg = "image/svg+xml", Html = "text/html", JavaScript = "text/javascript";

    internal static readonly HostileFile[] All =
    [
        new("script.svg", beacon => Bytes($"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>{Run(beacon)}</script></svg>"), Svg),
        new("handler.svg", beacon => Bytes($"<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"{Run(beacon)}\"/>"), Svg),
        new("foreign.svg", beacon => Bytes($"<svg xmlns=\"http://www.w3.org/2000/svg\"><foreignObject><body xmlns=\"http://www.w3.org/1999/xhtml\"><script>{Run(beacon)}</script></body></foreignObject></svg>"), Svg),
        new("entity.svg", beacon => Bytes($"<!DOCTYPE svg [<!ATTLIST svg onload CDATA \"{Run(beacon)}\">]><svg xmlns=\"http://www.w3.org/2000/svg\"/>"), Svg),
        new("page.html", beacon => Bytes($"<!DOCTYPE html><html><body><script>{Run(beacon)}</script></body></html>"), Html),
        new("page.xhtml", beacon => Bytes($"<?xml version=\"1.0\"?><html xmlns=\"http://www.w3.org/1999/xhtml\"><body><script>{Run(beacon)}</script></body></html>"), "application/xhtml+xml"),
        new("page.xml", beacon => Bytes($"<?xml version=\"1.0\"?><a><script xmlns=\"http://www.w3.org/1999/xhtml\">{Run(beacon)}</script></a>"), "application/xml"),
        new("page.txt", beacon => Bytes($"<html><body><script>{Run(beacon)}</script>"), Html),
        new("page", beacon => Bytes($"<html><body><script>{Run(beacon)}</script>"), Html),
        new("text.txt", beacon => Bytes($"Some text first. <script>{Run(beacon)}</script>"), Html),
        new("comment.gif", beacon => [.. "GIF89a"u8, 1, 0, 1, 0, 0, 0, 0, 0x21, 0xFE, 255, .. Bytes($"<html><script>{Run(beacon)}</script>"), 0, 0x3B], Html),
        new("exif.jpg", beacon => [0xFF, 0xD8, 0xFF, 0xE1, 2, 0, .. "Exif\0\0"u8, .. Bytes($"<html><script>{Run(beacon)}</script>"), .. new byte[600]], Html),
        new("script.gif", beacon => Bytes($"GIF89a=1;{Run(beacon)}//"), JavaScript),
        new("script.js", beacon => Bytes(Run(beacon)), JavaScript),
        new("utf7.txt", beacon => Bytes($"+ADw-script+AD4-{Run(beacon)}+ADw-/script+AD4-")),
        new("utf16.txt", beacon => [0xFF, 0xFE, .. Encoding.Unicode.GetBytes($"<html><script>{Run(beacon)}</script>")], "text/html; charset=utf-16"),
        new("archive.mht", beacon => Bytes(
            $"MIME-Version: 1.0\r\nContent-Type: multipart/related; type=\"text/html\"; boundary=\"b\"\r\n\r\n--b\r\nContent-Type: text/html\r\nContent-Location: http://a/\r\n\r\n<script>{Run(beacon)}</script>\r\n--b--\r\n")),
        new("action.pdf", beacon => Bytes(
            $"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R/OpenAction<</S/JavaScript/JS(app.launchURL\\('{beacon}'\\);)>>>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n")),
        new("applet.png", _ => [.. SampleFiles.Png(), .. DisguiseScanTests.Zip("Applet.class")]),
        new("program.php.txt", beacon => Bytes($"<?php header('Location: {beacon}'); ?>")),
    ];

    /// <summary>Calls in three ways, of which a policy for loading stops two at most.</summary>
    private static string Run(string beacon) => $"new Image().src='{beacon}';fetch('{beacon}',{{mode:'no-cors'}});location.href='{beacon}'";

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
