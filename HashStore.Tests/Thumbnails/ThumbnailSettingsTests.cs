using HashStore.Tests.Http.Support;
using HashStore.Tests.Support;
using Xunit;
using static HashStore.Tests.Thumbnails.ThumbnailSamples;

namespace HashStore.Tests.Thumbnails;

/// <summary>What settings change, and a machine without programs.</summary>
public sealed class ThumbnailSettingsTests
{
    [NeedsFact(Vips)]
    public async Task WebP_is_for_those_who_take_it()
    {
        await using var server = await ServerProcess.StartAsync(null, "--HashStore:Thumbnails:WebP=true");
        var (photo, drawing) = (Photograph(), Drawing());
        await server.Client.UploadAsync("A.jpg", photo);
        await server.Client.UploadAsync("A.svg", drawing);
        foreach (var (url, usual) in new[] { (Url(photo, "120px-A.jpg"), "image/jpeg"), (Url(drawing, "120px-A.svg.png"), "image/png") })
        {
            for (var time = 0; time < 2; time++)
            {
                var webP = (await server.Client.GetAsync(url, ("Accept", "image/avif,image/webp,*/*"))).AssertStatus(200);
                Assert.Equal(("image/webp", "Accept"), (webP["Content-Type"], webP["Vary"]));
                Assert.Contains(".webp", webP["Content-Disposition"], StringComparison.Ordinal);
                Assert.Equal("WEBP"u8.ToArray(), webP.Body[8..12]);
                var plain = (await server.Client.GetAsync(url, ("Accept", "image/*,*/*"))).AssertStatus(200);
                Assert.Equal((usual, "Accept"), (plain["Content-Type"], plain["Vary"]));
                Assert.NotEqual(webP["ETag"], plain["ETag"]);
                Assert.Equal("Accept", (await server.Client.GetAsync(url, ("If-None-Match", plain["ETag"]!))).AssertStatus(304)["Vary"]);
            }
        }

        // A width that is only there as a legacy thumbnail has no WebP.
        await File.WriteAllBytesAsync(Place(server, photo, "137px.jpg"), Samples.Jpeg());
        Assert.Equal("image/jpeg", (await server.Client.GetAsync(Url(photo, "137px-A.jpg"), ("Accept", "image/webp"))).AssertStatus(200)["Content-Type"]);
    }

    [NeedsFact(Vips)]
    public async Task Where_reading_needs_a_token_thumbnails_do_too()
    {
        await using var server = await ServerProcess.StartAsync(null, "--HashStore:ReadAccess=token", "--HashStore:Thumbnails:Steps:0=50", "--HashStore:Thumbnails:Steps:1=100");
        var photo = Photograph();
        await server.Client.UploadAsync("A.jpg", photo);
        (await server.Client.GetAsync(Url(photo, "100px-A.jpg"))).AssertProblem(401);
        var answer = (await server.Client.SendAsync("GET", Url(photo, "100px-A.jpg"), null)).AssertStatus(200);
        Assert.Equal("private, max-age=31536000, immutable", answer["Cache-Control"]);
        answer = (await server.Client.SendAsync("GET", Url(photo, "120px-A.jpg"), null)).AssertStatus(302);
        Assert.Equal((Url(photo, "100px-A.jpg"), "private, max-age=60, must-revalidate"), (answer["Location"], answer["Cache-Control"]));
    }

    [Fact]
    public async Task Without_the_programs_everything_else_works()
    {
        string[] missing = ["vipsthumbnail", "vips", "ffmpeg"];
        await using var server = await ServerProcess.StartAsync(null, [.. missing.Select(program => $"--HashStore:Thumbnails:Rendering:Programs:{program}=/nonexistent/{program}")]);
        await Until.TrueAsync("it is told", () => Task.FromResult(server.StandardOutput.Contains("libvips-tools", StringComparison.Ordinal) && server.StandardOutput.Contains("ffmpeg", StringComparison.Ordinal)));
        var photo = Photograph();
        await server.Client.UploadAsync("A.jpg", photo);
        Assert.Contains("libvips-tools", (await server.Client.GetAsync(Url(photo, "120px-A.jpg"))).AssertProblem(501), StringComparison.Ordinal);
        Assert.Equal(photo, (await server.Client.GetAsync(Samples.ObjectUrl(photo, "A.jpg"))).AssertStatus(200).Body);
        var there = Place(server, photo, "120px.jpg");
        Directory.CreateDirectory(Path.GetDirectoryName(there)!);
        await File.WriteAllBytesAsync(there, photo);
        Assert.Equal(photo, (await server.Client.GetAsync(Url(photo, "120px-A.jpg"))).AssertStatus(200).Body);
    }

    [NeedsFact(Vips)]
    public async Task Caches_are_told_of_the_thumbnails_that_went()
    {
        using var cache = new PurgedCache();
        await using var server = await ServerProcess.StartAsync(null, $"--HashStore:Purge:Targets:0={cache.Url}");
        var photo = Photograph();
        await server.Client.UploadAsync("A.jpg", photo);
        (await server.Client.GetAsync(Url(photo, "120px-A.jpg"))).AssertStatus(200);
        (await server.Client.DeleteAsync("/api/files/A.jpg")).AssertStatus(200);
        var told = new List<string>();
        while (!told.Contains($"PURGE {Url(photo, "120px-A.jpg")}"))
        {
            told.Add(await cache.NextAsync());
        }
    }

    [Theory]
    [InlineData("Steps:0=0")]
    [InlineData("FailureMemory=-00:00:01")]
    [InlineData("MaxAge=00:10:00")]
    [InlineData("MaxBytes=-1")]
    [InlineData("CollectInterval=00:00:00")]
    [InlineData("Rendering:MaxProcesses=0")]
    [InlineData("Rendering:Timeout=00:00:00")]
    public async Task Settings_that_make_no_sense_stop_the_start(string setting)
    {
        using var folder = new TempFolder();
        var (exit, _, error) = await ServerProcess.RunToEndAsync(folder["root"], $"--HashStore:Thumbnails:{setting}");
        Assert.Equal(3, exit);
        Assert.Contains("Thumbnails", error, StringComparison.Ordinal);
    }

    [NeedsFact(Vips)]
    public async Task The_collector_runs_while_the_server_serves()
    {
        using var folder = new TempFolder();
        var photo = Photograph();
        await using (var server = await ServerProcess.StartAsync(folder["root"]))
        {
            await server.Client.UploadAsync("A.jpg", photo);
            (await server.Client.GetAsync(Url(photo, "120px-A.jpg"))).AssertStatus(200);
        }

        // What has just come stays, whatever the limit says; the pass is counted.
        await using var collecting = await ServerProcess.StartAsync(folder["root"], "--HashStore:Thumbnails:MaxBytes=0", "--HashStore:Thumbnails:CollectInterval=00:00:01");
        await Until.TrueAsync("a pass has run", async () => await MetricAsync(collecting, "hashstore_thumbnails") == 1);
        Assert.True(await MetricAsync(collecting, "hashstore_thumbnails_bytes") > 0);
        Assert.Equal(0, await MetricAsync(collecting, "hashstore_thumbnails_collected_total"));
        Assert.True(File.Exists(Place(collecting, photo, "120px.jpg")));
    }
}
