using System.Text;
using System.Text.Json;
using HashStore.Schema;
using HashStore.Storage;
using HashStore.Storage.Objects;
using HashStore.Tests.Support;
using Xunit;

namespace HashStore.Tests.Checking;

/// <summary><c>fsck</c> finds exactly what was damaged, and <c>--repair</c> mends what needs no guess.</summary>
public sealed class RepairTests
{
    [Theory]
    [InlineData(DigestAlgorithm.Sha256, false)]
    [InlineData(DigestAlgorithm.Md5, true)]
    public async Task Twenty_flipped_bits_five_missing_five_orphans_and_five_wrong_counts_are_found_and_nothing_else(DigestAlgorithm algorithm, bool stateOutside)
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        await using var store = await DamagedStore.MakeAsync(stateOutside, algorithm);
        var keys = await store.PutManyAsync(100);
        await store.PutAsync("Shared.txt", "content 34");
        foreach (var key in keys[..20])
        {
            FlipAny(store.PathOf(key), random);
        }

        foreach (var key in keys[20..25])
        {
            File.Delete(store.PathOf(key));
        }

        var orphans = Enumerable.Range(0, 5).Select(i => PutOrphan(store, $"orphan {i}", i % 2 == 0 ? Zone.Public : Zone.Deleted)).ToList();
        foreach (var (key, i) in keys[30..35].Select((key, i) => (key, i)))
        {
            store.Sql($"UPDATE \"file\" SET file_refcount = {(i % 2 == 0 ? i + 7 : 0)} WHERE file_hash = {key}");
        }

        var expected = Expect(("wrongHash", keys[..20]), ("missingObject", keys[20..25]), ("orphanObject", orphans), ("wrongRefCount", keys[30..35]));
        var found = await FsckRun.RunAsync([.. store.Arguments, "--full"]);
        Assert.True(expected.SequenceEqual(found.Findings), $"seed {seed}: {string.Join(", ", found.Findings)}");
        Assert.Equal((4, 35L), (found.Exit, found.Sum("failed")));

        // Without --repair nothing was changed, and a second look finds the same.
        Assert.Equal(expected, (await FsckRun.RunAsync([.. store.Arguments, "--full"])).Findings);

        var repaired = await FsckRun.RunAsync([.. store.Arguments, "--full", "--repair"]);
        Assert.Equal(expected, repaired.Findings);
        Assert.Equal((4, 10L, 25L), (repaired.Exit, repaired.Sum("converted"), repaired.Sum("failed")));
        Assert.Equal(20, repaired.Repairs.Count(repair => repair.Repair == "quarantined"));
        Assert.Equal(5, repaired.Repairs.Count(repair => repair.Repair == "notMended"));
        Assert.Equal(20, Quarantined(store).Count);
        Assert.Equal(Expect(("missingObject", keys[..25])), (await FsckRun.RunAsync([.. store.Arguments, "--full"])).Findings);

        // A later upload of the same content brings it back.
        foreach (var i in Enumerable.Range(0, 25))
        {
            await Assert.ThrowsAsync<StoreException>(async () => await store.Store.Objects.FindAsync(keys[i]));
            await store.PutAsync($"File{i}.txt", $"content {i}");
            Assert.Equal($"content {i}", Encoding.UTF8.GetString((await store.Store.Objects.FindAsync(keys[i])).Found!.Body!));
        }

        var last = await FsckRun.RunAsync([.. store.Arguments, "--full"]);
        Assert.Equal((0, 0), (last.Exit, last.Findings.Count));
        Assert.Empty(Marks(store));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Bytes_in_the_wrong_zone_come_to_where_the_row_says(bool isDeleted)
    {
        await using var store = await DamagedStore.MakeAsync();
        var keys = await store.PutManyAsync(3);
        if (isDeleted)
        {
            await store.Store.DeleteAsync("File1.txt");
        }

        var (right, wrong) = isDeleted ? (Zone.Deleted, Zone.Public) : (Zone.Public, Zone.Deleted);
        Directory.CreateDirectory(Path.GetDirectoryName(store.PathOf(keys[1], wrong))!);
        File.Move(store.PathOf(keys[1], right), store.PathOf(keys[1], wrong));

        await MendsAsync(store, ("wrongZone", keys[1]));
        Assert.False(File.Exists(store.PathOf(keys[1], wrong)));
        Assert.Equal("content 1", File.ReadAllText(store.PathOf(keys[1], right)));
    }

