using System.Diagnostics;
using HashStore.Migrate.Legacy;
using HashStore.Migrate.Live;
using HashStore.Storage;
using HashStore.Storage.Durability;
using HashStore.Tests.Support;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace HashStore.Tests.Migrate.Live;

/// <summary>A legacy tree on a real disk, with a watcher.</summary>
internal sealed class WatchedTree : IDisposable
{
    private static readonly TimeSpan patience = TimeSpan.FromSeconds(60);

    private readonly TempFolder folder = new();

    internal WatchedTree(int levels = 2, TimeProvider? clock = null, int limit = PendingNames.DefaultLimit, Func<SafeFileHandle, string, FolderEvents, int>? watch = null)
    {
        Directory.CreateDirectory(Root);
        Tree = LegacyTree.Open(null, StorePaths.For(Root, null), levels);
        Watcher = new TreeWatcher(() => Tree, clock ?? TimeProvider.System, limit, watch);
    }

    internal string Root => folder["images"];

    internal LegacyTree Tree { get; }

    internal TreeWatcher Watcher { get; }

    /// <summary>A path outside of the tree, on the same file system.</summary>
    internal string Outside(string name) => folder[name];

    internal string this[string path] => Path.Combine(Root, path);

    /// <summary>Where a name lies in a tree with two levels; the folder is made.</summary>
    internal string Current(string name)
    {
        var path = this[LegacyPath.OfCurrent(name, 2)];
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        return path;
    }

    /// <summary>Where an old version lies; the folder is made.</summary>
    internal string Archived(string name, string timestamp)
    {
        var path = this[LegacyPath.OfArchive(name, $"{timestamp}!{name}", 2)];
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        return path;
    }

    /// <summary>Writes a file, and the folders on the way to it.</summary>
    internal void File(string path, string content = "content")
    {
        var full = this[path]; // an absolute path is left as it is
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        System.IO.File.WriteAllText(full, content);
    }

    /// <summary>Watches everything.</summary>
    internal WatchedTree Watched()
    {
        Assert.Null(Watcher.SetWatches());
        return this;
    }

    /// <summary>What is handed out next.</summary>
    internal async Task<WatchedNames> NextAsync()
    {
        using var end = new CancellationTokenSource(patience);
        return await Watcher.NextAsync(end.Token);
    }

    /// <summary>Sets that are handed out, until some names were among them.</summary>
    internal async Task<List<string[]>> UntilAsync(params string[] names)
    {
        var sets = new List<string[]>();
        while (names.Except(sets.SelectMany(set => set)).Any())
        {
            var next = await NextAsync();
            Assert.Null(next.Lost);
            sets.Add([.. next.Names.Order(StringComparer.Ordinal)]);
        }

        return sets;
    }

    /// <summary>Checks that exactly these names were handed out, in one set.</summary>
    internal async Task ExpectAsync(params string[] names) => Assert.Equal(names, Assert.Single(await UntilAsync(names)));

    /// <summary>Checks that nothing more happened than was told: a file that is made now is the next.</summary>
    internal async Task ExpectNothingAsync()
    {
        File(Current("Marker.jpg"));
        await ExpectAsync("Marker.jpg");
    }

    /// <summary>Runs a shell line in the tree.</summary>
    internal void Shell(string line)
    {
        using var shell = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", line]) { WorkingDirectory = Root })!;
        shell.WaitForExit();
        Assert.Equal(0, shell.ExitCode);
    }

    public void Dispose()
    {
        Watcher.Dispose();
        folder.Dispose();
    }
}
