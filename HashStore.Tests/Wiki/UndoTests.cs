using HashStore.Storage;
using HashStore.Tests.Support;
using HashStore.Tests.Wiki.Support;
using Xunit;
using Xunit.Abstractions;

namespace HashStore.Tests.Wiki;

/// <summary>A conversion that is undone leaves no trace but STATE.</summary>
public abstract class UndoTests
{
    private readonly ConvertedWiki fixture;

    private protected UndoTests(ConvertedWiki fixture, ITestOutputHelper output)
    {
        this.fixture = fixture;
        output.WriteLine(fixture.Description);
    }

    [NeedsFact(Needs.MediaWiki)]
    public async Task The_tree_is_as_it_was_with_modes_owners_and_times()
    {
        Assert.Equal((0, ""), (fixture.Run.Exit, fixture.Run.Error));
        Assert.NotEmpty(Differences());

        var undo = await MigrateRun.StartAsync("undo", "--root", fixture.Wiki.Images);
        Assert.Equal((0, ""), (undo.Exit, undo.Error));
        Assert.Empty(Differences());

        var now = await fixture.ReadHistoriesAsync();
        Assert.All(fixture.Histories, before => Assert.Equal(before.Value, now[before.Key]));
    }

    /// <summary>The time of ROOT itself is that of STATE's coming and going.</summary>
    private List<string> Differences() =>
    [
        .. fixture.Tree.Differences(TreeManifest.Read(fixture.Wiki.Images, MediaWiki.Locks, StorePaths.DefaultStateName))
            .Where(line => !line.StartsWith(".: modified", StringComparison.Ordinal)),
    ];
}

[Collection(WikiCollections.Sqlite)]
public sealed class SqliteUndoTests(ConvertedSqliteWiki fixture, ITestOutputHelper output) : UndoTests(fixture, output), IClassFixture<ConvertedSqliteWiki>;

[Collection(WikiCollections.MariaDb)]
public sealed class MariaDbUndoTests(ConvertedMariaDbWikiOfText fixture, ITestOutputHelper output)
    : UndoTests(fixture, output), IClassFixture<ConvertedMariaDbWikiOfText>;
