using System.Text.Json;
using System.Text.RegularExpressions;
using HashStore.Tests.Http.Support;
using Xunit;

namespace HashStore.Tests.Http;

/// <summary>The API's documents and what changes a file; lists stand in <see cref="FilesListTests"/>.</summary>
public sealed partial class FilesApiTests(ServerWithRoles fixture) : IClassFixture<ServerWithRoles>
{
    private readonly ServerProcess server = fixture.Server;
    private readonly ServerClient client = fixture.Server.Client;

    [Fact]
    public async Task A_file_and_its_versions_have_exactly_the_fields_of_the_contract()
    {
        var content = Samples.Png(1234);
        var answer = await client.PutAsync("Exact fields.png", content, ("X-Description", "what%20it%20is"));
        Assert.Equal(["name", "url", "current", "versions", "deleted", "duplicate", "warnings"], Fields(answer.Json));
        var got = (await client.GetAsync("/api/files/Exact_fields.png")).AssertStatus(200);
        Assert.StartsWith("application/json", got["Content-Type"], StringComparison.Ordinal);
        var file = got.Json;
        Assert.Equal(["name", "url", "current", "versions", "deleted"], Fields(file));
        Assert.Equal("Exact_fields.png", file.GetProperty("name").GetString());
        Assert.Equal(Samples.ObjectUrl(content, "Exact_fields.png"), file.GetProperty("url").GetString());
        Assert.False(file.GetProperty("deleted").GetBoolean());
        var version = Assert.Single(file.GetProperty("versions").EnumerateArray());
        Assert.Equal(file.GetProperty("current").GetRawText(), version.GetRawText());
        Assert.Equal(
            ["id", "key", "sha256", "size", "width", "height", "mime", "timestamp", "user", "description", "deleted", "url"], Fields(version));
        Assert.True(version.GetProperty("id").GetInt64() > 0);
        Assert.Equal(Samples.Sha256(content)[..16], version.GetProperty("key").GetString());
        Assert.Equal(Samples.Sha256(content), version.GetProperty("sha256").GetString());
        Assert.Equal(content.Length, version.GetProperty("size").GetInt64());
        Assert.Equal((640, 480), (version.GetProperty("width").GetInt32(), version.GetProperty("height").GetInt32()));
        Assert.Equal("image/png", version.GetProperty("mime").GetString());
        Assert.Matches(Rfc3339(), version.GetProperty("timestamp").GetString());
        Assert.Equal("admin", version.GetProperty("user").GetString());
        Assert.Equal("what it is", version.GetProperty("description").GetString());
        Assert.Equal(JsonValueKind.False, version.GetProperty("deleted").ValueKind);
        Assert.Equal(Samples.ObjectUrl(content, "Exact_fields.png"), version.GetProperty("url").GetString());
    }

    [Fact]
    public async Task What_has_no_size_in_pixels_says_null()
    {
        var version = (await client.UploadAsync("Text.txt", Samples.Text())).GetProperty("current");
        Assert.Equal((JsonValueKind.Null, JsonValueKind.Null), (version.GetProperty("width").ValueKind, version.GetProperty("height").ValueKind));
        Assert.Equal("text/plain", version.GetProperty("mime").GetString());
        Assert.Equal("", version.GetProperty("description").GetString());
    }

    [Fact]
    public async Task Versions_stand_newest_first()
    {
        var contents = Enumerable.Range(0, 4).Select(_ => Samples.Png()).ToList();
        foreach (var content in contents)
        {
            await client.UploadAsync("Order.png", content);
        }

        var versions = (await client.GetAsync("/api/files/Order.png")).Json.GetProperty("versions").EnumerateArray().ToList();
        Assert.Equal(contents.AsEnumerable().Reverse().Select(Samples.Sha256), versions.Select(version => version.GetProperty("sha256").GetString()));
        Assert.Equal(versions.Select(Id).OrderDescending(), versions.Select(Id));
        var times = versions.Select(version => version.GetProperty("timestamp").GetString()).ToList();
        Assert.Equal(times.OrderDescending(StringComparer.Ordinal), times);
    }

