using HashStore.Tests.Http.Support;
using HashStore.Tests.Migrate.Conversion;
using Xunit;
using static HashStore.Tests.Migrate.Conversion.LegacyTreeBuilder;

namespace HashStore.Tests.Migrate.Live;

/// <summary>A further run follows what a wiki did to converted names; each case is one that a living wiki has shown (<see cref="Wiki.LivingWikiTests"/>).</summary>
public sealed class FollowedRunTests : IDisposable
{
    private const string Name = "Name.jpg", Other = "Other.jpg", First = "20180101000000", Now = "20200101000000", Later = "20230101000000";

    private readonly LegacyTreeBuilder tree = new();

    public void Dispose() => tree.Dispose();

    [Fact]
    public async Task A_hidden_version_whose_file_comes_back_is_not_doubled_whenever_the_tables_tell_of_it()
    {
        tree.Image(Name, "two");
        tree.OldRow(Name, First, "secret", ("oi_deleted", "1"));
        tree.File(tree.InZone(Name, "secret"), "secret");
        await RunAsync();
        Move(tree.InZone(Name, "secret"), tree.Archived(Name, First));
        await RunAsync();
        Assert.Equal([Line(Name, Now, "two", " *"), Line(Name, First, "secret", " hidden")], await tree.HistoryAsync(Name));

        tree.RemoveRows("oldimage", "oi_name", Name);
        tree.OldRow(Name, First, "secret");
        await RunAsync();
        Assert.Equal([Line(Name, Now, "two", " *"), Line(Name, First, "secret")], await tree.HistoryAsync(Name));
    }

    [Fact]
    public async Task No_thumbnail_of_a_content_stays_when_its_last_name_goes()
    {
        foreach (var name in new[] { Name, Other })
        {
            tree.Image(name, "shared");
            tree.File(tree.Thumb(name, $"120px-{name}"), $"small, made for {name}");
        }

        await RunAsync();
        foreach (var name in new[] { Name, Other })
        {
            Move(tree.Current(name), tree.InZone(name, "shared"));
            File.Delete(tree.FullPath(tree.Thumb(name, $"120px-{name}")));
            tree.RemoveRows("image", "img_name", name);
            tree.DeletedRow(name, Now, "shared");
            await RunAsync();
        }

        var place = Path.Combine(tree.Tree, "thumb", Path.GetDirectoryName(Samples.ObjectPath("shared"u8.ToArray()))!);
        Assert.Empty(Directory.Exists(place) ? Directory.EnumerateFiles(place) : []);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_name_that_was_moved_leaves_nothing_to_the_file_that_takes_it_next(bool isFollowedBetween)
    {
        tree.Image(Name, "two");
        tree.Old(Name, First, "one");
        await RunAsync();
        Move(tree.Current(Name), tree.Current(Other));
        Move(tree.Archived(Name, First), tree.Archived(Other, First));
        tree.RemoveRows("image", "img_name", Name);
        tree.RemoveRows("oldimage", "oi_name", Name);
        tree.ImageRow(Other, "two");
        tree.OldRow(Other, First, "one");
        if (isFollowedBetween)
        {
            await RunAsync();
            Assert.Equal([Line(Other, Now, "two", " *"), Line(Other, First, "one")], await tree.HistoryAsync(Other));
        }

        tree.Image(Name, "new", ("img_timestamp", Later));
        await RunAsync();
        Assert.Equal([Line(Name, Later, "new", " *")], await tree.HistoryAsync(Name));
        Assert.Equal([Line(Other, Now, "two", " *"), Line(Other, First, "one")], await tree.HistoryAsync(Other));
    }

    /// <summary>The checks of the builder are about files that stay; here they move.</summary>
    private async Task RunAsync()
    {
        tree.WriteTables();
        var run = await VerbAsync(tree.RunArguments);
        Assert.True(run.Exit == 0, run.ToString());
    }

    private void Move(string from, string to)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(tree.FullPath(to))!);
        File.Move(tree.FullPath(from), tree.FullPath(to), overwrite: true);
    }
}