    [Fact]
    public async Task A_damaged_object_is_replaced_by_the_copy_in_the_other_zone()
    {
        await using var store = await DamagedStore.MakeAsync();
        var keys = await store.PutManyAsync(3);
        DamagedStore.Replace(store.PathOf(keys[1], Zone.Deleted), File.ReadAllBytes(store.PathOf(keys[1])));
        store.Flip(keys[1]);

        var run = await FsckRun.RunAsync([.. store.Arguments, "--full", "--repair"]);
        Assert.Equal(0, run.Exit);
        Assert.Contains(run.Findings, finding => finding.Key == keys[1].ToString()); // the second copy is found first; mending that mends the object before its bytes are read
        Assert.Equal("content 1", File.ReadAllText(store.PathOf(keys[1])));
        Assert.False(File.Exists(store.PathOf(keys[1], Zone.Deleted)));
        Assert.Single(Quarantined(store));
        await IsWellAsync(store);
    }

    [Fact]
    public async Task A_damaged_copy_never_takes_the_place_of_a_good_object()
    {
        await using var store = await DamagedStore.MakeAsync();
        var keys = await store.PutManyAsync(3);
        DamagedStore.Replace(store.PathOf(keys[1], Zone.Deleted), "rubbish 1"u8.ToArray());

        Assert.Equal(0, (await FsckRun.RunAsync([.. store.Arguments, "--full", "--repair"])).Exit);
        Assert.Equal("content 1", File.ReadAllText(store.PathOf(keys[1])));
        Assert.Equal("rubbish 1", File.ReadAllText(Assert.Single(Quarantined(store))));
        await IsWellAsync(store);
    }

    [Fact]
    public async Task Deleted_content_with_a_damaged_and_a_good_copy_in_the_public_tree_leaves_it_good()
    {
        await using var store = await DamagedStore.MakeAsync();
        var keys = await store.PutManyAsync(3);
        await store.Store.DeleteAsync("File1.txt");
        DamagedStore.Replace(store.PathOf(keys[1]), File.ReadAllBytes(store.PathOf(keys[1], Zone.Deleted)));
        store.Flip(keys[1], Zone.Deleted);

        Assert.Equal(0, (await FsckRun.RunAsync([.. store.Arguments, "--full", "--repair"])).Exit);
        Assert.False(File.Exists(store.PathOf(keys[1])));
        Assert.Equal("content 1", File.ReadAllText(store.PathOf(keys[1], Zone.Deleted)));
        await store.Store.UndeleteAsync("File1.txt");
        await IsWellAsync(store);
    }

    [Theory]
    [InlineData(0, 3)] // public with a count of 0
    [InlineData(5, 1)]
    [InlineData(-1, 1)]
    public async Task Counts_and_states_follow_the_uploads(int count, int state)
    {
        await using var store = await DamagedStore.MakeAsync();
        var keys = await store.PutManyAsync(3);
        store.Sql($"UPDATE \"file\" SET file_refcount = {count}, file_state = {state} WHERE file_hash = {keys[1]}");

        var run = await FsckRun.RunAsync([.. store.Arguments, "--repair"]);
        Assert.Equal(0, run.Exit);
        Assert.Contains(("wrongRefCount", keys[1].ToString()), run.Findings);
        Assert.Equal(1, RawDatabase.Number(store.Options, $"SELECT file_refcount FROM \"file\" WHERE file_hash = {keys[1]}"));
        Assert.NotNull((await store.Store.Objects.FindAsync(keys[1])).Found);
        await IsWellAsync(store);
    }

