using System.Globalization;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using Mono.Unix;
using Mono.Unix.Native;

namespace HashStore.Tests.Support;

/// <summary>What an entry of a folder is.</summary>
internal enum TreeEntryKind
{
    /// <summary>A regular file.</summary>
    File,

    /// <summary>A folder.</summary>
    Folder,

    /// <summary>A symbolic link, whatever it points at.</summary>
    Link,

    /// <summary>A pipe, socket or device.</summary>
    Other,
}

/// <summary>An entry of a tree as <c>lstat</c> tells of it. Of two equal ones nothing but access and change times and the inode can differ.</summary>
/// <param name="Path">Relative to the top, with <c>/</c>; the top itself is <c>.</c>. Bytes that are no UTF-8 are escaped as Mono.Posix does it.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Mode">Permission bits with set-id and sticky bits.</param>
/// <param name="User">Owner.</param>
/// <param name="Group">Owning group.</param>
/// <param name="Seconds">Time of modification, Unix seconds.</param>
/// <param name="Nanoseconds">Their fraction.</param>
/// <param name="Size">Bytes of a file; 0 for others, whose size is the file system's own affair.</param>
/// <param name="Content">SHA-256 of a file in hexadecimal, the target of a link; null for others.</param>
internal sealed record TreeEntry(
    string Path, TreeEntryKind Kind, int Mode, uint User, uint Group, long Seconds, long Nanoseconds, long Size, string? Content)
{
    /// <summary>UTC with nanoseconds.</summary>
    internal string Modified =>
        string.Create(CultureInfo.InvariantCulture, $"{DateTimeOffset.FromUnixTimeSeconds(Seconds):yyyy-MM-dd HH:mm:ss}.{Nanoseconds:D9}");

    /// <summary>What is not the same in another one of the same path, in words.</summary>
    internal IEnumerable<string> Changes(TreeEntry after)
    {
        (string What, string Before, string After)[] parts =
        [
            ("kind", $"{Kind}", $"{after.Kind}"),
            ("mode", Octal(Mode), Octal(after.Mode)),
            ("owner", $"{User}:{Group}", $"{after.User}:{after.Group}"),
            ("modified", Modified, after.Modified),
            ("size", $"{Size}", $"{after.Size}"),
            ("content", Content ?? "none", after.Content ?? "none"),
        ];
        return parts.Where(part => part.Before != part.After).Select(part => $"{part.What} {part.Before} became {part.After}");
    }

    private static string Octal(int mode) => Convert.ToString(mode, 8).PadLeft(4, '0');
}

/// <summary>
/// Everything below a folder, the folder itself included: paths, content, modes, owners, times. Two of them tell whether something gave a tree back byte for
/// byte. Nothing is followed, and names need not be UTF-8.
/// </summary>
internal sealed class TreeManifest
{
    private const FilePermissions ModeBits = (FilePermissions)0xFFF; // 07777

    private readonly SortedDictionary<string, TreeEntry> entries = new(StringComparer.Ordinal);

    private TreeManifest()
    {
    }

    /// <summary>In the byte order of the paths' UTF-16.</summary>
    internal IReadOnlyCollection<TreeEntry> Entries => entries.Values;

    /// <summary>The regular files.</summary>
    internal IEnumerable<TreeEntry> Files => entries.Values.Where(entry => entry.Kind == TreeEntryKind.File);

    internal TreeEntry? this[string path] => entries.GetValueOrDefault(path);

    /// <summary>Looks at a tree.</summary>
    /// <param name="top">The folder.</param>
    /// <param name="leftOut">Relative paths that are left out with everything below them.</param>
    internal static TreeManifest Read(string top, params string[] leftOut)
    {
        var manifest = new TreeManifest();
        var waiting = new Stack<string>(["."]);
        while (waiting.TryPop(out var path))
        {
            var entry = Look(top, path);
            manifest.entries.Add(path, entry);
            if (entry.Kind == TreeEntryKind.Folder)
            {
                foreach (var below in Names(Full(top, path)).Select(name => path == "." ? name : $"{path}/{name}").Except(leftOut))
                {
                    waiting.Push(below);
                }
            }
        }

        return manifest;
    }

    /// <summary>A line for each path that is gone, new or changed; empty when the trees are the same.</summary>
    internal IReadOnlyList<string> Differences(TreeManifest after)
    {
        var lines = new List<string>();
        foreach (var path in entries.Keys.Union(after.entries.Keys).Order(StringComparer.Ordinal))
        {
            var changes = (this[path], after[path]) switch
            {
                ({ } was, null) => $"is gone (was a {was.Kind})",
                (null, { } now) => $"is new (a {now.Kind})",
                var (was, now) => string.Join(", ", was!.Changes(now!)),
            };
            if (changes.Length > 0)
            {
                lines.Add($"{path}: {changes}");
            }
        }

        return lines;
    }

    private static TreeEntry Look(string top, string path)
    {
        var full = Full(top, path);
        if (Syscall.lstat(full, out var stat) != 0)
        {
            throw new UnixIOException(Stdlib.GetLastError());
        }

        var kind = (stat.st_mode & FilePermissions.S_IFMT) switch
        {
            FilePermissions.S_IFREG => TreeEntryKind.File,
            FilePermissions.S_IFDIR => TreeEntryKind.Folder,
            FilePermissions.S_IFLNK => TreeEntryKind.Link,
            _ => TreeEntryKind.Other,
        };
        var content = kind switch
        {
            TreeEntryKind.File => Sha256(full),
            TreeEntryKind.Link => UnixPath.ReadLink(full),
            _ => null,
        };
        return new TreeEntry(
            path, kind, (int)(stat.st_mode & ModeBits), stat.st_uid, stat.st_gid, stat.st_mtime, stat.st_mtime_nsec,
            kind == TreeEntryKind.File ? stat.st_size : 0, content);
    }

    private static string Full(string top, string path) => path == "." ? top : $"{top}/{path}";

    private static string Sha256(string full)
    {
        var descriptor = Syscall.open(full, OpenFlags.O_RDONLY | OpenFlags.O_NOFOLLOW);
        if (descriptor < 0)
        {
            throw new UnixIOException(Stdlib.GetLastError());
        }

        using var stream = new FileStream(new SafeFileHandle(descriptor, ownsHandle: true), FileAccess.Read);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }

    private static List<string> Names(string folder)
    {
        var listing = Syscall.opendir(folder);
        if (listing == IntPtr.Zero)
        {
            throw new UnixIOException(Stdlib.GetLastError());
        }

        try
        {
            var names = new List<string>();
            while (Syscall.readdir(listing) is { } entry)
            {
                if (entry.d_name is not ("." or ".."))
                {
                    names.Add(entry.d_name);
                }
            }

            return names;
        }
        finally
        {
            _ = Syscall.closedir(listing);
        }
    }
}
