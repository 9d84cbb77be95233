using HashStore.Storage;
using HashStore.Tests.Http.Support;
using HashStore.Tests.Migrate.Conversion;
using Xunit;

namespace HashStore.Tests.Http.Legacy;

/// <summary>A server beside a legacy tree of which it knows the tables and has converted nothing yet.</summary>
internal sealed class LegacyServer(LegacyTreeBuilder tree, ServerProcess process) : IAsyncDisposable
{
    public LegacyTreeBuilder Tree => tree;

    public ServerProcess Process => process;

    public ServerClient Client => process.Client;

    /// <summary>Imports the tables and starts the server; the tree is disposed of with it.</summary>
    public static async Task<LegacyServer> StartAsync(LegacyTreeBuilder tree, params string[] switches)
    {
        tree.WriteTables();
        var imported = await LegacyTreeBuilder.VerbAsync(["import", .. tree.StoreArguments, "--tables", tree.Folder["tables"]]);
        Assert.True(imported.Exit == 0, imported.Error);
        return new LegacyServer(tree, await ServeAsync(tree, switches));
    }

    /// <summary>Starts a server for what is there.</summary>
    public static Task<ServerProcess> ServeAsync(LegacyTreeBuilder tree, params string[] switches) =>
        ServerProcess.StartAsync(tree.Paths.Root, [.. tree.Paths == StorePaths.For(tree.Paths.Root, null) ? [] : (string[])["--state", tree.Paths.State], .. switches]);

    /// <summary>The address of a path of the tree.</summary>
    public static string Url(string path) => "/images/" + Encodings.Full(path);

    public async ValueTask DisposeAsync()
    {
        await process.DisposeAsync();
        tree.Dispose();
    }
}