    [Fact]
    public async Task Content_that_nothing_shown_refers_to_leaves_the_public_tree()
    {
        await using var store = await DamagedStore.MakeAsync();
        var keys = await store.PutManyAsync(3);
        store.Sql($"UPDATE \"filename\" SET fn_deleted = 1 WHERE fn_name = 'File1.txt'");

        await MendsAsync(store, ("wrongRefCount", keys[1]));
        Assert.False(File.Exists(store.PathOf(keys[1])));
        Assert.True((await store.Store.Objects.FindAsync(keys[1])).Gone);
    }

    [Theory]
    [InlineData(Zone.Public)]
    [InlineData(Zone.Deleted)]
    public async Task Bytes_that_nothing_knows_are_adopted_out_of_sight(Zone zone)
    {
        await using var store = await DamagedStore.MakeAsync();
        await store.PutManyAsync(3);
        var key = PutOrphan(store, "orphan", zone);

        await MendsAsync(store, ("orphanObject", key));
        Assert.False(File.Exists(store.PathOf(key)));
        Assert.Equal("orphan", File.ReadAllText(store.PathOf(key, Zone.Deleted)));

        // The next upload of the content finds it there.
        Assert.Equal(key, await store.PutAsync("Found.txt", "orphan"));
        Assert.True(File.Exists(store.PathOf(key)));
        await IsWellAsync(store);
    }

    [Theory]
    [InlineData(DigestAlgorithm.Sha256)]
    [InlineData(DigestAlgorithm.Md5)]
    public async Task An_object_whose_row_is_lost_gets_it_again_from_its_bytes(DigestAlgorithm algorithm)
    {
        await using var store = await DamagedStore.MakeAsync(algorithm: algorithm);
        var keys = await store.PutManyAsync(3);
        await store.PutAsync("Again.txt", "content 1");
        store.Sql($"DELETE FROM \"file\" WHERE file_hash = {keys[1]}");

        var run = await FsckRun.RunAsync([.. store.Arguments, "--repair"]);
        Assert.Equal(0, run.Exit);
        Assert.Equal(2, RawDatabase.Number(store.Options, $"SELECT file_refcount FROM \"file\" WHERE file_hash = {keys[1]}"));
        Assert.Equal("text/plain", (await store.Store.Names.FindCurrentAsync("File1.txt".Named()))!.Current.Mime);
        await IsWellAsync(store);
    }

    [Fact]
    public async Task Bytes_under_a_key_that_is_not_theirs_are_kept_in_quarantine_with_a_record()
    {
        await using var store = await DamagedStore.MakeAsync();
        await store.PutManyAsync(3);
        _ = ContentKey.TryParse("00112233445566ff", out var key);
        DamagedStore.Replace(store.PathOf(key), "not theirs"u8.ToArray());

        var run = await FsckRun.RunAsync([.. store.Arguments, "--repair"]);
        Assert.Equal((0, "quarantined"), (run.Exit, Assert.Single(run.Repairs).Repair));
        var kept = Assert.Single(Quarantined(store));
        Assert.Equal("not theirs", File.ReadAllText(kept));
        var record = JsonDocument.Parse(File.ReadAllText(kept + ".json")).RootElement;
        Assert.Equal((key.ToString(), ObjectPath.Of(key), "fsck"), (record.GetProperty("key").GetString(), record.GetProperty("path").GetString(), record.GetProperty("by").GetString()));
        await IsWellAsync(store);
    }

    [Fact]
    public async Task What_would_be_a_guess_is_left()
    {
        await using var store = await DamagedStore.MakeAsync();
        var keys = await store.PutManyAsync(3);
        store.Sql($"UPDATE \"filename\" SET fn_latest = 4711 WHERE fn_name = 'File1.txt'");
        var stranger = Path.Combine(Path.GetDirectoryName(store.PathOf(keys[0]))!, "Name.jpg");
        File.WriteAllText(stranger, "x");

        var run = await FsckRun.RunAsync([.. store.Arguments, "--repair"]);
        Assert.Equal((4, 2L), (run.Exit, run.Sum("failed")));
        Assert.All(run.Repairs, repair => Assert.Equal("notMended", repair.Repair));
        Assert.True(File.Exists(stranger));
    }

