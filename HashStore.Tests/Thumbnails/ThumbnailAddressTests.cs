using HashStore.Tests.Http.Support;
using HashStore.Tests.Support;
using Xunit;
using static HashStore.Tests.Thumbnails.ThumbnailSamples;

namespace HashStore.Tests.Thumbnails;

/// <summary>The contract's row of thumbnails in the hash form, with real programs.</summary>
public sealed class ThumbnailAddressTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private readonly ServerProcess server = fixture.Server;
    private readonly ServerClient client = fixture.Server.Client;

    [NeedsFact(Vips)]
    public async Task A_thumbnail_answers_with_everything_a_reader_and_a_cache_need()
    {
        var photo = Photograph();
        await client.UploadAsync("It's (fine)!.jpg", photo);
        var url = Url(photo, "120px-It's (fine)!.jpg");
        var first = (await client.GetAsync(url)).AssertStatus(200);
        Assert.Equal((120, 80), SizeOf(first.Body));
        Assert.Equal("image/jpeg", first["Content-Type"]);
        Assert.Equal("public, max-age=31536000, immutable", first["Cache-Control"]);
        Assert.Equal("inline; filename*=UTF-8''120px-It%27s%20%28fine%29%21.jpg", first["Content-Disposition"]);
        Assert.Equal(Samples.Sha256(photo)[..16], first["Surrogate-Key"]);
        Assert.Equal("nosniff", first["X-Content-Type-Options"]);
        Assert.Contains("sandbox", first["Content-Security-Policy"], StringComparison.Ordinal);
        Assert.StartsWith("\"", first["ETag"], StringComparison.Ordinal);
        Assert.NotNull(first["Last-Modified"]);
        Assert.Null(first["Vary"]);
        Assert.Null(first["Link"]);

        var again = (await client.GetAsync(url)).AssertStatus(200);
        Assert.Equal(first.Body, again.Body);
        Assert.Equal((first["ETag"], first["Last-Modified"]), (again["ETag"], again["Last-Modified"]));

        var head = (await client.HeadAsync(url)).AssertStatus(200);
        Assert.Empty(head.Body);
        Assert.Equal($"{first.Body.Length}", head["Content-Length"]);
        (await client.GetAsync(url, ("If-None-Match", first["ETag"]!))).AssertStatus(304);
        (await client.GetAsync(url, ("If-Modified-Since", first["Last-Modified"]!))).AssertStatus(304);
        (await client.GetAsync(url, ("If-Match", "\"other\""))).AssertProblem(412);
        Assert.Equal(first.Body[5..10], (await client.GetAsync(url, ("Range", "bytes=5-9"), ("If-Range", first["ETag"]!))).AssertStatus(206).Body);
        (await client.GetAsync(url, ("Range", "bytes=999999-"))).AssertProblem(416);
        (await client.SendAsync("DELETE", url, null)).AssertProblem(405);
    }

    [NeedsFact(Vips)]
    public async Task HEAD_makes_a_thumbnail_too_and_all_names_of_one_content_share_it()
    {
        var photo = Photograph();
        await client.UploadAsync("One.jpg", photo);
        await client.UploadAsync("Two.JPG", photo);
        var before = await MetricAsync(server, "hashstore_thumbnails_made_total");
        (await client.HeadAsync(Url(photo, "250px-One.jpg"))).AssertStatus(200);
        var two = (await client.GetAsync(Url(photo, "250px-Two.JPG"))).AssertStatus(200);
        Assert.Equal(two.Body, (await client.GetAsync(Url(photo, "250px-thumbnail.jpg"))).AssertStatus(200).Body);
        Assert.Equal(two.Body, (await client.GetAsync(Url(photo, "250px-Any other.jpeg"))).AssertStatus(200).Body);
        Assert.Equal(before + 1, await MetricAsync(server, "hashstore_thumbnails_made_total"));
    }

    [NeedsFact(Vips)]
    public async Task Other_widths_lead_to_the_next_step_and_none_is_larger_than_the_original()
    {
        var photo = Photograph();
        await client.UploadAsync("Steps.jpg", photo);
        foreach (var (asked, leads) in new[]
        {
            ("1px-Steps.jpg", Url(photo, "20px-Steps.jpg")), ("121px-Steps.jpg", Url(photo, "250px-Steps.jpg")), ("331px-Steps.jpg", Samples.ObjectUrl(photo, "Steps.jpg")),
            ("500px-Steps.jpg", Samples.ObjectUrl(photo, "Steps.jpg")), ("99999px-Steps.jpg", Samples.ObjectUrl(photo, "Steps.jpg")),
        })
        {
            var answer = (await client.GetAsync(Url(photo, asked))).AssertStatus(302);
            Assert.Equal(leads, answer["Location"]);
            Assert.Equal("public, max-age=60, must-revalidate", answer["Cache-Control"]);
            (await client.GetAsync(leads)).AssertStatus(200);
        }

        Assert.Equal(Url(photo, "120px-Steps.jpg"), (await client.GetAsync("/file/Steps.jpg?width=100")).AssertStatus(302)["Location"]);
        Assert.Equal(Samples.ObjectUrl(photo, "Steps.jpg"), (await client.GetAsync("/file/Steps.jpg?width=1000")).AssertStatus(302)["Location"]);
        foreach (var width in new[] { "0", "-1", "1e3", "100000", "", "500px" })
        {
            (await client.GetAsync($"/file/Steps.jpg?width={width}")).AssertProblem(400);
        }
    }

    [NeedsFact(Vips)]
    public async Task What_lies_on_the_disk_comes_before_every_rule()
    {
        var photo = Photograph();
        await client.UploadAsync("Old.JPG", photo);
        foreach (var (file, place) in new[] { ("137px-Old.JPG", "137px.JPG"), ("qlow-120px-Old.JPG", "qlow-120px.JPG"), ("9000px-Old.JPG", "9000px.JPG") })
        {
            (await client.GetAsync(Url(photo, file))).AssertStatus(file[0] == 'q' ? 404 : 302);
            var content = Samples.Jpeg();
            Directory.CreateDirectory(Path.GetDirectoryName(Place(server, photo, place))!);
            await File.WriteAllBytesAsync(Place(server, photo, place), content);
            Assert.Equal(content, (await client.GetAsync(Url(photo, file))).AssertStatus(200).Body);
        }

        await File.WriteAllBytesAsync(Place(server, photo, "138px.jpg"), Samples.Jpeg());
        Assert.Equal(Url(photo, "138px-Old.JPG"), (await client.GetAsync("/file/Old.JPG?width=138")).AssertStatus(302)["Location"]);
    }

    [NeedsTheory(Vips)]
    [InlineData("page2-120px-Name.jpg")]
    [InlineData("langde-120px-Name.jpg")]
    [InlineData("lossy-page1-120px-Name.jpg")]
    [InlineData("qlow-120px-Name.jpg")]
    [InlineData("0120px-Name.jpg")]
    [InlineData("0px-Name.jpg")]
    [InlineData("120px-Name.png")]
    [InlineData("120px-Name.html")]
    [InlineData("120px-Name.jpg.png")]
    [InlineData("120px-Name")]
    [InlineData("120px-")]
    [InlineData("120px")]
    [InlineData("Name.jpg")]
    public async Task Names_that_are_none_of_its_thumbnails_are_nowhere(string file)
    {
        var photo = Photograph();
        await client.UploadAsync("Name.jpg", photo);
        (await client.GetAsync($"/images/thumb/{Samples.ObjectPath(photo)}/{file}")).AssertProblem(404);
    }

    [NeedsFact(Vips)]
    public async Task There_are_no_thumbnails_of_what_is_no_picture_or_not_there()
    {
        var zip = Samples.Zip();
        await client.UploadAsync("Archive.zip", zip);
        (await client.GetAsync(Url(zip, "120px-Archive.zip.jpg"))).AssertProblem(404);
        Assert.Contains("application/zip", (await client.GetAsync("/file/Archive.zip?width=120")).AssertProblem(404), StringComparison.Ordinal);
        (await client.GetAsync(Url(Photograph(), "120px-Name.jpg"))).AssertProblem(404);
        (await client.GetAsync("/file/Nobody.jpg?width=120")).AssertProblem(404);
    }

    [NeedsFact(Vips)]
    public async Task A_thumbnail_goes_with_its_object_and_comes_again()
    {
        var photo = Photograph();
        await client.UploadAsync("Gone.jpg", photo);
        var url = Url(photo, "120px-Gone.jpg");
        var before = (await client.GetAsync(url)).AssertStatus(200).Body;
        Assert.True(File.Exists(Place(server, photo, "120px.jpg")));
        (await client.DeleteAsync("/api/files/Gone.jpg")).AssertStatus(200);
        Assert.False(File.Exists(Place(server, photo, "120px.jpg")));
        (await client.GetAsync(url)).AssertProblem(410);
        (await client.GetAsync(Url(photo, "20px-Gone.jpg"))).AssertProblem(410);
        (await client.GetAsync("/file/Gone.jpg?width=120")).AssertProblem(410);
        (await client.PostAsync("/api/files/Gone.jpg/undelete")).AssertStatus(200);
        Assert.Equal(before, (await client.GetAsync(url)).AssertStatus(200).Body);
    }

    [NeedsFact(Vips)]
    public async Task The_thumbnails_of_a_hidden_version_are_gone()
    {
        var (old, today) = (Photograph(), Photograph());
        var version = (await client.UploadAsync("Hidden.jpg", old)).GetProperty("current").GetProperty("id").GetInt64();
        await client.UploadAsync("Hidden.jpg", today);
        (await client.GetAsync(Url(old, "120px-Hidden.jpg"))).AssertStatus(200);
        (await client.DeleteAsync($"/api/files/Hidden.jpg/versions/{version}")).AssertStatus(200);
        Assert.False(File.Exists(Place(server, old, "120px.jpg")));
        (await client.GetAsync(Url(old, "120px-Hidden.jpg"))).AssertProblem(410);
        (await client.GetAsync(Url(today, "120px-Hidden.jpg"))).AssertStatus(200);
    }

    [NeedsFact(Vips)]
    public async Task A_failure_is_told_with_its_reason_and_remembered()
    {
        var (broken, bomb) = (Broken(), Bomb());
        await client.UploadAsync("Broken.png", broken);
        await client.UploadAsync("Bomb.png", bomb);
        foreach (var (content, file) in new[] { (broken, "120px-Broken.png"), (bomb, "120px-Bomb.png") })
        {
            var reason = (await client.GetAsync(Url(content, file))).AssertProblem(422);
            var remembered = await MetricAsync(server, "hashstore_thumbnails_remembered_total");
            Assert.Equal(reason, (await client.GetAsync(Url(content, file))).AssertProblem(422));
            Assert.Equal(remembered + 1, await MetricAsync(server, "hashstore_thumbnails_remembered_total"));
        }

        Assert.Contains("limit", (await client.GetAsync(Url(bomb, "20px-Bomb.png"))).AssertProblem(422), StringComparison.Ordinal);
        Assert.False(File.Exists(Place(server, broken, "120px.png")));
    }

    [NeedsFact(Vips)]
    public async Task A_drawing_has_thumbnails_in_its_own_languages()
    {
        var drawing = Drawing();
        await client.UploadAsync("Tree.svg", drawing);
        var plain = (await client.GetAsync(Url(drawing, "500px-Tree.svg.png"))).AssertStatus(200);
        Assert.Equal("image/png", plain["Content-Type"]);
        Assert.NotEqual(plain.Body, (await client.GetAsync(Url(drawing, "langde-500px-Tree.svg.png"))).AssertStatus(200).Body);
        Assert.Equal(Url(drawing, "500px-Tree.svg.png"), (await client.GetAsync(Url(drawing, "langfr-500px-Tree.svg.png"))).AssertStatus(302)["Location"]);
        Assert.Equal(Url(drawing, "500px-Tree.svg.png"), (await client.GetAsync("/file/Tree.svg?width=400")).AssertStatus(302)["Location"]);
        Assert.Equal(Url(drawing, "3840px-Tree.svg.png"), (await client.GetAsync(Url(drawing, "5000px-Tree.svg.png"))).AssertStatus(302)["Location"]);
    }

    [NeedsFact(Vips)]
    public async Task All_thumbnails_can_be_removed_while_the_server_runs()
    {
        var photo = Photograph();
        await client.UploadAsync("Anew.jpg", photo);
        for (var time = 0; time < 3; time++)
        {
            (await client.GetAsync(Url(photo, "120px-Anew.jpg"))).AssertStatus(200);
            Directory.Delete(Path.Combine(server.Root, "thumb"), recursive: true);
        }
    }
}
