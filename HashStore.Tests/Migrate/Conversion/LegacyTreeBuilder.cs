using System.Globalization;
using System.IO.Enumeration;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using HashStore.Migrate;
using HashStore.Migrate.Legacy;
using HashStore.Schema;
using HashStore.Schema.Tables;
using HashStore.Storage;
using HashStore.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace HashStore.Tests.Migrate.Conversion;

/// <summary>A verb that ran.</summary>
internal sealed record VerbResult(int Exit, string Output, string Error);

/// <summary>
/// A legacy upload tree with its tables, made in code, and the verbs over it. Every conversion is followed by the checks that always hold: each path of before answers with its bytes, nothing of an exchange is
/// left, and fsck --full finds nothing.
/// </summary>
/// <param name="levels">Hash directories.</param>
/// <param name="parent">The folder to make everything in; null: any.</param>
internal sealed class LegacyTreeBuilder(int levels = 2, string? parent = null) : IDisposable
{
    internal const string User = "Alice";

    private readonly TempFolder folder = parent is null ? new TempFolder() : new TempFolder(parent);
    private readonly Dictionary<string, List<(string Column, string? Value)[]>> tables = [];
    private readonly Dictionary<string, string> contents = [];
    private int comments;

    /// <summary>The legacy tree; ROOT too, unless <see cref="Root"/> says otherwise.</summary>
    internal string Tree => Directory.CreateDirectory(folder["images"]).FullName;

    /// <summary>ROOT, where it is not the tree itself.</summary>
    internal string? Root { get; init; }

    /// <summary>Whether the tables are given to the verb.</summary>
    internal bool WithTables { get; set; } = true;

    /// <summary>The folder that everything of the test lies in.</summary>
    internal TempFolder Folder => folder;

    /// <summary>What the report of the last run says, by path.</summary>
    internal Dictionary<string, ReportLine> Report { get; private set; } = [];

    internal StorePaths Paths => StorePaths.For(Root ?? Tree, State);

    internal StoreOptions Options => new()
    {
        Paths = Paths, Provider = Databases.OfPrograms, ConnectionString = StoreDatabases.ConnectionString(Databases.OfPrograms, Paths.Root), IsLegacyTree = Root is null,
    };

    /// <summary>The options by which a command line names the store.</summary>
    internal string[] StoreArguments =>
    [
        "--root", Paths.Root,
        .. State is { } state ? (string[])["--state", state] : [],
        .. Options.ConnectionString is { } text ? (string[])["--provider", $"{Options.Provider}", "--connection-string", text] : [],
    ];

    /// <summary>The command line of a conversion.</summary>
    internal string[] RunArguments =>
        ["run", .. StoreArguments, .. Root is null ? [] : (string[])["--legacy", Tree], .. WithTables ? (string[])["--tables", folder["tables"]] : [], "--report", folder["report.csv"]];

    /// <summary>A tree that belongs to who runs the tests, who is not root, is not converted without it.</summary>
    private string? State => Environment.IsPrivilegedProcess ? null : folder["state"];

    /// <summary>A current version: its row and its file.</summary>
    internal void Image(string name, string content, params (string Column, string? Value)[] overrides)
    {
        File(Current(name), content);
        ImageRow(name, content, overrides);
    }

    /// <summary>The row of a current version; the file that it speaks of is not made.</summary>
    internal void ImageRow(string name, string content, params (string Column, string? Value)[] overrides) =>
        Row("image", [("img_name", name), .. Version("img", content, "20200101000000", $"{content} of {name}"), .. overrides]);

    /// <summary>An old version that was archived at <paramref name="archived"/>: its row and its file.</summary>
    internal void Old(string name, string archived, string content, params (string Column, string? Value)[] overrides)
    {
        File(Archived(name, archived), content);
        OldRow(name, archived, content, overrides);
    }

    /// <summary>The row of an old version.</summary>
    internal void OldRow(string name, string archived, string content, params (string Column, string? Value)[] overrides) =>
        Row("oldimage", [("oi_name", name), ("oi_archive_name", $"{archived}!{name}"), ("oi_deleted", "0"), .. Version("oi", content, archived, $"{content} of {name}"), .. overrides]);

    /// <summary>A deleted version: its row, and its file in the deleted zone.</summary>
    internal void Deleted(string name, string timestamp, string content, params (string Column, string? Value)[] overrides)
    {
        File(InZone(name, content), content);
        DeletedRow(name, timestamp, content, overrides);
    }