    [Fact]
    public async Task What_it_does_is_a_line_for_people_too()
    {
        await using var store = await DamagedStore.MakeAsync();
        var keys = await store.PutManyAsync(3);
        store.Sql($"UPDATE \"file\" SET file_refcount = 9 WHERE file_hash = {keys[1]}");

        var run = await Migrate.Verify.LegacyTreeBuilder.RunAsync(["fsck", .. store.Arguments, "--repair"]);
        Assert.Equal((0, ""), (run.Exit, run.Error));
        Assert.Equal(
            [$"WrongRefCount {keys[1]}: file_refcount is 9, but 1 uploads count.", $"Mended {keys[1]} {ObjectPath.Of(keys[1])}: file_refcount was set from 9 to 1."], run.Findings);
        Assert.EndsWith(": 1 damaged, 1 mended.\n", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_repair_beside_writers_finds_nothing_false_and_breaks_nothing()
    {
        await using var store = await DamagedStore.MakeAsync();
        await store.PutManyAsync(100);
        using var stop = new CancellationTokenSource();
        var writers = Enumerable.Range(0, 2).Select(writer => Task.Run(async () =>
        {
            for (var i = 0; !stop.IsCancellationRequested; i++)
            {
                var name = $"Writer{writer}_{i}.txt";
                await store.PutAsync(name, $"content {i % 100}");
                await store.PutAsync(name, $"brief {i % 20}");
                await store.Store.DeleteAsync(name);
                if (i % 3 == 0)
                {
                    await store.Store.UndeleteAsync(name);
                }
            }
        })).ToArray();
        try
        {
            for (var i = 0; i < 4; i++)
            {
                var orphan = PutOrphan(store, $"orphan {i}", Zone.Public);
                var run = await FsckRun.RunAsync([.. store.Arguments, "--full", "--repair"]);
                Assert.Equal((0, "orphanObject", orphan.ToString()), (run.Exit, run.Findings.Single().Kind, run.Findings.Single().Key));
            }
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(writers);
        }

        await IsWellAsync(store);
    }

    /// <summary>Puts bytes under their own key without a row.</summary>
    private static ContentKey PutOrphan(DamagedStore store, string content, Zone zone)
    {
        var bytes = Encoding.UTF8.GetBytes(content);
        var key = store.Store.Layout.KeyOf(TestStore.Digest(bytes, store.Options.Algorithm));
        DamagedStore.Replace(store.PathOf(key, zone), bytes);
        return key;
    }

    private static void FlipAny(string path, Random random)
    {
        var bytes = File.ReadAllBytes(path);
        bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
        DamagedStore.Replace(path, bytes);
    }

    /// <summary>One finding, mended, and nothing is left.</summary>
    private static async Task MendsAsync(DamagedStore store, (string Kind, ContentKey Key) expected)
    {
        var run = await FsckRun.RunAsync([.. store.Arguments, "--repair"]);
        Assert.Equal(0, run.Exit);
        Assert.Equal((expected.Kind, expected.Key.ToString()), Assert.Single(run.Findings));
        Assert.Equal(("mended", expected.Key.ToString()), Assert.Single(run.Repairs));
        await IsWellAsync(store);
    }

    private static async Task IsWellAsync(DamagedStore store)
    {
        var run = await FsckRun.RunAsync([.. store.Arguments, "--full"]);
        Assert.Equal((0, 0), (run.Exit, run.Findings.Count));
    }

    private static List<(string Kind, string? Key)> Expect(params (string Kind, List<ContentKey> Keys)[] groups) =>
    [
        .. groups.SelectMany(group => group.Keys.Select(key => (group.Kind, (string?)key.ToString())))
            .OrderBy(pair => pair.Kind, StringComparer.Ordinal).ThenBy(pair => pair.Item2, StringComparer.Ordinal),
    ];

    private static List<string> Quarantined(DamagedStore store) =>
        [.. Files(store.Paths.Quarantine).Where(path => !path.EndsWith(".json", StringComparison.Ordinal))];

    private static string[] Marks(DamagedStore store) => Files(store.Paths.Damaged);

    private static string[] Files(string folder) => Directory.Exists(folder) ? Directory.GetFiles(folder) : [];
}
