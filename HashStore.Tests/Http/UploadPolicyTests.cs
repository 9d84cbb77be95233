using System.Text;
using HashStore.Tests.Content;
using HashStore.Tests.Http.Support;
using HashStore.Tests.Safety;
using HashStore.Tests.Support;
using Xunit;

namespace HashStore.Tests.Http;

/// <summary>The settings about uploads, as an operator gives them and as an uploader meets them.</summary>
public sealed class UploadPolicyTests
{
    private static readonly byte[] scripted = Encoding.UTF8.GetBytes("<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>");

    [Fact]
    public async Task By_default_risky_content_is_kept_with_a_warning_and_only_saved_by_browsers()
    {
        await using var server = await ServerProcess.StartAsync();
        byte[] gifar = [.. Samples.Png(), .. DisguiseScanTests.Zip("Applet.class")];
        Assert.Equal("risk:archive", Assert.Single((await server.Client.UploadAsync("Applet.png", gifar)).GetProperty("warnings").EnumerateArray()).GetString());
        Assert.Equal("risk:script", Assert.Single((await server.Client.UploadAsync("Script.svg", scripted)).GetProperty("warnings").EnumerateArray()).GetString());
        Assert.Equal(2, (await server.Client.UploadAsync("Applet.png", gifar)).GetProperty("warnings").GetArrayLength());
        Assert.Empty((await server.Client.UploadAsync("Plain.png", Samples.Png())).GetProperty("warnings").EnumerateArray());
        foreach (var name in (string[])["Applet.png", "", "Other.png"])
        {
            for (var time = 0; time < 2; time++)
            {
                var answer = (await server.Client.GetAsync(Samples.ObjectUrl(gifar, name))).AssertStatus(200);
                Assert.StartsWith("attachment", answer["Content-Disposition"], StringComparison.Ordinal);
                Assert.Equal(("image/png", "nosniff"), (answer["Content-Type"], answer["X-Content-Type-Options"]));
            }
        }

        Assert.Contains("hashstore_risky_uploads_total 3", (await server.Client.GetAsync("/metrics")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refusal_says_what_was_found_and_keeps_nothing()
    {
        await using var server = await ServerProcess.StartAsync(
            null, "--HashStore:Uploads:Policy=refuse", "--HashStore:Uploads:Allow=image/*,.txt,.md", "--HashStore:Uploads:Deny:0=image/bmp", "--HashStore:Uploads:Deny:1=.bak");
        var before = await Kept.LookAsync(server);
        Assert.Contains("the element script", await RefusedAsync(server, "Script.svg", scripted, 422, "Unsafe"), StringComparison.Ordinal);
        Assert.Contains("archive", await RefusedAsync(server, "Applet.png", [.. Samples.Png(), .. DisguiseScanTests.Zip("a")], 422, "Unsafe"), StringComparison.Ordinal);
        Assert.Contains("Uploads:Allow", await RefusedAsync(server, "A.zip", Samples.Zip(), 415, "TypeRefused"), StringComparison.Ordinal);
        Assert.Contains("Uploads:Deny", await RefusedAsync(server, "A.bak.png", Samples.Png(), 415, "TypeRefused"), StringComparison.Ordinal);
        Assert.Contains("contradicts", await RefusedAsync(server, "A.jpg", Samples.Png(), 415, "ExtensionMismatch"), StringComparison.Ordinal);
        using var form = new MultipartFormDataContent { { new ByteArrayContent(scripted), "file", "Script.svg" } };
        (await server.Client.SendAsync("POST", "/api/files", form)).AssertProblem(422);
        Assert.Equal(before, await Kept.LookAsync(server));
        await server.Client.UploadAsync("A.png", Samples.Png());
        await server.Client.UploadAsync("A.md", Samples.Text());
        (await server.Client.PostAsync("/api/files/A.png/rename", "{\"to\":\"A.bak.png\"}")).AssertProblem(415);
        Assert.Contains("hashstore_refused_uploads_total 5", (await server.Client.GetAsync("/metrics")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_scanner_is_asked_before_anything_is_kept()
    {
        using var folder = new TempFolder();
        var scanner = folder.Write("scanner", "#!/bin/sh\ngrep -q INFECTED \"$2\" && echo \"$2: Test FOUND\" && exit 1; grep -q BROKEN \"$2\" && exit 2; test \"$1\" = --fdpass\n"u8);
        File.SetUnixFileMode(scanner, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        await using var server = await ServerProcess.StartAsync(null, $"--HashStore:Uploads:Scanner:Command={scanner} --fdpass {{file}}", "--HashStore:Uploads:Scanner:Seconds=30");
        var before = await Kept.LookAsync(server);
        Assert.Contains("A.txt: Test FOUND", await RefusedAsync(server, "A.txt", Samples.Text("INFECTED"), 422, "Infected"), StringComparison.Ordinal);
        var unsure = await server.Client.PutAsync("B.txt", Samples.Text("BROKEN"));
        Assert.Contains("scanner", unsure.AssertProblem(503), StringComparison.Ordinal);
        Assert.Equal("10", unsure["Retry-After"]);
        Assert.Equal(before, await Kept.LookAsync(server));
        await server.Client.UploadAsync("C.txt", Samples.Text());
    }

    [Theory]
    [InlineData("Uploads:Policy=strict", "Policy")]
    [InlineData("Uploads:Allow=png", "\"png\"")]
    [InlineData("Uploads:Deny:0=*", "\"*\"")]
    [InlineData("Uploads:MaxSvgBytes=0", "MaxSvgBytes")]
    [InlineData("Uploads:Scanner:Command=true", "{file}")]
    [InlineData("Uploads:Scanner:Command=no-such-program-here {file}", "no-such-program-here")]
    [InlineData("Limits:WrongTokensPerSecond=-1", "WrongTokensPerSecond")]
    public async Task A_setting_that_makes_no_sense_is_refused_at_the_start(string setting, string named)
    {
        var (exitCode, _, said) = await ServerProcess.RunToEndAsync(null, "--HashStore:" + setting);
        Assert.Equal(3, exitCode);
        Assert.Contains(named, said, StringComparison.Ordinal);
    }

    private static async Task<string> RefusedAsync(ServerProcess server, string name, byte[] content, int status, string fault)
    {
        var answer = await server.Client.PutAsync(name, content);
        var detail = answer.AssertProblem(status);
        Assert.Equal(fault, answer.Json.GetProperty("fault").GetString());
        Assert.Contains("nothing was kept", detail, StringComparison.Ordinal);
        (await server.Client.GetAsync(Samples.ObjectUrl(content))).AssertProblem(404);
        return detail;
    }
}
