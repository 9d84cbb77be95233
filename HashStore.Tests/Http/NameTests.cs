using HashStore.Tests.Http.Support;
using Xunit;

namespace HashStore.Tests.Http;

/// <summary><c>GET /file/{name}</c>: the stable address of whatever a name holds now.</summary>
public sealed class NameTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private readonly ServerProcess server = fixture.Server;
    private readonly ServerClient client = fixture.Server.Client;

    [Fact]
    public async Task A_name_leads_to_its_current_version()
    {
        byte[] first = Samples.Png(), second = Samples.Png();
        await client.UploadAsync("Current.png", first);
        await AssertLeadsToAsync("/file/Current.png", first, "Current.png");
        await client.UploadAsync("Current.png", second);
        await AssertLeadsToAsync("/file/Current.png", second, "Current.png");
    }

    [Fact]
    public async Task The_redirect_is_asked_for_again_each_time()
    {
        await client.UploadAsync("Fresh.png", Samples.Png());
        Assert.Equal("public, no-cache", (await client.GetAsync("/file/Fresh.png")).AssertStatus(302)["Cache-Control"]);
    }

    [Fact]
    public async Task HEAD_is_answered_like_GET()
    {
        var content = Samples.Png();
        await client.UploadAsync("Head.png", content);
        var head = (await client.HeadAsync("/file/Head.png")).AssertStatus(302);
        Assert.Equal(Samples.ObjectUrl(content, "Head.png"), head["Location"]);
        Assert.Empty(head.Body);
        Assert.Equal(404, (await client.HeadAsync("/file/Nobody.png")).Status);
    }

    [Fact]
    public async Task An_unknown_name_is_not_found()
    {
        (await client.GetAsync("/file/Nobody.png")).AssertProblem(404);
        Assert.Equal(404, (await client.GetAsync("/file/")).Status);
        Assert.Equal(404, (await client.GetAsync("/file/a/b")).Status);
    }

    [Fact]
    public async Task A_deleted_name_is_gone_until_it_is_undeleted_or_uploaded_anew()
    {
        byte[] first = Samples.Png(), second = Samples.Png();
        await client.UploadAsync("Gone.png", first);
        (await client.DeleteAsync("/api/files/Gone.png")).AssertStatus(200);
        (await client.GetAsync("/file/Gone.png")).AssertProblem(410);
        Assert.Equal((410, "no-store"), ((await client.HeadAsync("/file/Gone.png")).Status, (await client.HeadAsync("/file/Gone.png"))["Cache-Control"]));
        (await client.PostAsync("/api/files/Gone.png/undelete")).AssertStatus(200);
        await AssertLeadsToAsync("/file/Gone.png", first, "Gone.png");
        (await client.DeleteAsync("/api/files/Gone.png")).AssertStatus(200);
        await client.UploadAsync("Gone.png", second);
        await AssertLeadsToAsync("/file/Gone.png", second, "Gone.png");
    }

    [Fact]
    public async Task A_renamed_name_leads_to_the_new_ones_content()
    {
        byte[] first = Samples.Png(), second = Samples.Png();
        await client.UploadAsync("Old name.png", first);
        (await client.PostAsync("/api/files/Old_name.png/rename", """{"to":"New name.png"}""")).AssertStatus(200);
        await AssertLeadsToAsync("/file/Old_name.png", first, "New_name.png");
        await client.UploadAsync("New name.png", second);
        await AssertLeadsToAsync("/file/Old_name.png", second, "New_name.png");

        // And on, and back.
        (await client.PostAsync("/api/files/New_name.png/rename", """{"to":"Newest.png"}""")).AssertStatus(200);
        await AssertLeadsToAsync("/file/Old_name.png", second, "Newest.png");
        await AssertLeadsToAsync("/file/New_name.png", second, "Newest.png");
        (await client.PostAsync("/api/files/Newest.png/rename", """{"to":"Old name.png"}""")).AssertStatus(200);
        await AssertLeadsToAsync("/file/Newest.png", second, "Old_name.png");
        await AssertLeadsToAsync("/file/Old_name.png", second, "Old_name.png");
        (await client.DeleteAsync("/api/files/Old_name.png")).AssertStatus(200);
        (await client.GetAsync("/file/Newest.png")).AssertProblem(410);
        (await client.GetAsync("/file/Old_name.png")).AssertProblem(410);
    }

    /// <summary>The name, and further ways in which clients write it.</summary>
    [Theory]
    [InlineData("Äpfel.png", "%C3%84pfel.png", "%c3%84pfel.png", "%C3%A4pfel.png", "A%CC%88pfel.png")]
    [InlineData("日本.png", "%E6%97%A5%E6%9C%AC.png", "%e6%97%a5%e6%9c%ac.png", "%E6%97%A5%E6%9C%AC%2Epng")]
    [InlineData("100% pur.png", "100%25_pur.png", "100%25%20pur.png", "100%25%5Fpur.png")]
    [InlineData("A+b.png", "A+b.png", "A%2Bb.png", "a%2bb.png")]
    [InlineData("It's.png", "It's.png", "It%27s.png")]
    [InlineData("With some spaces.png", "With_some_spaces.png", "With%20some%20spaces.png", "with%20_some__spaces.png", "%20With_some_spaces.png%20")]
    [InlineData("🎉 party.png", "%F0%9F%8E%89_party.png", "%F0%9F%8E%89%20party.png")]
    [InlineData("A&b=c;d@e$f!(g)*,.png", "A&b=c;d@e$f!(g)*,.png", "A%26b%3Dc%3Bd%40e%24f%21%28g%29%2A%2C.png")]
    [InlineData("\"Quoted\"?.png", "%22Quoted%22%3F.png")]
    [InlineData("~tilde^caret`.png", "~tilde%5Ecaret%60.png", "%7Etilde%5ecaret%60.png")]
    [InlineData("Dots...in..name.png", "Dots...in..name.png", "Dots%2e%2e%2ein%2E%2Ename.png")]
    [InlineData("Ünï©ødé ß.png", "%C3%9Cn%C3%AF%C2%A9%C3%B8d%C3%A9_%C3%9F.png")]
    public async Task An_odd_name_is_found_however_it_is_written(string name, params string[] segments)
    {
        var content = Samples.Png();
        var json = await client.UploadAsync(name, content);
        var stored = name.Replace(' ', '_');
        Assert.Equal(stored, json.GetProperty("name").GetString());
        foreach (var segment in segments)
        {
            await AssertLeadsToAsync($"/file/{segment}", content, stored);
            await AssertLeadsToAsync($"/file/{segment}?{segment}", content, stored);
            var file = (await client.GetAsync($"/api/files/{segment}")).AssertStatus(200).Json;
            Assert.Equal((segment, stored), (segment, file.GetProperty("name").GetString()));

            // What was written so can also be uploaded so.
            var again = await client.SendAsync("PUT", $"/api/files/{segment}", new ByteArrayContent(content));
            Assert.Equal((segment, stored), (segment, again.Json.GetProperty("name").GetString()));
            Assert.Equal("unchanged", again.Json.GetProperty("warnings")[0].GetString());
        }
    }

    [Theory]
    [InlineData("%FF.png")]
    [InlineData("%C3.png")]
    [InlineData("%C0%AE%C0%AE")]
    [InlineData("%ED%A0%80.png")]
    [InlineData("a%2Fb.png")]
    [InlineData("100%.png")]
    [InlineData("%2e%2e")]
    [InlineData("%")]
    public async Task What_can_be_no_name_is_refused_with_the_reason(string segment)
    {
        Assert.NotEmpty((await client.GetAsync($"/file/{segment}")).AssertProblem(400));
        Assert.NotEmpty((await client.GetAsync($"/api/files/{segment}")).AssertProblem(400));
    }

    [Fact]
    public async Task Other_methods_are_told_what_is_possible()
    {
        await client.UploadAsync("Method.png", Samples.Png());
        var answer = await client.DeleteAsync("/file/Method.png");
        answer.AssertProblem(405);
        Assert.Equal(["GET", "HEAD"], answer["Allow"]!.Split(", ").Order());
    }

    private async Task AssertLeadsToAsync(string address, byte[] content, string name)
    {
        var redirect = (await client.GetAsync(address)).AssertStatus(302);
        var location = redirect["Location"]!;
        Assert.Equal((address, Samples.ObjectUrl(content, name)), (address, location));
        Assert.Equal(content, (await server.Client.GetAsync(location)).AssertStatus(200).Body);
    }
}