    [Fact]
    public async Task An_unknown_name_or_version_is_not_found()
    {
        var id = Id((await client.UploadAsync("Known.png", Samples.Png())).GetProperty("current"));
        var others = Id((await client.UploadAsync("Others.png", Samples.Png())).GetProperty("current"));
        (await client.GetAsync("/api/files/Nobody.png")).AssertProblem(404);
        (await client.DeleteAsync("/api/files/Nobody.png")).AssertProblem(404);
        (await client.PostAsync("/api/files/Nobody.png/undelete")).AssertProblem(404);
        (await client.PostAsync("/api/files/Nobody.png/rename", """{"to":"New.png"}""")).AssertProblem(404);
        (await client.PostAsync("/api/files/Nobody.png/revert", $$"""{"version":{{id}}}""")).AssertProblem(404);
        (await client.PostAsync("/api/files/Known.png/revert", """{"version":999999}""")).AssertProblem(404);
        (await client.PostAsync("/api/files/Known.png/revert", $$"""{"version":{{others}}}""")).AssertProblem(404);
        (await client.DeleteAsync($"/api/files/Known.png/versions/{others}")).AssertProblem(404);
        (await client.DeleteAsync("/api/files/Known.png/versions/999999")).AssertProblem(404);
        (await client.DeleteAsync("/api/files/Known.png/versions/99999999999999999999")).AssertProblem(404);
        (await client.DeleteAsync("/api/files/Known.png/versions/first")).AssertProblem(404);
        (await client.PostAsync("/api/files/Known.png/versions/999999/undelete")).AssertProblem(404);
        (await client.GetAsync("/api/nothing")).AssertProblem(404);
    }

    [Theory]
    [InlineData("revert", "{}", 400)]
    [InlineData("revert", "", 400)]
    [InlineData("revert", "nonsense", 400)]
    [InlineData("revert", "[]", 400)]
    [InlineData("revert", "null", 400)]
    [InlineData("revert", """{"version":"one"}""", 400)]
    [InlineData("revert", """{"version":99999999999999999999}""", 400)]
    [InlineData("rename", "{}", 400)]
    [InlineData("rename", """{"to":""}""", 400)]
    [InlineData("rename", """{"to":"a/b.png"}""", 400)]
    [InlineData("rename", """{"to":"a\u0000.png"}""", 400)]
    [InlineData("rename", """{"to":"a\ud800.png"}""", 400)]
    [InlineData("rename", """{"to":5}""", 400)]
    [InlineData("rename", """{"to":"Body.txt"}""", 415)]
    public async Task A_body_that_says_nothing_sensible_is_refused(string verb, string body, int status)
    {
        await client.UploadAsync("Body.png", SharedPng);
        (await client.PostAsync("/api/files/Body.png/" + verb, body)).AssertProblem(status);
    }

    [Fact]
    public async Task A_revert_is_a_new_version_with_an_old_ones_content()
    {
        byte[] first = Samples.Png(), second = Samples.Png();
        var id = Id((await client.UploadAsync("Reverted.png", first)).GetProperty("current"));
        await client.UploadAsync("Reverted.png", second);
        var file = (await client.PostAsync("/api/files/Reverted.png/revert", $$"""{"version":{{id}},"description":"back"}""")).AssertStatus(200).Json;
        var versions = file.GetProperty("versions").EnumerateArray().ToList();
        Assert.Equal(
            [Samples.Sha256(first), Samples.Sha256(second), Samples.Sha256(first)], versions.Select(version => version.GetProperty("sha256").GetString()));
        Assert.NotEqual(id, Id(versions[0]));
        Assert.Equal("back", versions[0].GetProperty("description").GetString());
        Assert.Equal(Samples.ObjectUrl(first, "Reverted.png"), (await client.GetAsync("/file/Reverted.png"))["Location"]);
    }

