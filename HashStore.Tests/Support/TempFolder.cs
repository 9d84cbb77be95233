namespace HashStore.Tests.Support;

/// <summary>
/// A new folder on a real disk, deleted at the end with everything in it, read-only files and folders included, and with the databases of the stores in it.
/// </summary>
internal sealed class TempFolder : IDisposable
{
    private const UnixFileMode OwnerAll = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    internal TempFolder() => Path = Directory.CreateTempSubdirectory("hashstore-test-").FullName;

    /// <summary>A new folder below another one, such as a mounted file system.</summary>
    internal TempFolder(string parent) =>
        Path = Directory.CreateDirectory(System.IO.Path.Combine(parent, "hashstore-test-" + Guid.NewGuid().ToString("N"))).FullName;

    internal string Path { get; }

    /// <summary>One that every user may enter, as a web server's folders are.</summary>
    internal static TempFolder ForEverybody()
    {
        var folder = new TempFolder();
        File.SetUnixFileMode(folder.Path, File.GetUnixFileMode(folder.Path) | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
        return folder;
    }

    /// <summary>A path below the folder; nothing is made there.</summary>
    internal string this[params string[] parts] => System.IO.Path.Combine([Path, .. parts]);

    /// <summary>Writes a file, and the folders on the way to it.</summary>
    internal string Write(string relative, ReadOnlySpan<byte> content)
    {
        var path = this[relative];
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, content.ToArray());
        return path;
    }

    public void Dispose()
    {
        StoreDatabases.DropBelow(Path);
        if (Directory.Exists(Path))
        {
            OpenUp(new DirectoryInfo(Path));
            Directory.Delete(Path, recursive: true);
        }
    }

    /// <summary>Entries of a folder can be deleted only where its owner may write to it.</summary>
    private static void OpenUp(DirectoryInfo folder)
    {
        folder.UnixFileMode |= OwnerAll;
        foreach (var below in folder.EnumerateDirectories().Where(directory => directory.LinkTarget is null))
        {
            OpenUp(below);
        }
    }
}
