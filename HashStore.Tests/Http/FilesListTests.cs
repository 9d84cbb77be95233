using System.Text.Json;
using HashStore.Tests.Http.Support;
using Xunit;

namespace HashStore.Tests.Http;

/// <summary>Lists, sums, and the description of the API; on a server that holds nothing else.</summary>
public sealed class FilesListTests(FilesListTests.ListedFiles files) : IClassFixture<FilesListTests.ListedFiles>
{
    private readonly ServerClient client = files.Server.Client;

    [Fact]
    public async Task A_list_holds_files_with_their_current_version_and_no_history()
    {
        var list = (await client.GetAsync("/api/files?prefix=B")).AssertStatus(200).Json;
        Assert.Equal(["files", "next"], list.EnumerateObject().Select(property => property.Name));
        Assert.Equal(JsonValueKind.Null, list.GetProperty("next").ValueKind);
        foreach (var file in list.GetProperty("files").EnumerateArray())
        {
            Assert.Equal(["name", "url", "current", "deleted"], file.EnumerateObject().Select(property => property.Name));
            Assert.Equal(file.GetProperty("url").GetString(), file.GetProperty("current").GetProperty("url").GetString());
        }
    }

    [Fact]
    public async Task Names_come_in_the_order_of_their_bytes_and_without_deleted_ones() =>
        Assert.Equal(ListedFiles.InOrder, await NamesAsync("/api/files?limit=1000"));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(7)]
    [InlineData(1000)]
    public async Task Pages_follow_each_other_without_gap_or_overlap(int limit)
    {
        List<string> all = [];
        string? after = null;
        do
        {
            var goOn = after is null ? "" : $"&after={Uri.EscapeDataString(after)}";
            var page = (await client.GetAsync($"/api/files?limit={limit}{goOn}")).AssertStatus(200).Json;
            var names = page.GetProperty("files").EnumerateArray().Select(file => file.GetProperty("name").GetString()!).ToList();
            Assert.InRange(names.Count, 1, limit);
            all.AddRange(names);
            after = page.GetProperty("next").GetString();
        }
        while (after is not null);

        Assert.Equal(ListedFiles.InOrder, all);
    }

    [Fact]
    public async Task A_page_has_a_hundred_files_unless_asked() =>
        Assert.Equal(ListedFiles.InOrder.Count, (await NamesAsync("/api/files")).Count);

    [Theory]
    [InlineData("B", "B.png", "B_1.png", "B_2.png")]
    [InlineData("B_", "B_1.png", "B_2.png")]
    [InlineData("B ", "B_1.png", "B_2.png")]
    [InlineData("b")]
    [InlineData("Ä", "Ä.png", "Äb.png")]
    [InlineData("%", "%.png")]
    [InlineData("🎉", "🎉.png")]
    [InlineData("C.png", "C.png")]
    [InlineData("Nothing")]
    public async Task A_prefix_picks_names(string prefix, params string[] names) =>
        Assert.Equal(names, await NamesAsync($"/api/files?prefix={Uri.EscapeDataString(prefix)}"));

    [Fact]
    public async Task A_prefix_and_a_place_to_go_on_work_together() =>
        Assert.Equal(["B_1.png", "B_2.png"], await NamesAsync("/api/files?prefix=B&after=B.png"));

    [Fact]
    public async Task Content_is_searched_by_its_digest_among_all_versions()
    {
        Assert.Equal(["B_1.png", "B_2.png"], await NamesAsync($"/api/files?sha256={Samples.Sha256(ListedFiles.Twice)}"));
        Assert.Equal(["B_1.png", "B_2.png"], await NamesAsync($"/api/files?sha256={Samples.Sha256(ListedFiles.Twice).ToUpperInvariant()}"));
        Assert.Equal(["C.png"], await NamesAsync($"/api/files?sha256={Samples.Sha256(ListedFiles.OldVersion)}"));
        Assert.Empty(await NamesAsync($"/api/files?sha256={Samples.Sha256(ListedFiles.Deleted)}"));
        Assert.Empty(await NamesAsync($"/api/files?sha256={new string('0', 64)}"));
    }

    [Theory]
    [InlineData("limit=0")]
    [InlineData("limit=1001")]
    [InlineData("limit=-1")]
    [InlineData("limit=ten")]
    [InlineData("limit=")]
    [InlineData("limit=99999999999999999999")]
    [InlineData("sha256=abc")]
    [InlineData("sha256=")]
    [InlineData("sha256=zz00000000000000000000000000000000000000000000000000000000000000")]
    public async Task A_list_that_cannot_be_is_refused(string query) => Assert.NotEmpty((await client.GetAsync("/api/files?" + query)).AssertProblem(400));

    [Fact]
    public async Task The_sums_count_what_is_not_deleted()
    {
        var stats = (await client.GetAsync("/api/stats")).AssertStatus(200).Json;
        Assert.Equal(["names", "versions", "objects", "bytesStored", "bytesSaved"], stats.EnumerateObject().Select(property => property.Name));
        long Number(string field) => stats.GetProperty(field).GetInt64();
        var stored = Kept.ObjectFiles(files.Server.Root).Sum(path => new FileInfo(path).Length);
        Assert.Equal(ListedFiles.InOrder.Count, Number("names"));
        Assert.Equal(ListedFiles.InOrder.Count + 1, Number("versions"));
        Assert.Equal(ListedFiles.InOrder.Count, Number("objects"));
        Assert.Equal(stored, Number("bytesStored"));
        Assert.Equal(ListedFiles.Twice.Length, Number("bytesSaved"));
    }

    [Fact]
    public async Task The_description_of_the_API_names_every_route()
    {
        var document = (await client.GetAsync("/openapi/v1.json")).AssertStatus(200).Json;
        Assert.StartsWith("3.", document.GetProperty("openapi").GetString(), StringComparison.Ordinal);
        var paths = document.GetProperty("paths").EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject().Select(operation => $"{operation.Name.ToUpperInvariant()} {path.Name}")).ToHashSet();
        string[] routes =
        [
            "GET /file/{name}", "GET /api/files", "POST /api/files", "GET /api/files/{name}", "PUT /api/files/{name}", "DELETE /api/files/{name}",
            "POST /api/files/{name}/undelete", "POST /api/files/{name}/revert", "POST /api/files/{name}/rename", "DELETE /api/files/{name}/versions/{id}",
            "POST /api/files/{name}/versions/{id}/undelete", "GET /api/stats",
        ];
        Assert.Empty(routes.Except(paths));
    }

    private async Task<List<string>> NamesAsync(string target) =>
        [.. (await client.GetAsync(target)).AssertStatus(200).Json.GetProperty("files").EnumerateArray().Select(file => file.GetProperty("name").GetString()!)];

    /// <summary>A server with a few files: odd names, one content twice, an old version, a deleted and a renamed one.</summary>
    public sealed class ListedFiles : ServerFixture, IAsyncLifetime
    {
        internal static IReadOnlyList<string> InOrder { get; } =
            ["%.png", "A.png", "B.png", "B_1.png", "B_2.png", "C.png", "Renamed.png", "Ä.png", "Äb.png", "日本.png", "ﬀ.png", "🎉.png"];

        internal static byte[] Twice { get; } = Samples.Png(5000);

        internal static byte[] OldVersion { get; } = Samples.Png();

        internal static byte[] Deleted { get; } = Samples.Png();

        async Task IAsyncLifetime.InitializeAsync()
        {
            await InitializeAsync();
            var client = Server.Client;
            await client.UploadAsync("C.png", OldVersion);
            foreach (var name in InOrder.Reverse().Where(name => name != "Renamed.png"))
            {
                await client.UploadAsync(name, name is "B_1.png" or "B_2.png" ? Twice : Samples.Png());
            }

            await client.UploadAsync("Deleted.png", Deleted);
            (await client.DeleteAsync("/api/files/Deleted.png")).AssertStatus(200);
            await client.UploadAsync("Before.png", Samples.Png());
            (await client.PostAsync("/api/files/Before.png/rename", """{"to":"Renamed.png"}""")).AssertStatus(200);
        }
    }
}
