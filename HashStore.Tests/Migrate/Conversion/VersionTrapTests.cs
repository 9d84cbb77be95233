using Xunit;
using static HashStore.Tests.Migrate.Conversion.LegacyTreeBuilder;

namespace HashStore.Tests.Migrate.Conversion;

/// <summary>What is wrong with versions and their names in real tables and trees (docs/MIGRATION.md, traps 1 to 9, 20 to 22, 30, 31).</summary>
public sealed class VersionTrapTests : IDisposable
{
    private const string Name = "Name.jpg", First = "20180101000000", Second = "20190101000000", Now = "20200101000000";

    private readonly LegacyTreeBuilder tree = new();

    public void Dispose() => tree.Dispose();

    [Fact]
    public async Task A_name_comes_in_with_its_history_and_links_take_the_place_of_its_files()
    {
        tree.Image(Name, "three");
        tree.Old(Name, First, "one");
        tree.Old(Name, Second, "two");
        await tree.RunAsync(0);
        Assert.Equal([Line(Name, Now, "three", " *"), Line(Name, Second, "two"), Line(Name, First, "one")], await tree.HistoryAsync(Name));
        Assert.Equal(["converted", "converted", "converted"], tree.Report.Values.Select(line => line.Status));
        Assert.Equal(Sha256("two"), tree.Report[tree.Archived(Name, Second)].Sha256);
        tree.CheckLinked([.. tree.Report.Keys]);

        var again = await tree.RunAsync(0);
        Assert.Equal(["already", "already", "already"], tree.Report.Values.Select(line => line.Status));
        Assert.Matches("^run: 0 converted, 3 skipped or converted before, 0 missing or failed; 0 B read", again.Output);
    }

    [Theory]
    [InlineData("")] // trap 1
    [InlineData(null)]
    public async Task An_old_version_without_archive_name_is_missing(string? archiveName)
    {
        tree.Image(Name, "two");
        tree.OldRow(Name, First, "one", ("oi_archive_name", archiveName));
        await tree.RunAsync(1);
        Assert.Equal("missing", tree.Report[tree.Archived(Name, First)].Status);
        Assert.Equal([Line(Name, Now, "two", " *")], await tree.HistoryAsync(Name));
    }

    [Fact]
    public async Task An_old_version_without_archive_name_whose_content_is_there_is_kept()
    {
        tree.Image(Name, "same"); // reverted to
        tree.Old(Name, Second, "two");
        tree.OldRow(Name, First, "same", ("oi_archive_name", ""));
        await tree.RunAsync(0);
        Assert.Equal("duplicate", tree.Report[tree.Archived(Name, First)].Status);
        Assert.Equal([Line(Name, Now, "same", " *"), Line(Name, Second, "two"), Line(Name, First, "same")], await tree.HistoryAsync(Name));
        await tree.RunAsync(0);
        Assert.Equal(3, (await tree.HistoryAsync(Name)).Count);
    }

    [Fact] // trap 2
    public async Task A_missing_archive_file_is_named_and_found_when_it_comes_back()
    {
        tree.Image(Name, "two");
        tree.OldRow(Name, First, "one");
        var run = await tree.RunAsync(1);
        Assert.Equal("missing", tree.Report[tree.Archived(Name, First)].Status);
        Assert.Contains($"missing {tree.Archived(Name, First)}: ", run.Output, StringComparison.Ordinal);
        await tree.RunAsync(1);

        tree.File(tree.Archived(Name, First), "one");
        await tree.RunAsync(0);
        Assert.Equal("converted", tree.Report[tree.Archived(Name, First)].Status);
        Assert.Equal([Line(Name, Now, "two", " *"), Line(Name, First, "one")], await tree.HistoryAsync(Name));
    }

    [Fact] // trap 3
    public async Task An_archive_file_left_in_another_hash_directory_is_found()
    {
        var elsewhere = $"archive/0/0f/{First}!{Name}";
        tree.Image(Name, "two");
        tree.File(elsewhere, "one");
        tree.OldRow(Name, First, "one");
        await tree.RunAsync(0);
        Assert.Equal("converted", tree.Report[elsewhere].Status);
        tree.CheckLinked(elsewhere);
        Assert.Equal([Line(Name, Now, "two", " *"), Line(Name, First, "one")], await tree.HistoryAsync(Name));
    }

    [Theory] // trap 4, with the file below the old name's directory or the new one's
    [InlineData("Before.jpg")]
    [InlineData(Name)]
    public async Task An_archive_file_under_a_former_name_is_found(string below)
    {
        var path = $"archive/{HashFolder(below, 2)}{First}!Before.jpg";
        tree.Image(Name, "two");
        tree.File(path, "one");
        tree.OldRow(Name, First, "one", ("oi_archive_name", $"{First}!Before.jpg"));
        await tree.RunAsync(0);
        Assert.Equal("converted", tree.Report[path].Status);
        Assert.Equal([Line(Name, Now, "two", " *"), Line(Name, First, "one")], await tree.HistoryAsync(Name));
        Assert.Empty(await tree.HistoryAsync("Before.jpg"));
    }