    [Fact]
    public async Task A_renamed_file_keeps_its_history_and_its_old_name_redirects()
    {
        byte[] first = Samples.Png(), second = Samples.Png();
        await client.UploadAsync("Before.png", first);
        await client.UploadAsync("Before.png", second);
        var file = (await client.PostAsync("/api/files/Before.png/rename", """{"to":"after ä.png"}""")).AssertStatus(200).Json;
        Assert.Equal("After_ä.png", file.GetProperty("name").GetString());
        Assert.Equal(2, file.GetProperty("versions").GetArrayLength());
        Assert.Equal(Samples.ObjectUrl(second, "After_ä.png"), file.GetProperty("url").GetString());
        var redirect = await client.GetAsync("/api/files/Before.png");
        Assert.InRange(redirect.Status, 301, 308);
        Assert.Equal("/api/files/After_%C3%A4.png", redirect["Location"]);
        var through = (await client.GetAsync(redirect["Location"]!)).AssertStatus(200).Json;
        Assert.Equal(file.GetProperty("versions").GetRawText(), through.GetProperty("versions").GetRawText());

        // The old name is free for something new.
        (await client.PutAsync("Before.png", Samples.Png())).AssertStatus(201);
        Assert.Single((await client.GetAsync("/api/files/Before.png")).AssertStatus(200).Json.GetProperty("versions").EnumerateArray());
    }

    [Fact]
    public async Task A_rename_onto_a_taken_name_is_refused()
    {
        byte[] one = Samples.Png(), other = Samples.Png();
        await client.UploadAsync("One.png", one);
        await client.UploadAsync("Other.png", other);
        (await client.PostAsync("/api/files/One.png/rename", """{"to":"Other.png"}""")).AssertProblem(409);
        (await client.PostAsync("/api/files/One.png/rename", """{"to":"one.png"}""")).AssertProblem(409);
        Assert.Equal(Samples.ObjectUrl(one, "One.png"), (await client.GetAsync("/file/One.png"))["Location"]);
        Assert.Equal(Samples.ObjectUrl(other, "Other.png"), (await client.GetAsync("/file/Other.png"))["Location"]);
    }

