using HashStore.Storage;

namespace HashStore.Tests.Stores;

/// <summary>What a store should do with names, versions and contents, in the plainest way: contents are numbers, refusals are faults.</summary>
internal sealed class StoreModel
{
    private readonly Dictionary<string, Entry> entries = new(StringComparer.Ordinal);

    /// <summary>Contents that were ever uploaded.</summary>
    internal SortedSet<int> Known { get; } = [];

    internal IEnumerable<ModelFile> Files => entries.Values.Select(entry => entry.File).OfType<ModelFile>();

    internal IEnumerable<string> LiveNames => Files.Where(file => !file.Deleted).Select(file => file.Name);

    internal IEnumerable<(string Name, ModelFile? File, string? RenamedTo)> Lookups(IEnumerable<string> names) =>
        names.Select(name => entries.TryGetValue(name, out var entry) ? (name, entry.File, entry.Target?.Name) : (name, null, null));

    /// <summary>How many versions show a content.</summary>
    internal int References(int content) =>
        Files.Where(file => !file.Deleted).Sum(file => file.Versions.Count(version => version.Content == content && !version.Hidden));

    /// <summary>Every version's number that a name could be asked for: its own and those of others.</summary>
    internal IEnumerable<long> VersionIds => Files.SelectMany(file => file.Versions).Select(version => version.Id).Order();

    /// <summary>Null: the content is current already.</summary>
    internal Action<long>? Upload(string name, int content)
    {
        Known.Add(content);
        var file = entries.GetValueOrDefault(name).File;
        if (file is { Deleted: false } && file.Current.Content == content)
        {
            return null;
        }

        if (file is null)
        {
            file = new ModelFile(name);
            entries[name] = new Entry(file, null);
        }
        else if (file.Deleted)
        {
            HideAll(file);
            file.Deleted = false;
        }

        return id => file.Add(id, content);
    }

    internal (StoreFault? Fault, Action<long>? Add) Revert(string name, long version)
    {
        var (fault, file, old) = Find(name, version);
        return (fault, old) switch
        {
            ({ }, _) => (fault, null),
            (null, { Hidden: true }) => (StoreFault.Conflict, null),
            _ when file!.Current.Content == old!.Content => (null, null),
            _ => (null, id => file!.Add(id, old!.Content)),
        };
    }

    internal StoreFault? Rename(string from, string to)
    {
        var (fault, source) = Live(from);
        if (fault is not null)
        {
            return fault;
        }

        var target = entries.GetValueOrDefault(to).File;
        if (target is { Deleted: false })
        {
            return StoreFault.NameTaken;
        }

        if (target is not null)
        {
            HideAll(target);
            source!.Versions.AddRange(target.Versions);
            foreach (var (name, entry) in entries.Where(pair => pair.Value.Target == target).ToList())
            {
                entries[name] = new Entry(null, source);
            }
        }

        source!.Name = to;
        entries[to] = new Entry(source, null);
        entries[from] = new Entry(null, source);
        return null;
    }

    internal StoreFault? Delete(string name)
    {
        var (fault, file) = Live(name);
        if (fault is null)
        {
            file!.Deleted = true;
        }

        return fault;
    }

    internal StoreFault? Undelete(string name)
    {
        if (!entries.TryGetValue(name, out var entry))
        {
            return StoreFault.NotFound;
        }

        if (entry.File is not { Deleted: true } file)
        {
            return StoreFault.NameTaken;
        }

        file.Deleted = false;
        return null;
    }

    internal StoreFault? SetHidden(string name, long version, bool hidden)
    {
        var (fault, file, found) = Find(name, version);
        if (fault is not null || found!.Hidden == hidden)
        {
            return fault;
        }

        if (found == file!.Current)
        {
            return StoreFault.Conflict;
        }

        found.Hidden = hidden;
        return null;
    }

    private static void HideAll(ModelFile file) => file.Versions.ForEach(version => version.Hidden = true);

    private (StoreFault? Fault, ModelFile? File) Live(string name) => entries.GetValueOrDefault(name).File switch
    {
        null => (StoreFault.NotFound, null),
        { Deleted: true } => (StoreFault.Gone, null),
        var file => (null, file),
    };

    private (StoreFault? Fault, ModelFile? File, ModelVersion? Version) Find(string name, long id)
    {
        var (fault, file) = Live(name);
        var version = file?.Versions.Find(candidate => candidate.Id == id);
        return (fault ?? (version is null ? StoreFault.NotFound : null), file, version);
    }

    /// <summary>What a name holds: content of its own, or the way to another name's.</summary>
    private readonly record struct Entry(ModelFile? File, ModelFile? Target);
}

/// <summary>A name with content of its own.</summary>
internal sealed class ModelFile(string name)
{
    internal string Name { get; set; } = name;

    internal bool Deleted { get; set; }

    internal List<ModelVersion> Versions { get; } = [];

    internal ModelVersion Current { get; private set; } = null!;

    internal void Add(long id, int content)
    {
        Current = new ModelVersion { Id = id, Content = content };
        Versions.Add(Current);
    }
}

/// <summary>A version of a name.</summary>
internal sealed class ModelVersion
{
    internal required long Id { get; init; }

    internal required int Content { get; init; }

    internal bool Hidden { get; set; }
}
