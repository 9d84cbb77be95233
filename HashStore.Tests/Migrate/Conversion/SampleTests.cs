using HashStore.Tests.Architecture;
using HashStore.Tests.Http.Support;
using HashStore.Tests.Support;
using Xunit;

namespace HashStore.Tests.Migrate.Conversion;

/// <summary>README's second example: the sample wiki's tree is converted, served and put back.</summary>
public sealed class SampleTests : IDisposable
{
    private readonly TempFolder folder = TempFolder.ForEverybody();

    private string Images => folder["wiki", "images"];

    private string[] StoreArguments => ["--root", Images, "--state", folder["wiki", "state"]];

    [Fact]
    public async Task The_sample_is_converted_served_and_put_back()
    {
        Copy(Path.Combine(Repository.Root, "HashStore.Tests", "Samples", "wiki"), folder["wiki"]);
        var before = TreeManifest.Read(Images);

        await RunAsync(["run", .. StoreArguments, "--tables", folder["wiki", "tables"]]);
        await RunAsync(["verify", .. StoreArguments]);
        await using (var server = await ServerProcess.StartAsync(Images, [.. StoreArguments[2..], .. ServerProcess.Embedded]))
        {
            var file = (await server.Client.GetAsync("/api/files/Hills.jpg")).AssertStatus(200).Json;
            Assert.Equal("Zoë", file.GetProperty("current").GetProperty("user").GetString());
            Assert.Equal("a \"better\" scan,\nin colour", file.GetProperty("current").GetProperty("description").GetString());
            Assert.Equal(2, file.GetProperty("versions").GetArrayLength());
            var body = (await server.Client.GetAsync(file.GetProperty("url").GetString()!)).AssertStatus(200).Body;
            Assert.Equal(await File.ReadAllBytesAsync(Path.Combine(Images, "f", "f6", "Hills.jpg")), body);
            _ = (await server.Client.GetAsync("/file/Out_of_scope.png")).AssertStatus(410);
        }

        await RunAsync(["undo", .. StoreArguments]);
        Assert.Empty(before.Differences(TreeManifest.Read(Images)));
    }

    public void Dispose() => folder.Dispose();

    private static async Task RunAsync(string[] arguments)
    {
        var result = await LegacyTreeBuilder.VerbAsync(arguments);
        Assert.True(result.Exit == 0, result.Error + result.Output);
    }

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.EnumerateFiles(from))
        {
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        }

        foreach (var below in Directory.EnumerateDirectories(from))
        {
            Copy(below, Path.Combine(to, Path.GetFileName(below)));
        }
    }
}
