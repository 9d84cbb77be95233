using HashStore.Storage.Durability;

namespace HashStore.Tests.Crashes.PowerLoss;

/// <summary>
/// Records what a folder's files would be after a power loss. What is certain: bytes that were synced, and names in folders that were synced after the change. What is not: every other change of a name may be there or
/// not, in one of two ways that journaling file systems have (a beginning of all changes, as ext4 and XFS; a beginning of each folder's own, as Btrfs after syncs of single folders), where one call is kept whole or not
/// at all; and unsynced bytes may be missing, cut, zeros or there. Files that are written past <see cref="FileCalls"/> (locks, mapped memory) are gone.
/// </summary>
internal sealed class RecordedDisk : IFileCallObserver, IDisposable
{
    private readonly string top;
    private readonly DiskNode root;
    private readonly List<NameChange> changes = [];
    private readonly Lock recording = new();
    private readonly Func<FileCall, bool> isLost;
    private readonly IDisposable registration;
    [ThreadStatic]
    private static int begun;

    /// <summary>Records from now on.</summary>
    /// <param name="top">The folder; what is in it counts as durable.</param>
    /// <param name="isLost">Which syncs do nothing: what a program would leave that forgot them.</param>
    internal RecordedDisk(string top, Func<FileCall, bool>? isLost = null)
    {
        this.top = top;
        this.isLost = isLost ?? (_ => false);
        root = DiskNode.Read(top);
        registration = FileCalls.Observe(top, this);
    }

    /// <summary>Calls so far.</summary>
    internal int Calls { get; private set; }

    /// <summary>Called before each call with its number, while no other call is made.</summary>
    internal Func<int, int>? Moment { get; set; }

    public int Before(in FileCall call)
    {
        lock (recording)
        {
            begun = changes.Count;
            return Moment?.Invoke(++Calls) ?? 0;
        }
    }

    public void After(in FileCall call)
    {
        lock (recording)
        {
            Record(call);
        }
    }

    /// <summary>Writes what a power loss at this moment may leave.</summary>
    /// <param name="random">Chooses.</param>
    /// <param name="folder">Where to.</param>
    internal void WriteRemains(Random random, string folder)
    {
        var kept = Kept(random);
        var durable = new Dictionary<DiskNode, Dictionary<string, DiskNode>>();
        Dictionary<string, DiskNode> NamesIn(DiskNode node)
        {
            if (!durable.TryGetValue(node, out var names))
            {
                durable.Add(node, names = new(node.First, StringComparer.Ordinal));
            }

            return names;
        }

        foreach (var change in changes.Where(kept.Contains))
        {
            foreach (var (parent, name, node) in change.Effects)
            {
                if (node is null)
                {
                    NamesIn(parent).Remove(name);
                }
                else
                {
                    NamesIn(parent)[name] = node;
                }
            }
        }

        var current = new Dictionary<DiskNode, string>();
        Walk(root, top, current);
        Write(root, folder, NamesIn, current, [], random);
    }

    public void Dispose() => registration.Dispose();

    private void Record(FileCall call)
    {
        if (call.Kind is FileCallKind.SyncFile or FileCallKind.SyncDirectory or FileCallKind.SyncFileSystem && isLost(call))
        {
            return;
        }

        switch (call.Kind)
        {
            case FileCallKind.Create when Find(call.Path) is null:
                Change((call.Path, DiskNode.File()));
                break;
            case FileCallKind.Create or FileCallKind.Write when Find(call.Path) is { } file:
                file.IsDirty = true;
                break;
            case FileCallKind.SyncFile when Find(call.Path) is { } file && File.Exists(call.Path):
                (file.Synced, file.IsDirty) = (File.ReadAllBytes(call.Path), false);
                break;
            case FileCallKind.Symlink:
                Change((call.Path, DiskNode.Link(call.Other!)));
                break;
            case FileCallKind.Link:
                Change((call.Other!, Find(call.Path)));
                break;
            case FileCallKind.Rename or FileCallKind.RenameNew when Find(call.Path) is { } moved && moved != Find(call.Other!):
                Change((call.Other!, moved), (call.Path, null));
                break;
            case FileCallKind.Exchange:
                Change((call.Path, Find(call.Other!)), (call.Other!, Find(call.Path)));
                break;
            case FileCallKind.Unlink or FileCallKind.RemoveDirectory:
                Change((call.Path, null));
                break;
            case FileCallKind.MakeDirectory:
                MakeFolder(call.Path);
                break;
            case FileCallKind.SyncDirectory when Find(call.Path) is { } folder:
                changes.Take(begun).Where(change => change.Effects.Any(effect => effect.Folder == folder)).ToList().ForEach(change => change.IsDurable = true);
                break;
            case FileCallKind.SyncFileSystem:
                SyncAll();
                break;
        }
    }

