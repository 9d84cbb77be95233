using System.Text;
using System.Text.Json;
using HashStore.Migrate;
using HashStore.Storage.Durability;
using HashStore.Tests.Http.Support;
using HashStore.Tests.Migrate.Conversion;
using Xunit;
using static HashStore.Tests.Migrate.Conversion.LegacyTreeBuilder;

namespace HashStore.Tests.Migrate.Live;

/// <summary><c>watch</c> over a tree in which somebody goes on working.</summary>
public sealed class WatchTests : IAsyncDisposable
{
    private const string Name = "Name.jpg", New = "New.jpg", First = "20180101000000";

    private readonly LegacyTreeBuilder tree = new();
    private readonly CancellationTokenSource interrupt = new();
    private readonly Text output = new(), error = new();
    private Task<int> watching = Task.FromResult(0);

    public WatchTests()
    {
        tree.Image(Name, "two");
        tree.Old(Name, First, "one");
    }

    public async ValueTask DisposeAsync()
    {
        await interrupt.CancelAsync();
        await ((Task)watching).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        interrupt.Dispose();
        tree.Dispose();
    }

    [Fact]
    public async Task It_converts_what_is_there_and_what_comes_and_ends_when_it_is_interrupted()
    {
        await WatchAsync("--json");
        Assert.True(IsLink(tree.Current(Name)));

        tree.File(tree.Current(New), "new");
        await Until.TrueAsync("the new file is converted", () => IsLink(tree.Current(New)));
        File.Delete(tree.FullPath(tree.Current(Name)));
        tree.File(tree.Current(Name), "three");
        await Until.TrueAsync("the newer version is converted", () => IsLink(tree.Current(Name)));
        Assert.Equal("three", await File.ReadAllTextAsync(tree.FullPath(tree.Current(Name))));

        Assert.Equal(130, await EndAsync());
        var lines = output.Read().TrimEnd('\n').Split('\n').Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Equal(["verb", "converted", "skipped", "failed", "bytes", "seconds", "exit"], lines[^1].EnumerateObject().Select(property => property.Name));
        Assert.Equal(["watch", "3", "0", "130"], new[] { "verb", "converted", "failed", "exit" }.Select(name => $"{lines[^1].GetProperty(name)}"));
        var passes = lines.Where(line => line.TryGetProperty("pass", out _)).ToList();
        Assert.Equal(("start", "watch"), (passes[0].GetProperty("pass").GetString(), passes[0].GetProperty("verb").GetString()));
        Assert.Contains("interrupted", error.Read(), StringComparison.Ordinal);
        Assert.Equal(3, ReportLine.Read(tree.Folder["report.csv"]).Values.Count(line => line.Status is "converted" or "mismatch" or "orphan"));
    }

    [Fact]
    public async Task Tables_are_read_again_when_they_change()
    {
        await WatchAsync();
        tree.Image(New, "new");
        await Until.TrueAsync("the new file is converted", () => IsLink(tree.Current(New)));
        tree.WriteTables();
        await Until.TrueAsync("the tables are read", () => output.Read().Contains("pass (tables)", StringComparison.Ordinal));
        Assert.Equal(130, await EndAsync());
        Assert.Equal([Line(New, "20200101000000", "new", " *")], await tree.HistoryAsync(New));
    }

    [Fact]
    public async Task It_says_how_many_folders_are_watched_and_nothing_of_quiet_passes()
    {
        await WatchAsync("--reconcile", "1s");
        await Until.TrueAsync("a look at a quiet tree", () => output.Read().Split('\n').Length >= 3);
        tree.File(tree.Current(New), "new");
        await Until.TrueAsync("the new file is converted", () => IsLink(tree.Current(New)));
        Assert.Equal(130, await EndAsync());
        Assert.Contains("folders are watched", output.Read(), StringComparison.Ordinal);
        Assert.Contains("pass (start): 2 converted", output.Read(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task After_a_pass_of_many_batches_every_name_is_free()
    {
        for (var number = 0; number < 300; number++)
        {
            tree.File(tree.Current($"Many_{number}.jpg"), $"content {number}"); // four batches and more
        }

        await WatchAsync();
        await using (var store = await tree.OpenStoreAsync())
        await using (var tables = store.Database.NewContext())
        {
            Assert.Empty(tables.Leases);
        }

        Assert.Equal(130, await EndAsync());
    }

    [Fact]
    public async Task A_first_pass_that_cannot_work_exits_3()
    {
        tree.WriteTables();
        var csv = Directory.CreateDirectory(tree.Folder["wrong"]).FullName;
        await File.WriteAllTextAsync(Path.Combine(csv, "image.csv"), "no_such_column\n1\n");
        var run = await VerbAsync(["watch", .. tree.StoreArguments, "--tables", csv]);
        Assert.Equal(3, run.Exit);
        Assert.NotEmpty(run.Error);
    }

    [Fact]
    public async Task After_an_undo_it_converts_nothing_until_somebody_asks_for_it()
    {
        await WatchAsync("--reconcile", "1s");
        var undo = await UndoAsync();
        Assert.True(undo.Exit == 0, undo.Error);
        Assert.False(IsLink(tree.Current(Name)));
        tree.File(tree.Current(New), "new");
        await Until.TrueAsync("it says so", () => error.Read().Contains("An undo", StringComparison.Ordinal));
        Assert.False(IsLink(tree.Current(Name)) || IsLink(tree.Current(New)));
        await tree.RunAsync(0);
        Assert.True(IsLink(tree.Current(New)));
        tree.File(tree.Current("Later.jpg"), "later");
        await Until.TrueAsync("it follows again", () => IsLink(tree.Current("Later.jpg")));
        Assert.Equal(130, await EndAsync());
    }

    /// <summary>Begins, and waits for the end of the first pass.</summary>
    private async Task WatchAsync(params string[] options)
    {
        tree.WriteTables();
        string[] arguments = ["watch", .. tree.RunArguments[1..], .. options];
        watching = Task.Run(() => global::HashStore.Migrate.Program.RunAsync(arguments, new CommandOutput(output.Writer, error.Writer, isTerminal: false), interrupt.Token));
        await Until.TrueAsync("the first pass", () => watching.IsCompleted || output.Read().Contains("pass (start)", StringComparison.Ordinal) || output.Read().Contains("\"pass\":\"start\"", StringComparison.Ordinal));
        Assert.False(watching.IsCompleted, error.Read());
    }

    /// <summary>A pass may be under way: then undo is refused.</summary>
    private async Task<VerbResult> UndoAsync()
    {
        VerbResult? result = null;
        await Until.TrueAsync("undo has its turn", async () => (result = await VerbAsync(["undo", .. tree.StoreArguments])).Exit != 3);
        return result!;
    }

    private async Task<int> EndAsync()
    {
        await interrupt.CancelAsync();
        return await watching;
    }

    private bool IsLink(string path) => Posix.ReadLink(tree.FullPath(path)) is not null;

    /// <summary>What was written so far, by whatever thread.</summary>
    private sealed class Text
    {
        private readonly StringBuilder text = new();

        internal Text() => Writer = TextWriter.Synchronized(new StringWriter(text));

        internal TextWriter Writer { get; }

        internal string Read()
        {
            lock (Writer) // as it does itself
            {
                return text.ToString();
            }
        }
    }
}
