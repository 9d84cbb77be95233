using System.Security.Cryptography;
using HashStore.Schema;
using HashStore.Schema.Tables;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace HashStore.Tests.Support;

/// <summary>What a store holds, read past it: the rows, and the files of both zones by key.</summary>
/// <param name="Files">Table <c>file</c> by key in hexadecimal.</param>
/// <param name="Uploads">Table <c>upload</c>.</param>
/// <param name="Names">Table <c>filename</c> by number.</param>
/// <param name="Public">SHA-256 of the public objects by key.</param>
/// <param name="Deleted">SHA-256 of the objects in the deleted zone by key.</param>
/// <param name="Staged">Files in the staging area, locks apart.</param>
internal sealed record StoreContents(
    IReadOnlyDictionary<string, FileRow> Files,
    IReadOnlyList<UploadRow> Uploads,
    IReadOnlyDictionary<long, FilenameRow> Names,
    IReadOnlyDictionary<string, string> Public,
    IReadOnlyDictionary<string, string> Deleted,
    IReadOnlyList<string> Staged)
{
    internal static StoreContents Read(TestStore test)
    {
        using var tables = test.Tables();
        var staging = test.Paths.Staging;
        return new StoreContents(
            tables.Files.AsNoTracking().ToList().ToDictionary(row => new ContentKey(row.Hash).ToString()),
            tables.Uploads.AsNoTracking().ToList(),
            tables.Filenames.AsNoTracking().ToDictionary(row => row.Id),
            ReadObjects(test.Paths.Root, test.Paths.State),
            ReadObjects(test.Paths.Deleted, test.Paths.State),
            Directory.Exists(staging)
                ? [.. Directory.EnumerateFiles(staging, "*", SearchOption.AllDirectories).Where(path => Path.GetFileName(path) != "lock")]
                : []);
    }

    /// <summary>The state of a key's row with its reference count, and the zones that hold bytes: what most tests look at.</summary>
    internal (FileState State, long RefCount, bool IsPublic, bool IsDeleted) Of(ContentKey key)
    {
        var hex = key.ToString();
        return (Files[hex].State, Files[hex].RefCount, Public.ContainsKey(hex), Deleted.ContainsKey(hex));
    }

    /// <summary>
    /// What holds whenever nothing is under way: each reference count is the number of uploads that are
    /// neither hidden nor of a deleted name, each object lies where its count says, whole and
    /// nowhere else, and nothing is left over.
    /// </summary>
    internal void CheckSettled()
    {
        var references = Uploads
            .Where(row => (row.Deleted & HiddenParts.Content) == 0 && !Names[row.NameId].Deleted)
            .CountBy(row => Convert.ToHexStringLower(row.Hash)).ToDictionary();
        var settled = Files.Values.Where(row => row.State != FileState.Claimed).ToList();
        foreach (var row in settled)
        {
            var key = Convert.ToHexStringLower(row.Hash);
            Assert.Equal(references.GetValueOrDefault(key), row.RefCount);
            Assert.Equal(row.RefCount > 0 ? FileState.Public : FileState.Deleted, row.State);
        }

        // An upload that was refused after its bytes were placed leaves them claimed: they are whole too, and the collector's.
        var claimed = Files.Values.Where(row => row.State == FileState.Claimed && Public.ContainsKey(Convert.ToHexStringLower(row.Hash)));
        Assert.Equal(Expected([.. settled.Where(row => row.State == FileState.Public), .. claimed]), Public.OrderBy(pair => pair.Key, StringComparer.Ordinal));
        Assert.Equal(Expected(settled.Where(row => row.State == FileState.Deleted)), Deleted.OrderBy(pair => pair.Key, StringComparer.Ordinal));
        Assert.Empty(Staged);
        foreach (var name in Names.Values)
        {
            Assert.True(name.Latest is null == name.Redirect is not null, $"{name.Name} has both content and a redirect, or neither.");
            Assert.True(name.Latest is null || Uploads.Any(row => row.Id == name.Latest && row.NameId == name.Id),
                $"The latest version of {name.Name} is not its own.");
            Assert.True(name.Redirect is null || Names[name.Redirect.Value].Redirect is null, $"{name.Name} redirects to a redirect.");
        }
    }

    private static IEnumerable<KeyValuePair<string, string>> Expected(IEnumerable<FileRow> rows) => rows
        .Select(row => KeyValuePair.Create(Convert.ToHexStringLower(row.Hash), Convert.ToHexStringLower(row.Sha256)))
        .OrderBy(pair => pair.Key, StringComparer.Ordinal);

    private static Dictionary<string, string> ReadObjects(string top, string state)
    {
        var found = new Dictionary<string, string>();
        if (!Directory.Exists(top))
        {
            return found;
        }

        foreach (var path in Directory.EnumerateFiles(top, "*", SearchOption.AllDirectories))
        {
            // Links are the places that objects had under older keys.
            if ((IsBelow(top, state) || !IsBelow(path, state)) && new FileInfo(path).LinkTarget is null)
            {
                var relative = Path.GetRelativePath(top, path);
                found.Add(relative.Replace("/", "", StringComparison.Ordinal), Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path))));
            }
        }

        return found;
    }

    private static bool IsBelow(string path, string folder) => path.StartsWith(folder + "/", StringComparison.Ordinal);
}
