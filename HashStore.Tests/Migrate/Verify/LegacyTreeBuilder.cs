using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using HashStore.Migrate;
using HashStore.Schema;
using HashStore.Storage;
using HashStore.Storage.Legacy;
using HashStore.Storage.Objects;
using HashStore.Tests.Support;

namespace HashStore.Tests.Migrate.Verify;

/// <summary>What a verb of the command line did.</summary>
internal sealed record VerbResult(int Exit, string Output, string Error)
{
    /// <summary>The lines of its output without the last one, which sums up.</summary>
    internal string[] Findings => Output.TrimEnd('\n').Split('\n')[..^1];
}

/// <summary>A MediaWiki upload tree on a real disk and its tables as CSV files, with hands to convert it, and to damage what came of it.</summary>
internal sealed class LegacyTreeBuilder : IDisposable
{
    internal const string User = "Ärne, \"the\" Tester", Description = "What it shows:\na, b";

    private readonly TempFolder folder = new();
    private readonly Dictionary<string, List<string>> tables = new(StringComparer.Ordinal)
    {
        ["image"] = ["img_name,img_size,img_sha1,img_timestamp,img_actor,img_description_id"],
        ["oldimage"] = ["oi_name,oi_archive_name,oi_size,oi_sha1,oi_timestamp,oi_actor,oi_description_id,oi_deleted"],
        ["filearchive"] = ["fa_id,fa_name,fa_storage_key,fa_size,fa_sha1,fa_timestamp,fa_actor,fa_description_id,fa_deleted"],
        ["actor"] = ["actor_id,actor_user,actor_name", $"1,7,{Quoted(User)}"],
        ["comment"] = ["comment_id,comment_text", $"1,{Quoted(Description)}"],
    };

    /// <summary>The store that it is converted into, in place.</summary>
    internal StoreOptions Options => new()
    {
        Paths = StorePaths.For(Root, folder["state"]),
        Provider = Databases.OfPrograms,
        ConnectionString = StoreDatabases.ConnectionString(Databases.OfPrograms, Root),
    };

    internal string Root => folder["images"];

    private string Tables => folder["tables"];

    /// <summary>The options by which a command line names the store.</summary>
    internal string[] Arguments =>
    [
        "--root", Root, "--state", folder["state"],
        .. Options.ConnectionString is { } text ? (string[])["--provider", $"{Options.Provider}", "--connection-string", text] : [],
    ];

    /// <summary>The absolute path of a legacy path.</summary>
    internal string this[string path] => Path.Combine(Root, path);

    /// <summary>A current version with its row; the legacy path.</summary>
    internal string AddCurrent(string name, string content, string? claimedSha1 = null)
    {
        tables["image"].Add($"{Quoted(name)},{Bytes(content).Length},{claimedSha1 ?? Base36(content)},20200102030405,1,1");
        return Write(HashFolder(name) + name, content);
    }

    /// <summary>An old version with its row; the legacy path. Hidden ones lie in the deleted zone.</summary>
    internal string AddOld(string name, string timestamp, string content, bool hidden = false)
    {
        var archived = $"{timestamp}!{name}";
        tables["oldimage"].Add($"{Quoted(name)},{Quoted(archived)},{Bytes(content).Length},{Base36(content)},20190102030405,1,1,{(hidden ? 1 : 0)}");
        return Write(hidden ? DeletedPath(name, content) : $"archive/{HashFolder(name)}{archived}", content);
    }

    /// <summary>A version of a deleted name, in the deleted zone, with its row; the legacy path.</summary>
    internal string AddDeleted(string name, string content)
    {
        var number = tables["filearchive"].Count;
        tables["filearchive"].Add($"{number},{Quoted(name)},{StorageKey(name, content)},{Bytes(content).Length},{Base36(content)},20180102030405,1,1,0");
        return Write(DeletedPath(name, content), content);
    }

    /// <summary>A row of a current version whose file is lost; the legacy path.</summary>
    internal string AddLost(string name)
    {
        var path = AddCurrent(name, "lost " + name);
        File.Delete(this[path]);
        return path;
    }

    /// <summary>A thumbnail of a current version; the legacy path.</summary>
    internal string AddThumb(string name, string thumb, string content) => Write($"thumb/{HashFolder(name)}{name}/{thumb}", content);

    /// <summary>Writes any file of the tree; the same path again.</summary>
    internal string Write(string path, string content)
    {
        folder.Write("images/" + path, Bytes(content));
        return path;
    }