    private void SyncAll()
    {
        changes.Take(begun).ToList().ForEach(change => change.IsDurable = true);
        var current = new Dictionary<DiskNode, string>();
        Walk(root, top, current);
        foreach (var (node, path) in current.Where(pair => pair.Key.IsDirty && File.Exists(pair.Value)))
        {
            (node.Synced, node.IsDirty) = (File.ReadAllBytes(path), false);
        }
    }

    private void Change(params (string Path, DiskNode? Node)[] effects)
    {
        var known = effects.Select(effect => (Folder: Find(Path.GetDirectoryName(effect.Path)!), Name: Path.GetFileName(effect.Path), effect.Node)).Where(effect => effect.Folder?.Names is not null).ToArray();
        foreach (var (folder, name, node) in known)
        {
            if (node is null)
            {
                folder!.Names!.Remove(name);
            }
            else
            {
                folder!.Names![name] = node;
            }
        }

        changes.Add(new NameChange([.. known.Select(effect => (effect.Folder!, effect.Name, effect.Node))]));
    }

    private void MakeFolder(string path)
    {
        if (Find(path) is null && IsBelow(path))
        {
            MakeFolder(Path.GetDirectoryName(path)!);
            Change((path, DiskNode.Folder()));
        }
    }

    private DiskNode? Find(string path)
    {
        var node = IsBelow(path) ? root : null;
        foreach (var part in Path.GetRelativePath(top, path).Split('/', StringSplitOptions.RemoveEmptyEntries).Where(part => part != "."))
        {
            node = node?.Names?.GetValueOrDefault(part);
        }

        return node;
    }

    private bool IsBelow(string path) => path == top || path.StartsWith(top + "/", StringComparison.Ordinal);

    /// <summary>The changes that survive: all durable ones, with what must have come before them, and some of the others.</summary>
    private HashSet<NameChange> Kept(Random random)
    {
        var byFolder = random.Next(2) == 0;
        var groups = byFolder
            ? changes.SelectMany(change => change.Effects.Select(effect => effect.Folder).Distinct().Select(folder => (folder, change))).GroupBy(pair => pair.folder, pair => pair.change).Select(group => group.ToList()).ToList()
            : [changes];
        var kept = changes.Where(change => change.IsDurable).ToHashSet();
        foreach (var group in groups)
        {
            kept.UnionWith(group.Take(random.Next(group.Count + 1)).Where(_ => random.Next(4) > 0 || !byFolder));
        }

        // Whatever came earlier in the same group is there too.
        for (var before = -1; before != kept.Count;)
        {
            before = kept.Count;
            foreach (var group in groups)
            {
                kept.UnionWith(group.Take(group.FindLastIndex(kept.Contains) + 1));
            }
        }

        return kept;
    }

    private static void Walk(DiskNode node, string path, Dictionary<DiskNode, string> found)
    {
        found.TryAdd(node, path);
        foreach (var (name, below) in node.Names ?? [])
        {
            Walk(below, $"{path}/{name}", found);
        }
    }

    private static void Write(
        DiskNode node, string path, Func<DiskNode, Dictionary<string, DiskNode>> namesIn, Dictionary<DiskNode, string> current, Dictionary<DiskNode, string> written, Random random)
    {
        if (node.Names is not null)
        {
            Directory.CreateDirectory(path);
            foreach (var (name, below) in namesIn(node).OrderBy(pair => pair.Key, StringComparer.Ordinal))
            {
                Write(below, $"{path}/{name}", namesIn, current, written, random);
            }
        }
        else if (node.Target is { } target)
        {
            File.CreateSymbolicLink(path, target);
        }
        else if (written.TryGetValue(node, out var other))
        {
            Posix.Link(other, path);
        }
        else
        {
            File.WriteAllBytes(path, Bytes(node, current, random));
            written.Add(node, path);
        }
    }

    private static byte[] Bytes(DiskNode node, Dictionary<DiskNode, string> current, Random random)
    {
        if (!node.IsDirty)
        {
            return node.Synced ?? [];
        }

        var now = current.TryGetValue(node, out var path) && File.Exists(path) ? File.ReadAllBytes(path) : [];
        return random.Next(4) switch
        {
            0 => node.Synced ?? [],
            1 => now[..random.Next(now.Length + 1)],
            2 => new byte[now.Length],
            _ => now,
        };
    }
}