    [Theory] // trap 5, and odd names of trap 20
    [InlineData("Hello!World.jpg")]
    [InlineData("!.jpg")]
    [InlineData("Wow!")]
    [InlineData("Ma\u0308dchen.jpg")]
    [InlineData("M\u00C3\u00A4dchen.jpg")]
    [InlineData("100%25_%41.jpg")]
    [InlineData("A&amp;B.jpg")]
    [InlineData("With space.jpg")]
    [InlineData("Line\nbreak.jpg")]
    [InlineData("What?#[x]|{y}<z>.jpg")]
    [InlineData("\"Quoted\",comma.jpg")]
    [InlineData("\uD83D\uDE00.png")]
    [InlineData("NoExtension")]
    [InlineData("a")]
    public async Task Odd_names_come_in_as_they_are(string name)
    {
        tree.Image(name, "two");
        tree.Old(name, First, "one");
        await tree.RunAsync(0);
        Assert.Equal([Line(name, Now, "two", " *"), Line(name, First, "one")], await tree.HistoryAsync(name));
        tree.CheckLinked(tree.Current(name), tree.Archived(name, First));
    }

    [Fact] // trap 20: a Mac wrote the file, the wiki the row
    public async Task A_decomposed_file_name_is_found_for_a_composed_row()
    {
        var file = HashFolder("M\u00E4dchen.jpg", 2) + "Ma\u0308dchen.jpg";
        tree.File(file, "one");
        tree.ImageRow("M\u00E4dchen.jpg", "one");
        await tree.RunAsync(0);
        tree.CheckLinked(file);
        Assert.Equal([Line("M\u00E4dchen.jpg", Now, "one", " *")], await tree.HistoryAsync("M\u00E4dchen.jpg"));
    }

    [Fact] // trap 20: both spellings have a row
    public async Task Two_spellings_of_a_name_are_two_names()
    {
        tree.Image("M\u00E4dchen.jpg", "one");
        tree.Image("Ma\u0308dchen.jpg", "two");
        await tree.RunAsync(0);
        Assert.Equal([Line("M\u00E4dchen.jpg", Now, "one", " *")], await tree.HistoryAsync("M\u00E4dchen.jpg"));
        Assert.Equal([Line("Ma\u0308dchen.jpg", Now, "two", " *")], await tree.HistoryAsync("Ma\u0308dchen.jpg"));
    }

    [Theory] // trap 6
    [InlineData("Odd.jpg")]
    [InlineData("20180101000000!")]
    [InlineData("20180101000000")]
    public async Task An_archive_name_without_a_name_in_it_is_found(string archiveName)
    {
        var path = $"archive/{HashFolder(Name, 2)}{archiveName}";
        tree.Image(Name, "two");
        tree.File(path, "one");
        tree.OldRow(Name, First, "one", ("oi_archive_name", archiveName));
        await tree.RunAsync(0);
        Assert.Equal("converted", tree.Report[path].Status);
        Assert.Equal([Line(Name, Now, "two", " *"), Line(Name, First, "one")], await tree.HistoryAsync(Name));
    }

    [Fact] // trap 7
    public async Task Equal_rows_are_one_version()
    {
        tree.Image(Name, "two");
        tree.Old(Name, First, "one");
        tree.OldRow(Name, First, "one");
        await tree.RunAsync(0);
        Assert.Equal([Line(Name, Now, "two", " *"), Line(Name, First, "one")], await tree.HistoryAsync(Name));
    }

    [Fact] // trap 7: MediaWiki up to 1.4 had no primary key
    public async Task Of_several_current_rows_the_newest_counts()
    {
        tree.Image(Name, "two");
        tree.ImageRow(Name, "one", ("img_timestamp", First), ("img_sha1", ""), ("img_size", "3"));
        await tree.RunAsync(0);
        Assert.Equal([Line(Name, Now, "two", " *")], await tree.HistoryAsync(Name));
    }

    [Fact] // trap 8
    public async Task Old_versions_without_a_current_row_make_a_name_of_old_versions()
    {
        tree.Old(Name, First, "one");
        tree.Old(Name, Second, "two");
        tree.File(tree.Current(Name), "three");
        await tree.RunAsync(0);
        Assert.Equal([Line(Name, Second, "two", " *"), Line(Name, First, "one")], await tree.HistoryAsync(Name));
        Assert.Equal("orphan", tree.Report[tree.Current(Name)].Status);
        tree.CheckUnlinked(tree.Current(Name));
    }

    [Fact] // trap 9
    public async Task An_old_version_newer_than_the_current_one_stays_old()
    {
        tree.Image(Name, "two");
        tree.Old(Name, "20250101000000", "one");
        await tree.RunAsync(0);
        Assert.Contains(Line(Name, Now, "two", " *"), await tree.HistoryAsync(Name));
        Assert.Contains(Line(Name, "20250101000000", "one"), await tree.HistoryAsync(Name));
    }

