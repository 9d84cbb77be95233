namespace HashStore.Tests.Crashes.PowerLoss;

/// <summary>A file, link or folder of <see cref="RecordedDisk"/>, whatever names it has.</summary>
internal sealed class DiskNode
{
    private DiskNode()
    {
    }

    /// <summary>The names in a folder as running programs see them; null: it is none.</summary>
    internal Dictionary<string, DiskNode>? Names { get; private init; }

    /// <summary>The names that a folder had, durably, when the recording began.</summary>
    internal Dictionary<string, DiskNode> First { get; } = new(StringComparer.Ordinal);

    /// <summary>What a symbolic link says.</summary>
    internal string? Target { get; private init; }

    /// <summary>The bytes of the last sync; null: never synced.</summary>
    internal byte[]? Synced { get; set; }

    /// <summary>Whether something was written since.</summary>
    internal bool IsDirty { get; set; }

    internal static DiskNode Folder() => new() { Names = new(StringComparer.Ordinal) };

    internal static DiskNode File() => new() { IsDirty = true };

    internal static DiskNode Link(string target) => new() { Target = target };

    /// <summary>What is on the disk now is taken for durable.</summary>
    internal static DiskNode Read(string path)
    {
        if (new FileInfo(path).LinkTarget is { } target)
        {
            return Link(target);
        }

        if (!Directory.Exists(path))
        {
            return new DiskNode { Synced = System.IO.File.ReadAllBytes(path) };
        }

        var folder = Folder();
        foreach (var entry in Directory.EnumerateFileSystemEntries(path))
        {
            folder.Names![Path.GetFileName(entry)] = folder.First[Path.GetFileName(entry)] = Read(entry);
        }

        return folder;
    }
}
