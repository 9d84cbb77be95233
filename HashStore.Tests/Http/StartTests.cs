using HashStore.Tests.Http.Support;
using HashStore.Tests.Support;
using Xunit;

namespace HashStore.Tests.Http;

/// <summary>Starts that are refused: an exit code that is not 0, and words that say why and what to do.</summary>
public sealed class StartTests : IDisposable
{
    private readonly TempFolder folder = new();

    private string Root => folder["root"];

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_root_that_is_a_file_is_refused()
    {
        await File.WriteAllTextAsync(Root, "a file");
        Assert.Contains(Root, await RefusalAsync(), StringComparison.Ordinal);
        Assert.Equal("a file", await File.ReadAllTextAsync(Root));
    }

    [Fact]
    public async Task A_folder_with_somebodys_other_files_is_refused_and_left_alone()
    {
        Directory.CreateDirectory(Root);
        await File.WriteAllTextAsync(Path.Combine(Root, "thesis.doc"), "precious");
        Assert.Contains("thesis.doc", await RefusalAsync(), StringComparison.Ordinal);
        Assert.Equal([Path.Combine(Root, "thesis.doc")], Directory.EnumerateFileSystemEntries(Root));
    }

    [Fact]
    public async Task A_store_of_a_newer_program_is_refused_and_left_alone()
    {
        await MakeStoreAsync();
        var path = Path.Combine(Root, ".hashstore", "layout.json");
        var newer = (await File.ReadAllTextAsync(path)).Replace("\"version\": 1", "\"version\": 99", StringComparison.Ordinal);
        await File.WriteAllTextAsync(path, newer);
        var said = await RefusalAsync();
        Assert.Contains("99", said, StringComparison.Ordinal);
        Assert.Contains("newer", said, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(newer, await File.ReadAllTextAsync(path));
    }

    [Fact]
    public async Task A_layout_that_is_none_is_refused()
    {
        await MakeStoreAsync();
        await File.WriteAllTextAsync(Path.Combine(Root, ".hashstore", "layout.json"), "nonsense");
        Assert.Contains("layout.json", await RefusalAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_store_without_its_database_is_refused_rather_than_begun_anew()
    {
        await MakeStoreAsync(ServerProcess.Embedded);
        foreach (var file in Directory.EnumerateFiles(Path.Combine(Root, ".hashstore"), "hashstore.db*"))
        {
            File.Delete(file);
        }

        Assert.Contains("hashstore.db", await RefusalAsync(ServerProcess.Embedded), StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(Root, ".hashstore", "hashstore.db")));
    }

    [Theory]
    [InlineData("Algorithm", "crc32")]
    [InlineData("KeyBits", "12")]
    [InlineData("KeyBits", "8")]
    [InlineData("KeyBits", "264")]
    [InlineData("KeyBits", "many")]
    [InlineData("MaxUploadBytes", "0")]
    [InlineData("UploadPath", "/")]
    [InlineData("UploadPath", "/api")]
    [InlineData("ReadAccess", "sometimes")]
    [InlineData("Limits:SlowGraceSeconds", "1")]
    [InlineData("Limits:ConcurrentUploads", "0")]
    [InlineData("Purge:Targets:0", "no url")]
    [InlineData("Tokens:0:Name", "nameless role")]
    [InlineData("Database:Provider", "Oracle")]
    public async Task A_setting_that_makes_no_sense_is_refused_by_its_name(string setting, string value)
    {
        var said = await RefusalAsync($"--HashStore:{setting}={value}");
        Assert.Contains(setting.Split(':')[0], said, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(Root, ".hashstore", "layout.json")) && setting is "Algorithm" or "KeyBits");
    }

    [Fact]
    public async Task An_address_that_is_taken_is_refused()
    {
        await using var first = await ServerProcess.StartAsync();
        var said = await RefusalAsync($"--urls={first.Url.GetLeftPart(UriPartial.Authority)}");
        Assert.Contains($"{first.Url.Port}", said, StringComparison.Ordinal);
        Assert.Contains("--urls", said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://192.0.2.1:5080")] // set apart for documentation (RFC 5737): no machine's
    [InlineData("http://127.0.0.1:5080/below")]
    [InlineData("nonsense")]
    public async Task An_address_that_cannot_be_listened_on_is_refused(string url)
    {
        var said = await RefusalAsync($"--urls={url}");
        Assert.Contains(url, said, StringComparison.Ordinal);
        Assert.Contains("--urls", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task State_may_lie_elsewhere()
    {
        var state = folder["state"];
        await using var server = await ServerProcess.StartAsync(Root, "--state", state);
        var content = Samples.Png();
        await server.Client.UploadAsync("Elsewhere.png", content);
        Assert.True(File.Exists(Path.Combine(state, "layout.json")));
        Assert.True(File.Exists(Path.Combine(Root, Samples.ObjectPath(content))));
        Assert.False(Directory.Exists(Path.Combine(Root, ".hashstore")));
        (await server.Client.DeleteAsync("/api/files/Elsewhere.png")).AssertStatus(200);
        Assert.True(File.Exists(Path.Combine(state, "deleted", Samples.ObjectPath(content))));
    }

    [Fact]
    public async Task A_store_keeps_the_algorithm_and_key_length_that_it_was_made_with()
    {
        var content = Samples.Png();
        string[] switches = ["--HashStore:Algorithm=sha512", "--HashStore:KeyBits=32", "--HashStore:UploadPath=/media/"];
        await using (var first = await ServerProcess.StartAsync(Root, switches))
        {
            var version = (await first.Client.UploadAsync("Short.png", content)).GetProperty("current");
            Assert.Equal(8, version.GetProperty("key").GetString()!.Length);
            Assert.StartsWith("/media/", version.GetProperty("url").GetString(), StringComparison.Ordinal);
            Assert.Equal(Samples.Sha256(content), version.GetProperty("sha256").GetString());
            var answer = (await first.Client.GetAsync(version.GetProperty("url").GetString()!)).AssertStatus(200);
            var digest = Convert.ToHexStringLower(System.Security.Cryptography.SHA512.HashData(content));
            Assert.Equal($"\"{digest}\"", answer["ETag"]);
            (await first.Client.PutAsync("Short.png", Samples.Png(), ("If-Match", answer["ETag"]!))).AssertStatus(200);
            Assert.Equal(0, await first.StopAsync());
        }

        await using var second = await ServerProcess.StartAsync(Root);
        var url = (await second.Client.GetAsync($"/api/files?sha256={Samples.Sha256(content)}")).Json.GetProperty("files")[0].GetProperty("url").GetString()!;
        Assert.Equal("/images/1/2/3/45678/Short.png".Length, url.Length);
        (await second.Client.GetAsync(url)).AssertStatus(200);
    }

    private async Task MakeStoreAsync(params string[] switches)
    {
        await using var server = await ServerProcess.StartAsync(Root, switches);
        Assert.Equal(0, await server.StopAsync());
    }

    private async Task<string> RefusalAsync(params string[] switches)
    {
        var (exitCode, logged, said) = await ServerProcess.RunToEndAsync(Root, switches);
        Assert.True(exitCode == 3, $"exit code {exitCode}: {said}");
        Assert.Equal("", logged);
        Assert.StartsWith("HashStore cannot start: ", said, StringComparison.Ordinal);
        Assert.Equal(said.Length - 1, said.IndexOf('\n', StringComparison.Ordinal)); // one line and no more
        return said;
    }
}
