using HashStore.Tests.Checking;
using HashStore.Tests.Http.Support;
using HashStore.Tests.Migrate.Conversion;
using HashStore.Tests.Support;
using Xunit;

namespace HashStore.Tests.Faults.RandomRun;

/// <summary>What must hold when a random run is over.</summary>
internal sealed class RandomRunCheck(LegacyTreeBuilder tree, IReadOnlyList<ServerSlot> servers, IReadOnlyList<RandomClient> clients, WikiSide wiki, IReadOnlyList<byte[]> shared)
{
    private readonly Dictionary<string, byte[]> contents = clients.SelectMany(client => client.Sent).Concat(shared.Select(content => KeyValuePair.Create(Samples.Sha256(content), content)))
        .DistinctBy(pair => pair.Key).ToDictionary();

    internal async Task RunAsync()
    {
        await VerbAsync(tree.RunArguments);
        var server = await servers[0].Living;
        var names = clients.SelectMany(client => client.Known).ToDictionary();
        foreach (var client in clients)
        {
            foreach (var (name, expected) in client.Known)
            {
                var actual = await client.AskAsync(name);
                Assert.True(actual.IsSame(expected), $"{name} must be {expected}, and is {actual}");
                Assert.Equal(expected.Deleted ? 410 : 302, (await server.Client.GetAsync("/file/" + name)).Status);
            }
        }

        await CheckVisibleAsync(names);
        tree.CheckAnswers(wiki.Manifest);
        tree.CheckNothingIsLeft();
        tree.CheckLinked([.. wiki.Manifest.Keys.Where(path => !path.StartsWith("thumb/", StringComparison.Ordinal))]);

        // What the killed ones left goes, and nothing else.
        await VerbAsync(["gc", .. tree.StoreArguments, "--grace", "0s"]);
        await VerbAsync(["verify", .. tree.StoreArguments]);
        var check = await FsckRun.RunAsync([.. tree.StoreArguments, "--full"]);
        Assert.True(check is { Exit: 0, Error: "" } && check.Findings.All(finding => finding.Kind == "leftover" && finding.Key is null), $"{check.Error}{string.Join(", ", check.Lines)}");
        await CheckVisibleAsync(names);
        tree.CheckAnswers(wiki.Manifest);
    }

    /// <summary>Every content that anybody may read answers with its bytes; every other one answers nowhere, and does not lie in the public tree.</summary>
    private async Task CheckVisibleAsync(Dictionary<string, OwnName> names)
    {
        var visible = names.Values.SelectMany(name => name.Public).Select(version => version.Sha256).Concat(wiki.Manifest.Values).ToHashSet();
        foreach (var version in names.Values.SelectMany(name => name.Versions.Values).DistinctBy(version => version.Sha256))
        {
            var isVisible = visible.Contains(version.Sha256);
            foreach (var slot in servers)
            {
                var answer = await (await slot.Living).Client.GetAsync(version.Url);
                Assert.True(isVisible ? answer.Status == 200 && answer.Body.AsSpan().SequenceEqual(contents[version.Sha256]) : answer.Status is 404 or 410, $"{version.Url}, {(isVisible ? "shown" : "deleted")}: {answer.Status}");
            }

            var path = Path.Combine(tree.Tree, string.Join('/', version.Sha256[0], version.Sha256[1], version.Sha256[2], version.Sha256[3..16]));
            Assert.True(File.Exists(path) == isVisible, $"{path}, {(isVisible ? "shown" : "deleted")}");
        }
    }

    private static async Task VerbAsync(string[] arguments)
    {
        var result = await LegacyTreeBuilder.VerbAsync(arguments);
        Assert.True(result.Exit == 0, $"{string.Join(' ', arguments)}: {result}");
    }
}
