using System.Globalization;
using System.Text;
using HashStore.Tests.Http.Support;
using HashStore.Tests.Migrate.Conversion;
using HashStore.Tests.Support;
using Xunit;

namespace HashStore.Tests.Faults.RandomRun;

/// <summary>A wiki that goes on writing files to the tree, old versions and thumbnails among them, and readers who ask for them under their old addresses.</summary>
internal sealed class WikiSide(LegacyTreeBuilder tree, int seed, IReadOnlyList<ServerSlot> servers, IReadOnlyList<byte[]> shared)
{
    private const string Archived = "20180101000000";

    /// <summary>Between two files.</summary>
    private const int MaxPauseMilliseconds = 400;

    private readonly Random random = new(seed);
    private readonly Dictionary<string, string> manifest = new(StringComparer.Ordinal);
    private int made;

    /// <summary>Path and SHA-256 of everything that it wrote.</summary>
    internal Dictionary<string, string> Manifest => manifest;

    internal async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            Write();
            var (path, sha256) = manifest.ElementAt(random.Next(manifest.Count));
            try
            {
                var answer = await (await servers[random.Next(servers.Count)].Living).Client.GetAsync("/images/" + path);
                Assert.True(answer.Status == 503 || (answer.Status == 200 && Samples.Sha256(answer.Body) == sha256), $"{path}: {answer.Status} {answer.Text}");
            }
            catch (HttpRequestException)
            {
                // Killed while it answered.
            }

            await Task.Delay(random.Next(MaxPauseMilliseconds), CancellationToken.None);
        }
    }

    /// <summary>A name with an old version and a thumbnail; some of its contents are those of uploads.</summary>
    internal void Write()
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"Wiki_{made++}.txt");
        Put(tree.Archived(name, Archived), random.Next(3) == 0 ? shared[random.Next(shared.Count)] : Encoding.ASCII.GetBytes($"old {name}"));
        Put(tree.Thumb(name, $"120px-{name}.png"), Encoding.ASCII.GetBytes($"small {name}"));
        Put(tree.Current(name), random.Next(3) == 0 ? shared[random.Next(shared.Count)] : Encoding.ASCII.GetBytes($"new {name}"));
    }

    private void Put(string path, byte[] content)
    {
        tree.File(path, content);
        manifest[path] = Samples.Sha256(content);
    }
}
