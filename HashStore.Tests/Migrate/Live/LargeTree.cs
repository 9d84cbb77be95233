using System.Globalization;
using System.Text;
using HashStore.Tests.Migrate.Conversion;
using HashStore.Tests.Support;
using Xunit;

namespace HashStore.Tests.Migrate.Live;

/// <summary>
/// A legacy tree of many small files: names with an old version, shared contents, thumbnails of both, some hidden versions, some deleted names, some odd names; and the checks of a conversion that several
/// processes did together.
/// </summary>
internal sealed class LargeTree : IDisposable
{
    private const string Archived = "20180101000000", Secret = "20170101000000";

    /// <summary>Distance of names with a hidden version, and of deleted names.</summary>
    private const int Rare = 10;

    private static readonly string[] odd = ["Ünïcödé {0}+a&b=c;d,e.jpg", "100%_%41_sure_{0}!.png", "日本語_'{0}'.jpg", "{0}px-Looks_like_a_thumb.jpg", "20200101000000!Looks_archived_{0}.jpg", "Say_\"{0}\"~(x).png"];

    private readonly List<string> names = [];

    /// <summary>Makes it.</summary>
    /// <param name="count">Names; each has four files that everybody may read.</param>
    internal LargeTree(int count)
    {
        for (var at = 0; at < count; at++)
        {
            var name = at % Rare == 7 ? string.Format(CultureInfo.InvariantCulture, odd[at / Rare % odd.Length], at).Replace(' ', '_') : string.Create(CultureInfo.InvariantCulture, $"Name_{at}.jpg");
            names.Add(name);
            Tree.Image(name, $"new {at % (count * 4 / 5)}"); // some share their content, and so their thumbnail
            Tree.Old(name, Archived, $"old {at} {new string('x', at * 7 % 900)}");
            Tree.File(Tree.Thumb(name, $"120px-{name}"), $"small {at % (count * 4 / 5)}");
            Tree.File(Tree.ArchiveThumb(name, Archived, $"120px-{Archived}!{name}"), $"small old {at}");
            if (at % Rare == 0)
            {
                Tree.OldRow(name, Secret, $"secret {at}", ("oi_deleted", "1"));
                Tree.File(Tree.InZone(name, $"secret {at}"), $"secret {at}");
                Tree.Deleted($"Gone_{at}.jpg", Archived, $"gone {at}");
            }
        }

        Tree.WriteTables();
        Before = Tree.TakeManifest();
        Public = Before.Keys.Where(path => !path.StartsWith("deleted/", StringComparison.Ordinal)).ToDictionary(path => path, path => File.ReadAllBytes(Tree.FullPath(path)));
    }

    internal LegacyTreeBuilder Tree { get; } = new();

    /// <summary>The bytes of everything that can be asked for, by path.</summary>
    internal Dictionary<string, byte[]> Public { get; }

    /// <summary>Path and SHA-256 of everything.</summary>
    internal Dictionary<string, string> Before { get; }

    internal string[] ServerSwitches =>
    [
        "--HashStore:Conversion:Background=true", $"--HashStore:Conversion:Tables={Tree.Folder["tables"]}",
        .. Environment.IsPrivilegedProcess ? [] : (string[])["--state", Tree.Paths.State],
    ];

    /// <summary>A <c>run</c> as one of several: each has a report of its own.</summary>
    internal MigrateProcess StartRun(int number) =>
        new(["run", .. Tree.StoreArguments, "--tables", Tree.Folder["tables"], "--report", Tree.Folder[string.Create(CultureInfo.InvariantCulture, $"report{number}.csv")]]);

    /// <summary>How many of the paths that anybody may read are links.</summary>
    internal int CountLinks() => Public.Keys.Count(path => new FileInfo(Tree.FullPath(path)).LinkTarget is not null);

    /// <summary>Checks that everything was converted, once, that nothing is lost or left over, and that nothing is left to do.</summary>
    internal async Task CheckConvertedAsync()
    {
        Tree.CheckAnswers(Before);
        Tree.CheckNothingIsLeft();
        Tree.CheckLinked([.. Public.Keys.Where(path => !path.StartsWith("thumb/", StringComparison.Ordinal))]);
        var rows = RawDatabase.Rows(Tree.Options, $"SELECT fn.fn_name, fn.fn_deleted, COUNT(u.upload_id) FROM filename fn LEFT JOIN upload u ON u.upload_name_id = fn.fn_id GROUP BY fn.fn_id, fn.fn_name, fn.fn_deleted");
        var gone = names.Index().Where(name => name.Index % Rare == 0).Select(name => (Name: $"Gone_{name.Index}.jpg", IsDeleted: 1L, Versions: 1L));
        Assert.Equal(
            names.Index().Select(name => (Name: name.Item, IsDeleted: 0L, Versions: name.Index % Rare == 0 ? 3L : 2L)).Concat(gone).OrderBy(row => row.Name, StringComparer.Ordinal),
            rows.Select(row => ((string)row[0], (long)row[1], (long)row[2])).OrderBy(row => row.Item1, StringComparer.Ordinal));

        // Linked, or kept where it may not be public, or a thumbnail; found nothing that is not there.
        var ledger = RawDatabase.Rows(Tree.Options, $"SELECT ledger_path, ledger_state, ledger_kind FROM ledger WHERE ledger_kind <> 0 AND ledger_kind <> 6");
        Assert.Equal(Before.Keys.Order(StringComparer.Ordinal), ledger.Select(row => (string)row[0]).Order(StringComparer.Ordinal));
        Assert.All(ledger, row => Assert.True((long)row[1] is 2 or 3, $"{row[0]} is in state {row[1]}"));
        Assert.Equal(0, RawDatabase.Number(Tree.Options, $"SELECT COUNT(*) FROM legacy WHERE legacy_state <> 1"));

        foreach (var verb in new[] { "verify", "fsck" })
        {
            var checkedBy = await LegacyTreeBuilder.VerbAsync([verb, .. Tree.StoreArguments, .. verb == "fsck" ? (string[])["--full"] : []]);
            Assert.True(checkedBy is { Exit: 0, Error: "" }, checkedBy.ToString());
        }

        var again = await LegacyTreeBuilder.VerbAsync(Tree.RunArguments);
        Assert.True(again.Exit == 0 && again.Output.StartsWith("run: 0 converted", StringComparison.Ordinal), again.ToString());
    }

    public void Dispose() => Tree.Dispose();
}
