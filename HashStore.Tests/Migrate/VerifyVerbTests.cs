using System.Globalization;
using System.Text.Json;
using HashStore.Migrate;
using HashStore.Storage.Objects;
using HashStore.Tests.Migrate.Verify;
using HashStore.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;
using static HashStore.Tests.Migrate.Verify.LegacyTreeBuilder;

namespace HashStore.Tests.Migrate;

public sealed class VerifyVerbTests : IDisposable
{
    private readonly LegacyTreeBuilder tree = new();

    [Fact]
    public async Task A_converted_tree_exits_0()
    {
        tree.AddSample();
        tree.Write("README", "no upload");
        tree.Write("transcoded/0/01/a.webm", "no upload");
        await tree.ConvertAsync();

        var verified = await tree.RunAsync("verify", "--jobs", "3");
        Assert.Equal((0, ""), (verified.Exit, verified.Error));
        Assert.Matches(@"^verify: 6 paths answer; \d+ B read in \S+ s: all well\.\n$", verified.Output);
    }

    [Fact]
    public async Task A_tree_that_is_mounted_elsewhere_for_the_wiki_exits_0()
    {
        var path = tree.AddCurrent("A.txt", "a");
        await tree.ConvertAsync();
        File.Delete(tree[path]);
        File.CreateSymbolicLink(tree[path], $"/wiki/images/{ObjectPath.Of(KeyOf("a"))}");

        Assert.Equal(4, (await tree.RunAsync("verify")).Exit);
        Assert.Equal(0, (await tree.RunAsync("verify", "--link-root", "/wiki/images/")).Exit);
    }

    [Fact]
    public async Task Relative_links_and_another_path_to_the_root_exit_0()
    {
        var path = tree.AddCurrent("A.txt", "a");
        var other = tree.AddCurrent("B.txt", "b");
        await tree.ConvertAsync();
        File.Delete(tree[path]);
        File.CreateSymbolicLink(tree[path], "../../" + ObjectPath.Of(KeyOf("a")));
        var alias = tree.Root + "-alias";
        Directory.CreateSymbolicLink(alias, tree.Root);
        File.Delete(tree[other]);
        File.CreateSymbolicLink(tree[other], $"{alias}/{ObjectPath.Of(KeyOf("b"))}");

        Assert.Equal(0, (await tree.RunAsync("verify")).Exit);
    }