    /// <summary>The row of a deleted version.</summary>
    internal void DeletedRow(string name, string timestamp, string content, params (string Column, string? Value)[] overrides) => Row(
        "filearchive",
        [
            ("fa_id", (++comments).ToString(CultureInfo.InvariantCulture)), ("fa_name", name), ("fa_archive_name", ""), ("fa_storage_key", KeyOf(name, content)), ("fa_deleted", "0"),
            ("fa_deleted_user", "1"), ("fa_deleted_timestamp", "20220202020202"), ("fa_deleted_reason", "Deleted."), .. Version("fa", content, timestamp, $"{content} of {name}"), .. overrides,
        ]);

    /// <summary>A row of any table, later values of a column instead of earlier ones.</summary>
    internal void Row(string table, params (string Column, string? Value)[] values)
    {
        if (!tables.TryGetValue(table, out var rows))
        {
            tables.Add(table, rows = []);
        }

        rows.Add([.. values.Reverse().DistinctBy(value => value.Column).Reverse()]);
    }

    /// <summary>Forgets rows, as a wiki does that changes or deletes them.</summary>
    internal void RemoveRows(string table, string column, string value) => tables.GetValueOrDefault(table)?.RemoveAll(row => row.Contains((column, value)));

    /// <summary>Writes a file without a row, as a wiki writes it: over whatever is there, never through a link.</summary>
    internal string File(string path, string content) => File(path, Encoding.UTF8.GetBytes(content));

    internal string File(string path, byte[] content)
    {
        contents[Sha256(content)] = Encoding.UTF8.GetString(content);
        var beside = folder.Write("upload", content);
        Directory.CreateDirectory(Path.GetDirectoryName(FullPath(path))!);
        System.IO.File.SetLastWriteTimeUtc(beside, new DateTime(2021, 3, 4, 5, 6, 7, DateTimeKind.Utc).AddSeconds(contents.Count));
        System.IO.File.Move(beside, FullPath(path), overwrite: true);
        return FullPath(path);
    }

    internal string FullPath(string path) => Path.Combine(Tree, path);

    internal string Current(string name) => HashFolder(name, levels) + name;

    internal string Archived(string name, string archived) => $"archive/{HashFolder(name, levels)}{archived}!{name}";

    internal string Thumb(string name, string thumb) => $"thumb/{HashFolder(name, levels)}{name}/{thumb}";

    internal string ArchiveThumb(string name, string archived, string thumb) => $"thumb/archive/{HashFolder(name, levels)}{archived}!{name}/{thumb}";

    /// <summary>Where MediaWiki keeps deleted content.</summary>
    internal string InZone(string name, string content) => InZone(KeyOf(name, content));

    internal string InZone(string key) => levels == 0 ? $"deleted/{key}" : $"deleted/{key[0]}/{key[1]}/{key[2]}/{key}";

    internal static string KeyOf(string name, string content) => $"{Base36(content)}{Path.GetExtension(name).ToLowerInvariant()}";

#pragma warning disable CA5350, CA5351 // MediaWiki's choices
    internal static string HashFolder(string name, int levels)
    {
        var digits = Convert.ToHexStringLower(MD5.HashData(Encoding.UTF8.GetBytes(name)));
        return string.Concat(Enumerable.Range(1, levels).Select(level => digits[..level] + "/"));
    }

    internal static string Base36(string content)
    {
        var number = new BigInteger(SHA1.HashData(Encoding.UTF8.GetBytes(content)), isUnsigned: true, isBigEndian: true);
        return string.Concat(Enumerable.Range(0, 31).Select(at => "0123456789abcdefghijklmnopqrstuvwxyz"[(int)(number / BigInteger.Pow(36, 30 - at) % 36)]));
    }
#pragma warning restore CA5350, CA5351

