using HashStore.Storage;
using HashStore.Storage.Durability;

namespace HashStore.Migrate.Legacy;

/// <summary>A legacy upload tree on disk: where it lies and how deep its hash directories are.</summary>
internal sealed class LegacyTree
{
    /// <summary>Folders that MediaWiki and its extensions keep beside the uploads; what is in them is derived or temporary, and stays untouched.</summary>
    private static readonly string[] untouched =
        ["transcoded", "temp", "lockdir", "math", "timeline", "score", "captcha", "graphs", "generated", "rendered", "tmp", "cache", "lost+found"];

    private LegacyTree(string root, bool isInPlace, int levels, StorePaths store)
    {
        Root = root;
        IsInPlace = isInPlace;
        Levels = levels;
        Store = store;
        Found = FileStat.Of($"{root}/.")!.Value;
    }

    /// <summary>The folder, absolute.</summary>
    internal string Root { get; }

    /// <summary>Whether it is the store's ROOT too.</summary>
    internal bool IsInPlace { get; }

    /// <summary>How many hash directories a file lies below.</summary>
    internal int Levels { get; }

    /// <summary>How many directories a deleted file lies below: three, or none in a tree without hash directories (MediaWiki: deletedHashLevels).</summary>
    internal int DeletedLevels => Levels == 0 ? 0 : 3;

    /// <summary>Where the store lies.</summary>
    internal StorePaths Store { get; }

    /// <summary>The path under which the wiki sees ROOT, where that is another one.</summary>
    internal string? LinkRoot { get; init; }

    /// <summary>The folder as it was found, before anything was tried or made in it.</summary>
    internal FileStat Found { get; }

    /// <summary>Gives the folder its times back after something was tried in it, where its times may be set.</summary>
    internal void RestoreTimes()
    {
        if (FileStat.Of($"{Root}/.") is { } now && now.Modified != Found.Modified && Mono.Unix.Native.Syscall.geteuid() is var user && (user == 0 || user == now.Owner))
        {
            Posix.SetTimes($"{Root}/.", Found.Accessed, Found.Modified);
        }
    }

    /// <summary>Looks at a tree.</summary>
    /// <param name="root">The folder; null: the store's ROOT.</param>
    /// <param name="store">Where the store lies.</param>
    /// <param name="levels">The number of hash directories; null: it is found out.</param>
    /// <param name="linkRoot">The path under which the wiki sees ROOT, where that is another one.</param>
    /// <exception cref="StoreException">There is no such folder, or it lies inside the store.</exception>
    internal static LegacyTree Open(string? root, StorePaths store, int? levels, string? linkRoot = null)
    {
        var folder = root is null ? store.Root : Path.TrimEndingDirectorySeparator(Path.GetFullPath(root));
        if (!Directory.Exists(folder))
        {
            throw new StoreException(StoreFault.NotAStore, $"There is no folder {folder}: give the wiki's upload directory ($wgUploadDirectory) as {(root is null ? "--root" : "--legacy")}.");
        }

        var inPlace = FileStat.Of(store.Root) is { } own && FileStat.Of(folder) is { } found && found.IsSameFile(own);
        if (!inPlace && (IsBelow(folder, store.Root) || IsBelow(folder, store.State) || IsBelow(store.Root, folder)))
        {
            throw new StoreException(
                StoreFault.BadSetting,
                $"The legacy tree {folder} and ROOT {store.Root} lie inside each other. Convert in place (--root {folder}) or give a ROOT elsewhere on the same file system.");
        }

        return new LegacyTree(inPlace ? store.Root : folder, inPlace, levels ?? FindLevels(folder), store) { LinkRoot = linkRoot };
    }

    /// <summary>The absolute path of a legacy path.</summary>
    internal string FullPath(string path) => path.Length == 0 ? Root : $"{Root}/{path}";

    /// <summary>The paths of all links that lie where current versions do, relative.</summary>
    internal IEnumerable<string> LinkedOriginals()
    {
        var folders = new Stack<string>();
        folders.Push("");
        while (folders.TryPop(out var folder))
        {
            var depth = folder.Length == 0 ? 0 : folder.Count(character => character == '/') + 1;
            foreach (var entry in new DirectoryInfo(FullPath(folder)).EnumerateFileSystemInfos())
            {
                var path = folder.Length == 0 ? entry.Name : $"{folder}/{entry.Name}";
                if (entry.LinkTarget is not null)
                {
                    if (depth == Levels)
                    {
                        yield return path;
                    }
                }
                else if (depth < Levels && entry is DirectoryInfo && LegacyPath.IsHashDirectory(entry.Name, Path.GetFileName(folder)) && !IsStores(path))
                {
                    folders.Push(path);
                }
            }
        }
    }

    /// <summary>Whether all that a path lies in are folders of the tree: one that is a link leads to somebody else's files.</summary>
    internal bool LiesInFolders(string path)
    {
        for (var slash = path.IndexOf('/'); slash >= 0; slash = path.IndexOf('/', slash + 1))
        {
            if (FileStat.Of(FullPath(path[..slash])) is { IsFolder: false })
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether a folder at the top of the tree is one of those that stay untouched.</summary>
    internal static bool IsUntouched(string name) => untouched.Contains(name);

    /// <summary>Whether a folder holds the store's own files: STATE, or the one-digit directories of objects and thumbnails in a tree that is converted in place.</summary>
    /// <param name="path">The folder, relative.</param>
    internal bool IsStores(string path)
    {
        if (!IsInPlace)
        {
            return false;
        }

        if (FullPath(path) == Store.State)
        {
            return true;
        }

        var segments = path.Split('/');
        if (Levels == 0 && segments.Length == 1 && IsDigit(segments[0]))
        {
            return true;
        }

        var first = segments[0] == LegacyPath.ThumbFolder ? 1 : 0;
        return segments.Length >= first + 2 && IsDigit(segments[first]) && IsDigit(segments[first + 1]);
    }

    /// <summary>
    /// The depth of the hash directories: the deepest chain of directories 1, 12, 123, … that is there, be it among the originals, the archived or the thumbnails. Directories of objects, one digit in
    /// one digit, are no such chain.
    /// </summary>
    private static int FindLevels(string folder)
    {
        var deepest = 0;
        foreach (var top in new[] { folder, Path.Combine(folder, LegacyPath.ArchiveFolder), Path.Combine(folder, LegacyPath.ThumbFolder) })
        {
            deepest = Math.Max(deepest, Depth(top, ""));
        }

        return deepest;
    }

    private static int Depth(string folder, string name)
    {
        if (!Directory.Exists(folder))
        {
            return name.Length;
        }

        var deepest = name.Length;
        foreach (var digit in "0123456789abcdef")
        {
            var child = new DirectoryInfo(Path.Combine(folder, name + digit));
            if (child is { Exists: true, LinkTarget: null })
            {
                // One digit below the top is also how objects begin: it counts only with a chain below it or with files in it.
                var depth = Depth(child.FullName, name + digit);
                if (depth > 1 || HoldsFiles(child))
                {
                    deepest = Math.Max(deepest, depth);
                }
            }
        }

        return deepest;
    }

    private static bool HoldsFiles(DirectoryInfo folder) => folder.EnumerateFiles().Any(file => !file.Name.StartsWith('.'));

    private static bool IsDigit(string segment) => segment is [(>= '0' and <= '9') or (>= 'a' and <= 'f')];

    private static bool IsBelow(string path, string folder) => path.StartsWith(folder + "/", StringComparison.Ordinal);
}