    [Fact]
    public async Task What_is_not_yet_converted_is_left_and_no_damage()
    {
        tree.AddCurrent("A.txt", "a");
        var link = tree.AddCurrent("B.txt", "b");
        File.Delete(tree[link]);
        File.CreateSymbolicLink(tree[link], "/nowhere");
        await tree.ConvertAsync(expected: 1);
        tree.Sql($"UPDATE \"ledger\" SET ledger_state = 0, ledger_hash = NULL, ledger_sha256 = NULL WHERE ledger_path LIKE '%A.txt'");

        var verified = await tree.RunAsync("verify");
        Assert.Equal(0, verified.Exit);
        Assert.StartsWith("verify: 0 paths answer, 2 not yet converted; ", verified.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_missing_before_is_listed_and_no_damage()
    {
        tree.AddCurrent("A.txt", "a");
        var lost = tree.AddLost("Lost.txt");
        await tree.ConvertAsync(expected: 1);

        var verified = await tree.RunAsync("verify");
        Assert.Equal(0, verified.Exit);
        Assert.StartsWith($"Missing {lost}: ", Assert.Single(verified.Findings), StringComparison.Ordinal);
        Assert.EndsWith(": all well, 1 to know of.\n", verified.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rows_that_claim_something_else_than_their_files_are_no_damage()
    {
        tree.AddCurrent("A.txt", "a", claimedSha1: "phoiac9h4m842xq45sp7s6u21eteeq1");
        await tree.ConvertAsync();
        Assert.Equal(0, (await tree.RunAsync("verify")).Exit);
    }

    [Fact]
    public async Task A_tree_without_tables_is_verified_too()
    {
        tree.AddSample();
        await tree.ConvertAsync(withTables: false);
        Assert.Equal(0, (await tree.RunAsync("verify")).Exit);
    }

    [Fact]
    public async Task What_people_did_through_the_store_since_is_no_damage()
    {
        var sample = tree.AddSample();
        var renamed = tree.AddCurrent("Renamed.txt", "renamed");
        await tree.ConvertAsync();
        await using (var store = await HashStore.Storage.Store.OpenAsync(tree.Options, NullLogger.Instance))
        {
            await store.PutTextAsync("Müller & Söhne.txt", "newer");
            await store.RenameAsync("Renamed.txt", "New.txt");
            await store.PutTextAsync("Renamed.txt", "another");
            await store.UndeleteAsync("Gone.txt");
            await store.DeleteAsync("Other.txt");
        }

        var verified = await tree.RunAsync("verify");
        Assert.Equal(0, verified.Exit);
        Assert.StartsWith($"Leftover {sample.Other} ", Assert.Single(verified.Findings), StringComparison.Ordinal);
        Assert.Contains("verify: 6 paths answer; ", verified.Output, StringComparison.Ordinal);
        Assert.NotNull(File.ResolveLinkTarget(tree[renamed], returnFinalTarget: true));
    }

    [Fact]
    public async Task A_path_that_is_just_being_exchanged_may_be_file_or_link()
    {
        var sample = tree.AddSample();
        await tree.ConvertAsync();
        tree.Replace(sample.Other, "other");
        Change($"UPDATE \"ledger\" SET ledger_state = 1 WHERE ledger_path IN ('{sample.Current}', '{sample.Other}')");
        Assert.Equal(0, (await tree.RunAsync("verify")).Exit);
        tree.Replace(sample.Other, "OTHER");
        Assert.Equal(4, (await tree.RunAsync("verify")).Exit);
    }

    [Fact]
    public async Task Beside_a_conversion_and_uploads_nothing_is_taken_for_damage()
    {
        tree.AddCurrent("First.txt", "first");
        await tree.ConvertAsync();
        for (var i = 0; i < 1500; i++)
        {
            var name = $"File {i}.txt";
            tree.AddCurrent(name, $"content {i % 1000}");
            tree.AddThumb(name, $"120px-{name}", $"thumb {i}");
        }

        var converting = Task.Run(() => tree.ConvertAsync());
        for (var rounds = 0; rounds == 0 || !converting.IsCompleted; rounds++)
        {
            var verified = await tree.RunAsync("verify");
            Assert.True(verified.Exit == 0, verified.Output + verified.Error);
        }

        await converting;
    }

    public static TheoryData<string> Damages { get; } =
    [
        "flipped byte", "flipped byte of a thumbnail", "truncated object", "removed object", "removed link", "link to elsewhere", "link to another object", "link into nothing", "another file", "a folder",
        "removed version", "removed object row", "removed name", "other user", "other time", "shown version", "other content", "hidden content in public", "deleted content in public",
        "changed deleted file", "overwritten deleted file", "removed deleted file", "linked deleted file", "removed hidden object", "removed link is back", "object of no path",
    ];

    [Theory]
    [MemberData(nameof(Damages))]
    public async Task Damage_exits_4_and_only_it_is_named(string damage)
    {
        var sample = tree.AddSample();
        await tree.ConvertAsync();
        Assert.Equal(0, (await tree.RunAsync("verify")).Exit);

        var named = Damage(damage, sample);
        var verified = await tree.RunAsync("verify");
        Assert.Equal((4, ""), (verified.Exit, verified.Error));
        Assert.Contains(named, Assert.Single(verified.Findings), StringComparison.Ordinal);
        Assert.EndsWith(": 1 damaged.\n", verified.Output, StringComparison.Ordinal);
    }

    private string Damage(string damage, Sample sample)
    {
        var (current, hidden, deleted) = (KeyOf("current"), KeyOf("hidden"), KeyOf("deleted"));
        switch (damage)
        {
            case "flipped byte": Flip(tree.ObjectOf("current")); return $"WrongBytes {sample.Current} {current}: ";
            case "flipped byte of a thumbnail": Flip(tree[sample.Thumb]); return $"WrongBytes {sample.Thumb}: ";
            case "truncated object": Overwrite(tree.ObjectOf("old"), file => file.SetLength(1)); return $"WrongBytes {sample.Old} {KeyOf("old")}: ";
            case "removed object": File.Delete(tree.ObjectOf("current")); return $"Dangling {sample.Current} {current}: ";
            case "removed link": File.Delete(tree[sample.Old]); return $"Gone {sample.Old} ";
            case "link to elsewhere": Relink(sample.Current, tree.Write("elsewhere", "current")); return $"Elsewhere {sample.Current} ";
            case "link to another object": Relink(sample.Current, ObjectPath.Of(KeyOf("old"))); return $"Elsewhere {sample.Current} ";
            case "link into nothing": Relink(sample.Current, "nothing"); return $"Dangling {sample.Current} ";
            case "another file": tree.Replace(sample.Current, "newer"); return $"Changed {sample.Current} {current}: The path holds other bytes than recorded; if the site wrote a new version, run `hashstore-migrate run`";
            case "a folder": File.Delete(tree[sample.Current]); Directory.CreateDirectory(tree[sample.Current]); return $"WrongType {sample.Current} ";
            case "removed version": Change($"DELETE FROM \"upload\" WHERE upload_hash = {current}"); return $"LostRow {sample.Current} {current}: ";
            case "removed object row": Change($"DELETE FROM \"file\" WHERE file_hash = {current}"); return $"LostRow {sample.Current} {current}: ";
            case "removed name": Change($"DELETE FROM \"filename\" WHERE fn_name = 'Other.txt'"); return $"{sample.Other} {KeyOf("other")}: ";
            case "other user": Change($"UPDATE \"upload\" SET upload_user_text = 'Eve' WHERE upload_hash = {current}"); return $"WrongRow {sample.Current} {current}: ";
            case "other time": Change($"UPDATE \"upload\" SET upload_timestamp = '2011-01-01 00:00:00' WHERE upload_hash = {KeyOf("old")}"); return $"WrongRow {sample.Old} {KeyOf("old")}: ";
            case "shown version": Change($"UPDATE \"upload\" SET upload_deleted = 0 WHERE upload_hash = {hidden}"); return $"WrongRow {sample.Hidden} {hidden}: ";
            case "other content": Change($"UPDATE \"upload\" SET upload_hash = {KeyOf("old")} WHERE upload_hash = {current}"); return $"WrongRow {sample.Current} {current}: ";
            case "hidden content in public": Copy("hidden"); return $"HiddenInPublic {ObjectPath.Of(hidden)} {hidden}: ";
            case "deleted content in public": Copy("deleted"); return $"HiddenInPublic {ObjectPath.Of(deleted)} {deleted}: ";
            case "changed deleted file": tree.Replace(sample.Deleted, "DELETED"); return $"Changed {sample.Deleted} {deleted}: ";
            case "overwritten deleted file": Flip(tree[sample.Deleted]); return $"{sample.Deleted} {deleted}: ";
            case "removed deleted file": File.Delete(tree[sample.Deleted]); return $"Gone {sample.Deleted} ";
            case "linked deleted file": Relink(sample.Deleted, ObjectPath.Of(current)); return $"WrongType {sample.Deleted} ";
            case "removed hidden object": File.Delete(tree.ObjectOf("hidden", Zone.Deleted)); return $"LostObject ../state/deleted/{ObjectPath.Of(hidden)} {hidden}: ";
            case "removed link is back": Change($"UPDATE \"ledger\" SET ledger_state = 6 WHERE ledger_hash = {current} AND ledger_kind = 1"); return $"Answers {sample.Current} ";
            case "object of no path":
                Change($"DELETE FROM \"ledger\" WHERE ledger_hash = {KeyOf("other")}");
                Flip(tree.ObjectOf("other"));
                return $"WrongBytes {ObjectPath.Of(KeyOf("other"))} {KeyOf("other")}: ";
            default: throw new ArgumentOutOfRangeException(nameof(damage));
        }
    }

    [Fact]
    public async Task Each_path_to_a_broken_object_is_named()
    {
        var paths = new[] { tree.AddCurrent("A.txt", "same"), tree.AddCurrent("B.txt", "same") };
        await tree.ConvertAsync();
        Flip(tree.ObjectOf("same"));

        var verified = await tree.RunAsync("verify", "--json");
        Assert.Equal(4, verified.Exit);
        var found = verified.Findings.Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Equal(paths.Order(StringComparer.Ordinal), found.Select(line => line.GetProperty("path").GetString()).Order(StringComparer.Ordinal));
        Assert.All(found, line => Assert.Equal(["kind", "path", "key", "detail", "damage"], line.EnumerateObject().Select(property => property.Name)));
        Assert.All(found, line => Assert.Equal("wrongBytes", line.GetProperty("kind").GetString()));
    }

    [Fact]
    public async Task Json_ends_with_the_summary()
    {
        tree.AddSample();
        var lost = tree.AddLost("Lost.txt");
        await tree.ConvertAsync(expected: 1);
        tree.Sql($"UPDATE \"ledger\" SET ledger_state = 0 WHERE ledger_path LIKE '%Other.txt'");

        var verified = await tree.RunAsync("verify", "--json");
        var lines = verified.Output.TrimEnd('\n').Split('\n').Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Equal(("missing", lost, false), (lines[0].GetProperty("kind").GetString(), lines[0].GetProperty("path").GetString(), lines[0].GetProperty("damage").GetBoolean()));
        Assert.Equal(["verb", "converted", "skipped", "failed", "bytes", "seconds", "exit"], lines[1].EnumerateObject().Select(property => property.Name));
        Assert.Equal("verify", lines[1].GetProperty("verb").GetString());
        Assert.Equal([5, 1, 0, 0], new[] { "converted", "skipped", "failed", "exit" }.Select(name => lines[1].GetProperty(name).GetInt32()));
        Assert.Equal("current".Length + "old".Length + "hidden".Length + "thumb".Length + "deleted".Length + "other".Length, lines[1].GetProperty("bytes").GetInt32());
        Assert.Equal(2, lines.Count);
    }

    [Fact]
    public async Task Nothing_is_changed()
    {
        tree.AddSample();
        await tree.ConvertAsync();
        var before = Picture();
        Assert.Equal(0, (await tree.RunAsync("verify")).Exit);
        Assert.Equal(before, Picture());
    }

    [Fact]
    public async Task No_store_and_no_conversion_exit_3_and_say_what_to_do()
    {
        Directory.CreateDirectory(tree.Root);
        var unknown = await tree.RunAsync("verify");
        Assert.Equal((3, ""), (unknown.Exit, unknown.Output));
        Assert.Contains("--root", unknown.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(tree.Root));

        await using (await HashStore.Storage.Store.OpenAsync(tree.Options, NullLogger.Instance))
        {
        }

        var never = await tree.RunAsync("verify");
        Assert.Equal((3, ""), (never.Exit, never.Output));
        Assert.Contains("hashstore-migrate run", never.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_tree_exits_3()
    {
        tree.AddSample();
        await tree.ConvertAsync();
        var other = tree.Root + "-other";
        Directory.CreateDirectory(other);

        var verified = await tree.RunAsync("verify", "--legacy", other);
        Assert.Equal((3, ""), (verified.Exit, verified.Output));
        Assert.Contains("--legacy", verified.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("verify")]
    [InlineData("verify", "--root", "/tmp", "--jobs", "0")]
    [InlineData("verify", "--root", "/tmp", "--jobs", "many")]
    [InlineData("verify", "--root", "/tmp", "--levels", "x")]
    [InlineData("verify", "--root", "/tmp", "--link-root", "relative")]
    public async Task Wrong_usage_exits_2(params string[] arguments) => Assert.Equal(2, (await RunAsync(arguments)).Exit);

    [Fact]
    public async Task Interrupted_it_exits_130()
    {
        tree.AddCurrent("A.txt", "a");
        await tree.ConvertAsync();
        var verified = await RunAsync(["verify", .. tree.Arguments, "--json"], new CancellationToken(canceled: true));
        Assert.Equal(130, verified.Exit);
        Assert.Contains("\"exit\":130", verified.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_terminal_shows_a_bar()
    {
        tree.AddSample();
        await tree.ConvertAsync();
        using StringWriter output = new(), error = new();
        Assert.Equal(0, await global::HashStore.Migrate.Program.RunAsync(["verify", .. tree.Arguments], new CommandOutput(output, error, isTerminal: true), default));
        Assert.Contains("\robjects [", error.ToString(), StringComparison.Ordinal);
        Assert.StartsWith("verify: ", output.ToString(), StringComparison.Ordinal);
    }

    public void Dispose() => tree.Dispose();

    private void Change(FormattableString sql) => Assert.NotEqual(0, tree.Sql(sql));

    private void Relink(string path, string target)
    {
        File.Delete(tree[path]);
        File.CreateSymbolicLink(tree[path], tree[target]);
    }

    /// <summary>Puts content of the deleted zone into the public tree.</summary>
    private void Copy(string content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(tree.ObjectOf(content))!);
        File.Copy(tree.ObjectOf(content, Zone.Deleted), tree.ObjectOf(content));
    }

    /// <summary>Names, sizes and times of everything but the database's own files.</summary>
    private string Picture() => string.Join('\n', new[] { tree.Root, tree.Options.Paths.State }
        .SelectMany(folder => new DirectoryInfo(folder).EnumerateFileSystemInfos("*", SearchOption.AllDirectories))
        .Where(file => !file.Name.StartsWith("hashstore.db", StringComparison.Ordinal)).OrderBy(file => file.FullName, StringComparer.Ordinal)
        .Select(file => string.Create(CultureInfo.InvariantCulture, $"{file.FullName} {file.LinkTarget} {file.LastWriteTimeUtc:O} {file.UnixFileMode}")));
}