    [Fact] // trap 21
    public async Task Case_tells_names_apart()
    {
        tree.Image("Name.JPG", "one");
        tree.Image("Name.jpg", "two");
        tree.Image("name.jpg", "three");
        await tree.RunAsync(0);
        Assert.Equal([Line("name.jpg", Now, "three", " *")], await tree.HistoryAsync("name.jpg"));
        Assert.Equal([Line("Name.JPG", Now, "one", " *")], await tree.HistoryAsync("Name.JPG"));
    }

    [Fact] // trap 22
    public async Task The_longest_names_come_in_with_archive_and_thumbnail()
    {
        var name = string.Concat(Enumerable.Repeat("\u00E4", 118)) + ".jpg";
        tree.Image(name, "two");
        tree.Old(name, First, "one");
        tree.File(tree.Thumb(name, "120px-thumbnail.jpg"), "small");
        await tree.RunAsync(0);
        Assert.Equal([Line(name, Now, "two", " *"), Line(name, First, "one")], await tree.HistoryAsync(name));
        tree.CheckLinked([.. tree.Report.Keys]);
    }

    [Fact] // trap 30
    public async Task Files_and_rows_that_miss_each_other_are_told()
    {
        tree.Image(Name, "one");
        tree.ImageRow("Lost.jpg", "lost");
        tree.File(tree.Current("Stray.jpg"), "stray");
        tree.File(tree.Archived("Stray2.jpg", First), "stray2");
        tree.File(tree.Archived(Name, First), "stray3");
        var run = await tree.RunAsync(1);
        Assert.Equal("missing", tree.Report[tree.Current("Lost.jpg")].Status);
        Assert.Equal("orphan", tree.Report[tree.Current("Stray.jpg")].Status);
        Assert.Equal("orphan", tree.Report[tree.Archived("Stray2.jpg", First)].Status);
        Assert.Equal("orphan", tree.Report[tree.Archived(Name, First)].Status);
        Assert.Contains("1 missing or failed", run.Output, StringComparison.Ordinal);
        Assert.Empty(await tree.HistoryAsync("Lost.jpg"));
        Assert.Single(await tree.HistoryAsync("Stray.jpg")); // a current file is public whether a row knows it or not
        Assert.Empty(await tree.HistoryAsync("Stray2.jpg"));
        Assert.Equal([Line(Name, Now, "one", " *")], await tree.HistoryAsync(Name));
        tree.CheckUnlinked(tree.Archived("Stray2.jpg", First), tree.Archived(Name, First));
    }

    [Fact] // trap 31: the page Old.jpg redirects to New.jpg, which wears its file now
    public async Task A_renamed_file_takes_its_history_along_and_leaves_nothing_behind()
    {
        tree.Image("New.jpg", "two");
        tree.File(tree.Archived("Old.jpg", First), "one");
        tree.OldRow("New.jpg", First, "one", ("oi_archive_name", $"{First}!Old.jpg"));
        tree.File(tree.Thumb("Old.jpg", "120px-Old.jpg"), "small");
        await tree.RunAsync(0);
        Assert.Equal(2, (await tree.HistoryAsync("New.jpg")).Count);
        Assert.Empty(await tree.HistoryAsync("Old.jpg"));
        Assert.Equal("skipped", tree.Report[tree.Thumb("Old.jpg", "120px-Old.jpg")].Status);
    }

    [Fact]
    public async Task Names_share_equal_content()
    {
        tree.Image("A.jpg", "same");
        tree.Image("B.jpg", "same");
        tree.Old("B.jpg", First, "same");
        await tree.RunAsync(0);
        Assert.Equal(["converted", "duplicate", "duplicate"], tree.Report.Values.Select(line => line.Status).Order());
        Assert.Single(tree.Report.Values.Select(line => line.Key).Distinct());
        Assert.Single(await tree.HistoryAsync("A.jpg"));
        Assert.Equal(2, (await tree.HistoryAsync("B.jpg")).Count);
    }

    [Fact]
    public async Task Without_tables_names_and_versions_come_from_paths_and_times()
    {
        tree.WithTables = false;
        tree.File(tree.Current(Name), "two");
        tree.File(tree.Archived(Name, First), "one");
        tree.File(tree.Thumb(Name, "120px-Name.jpg"), "small");
        tree.File(tree.InZone(Name, "gone"), "gone");
        var written = File.GetLastWriteTimeUtc(tree.FullPath(tree.Current(Name)));
        await tree.RunAsync(0);
        Assert.Equal(
            [$"{written:yyyyMMddHHmmss} :  [two] *", $"{First} :  [one]"],
            await tree.HistoryAsync(Name));
        Assert.Equal(["converted", "converted", "orphan", "thumb"], tree.Report.Values.Select(line => line.Status).Order());
        Assert.Contains("taken from its path", tree.Report[tree.Current(Name)].Detail, StringComparison.Ordinal);
        tree.CheckSecretStays("gone", tree.InZone(Name, "gone"));

        // The tables come later: the versions get what the rows say, and are not doubled.
        tree.WithTables = true;
        tree.ImageRow(Name, "two");
        tree.OldRow(Name, First, "one");
        await tree.RunAsync(0);
        Assert.Equal([Line(Name, Now, "two", " *"), Line(Name, First, "one")], await tree.HistoryAsync(Name));
    }
}
