using HashStore.Storage.Content;
using Xunit;

namespace HashStore.Tests.Content;

public sealed class MediaTypesTests
{
    private const string Docx = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
    private const string Utf8Text = "text/plain; charset=utf-8";

    [Theory]
    // Without an extension, or with an unknown one, the content decides.
    [InlineData("image/png", null, "Picture", "image/png", true)]
    [InlineData("text/html", "utf-8", "Page", "text/html; charset=utf-8", false)]
    [InlineData("text/html", "utf-8", "dir.txt/Page", "text/html; charset=utf-8", false)]
    [InlineData("image/png", null, "a.unheardof", "image/png", true)]
    [InlineData("application/x-empty", null, "a.unheardof", "application/x-empty", false)]
    [InlineData("image/png", null, "trailing.", "image/png", true)]
    [InlineData("image/png", null, "", "image/png", true)]
    // Upper case is the same; letters that fold to ASCII are not.
    [InlineData("image/jpeg", null, "1/2/A.JpEg", "image/jpeg", true)]
    [InlineData("image/png", null, "a.p\u017Fd", "image/png", true)]
    [InlineData("image/png", null, "a.apng", "image/png", true)]
    [InlineData("image/tiff", null, "a.tif", "image/tiff", true)]
    [InlineData("image/svg+xml", "utf-8", "a.svg", "image/svg+xml", false)]
    // Containers say less than the name.
    [InlineData("application/zip", null, "a.docx", Docx, false)]
    [InlineData(Docx, null, "a.docx", Docx, false)]
    [InlineData("application/x-ole-storage", null, "a.doc", "application/msword", false)]
    [InlineData("application/x-ole-storage", null, "a.xls", "application/vnd.ms-excel", false)]
    [InlineData("application/x-ole-storage", null, "a.msi", "application/x-msi", false)]
    [InlineData("application/zip", null, "a.odt", "application/vnd.oasis.opendocument.text", false)]
    [InlineData("video/mp4", null, "a.m4a", "audio/mp4", true)]
    [InlineData("video/mp4", null, "a.mov", "video/mp4", true)]
    [InlineData("application/ogg", null, "a.opus", "audio/ogg", true)]
    [InlineData("application/ogg", null, "a.ogv", "video/ogg", true)]
    [InlineData("audio/ogg", null, "a.ogg", "audio/ogg", true)]
    [InlineData("video/webm", null, "a.mkv", "video/webm", true)]
    // Everything textual is served as plain text under a text name.
    [InlineData("text/html", "utf-8", "a.txt", Utf8Text, true)]
    [InlineData("image/svg+xml", "utf-8", "a.txt", Utf8Text, true)]
    [InlineData("text/x-script", "utf-8", "a.py", Utf8Text, true)]
    [InlineData("application/xml", "utf-8", "a.gpx", Utf8Text, true)]
    [InlineData("text/plain", "utf-16", "a.csv", "text/plain; charset=utf-16", true)]
    [InlineData("text/plain", null, "a.js", "text/plain", true)]
    [InlineData("application/x-empty", null, "a.txt", "text/plain", true)]
    [InlineData("text/plain", "utf-8", "a.stl", Utf8Text, true)]
    [InlineData("application/octet-stream", null, "a.stl", "model/stl", false)]
    // What browsers run is always an attachment.
    [InlineData("text/plain", "utf-8", "a.html", "text/html; charset=utf-8", false)]
    [InlineData("application/xhtml+xml", "utf-8", "a.xhtml", "application/xhtml+xml", false)]
    [InlineData("application/xml", "utf-8", "a.xml", "application/xml", false)]
    [InlineData("text/plain", "utf-8", "a.xml", "application/xml", false)]
    [InlineData("application/pdf", null, "a.pdf", "application/pdf", true)]
    [InlineData("application/zip", null, "a.zip", "application/zip", false)]
    [InlineData("text/x-script", "utf-8", "a.sh", "application/x-sh", false)]
    [InlineData("application/octet-stream", null, "a.bin", "application/octet-stream", false)]
    [InlineData("image/png", null, "a.dat", "image/png", true)]
    [InlineData("application/x-empty", null, "a.dat", "application/x-empty", false)]
    public void A_name_that_fits_its_content_presents_it(string mime, string? charset, string name, string contentType, bool inline) =>
        Assert.Equal(new Presentation(contentType, inline), MediaTypes.Present(mime, charset, name));

    [Theory]
    [InlineData("text/plain", "a.jpg")]
    [InlineData("image/png", "a.jpg")]
    [InlineData("image/jpeg", "a.png")]
    [InlineData("text/html", "a.svg")]
    [InlineData("text/html", "a.gif")]
    [InlineData("application/octet-stream", "a.txt")]
    [InlineData("image/png", "a.TXT")]
    [InlineData("application/zip", "a.doc")]
    [InlineData("image/png", "a.docx")]
    [InlineData("application/x-empty", "a.png")]
    [InlineData("application/x-empty", "a.zip")]
    [InlineData("application/zip", "a.html")]
    [InlineData("text/html", "a.pdf")]
    [InlineData("application/java-archive", "a.gif")]
    [InlineData("video/webm", "a.mp4")]
    [InlineData("text/html", "a.xml")]
    public void A_name_that_contradicts_its_content_is_refused(string mime, string name) => Assert.Null(MediaTypes.Present(mime, "utf-8", name));

    [Fact]
    public void Content_stored_under_a_contradicting_name_is_an_attachment_of_unknown_bytes() =>
        Assert.Equal(new Presentation("application/octet-stream", false), MediaTypes.StoredUnder());

    [Fact]
    public void Nothing_that_a_browser_runs_is_inline_under_any_name()
    {
        string[] names = ["a", "a.html", "a.xml", "a.svg", "a.php", "a.swf", "a.js", "a.bin", "a.xhtml", "a.txt", "a.pdf", "a.unknown", "a.jpg"];
        string[] run = ["text/html", "application/xhtml+xml", "application/xml", "image/svg+xml", "application/x-shockwave-flash", "text/x-script"];
        foreach (var mime in run)
        {
            foreach (var name in names)
            {
                if (MediaTypes.Present(mime, "utf-8", name) is { Inline: true } shown)
                {
                    Assert.Equal(Utf8Text, shown.ContentType);
                }
            }
        }
    }

    [Fact]
    public void Presenting_allocates_nothing()
    {
        MediaTypes.Present("text/plain", "utf-8", "Some name.txt");
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            MediaTypes.Present("text/plain", "utf-8", "Some name.txt");
            MediaTypes.Present("text/html", "utf-8", "Some name");
            MediaTypes.Present("application/zip", null, "Some name.docx");
            MediaTypes.Present("image/png", null, "Some name.jpg");
        }
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1000);
    }

    [Theory]
    [InlineData("image/jpeg", "BITMAP")]
    [InlineData("image/svg+xml", "DRAWING")]
    [InlineData("audio/ogg", "AUDIO")]
    [InlineData("video/webm", "VIDEO")]
    [InlineData("application/ogg", "MULTIMEDIA")]
    [InlineData("application/pdf", "OFFICE")]
    [InlineData(Docx, "OFFICE")]
    [InlineData("text/plain", "TEXT")]
    [InlineData("application/x-php", "EXECUTABLE")]
    [InlineData("application/gzip", "ARCHIVE")]
    [InlineData("model/stl", "3D")]
    [InlineData("application/octet-stream", "UNKNOWN")]
    public void Media_types_have_MediaWikis_classes(string mime, string expected) => Assert.Equal(expected, MediaTypes.MediaType(mime));
}