    [Fact]
    public async Task A_deleted_file_shows_that_it_is_and_comes_back_with_its_history()
    {
        byte[] first = Samples.Png(), second = Samples.Png();
        await client.UploadAsync("Deleted.png", first);
        await client.UploadAsync("Deleted.png", second);
        var before = (await client.GetAsync("/api/files/Deleted.png")).Json;
        Assert.True((await client.DeleteAsync("/api/files/Deleted.png?reason=test")).AssertStatus(200).Json.GetProperty("deleted").GetBoolean());
        (await client.DeleteAsync("/api/files/Deleted.png")).AssertProblem(410);

        // At once, for every version, and nothing of it shows.
        foreach (var content in (byte[][])[first, second])
        {
            (await client.GetAsync(Samples.ObjectUrl(content))).AssertProblem(410);
            Assert.False(File.Exists(Path.Combine(server.Root, Samples.ObjectPath(content))));
        }

        var shown = await client.GetAsync("/api/files/Deleted.png");
        Assert.DoesNotContain(Samples.Sha256(second), shown.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(Samples.ObjectPath(second), shown.Text, StringComparison.Ordinal);

        var back = (await client.PostAsync("/api/files/Deleted.png/undelete")).AssertStatus(200).Json;
        Assert.Equal(before.GetProperty("versions").GetRawText(), back.GetProperty("versions").GetRawText());
        Assert.Equal(second, (await client.GetAsync(back.GetProperty("url").GetString()!)).AssertStatus(200).Body);
        (await client.PostAsync("/api/files/Deleted.png/undelete")).AssertProblem(409);
    }

    [Fact]
    public async Task An_undelete_onto_a_taken_name_is_refused()
    {
        await client.UploadAsync("Taken.png", Samples.Png());
        (await client.DeleteAsync("/api/files/Taken.png")).AssertStatus(200);
        var content = Samples.Png();
        (await client.PutAsync("Taken.png", content)).AssertStatus(201);
        (await client.PostAsync("/api/files/Taken.png/undelete")).AssertProblem(409);
        Assert.Equal(Samples.ObjectUrl(content, "Taken.png"), (await client.GetAsync("/file/Taken.png"))["Location"]);
    }

    [Fact]
    public async Task Content_that_another_name_has_too_survives_a_deletion()
    {
        var content = Samples.Png();
        await client.UploadAsync("Shared one.png", content);
        await client.UploadAsync("Shared two.png", content);
        Assert.Single(Kept.ObjectFiles(server.Root), path => path.EndsWith(Samples.ObjectPath(content), StringComparison.Ordinal));
        (await client.DeleteAsync("/api/files/Shared_one.png")).AssertStatus(200);
        Assert.Equal(content, (await client.GetAsync(Samples.ObjectUrl(content, "Shared_two.png"))).AssertStatus(200).Body);
        (await client.DeleteAsync("/api/files/Shared_two.png")).AssertStatus(200);
        (await client.GetAsync(Samples.ObjectUrl(content, "Shared_two.png"))).AssertProblem(410);
    }

    [Fact]
    public async Task A_hidden_version_shows_only_to_administrators()
    {
        byte[] hidden = Samples.Png(), current = Samples.Png();
        var id = Id((await client.UploadAsync("Hidden.png", hidden)).GetProperty("current"));
        await client.UploadAsync("Hidden.png", current);
        (await client.GetAsync(Samples.ObjectUrl(hidden))).AssertStatus(200);
        (await client.DeleteAsync($"/api/files/Hidden.png/versions/{id}")).AssertStatus(200);
        (await client.GetAsync(Samples.ObjectUrl(hidden))).AssertProblem(410);
        (await client.PostAsync("/api/files/Hidden.png/revert", $$"""{"version":{{id}}}""")).AssertProblem(409);

        foreach (var token in (string[])[ServerClient.Nobody, ServerWithRoles.Reader, ServerWithRoles.Uploader])
        {
            var answer = await client.SendAsync("GET", "/api/files/Hidden.png", null, token);
            Assert.DoesNotContain(Samples.Sha256(hidden)[..16], answer.Text, StringComparison.Ordinal);
            Assert.DoesNotContain(Samples.ObjectPath(hidden), answer.Text, StringComparison.Ordinal);
            var version = answer.Json.GetProperty("versions")[1];
            Assert.Equal((id, true), (Id(version), version.GetProperty("deleted").GetBoolean()));
            Assert.All(["key", "sha256", "size", "url"], field => Assert.Equal(JsonValueKind.Null, version.GetProperty(field).ValueKind));
            Assert.Empty(await SearchAsync(hidden, token));
        }

        var toAdmin = (await client.SendAsync("GET", "/api/files/Hidden.png", null)).Json.GetProperty("versions")[1];
        Assert.Equal((Samples.Sha256(hidden), true), (toAdmin.GetProperty("sha256").GetString(), toAdmin.GetProperty("deleted").GetBoolean()));
        Assert.Equal(["Hidden.png"], await SearchAsync(hidden, server.AdminToken));

        var shown = (await client.PostAsync($"/api/files/Hidden.png/versions/{id}/undelete")).AssertStatus(200).Json;
        Assert.False(shown.GetProperty("versions")[1].GetProperty("deleted").GetBoolean());
        Assert.Equal(hidden, (await client.GetAsync(Samples.ObjectUrl(hidden))).AssertStatus(200).Body);
        Assert.Equal(["Hidden.png"], await SearchAsync(hidden, ServerClient.Nobody));
    }

    [Fact]
    public async Task The_current_version_cannot_be_hidden()
    {
        var content = Samples.Png();
        var id = Id((await client.UploadAsync("Not hidden.png", content)).GetProperty("current"));
        (await client.DeleteAsync($"/api/files/Not_hidden.png/versions/{id}")).AssertProblem(409);
        (await client.GetAsync(Samples.ObjectUrl(content))).AssertStatus(200);
    }

    private static byte[] SharedPng { get; } = Samples.Png();

    private static List<string> Fields(JsonElement json) => [.. json.EnumerateObject().Select(property => property.Name)];

    private static long Id(JsonElement version) => version.GetProperty("id").GetInt64();

    private async Task<List<string?>> SearchAsync(byte[] content, string token)
    {
        var found = await client.SendAsync("GET", $"/api/files?sha256={Samples.Sha256(content)}", null, token);
        return [.. found.AssertStatus(200).Json.GetProperty("files").EnumerateArray().Select(file => file.GetProperty("name").GetString())];
    }

    [GeneratedRegex(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")]
    private static partial Regex Rfc3339();
}
