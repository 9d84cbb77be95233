using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using HashStore.Tests.Http.Support;
using HashStore.Tests.Support;
using Xunit;

namespace HashStore.Tests.Faults.RandomRun;

/// <summary>
/// Changes names of its own at random, through one server or the other, and knows of each what it must be. When an answer does not come, the change has happened or not, whole: then it asks which.
/// </summary>
internal sealed class RandomClient(int number, int seed, IReadOnlyList<ServerSlot> servers, IReadOnlyList<byte[]> shared)
{
    /// <summary>A name with more versions is left alone: answers get long.</summary>
    private const int MaxVersions = 25;

    private const int LiveNames = 12;

    /// <summary>Between two changes: it is the kills that count, not the load.</summary>
    private const int MaxPauseMilliseconds = 60;

    private readonly Random random = new(seed);
    private readonly List<string> names = [];
    private readonly ConcurrentDictionary<string, OwnName> known = new(StringComparer.Ordinal);
    private int made;

    /// <summary>What each name must be.</summary>
    internal IReadOnlyDictionary<string, OwnName> Known => known;

    /// <summary>Changes that were acknowledged.</summary>
    internal long Acknowledged { get; private set; }

    /// <summary>Changes of which no acknowledgement came.</summary>
    internal long Unanswered { get; private set; }

    /// <summary>Bytes of every content that was ever sent, by SHA-256.</summary>
    internal ConcurrentDictionary<string, byte[]> Sent { get; } = new();

    internal async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            if (names.Count < LiveNames)
            {
                names.Add(string.Create(CultureInfo.InvariantCulture, $"Client{number}_{made++}.txt"));
            }

            var name = names[random.Next(names.Count)];
            await ChangeAsync(name, known.GetValueOrDefault(name, OwnName.None));
            if (known[name].Versions.Count >= MaxVersions)
            {
                names.Remove(name);
            }

            await Task.Delay(random.Next(MaxPauseMilliseconds), CancellationToken.None);
        }
    }

    private async Task ChangeAsync(string name, OwnName before)
    {
        var others = before.Versions.Values.Where(version => version.Id != before.Current).ToList();
        switch (random.Next(10))
        {
            case 0 or 1 when before.Shown is { } shown:
                await TryAsync("delete", name, before, client => client.DeleteAsync(PathOf(name)), after => after.Deleted && after.Continues(before));
                await CheckGoneAsync(shown);
                break;
            case <= 3 when before is { Exists: true, Deleted: true }:
                await TryAsync("undelete", name, before, client => client.PostAsync(PathOf(name) + "/undelete"), after => !after.Deleted && after.Continues(before));
                break;
            case 4 when !before.Deleted && others.Find(version => !version.Deleted) is { } old:
                await TryAsync(
                    "revert", name, before, client => client.PostAsync(PathOf(name) + "/revert", $"{{\"version\":{old.Id}}}"),
                    after => after.Shown?.Sha256 == old.Sha256 && after.Continues(before));
                break;
            case 5 when !before.Deleted && others.Count > 0:
                var victim = others[random.Next(others.Count)];
                var path = string.Create(CultureInfo.InvariantCulture, $"{PathOf(name)}/versions/{victim.Id}");
                await TryAsync(
                    victim.Deleted ? "show" : "hide", name, before, client => victim.Deleted ? client.PostAsync(path + "/undelete") : client.DeleteAsync(path),
                    after => after.Versions[victim.Id].Deleted != victim.Deleted && after.Continues(before));
                break;
            default:
                await UploadAsync(name, before);
                break;
        }
    }

    private Task UploadAsync(string name, OwnName before)
    {
        var content = random.Next(2) == 0 ? shared[random.Next(shared.Count)] : Content();
        var sha256 = Samples.Sha256(content);
        Sent[sha256] = content;
        return TryAsync("upload", name, before, client => client.PutAsync(name, content), after => after.Shown?.Sha256 == sha256 && after.Continues(before));
    }

    /// <summary>Mostly small, some larger than what the cache keeps, few larger than what shares a sync.</summary>
    private byte[] Content()
    {
        var size = random.Next(100) switch
        {
            0 => 5 << 20,
            < 10 => random.Next(70_000, 300_000),
            _ => random.Next(100, 10_000),
        };
        var text = new StringBuilder(size).Append(CultureInfo.InvariantCulture, $"{number} {random.NextInt64()} ");
        return Encoding.ASCII.GetBytes(text.Append('x', size).ToString());
    }

    private async Task TryAsync(string what, string name, OwnName before, Func<ServerClient, Task<Answer>> change, Func<OwnName, bool> isDone)
    {
        Answer? answer = null;
        try
        {
            answer = await change((await AnyServerAsync()).Client);
        }
        catch (HttpRequestException)
        {
            // Killed before it answered.
        }

        Assert.True(answer is null or { Status: 200 or 201 or >= 500 }, $"{what} {name} ({before}): {answer?.Status} {answer?.Text}");
        var isAcknowledged = answer is { Status: < 300 };
        _ = isAcknowledged ? Acknowledged++ : Unanswered++;
        var after = isAcknowledged ? OwnName.Of(answer!.Json) : await AskAsync(name);
        Assert.True(
            (after.Exists && isDone(after)) || (!isAcknowledged && after.IsSame(before)),
            $"{what} {name}: it was {before}; it is {after}; {(isAcknowledged ? "acknowledged" : $"answered with {answer?.Status.ToString(CultureInfo.InvariantCulture) ?? "nothing"}: {answer?.Text}")}");
        known[name] = after;
    }

    /// <summary>What became of a name.</summary>
    internal async Task<OwnName> AskAsync(string name)
    {
        while (true)
        {
            try
            {
                var answer = await (await AnyServerAsync()).Client.SendAsync("GET", PathOf(name), null);
                switch (answer.Status)
                {
                    case 200:
                        return OwnName.Of(answer.Json);
                    case 404:
                        return OwnName.None;
                    default:
                        Assert.True(answer.Status >= 500, $"{name}: {answer.Status} {answer.Text}");
                        break;
                }
            }
            catch (HttpRequestException)
            {
                // That one was killed too.
            }
        }
    }

    /// <summary>Content that nobody else has is gone from every server as soon as its name was deleted.</summary>
    private async Task CheckGoneAsync(OwnVersion version)
    {
        if (shared.Any(content => Samples.Sha256(content) == version.Sha256) || known.Values.SelectMany(name => name.Public).Any(other => other.Sha256 == version.Sha256)
            || !known.Values.Any(name => name.Deleted && name.Versions.ContainsKey(version.Id)))
        {
            return;
        }

        try
        {
            var answer = await (await AnyServerAsync()).Client.GetAsync(version.Url);
            Assert.True(answer.Status is 404 or 410 or 503, $"{version.Url} was deleted and answers with {answer.Status}");
        }
        catch (HttpRequestException)
        {
            // Nobody there: nothing visible.
        }
    }

    private Task<ServerProcess> AnyServerAsync() => servers[random.Next(servers.Count)].Living;

    private static string PathOf(string name) => "/api/files/" + name;
}
