using HashStore.Tests.Migrate.Conversion;
using Xunit;

namespace HashStore.Tests.Crashes;

/// <summary>A run of <c>hashstore-migrate</c> on a legacy tree, which dies on its way and is run again.</summary>
/// <param name="Name">What is done.</param>
/// <param name="Prepare">Makes the tree.</param>
/// <param name="Arguments">The command line.</param>
/// <param name="Check">Checks what the dead process left, runs it again, and checks the end; gets the paths of before with their hashes.</param>
public sealed record TreeScenario(
    string Name, Func<LegacyTree, Task> Prepare, Func<LegacyTree, string[]> Arguments, Func<LegacyTree, Dictionary<string, string>, Task> Check)
{
    private const string File = "Name.jpg", Twin = "Twin.jpg", First = "20180101000000", Second = "20170101000000";

    internal static TreeScenario Convert { get; } = new(
        "convert",
        tree =>
        {
            Fill(tree.Builder);
            return Task.CompletedTask;
        },
        tree => tree.Builder.RunArguments,
        async (tree, before) =>
        {
            var builder = tree.Builder;
            await AgainAsync(tree, before);
            Assert.Equal(
                [
                    LegacyTreeBuilder.Line(File, "20200101000000", "three", " *"), LegacyTreeBuilder.Line(File, First, "two"), LegacyTreeBuilder.Line(File, Second, "secret", " hidden"),
                ],
                await builder.HistoryAsync(File));
            builder.CheckLinked(builder.Current(File), builder.Archived(File, First), builder.Current(Twin), builder.Thumb(File, $"120px-{File}"));
            builder.CheckSecret("secret", builder.InZone(File, "secret"));
        });

    internal static TreeScenario Undo { get; } = new(
        "undo",
        async tree =>
        {
            Fill(tree.Builder);
            await tree.Builder.RunAsync(0);
        },
        tree => ["undo", .. tree.Builder.StoreArguments],
        async (tree, before) =>
        {
            var builder = tree.Builder;
            builder.CheckAnswers(before);
            var again = await LegacyTreeBuilder.VerbAsync(["undo", .. builder.StoreArguments]);
            Assert.True(again.Exit == 0, again.Error + again.Output);
            RemoveTries(builder);
            Assert.Equal(before, builder.TakeManifest());
            builder.CheckUnlinked([.. before.Keys]);
            builder.CheckNothingIsLeft();
        });

    /// <summary>A wiki deleted a converted file: its link went below deleted/.</summary>
    internal static TreeScenario Follow { get; } = new(
        "follow",
        async tree =>
        {
            var builder = tree.Builder;
            builder.Image(File, "one");
            await builder.RunAsync(0);
            var zone = builder.FullPath(builder.InZone(File, "one"));
            Directory.CreateDirectory(Path.GetDirectoryName(zone)!);
            System.IO.File.Move(builder.FullPath(builder.Current(File)), zone);
            builder.RemoveRows("image", "img_name", File);
            builder.DeletedRow(File, "20200101000000", "one");
            builder.WriteTables();
        },
        tree => tree.Builder.RunArguments,
        async (tree, before) =>
        {
            var builder = tree.Builder;
            await AgainAsync(tree, before);
            builder.CheckUnlinked(builder.InZone(File, "one"));
            builder.CheckSecret("one", builder.InZone(File, "one"));
        });

    public override string ToString() => Name;

    /// <summary>Every path of before answers, a second run completes it, and a third finds nothing to do; that one comes with <c>fsck --full</c>.</summary>
    private static async Task AgainAsync(LegacyTree tree, Dictionary<string, string> before)
    {
        tree.Builder.CheckAnswers(before);
        var again = await LegacyTreeBuilder.VerbAsync(tree.Builder.RunArguments);
        Assert.True(again.Exit == 0, again.Error + again.Output);
        tree.Builder.CheckAnswers(before);
        RemoveTries(tree.Builder);
        await tree.Builder.RunAsync(0);
    }

    /// <summary>What a file system was tried with by a process that died: undo removes its own, <c>fsck</c> lists the others (docs/FORMAT.md).</summary>
    private static void RemoveTries(LegacyTreeBuilder tree)
    {
        foreach (var tried in Directory.EnumerateFileSystemEntries(tree.Tree, ".hs~selfcheck-*").Concat(Directory.EnumerateFileSystemEntries(tree.Tree, ".hs~probe-*")).ToList())
        {
            System.IO.File.Delete(tried);
        }
    }

    private static void Fill(LegacyTreeBuilder tree)
    {
        tree.Image(File, "three");
        tree.Old(File, First, "two");
        tree.OldRow(File, Second, "secret", ("oi_deleted", "1"));
        tree.File(tree.InZone(File, "secret"), "secret");
        tree.File(tree.Thumb(File, $"120px-{File}"), "small");
        tree.Image(Twin, "three");
        tree.WriteTables();
    }
}

/// <summary>A legacy tree of a scenario.</summary>
public sealed class LegacyTree : IDisposable
{
    internal LegacyTreeBuilder Builder { get; } = new();

    public void Dispose() => Builder.Dispose();
}