    /// <summary>One of each: what a healthy conversion has.</summary>
    internal Sample AddSample() => new(
        AddCurrent("Müller & Söhne.txt", "current"),
        AddOld("Müller & Söhne.txt", "20200102030405", "old"),
        AddOld("Müller & Söhne.txt", "20190202030405", "hidden", hidden: true),
        AddThumb("Müller & Söhne.txt", "120px-Müller & Söhne.txt", "thumb"),
        AddDeleted("Gone.txt", "deleted"),
        AddCurrent("Other.txt", "other"));

    /// <summary>Converts it; the exit code is as expected.</summary>
    internal async Task<VerbResult> ConvertAsync(int expected = 0, bool withTables = true)
    {
        Directory.CreateDirectory(Root);
        foreach (var (table, lines) in tables)
        {
            folder.Write($"tables/{table}.csv", Bytes(string.Join('\n', lines) + "\n"));
        }

        var result = await RunAsync(["run", .. Arguments, "--jobs", "2", .. withTables ? (string[])["--tables", Tables] : []]);
        return result.Exit == expected ? result : throw new InvalidOperationException($"run: {result}");
    }

    /// <summary>Runs a verb on the store.</summary>
    internal Task<VerbResult> RunAsync(string verb, params string[] more) => RunAsync([verb, .. Arguments, .. more]);

    internal static async Task<VerbResult> RunAsync(string[] arguments, CancellationToken cancellation = default)
    {
        using StringWriter output = new(), error = new();
        var exit = await global::HashStore.Migrate.Program.RunAsync(arguments, new CommandOutput(output, error, isTerminal: false), cancellation);
        return new VerbResult(exit, output.ToString(), error.ToString());
    }

    /// <summary>The key of some content.</summary>
    internal static ContentKey KeyOf(string content) => new ContentDigest(SHA256.HashData(Bytes(content))).ToKey(ContentKey.DefaultBits);

    /// <summary>Where an object lies.</summary>
    internal string ObjectOf(string content, Zone zone = Zone.Public) =>
        Path.Combine(zone == Zone.Public ? Root : Options.Paths.Deleted, ObjectPath.Of(KeyOf(content)));

    /// <summary>Writes into a file where it is, read-only or not, as only root and broken disks do.</summary>
    internal static void Overwrite(string path, Action<FileStream> change)
    {
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite);
        change(file);
    }

    /// <summary>Flips the lowest bit of a file's first byte.</summary>
    internal static void Flip(string path) => Overwrite(path, file =>
    {
        var value = file.ReadByte();
        file.Position = 0;
        file.WriteByte((byte)(value ^ 1));
    });

    /// <summary>Puts another file in the place of what is at a path.</summary>
    internal void Replace(string path, string content)
    {
        File.Delete(this[path]);
        Write(path, content);
    }

    /// <summary>Changes rows behind the store's back.</summary>
    internal int Sql(FormattableString sql) => RawDatabase.Change(Options, sql);

    public void Dispose() => folder.Dispose();

    private static byte[] Bytes(string content) => Encoding.UTF8.GetBytes(content);

    private static string Quoted(string value) => $"\"{value.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    /// <summary>MediaWiki's: <c>1/12/</c> for a name whose MD5 begins with 12.</summary>
    private static string HashFolder(string name)
    {
#pragma warning disable CA5351 // MediaWiki's choice for its directories
        var digits = Convert.ToHexStringLower(MD5.HashData(Bytes(name)));
#pragma warning restore CA5351
        return string.Create(CultureInfo.InvariantCulture, $"{digits[0]}/{digits[..2]}/");
    }

    private static string StorageKey(string name, string content)
    {
#pragma warning disable CA5350 // MediaWiki's choice for its deleted zone
        return LegacyFingerprint.StorageKeyOf(SHA1.HashData(Bytes(content)), name);
#pragma warning restore CA5350
    }

    private static string Base36(string content) => StorageKey("", content);

    private static string DeletedPath(string name, string content)
    {
        var key = StorageKey(name, content);
        return $"deleted/{key[0]}/{key[1]}/{key[2]}/{key}";
    }
}

/// <summary>The legacy paths of <see cref="LegacyTreeBuilder.AddSample"/>; the content of each is its name in lower case.</summary>
internal sealed record Sample(string Current, string Old, string Hidden, string Thumb, string Deleted, string Other);