    internal static string Sha256(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));

    internal static string Sha256(string content) => Sha256(Encoding.UTF8.GetBytes(content));

    /// <summary>Converts, and checks what always holds.</summary>
    /// <param name="exit">The exit code that is expected.</param>
    /// <param name="more">Further arguments.</param>
    internal Task<VerbResult> RunAsync(int exit, params string[] more) => RunWithoutAsync([], exit, more);

    /// <summary>Converts, and checks what always holds; of some paths it is expected that they do not answer any more.</summary>
    internal async Task<VerbResult> RunWithoutAsync(string[] leaving, int exit, params string[] more)
    {
        WriteTables();
        var before = TakeManifest();
        var result = await VerbAsync([.. RunArguments, .. more]);
        Assert.True(result.Exit == exit, $"exit {result.Exit} instead of {exit}: {result.Error}{result.Output}");
        CheckAnswers(before, leaving);
        CheckNothingIsLeft();
        Report = System.IO.File.Exists(folder["report.csv"]) ? ReportLine.Read(folder["report.csv"]) : [];
        if (System.IO.File.Exists(Paths.Layout))
        {
            var check = await VerbAsync(["fsck", .. StoreArguments, .. Root is null ? [] : (string[])["--legacy", Tree], "--full"]);
            Assert.True(check is { Exit: 0, Error: "" } && check.Output.EndsWith("all well.\n", StringComparison.Ordinal), check.Error + check.Output);
        }

        return result;
    }

    /// <summary>Runs any verb.</summary>
    internal static async Task<VerbResult> VerbAsync(params string[] arguments)
    {
        using StringWriter output = new(), error = new();
        var exit = await global::HashStore.Migrate.Program.RunAsync(arguments, new CommandOutput(output, error, isTerminal: false), CancellationToken.None);
        return new VerbResult(exit, output.ToString(), error.ToString());
    }

    /// <summary>What lies at all paths of the tree that are the site's, links followed: path and SHA-256.</summary>
    internal Dictionary<string, string> TakeManifest()
    {
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var path in Walk(Tree).Order(StringComparer.Ordinal))
        {
            var relative = Path.GetRelativePath(Tree, path);
            if (!IsStores(relative) && !Path.GetFileName(path).StartsWith(Inventory.OwnPrefix, StringComparison.Ordinal) && IsPlain(path)) // what a killed process tried out, the next one removes
            {
                found.Add(relative, Sha256(System.IO.File.ReadAllBytes(path)));
            }
        }

        return found;
    }

    /// <summary>Checks that every path of a manifest answers with its bytes.</summary>
    internal void CheckAnswers(Dictionary<string, string> manifest, params string[] leaving)
    {
        foreach (var (path, sha256) in manifest.Where(pair => !leaving.Contains(pair.Key)))
        {
            Assert.True(System.IO.File.Exists(FullPath(path)), $"{path} does not answer any more ({new FileInfo(FullPath(path)).LinkTarget ?? "gone"})");
            Assert.True(Sha256(System.IO.File.ReadAllBytes(FullPath(path))) == sha256, $"{path} has other bytes");
        }

        foreach (var path in leaving)
        {
            Assert.False(Path.Exists(FullPath(path)) || new FileInfo(FullPath(path)).LinkTarget is not null, $"{path} is still there");
        }
    }

    internal void CheckNothingIsLeft() => Assert.DoesNotContain(
        Walk(Tree).Select(Path.GetFileName),
        name => name!.StartsWith(".hs~", StringComparison.Ordinal));

    /// <summary>Checks that some content can be read nowhere outside of STATE but at the given paths, and that it is in the deleted zone of the store.</summary>
    internal void CheckSecret(string content, params string[] places)
    {
        CheckSecretStays(content, places);
        Assert.Contains(Directory.EnumerateFiles(Paths.Deleted, "*", SearchOption.AllDirectories), path => Sha256(System.IO.File.ReadAllBytes(path)) == Sha256(content));
    }

    /// <summary>Checks that some content can be read nowhere outside of STATE but at the given paths.</summary>
    internal void CheckSecretStays(string content, params string[] places)
    {
        var sha256 = Sha256(content);
        var found = new[] { Tree, Paths.Root }.Distinct()
            .SelectMany(top => Walk(top)
                .Where(path => !path.StartsWith(Paths.State + "/", StringComparison.Ordinal) && IsPlain(path) && Sha256(System.IO.File.ReadAllBytes(path)) == sha256)
                .Select(path => Path.GetRelativePath(top, path)));
        Assert.Equal(places.Order(StringComparer.Ordinal), found.Order(StringComparer.Ordinal));
    }

    /// <summary>Checks that a path is a link into the store.</summary>
    internal void CheckLinked(params string[] paths) => Assert.All(paths, path => Assert.True(new FileInfo(FullPath(path)).LinkTarget is not null, $"{path} is no link"));

    internal void CheckUnlinked(params string[] paths) => Assert.All(paths, path => Assert.True(new FileInfo(FullPath(path)) is { Exists: true, LinkTarget: null }, $"{path} is no file"));

    /// <summary>The history of a name, newest first, as <c>20200101000000 Alice: comment [content] hidden *</c>; the star marks the current one, and <c>deleted</c> comes first where the name is.</summary>
    internal async Task<List<string>> HistoryAsync(string name)
    {
        await using var store = await OpenStoreAsync();
        var lookup = await store.Names.FindAsync(FileName.FromStored(name));
        if (lookup.File is not { } file)
        {
            return [];
        }

        return [.. file.Deleted ? (string[])["deleted"] : [], .. file.Versions.Select(version =>
            $"{version.Timestamp:yyyyMMddHHmmss} {version.User}: {version.Description} [{contents.GetValueOrDefault(version.Sha256.ToString(), "?")}]"
            + $"{((version.Hidden & HiddenParts.Content) != 0 ? " hidden" : "")}{(version.Id == file.Current.Id ? " *" : "")}")];
    }

    /// <summary>What a line of a history looks like.</summary>
    internal static string Line(string name, string timestamp, string content, string end = "") => $"{timestamp} {User}: {content} of {name} [{content}]{end}";

    internal Task<Store> OpenStoreAsync() => Store.OpenAsync(Options, NullLogger.Instance);

    internal void WriteTables()
    {
        _ = folder.Write("tables/image.csv", "img_name\n"u8);
        foreach (var (table, rows) in tables)
        {
            var columns = rows.SelectMany(row => row).Select(value => value.Column).DefaultIfEmpty(table switch { "image" => "img_name", "oldimage" => "oi_name", _ => "fa_name" }).Distinct().ToList();
            var text = new StringBuilder().AppendJoin(',', columns).Append('\n');
            foreach (var row in rows)
            {
                text.AppendJoin(',', columns.Select(column => Quoted(row.FirstOrDefault(value => value.Column == column).Value))).Append('\n');
            }

            System.IO.File.WriteAllText(folder["tables", table + ".csv"], text.ToString());
        }
    }

    public void Dispose() => folder.Dispose();

    /// <summary>All that lies below a folder, links not followed.</summary>
    internal static IEnumerable<string> Walk(string top) => new FileSystemEnumerable<string>(
        top, (ref entry) => entry.ToFullPath(), new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 })
    {
        ShouldRecursePredicate = (ref entry) => entry.IsDirectory && (entry.Attributes & FileAttributes.ReparsePoint) == 0,
    };

    /// <summary>Whether something at a path in the tree is the store's own.</summary>
    private bool IsStores(string relative)
    {
        var segments = relative.Split('/');
        var first = segments[0] == "thumb" ? 1 : 0;
        return Root is null && (FullPath(relative).StartsWith(Paths.State + "/", StringComparison.Ordinal) || (segments.Length > first + 2 && segments[first].Length == 1 && segments[first + 1].Length == 1));
    }

    /// <summary>Whether a path is, or leads to, a plain file.</summary>
    private static bool IsPlain(string path) =>
        Mono.Unix.Native.Syscall.stat(path, out var stat) == 0 && (stat.st_mode & Mono.Unix.Native.FilePermissions.S_IFMT) == Mono.Unix.Native.FilePermissions.S_IFREG;

    private (string Column, string? Value)[] Version(string prefix, string content, string timestamp, string description)
    {
        var number = (++comments).ToString(CultureInfo.InvariantCulture);
        if (!tables.ContainsKey("actor"))
        {
            Row("actor", ("actor_id", "1"), ("actor_user", "1"), ("actor_name", User));
        }

        Row("comment", ("comment_id", number), ("comment_text", description));
        return
        [
            ($"{prefix}_size", Encoding.UTF8.GetByteCount(content).ToString(CultureInfo.InvariantCulture)), ($"{prefix}_sha1", Base36(content)), ($"{prefix}_timestamp", timestamp),
            ($"{prefix}_actor", "1"), ($"{prefix}_description_id", number),
        ];
    }

    private static string Quoted(string? value) => value is null ? "\\N" : $"\"{value.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
