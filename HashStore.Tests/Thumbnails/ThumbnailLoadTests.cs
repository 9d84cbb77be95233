using HashStore.Tests.Http.Support;
using HashStore.Tests.Support;
using Xunit;
using static HashStore.Tests.Thumbnails.ThumbnailSamples;

namespace HashStore.Tests.Thumbnails;

/// <summary>Tests that need the processor: renderers have low priority, and beside other tests two hundred of them take minutes.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AloneCollection
{
    internal const string Name = "alone";
}

/// <summary>Many who ask at once, and a server that dies in the middle.</summary>
[Collection(AloneCollection.Name)]
public sealed class ThumbnailLoadTests
{
    /// <summary>Between two reads of the one who reads originals: he shall not take all of the processor.</summary>
    private static readonly TimeSpan betweenReads = TimeSpan.FromMilliseconds(5);

    [NeedsFact(Vips)]
    public async Task Two_hundred_who_ask_for_one_new_thumbnail_cause_one_rendering()
    {
        await using var server = await ServerProcess.StartAsync();
        var photo = Photograph();
        await server.Client.UploadAsync("A.jpg", photo);
        var url = Url(photo, "120px-A.jpg");
        var answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => server.Client.GetAsync(url)));
        Assert.All(answers, answer => Assert.Equal((200, answers[0]["ETag"]), (answer.Status, answer["ETag"])));
        Assert.Equal(1, await MetricAsync(server, "hashstore_thumbnail_renderings_total"));
        Assert.Equal(1, await MetricAsync(server, "hashstore_thumbnails_made_total"));
        Assert.Equal(0, await MetricAsync(server, "hashstore_thumbnails_under_way"));
        Assert.Empty(Kept.Staged(server));
    }

    [NeedsFact(Vips)]
    public async Task Two_hundred_different_ones_are_made_by_few_processes_while_originals_are_read()
    {
        await using var server = await ServerProcess.StartAsync(null, "--HashStore:Thumbnails:Rendering:MaxProcesses=2", "--HashStore:Thumbnails:Rendering:MaxQueued=500");
        var photos = Enumerable.Range(0, 200).Select(_ => Photograph()).ToList();
        await Task.WhenAll(photos.Select((photo, at) => server.Client.UploadAsync($"A{at}.jpg", photo)));
        using var ending = new CancellationTokenSource();
        var most = Task.Run(() => MostChildrenAsync(server.Pid, ending.Token));
        var asking = Task.WhenAll(photos.Select((photo, at) => server.Client.GetAsync(Url(photo, $"120px-A{at}.jpg"))));
        var reads = 0;
        while (!asking.IsCompleted)
        {
            Assert.Equal(photos[0], (await server.Client.GetAsync(Samples.ObjectUrl(photos[0], "A0.jpg"))).AssertStatus(200).Body);
            reads++;
            await Task.Delay(betweenReads);
        }

        await ending.CancelAsync();
        Assert.All(await asking, answer => Assert.Equal((120, 80), SizeOf(answer.AssertStatus(200).Body)));
        Assert.InRange(await most, 1, 2);
        Assert.True(reads > 20, $"only {reads} originals were read");
        Assert.Equal(200, await MetricAsync(server, "hashstore_thumbnails_made_total"));
    }

    [NeedsFact(Vips)]
    public async Task Beyond_the_queue_it_is_said_when_to_ask_again()
    {
        await using var server = await ServerProcess.StartAsync(null, "--HashStore:Thumbnails:Rendering:MaxProcesses=1", "--HashStore:Thumbnails:Rendering:MaxQueued=2");
        var photos = Enumerable.Range(0, 40).Select(_ => Photograph()).ToList();
        await Task.WhenAll(photos.Select((photo, at) => server.Client.UploadAsync($"A{at}.jpg", photo)));
        var answers = await Task.WhenAll(photos.Select((photo, at) => server.Client.GetAsync(Url(photo, $"120px-A{at}.jpg"))));
        var refused = answers.Where(answer => answer.Status != 200).ToList();
        Assert.NotEmpty(refused);
        Assert.NotEqual(40, refused.Count);
        Assert.All(refused, answer =>
        {
            answer.AssertProblem(503);
            Assert.InRange(int.Parse(answer["Retry-After"]!, System.Globalization.CultureInfo.InvariantCulture), 1, 3600);
        });
        Assert.Equal(refused.Count, await MetricAsync(server, "hashstore_thumbnails_refused_total"));
        foreach (var (photo, at) in photos.Select((photo, at) => (photo, at)))
        {
            (await server.Client.GetAsync(Url(photo, $"120px-A{at}.jpg"))).AssertStatus(200);
        }
    }

    [NeedsFact(Vips)]
    public async Task A_kill_in_the_middle_leaves_no_half_thumbnail_and_nothing_else_after_the_next_start()
    {
        using var folder = new TempFolder();
        var photos = Enumerable.Range(0, 30).Select(_ => Photograph()).ToList();
        for (var round = 0; round < 4; round++)
        {
            await using var server = await ServerProcess.StartAsync(folder["root"]);
            await Task.WhenAll(photos.Select((photo, at) => server.Client.PutAsync($"A{at}.jpg", photo)));
            var asking = photos.Select((photo, at) => server.Client.GetAsync(Url(photo, $"{new[] { 20, 40, 60, 120 }[round]}px-A{at}.jpg"))).ToList();
            await Until.TrueAsync("some are being made", async () => await MetricAsync(server, "hashstore_thumbnails_made_total") > round && await MetricAsync(server, "hashstore_thumbnails_under_way") > 0);
            await server.KillAsync();
            foreach (var one in asking)
            {
                Assert.True(await Record.ExceptionAsync(() => one) is null or HttpRequestException);
            }
        }

        await using var again = await ServerProcess.StartAsync(folder["root"]);
        Assert.Empty(Kept.Staged(again));
        Assert.Single(Directory.GetDirectories(Path.Combine(again.State, "staging")));
        var placed = Directory.GetFiles(Path.Combine(again.Root, "thumb"), "*", SearchOption.AllDirectories);
        Assert.NotEmpty(placed);
        Assert.All(placed, path =>
        {
            var bytes = File.ReadAllBytes(path);
            Assert.Equal([0xFF, 0xD9], bytes[^2..]); // the end of a JPEG
            Assert.Contains($"{SizeOf(bytes).Width}px", Path.GetFileName(path), StringComparison.Ordinal);
        });
        await Until.TrueAsync("no child outlives its server", () => Processes().All(process => process.Command != Vips || process.Parent != 1));
    }

    /// <summary>The most renderers that ran at the same time.</summary>
    private static async Task<int> MostChildrenAsync(int server, CancellationToken ending)
    {
        var most = 0;
        while (!ending.IsCancellationRequested)
        {
            var all = Processes().ToDictionary(process => process.Pid);
            most = Math.Max(most, all.Values.Count(process => process.Command == Vips && IsBelow(process.Pid)));
            await Task.Delay(1, CancellationToken.None);

            bool IsBelow(int pid) => pid == server || (all.TryGetValue(pid, out var process) && process.Parent > 1 && IsBelow(process.Parent));
        }

        return most;
    }

    private static IEnumerable<(int Pid, string Command, int Parent)> Processes()
    {
        foreach (var folder in Directory.GetDirectories("/proc").Where(folder => char.IsAsciiDigit(Path.GetFileName(folder)[0])))
        {
            string stat;
            try
            {
                stat = File.ReadAllText($"{folder}/stat");
            }
            catch (IOException)
            {
                continue; // it has just ended
            }

            // PID (COMMAND) STATE PARENT …
            var end = stat.LastIndexOf(')');
            yield return (int.Parse(Path.GetFileName(folder), null), stat[(stat.IndexOf('(', StringComparison.Ordinal) + 1)..end], int.Parse(stat[(end + 4)..].Split(' ')[0], null));
        }
    }
}
