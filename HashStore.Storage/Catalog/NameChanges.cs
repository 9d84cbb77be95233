using HashStore.Schema;
using HashStore.Schema.Tables;
using HashStore.Storage.Objects;

namespace HashStore.Storage.Catalog;

/// <summary>What must hold for an upload to be taken.</summary>
/// <param name="OnlyIfNew">The name must have no content (<c>If-None-Match: *</c>).</param>
/// <param name="IfCurrent">The name's current digest must satisfy this (<c>If-Match</c>); null: any or none will do.</param>
public readonly record struct UploadCondition(bool OnlyIfNew, Func<ContentDigest, bool>? IfCurrent)
{
    /// <summary>Whether there is anything to check.</summary>
    public bool IsAny => OnlyIfNew || IfCurrent is not null;
}

/// <summary>What an upload did.</summary>
internal readonly record struct UploadedRow(long NameId, long VersionId, DateTime Timestamp, bool NewName, bool OnlyVersion, bool Unchanged, bool Duplicate, bool NeedsSettling);

/// <summary>What a change of a name did: the name to show, and the objects whose zone has to change.</summary>
internal sealed record NameChanged(long NameId, IReadOnlyList<ContentKey> Unsettled, bool Unchanged = false);

/// <summary>
/// Changes to <c>filename</c> and <c>upload</c> rows. Each runs inside the writer's transaction, checks first and writes then.
///
/// An upload counts for its object unless its content is hidden or its name is deleted. When a deleted name gets a new upload, or a rename takes the place of a deleted name, the old versions stay
/// behind as hidden ones.
/// </summary>
internal static class NameChanges
{
    /// <summary>Checks the condition of an upload; runs with the claim, so that a refused upload leaves nothing, and again with the row.</summary>
    internal static void CheckCondition(CatalogTransaction catalog, FileName name, UploadCondition condition)
    {
        if (!condition.IsAny)
        {
            return;
        }

        var current = catalog.FindName(name) is { Deleted: false, Latest: { } latest } ? catalog.FindVersion(latest) : null;
        if (condition.OnlyIfNew && current is not null)
        {
            throw new StoreException(StoreFault.ConditionFailed, $"{name} exists already, and the request says: only if it is new.");
        }

        if (condition.IfCurrent is { } matches && (current is null || catalog.FindFile(current.Value.Key) is not { } file || !matches(file.Digest ?? file.Sha256)))
        {
            throw new StoreException(StoreFault.ConditionFailed, $"The current content of {name} is not the one that If-Match names.");
        }
    }

    /// <summary>Gives a name a new version with claimed content; null when the claim, or what it claimed, is gone and has to be made again.</summary>
    internal static UploadedRow? Upload(CatalogTransaction catalog, IObjectBackend backend, FileName name, ContentFacts facts, UploadCondition condition, string user, string description)
    {
        CheckCondition(catalog, name, condition);
        if (catalog.FindFile(facts.Key) is not { } file || !facts.Is(file) || (file.State == FileState.Claimed && !ContentChanges.HasBytes(backend, facts.Key, Zone.Public)))
        {
            return null;
        }

        var known = catalog.FindName(name);
        var current = known is { Latest: { } latest } ? catalog.FindVersion(latest) : null;
        var live = known is { Deleted: false, Latest: not null };
        if (live && current!.Value.Key == facts.Key)
        {
            return new UploadedRow(known!.Value.Id, current.Value.Id, current.Value.Timestamp, NewName: false, OnlyVersion: false, Unchanged: true, Duplicate: true, file.State == FileState.Collecting);
        }

        if (file.State is FileState.Claimed or FileState.Public)
        {
            catalog.Execute(Statements.PublishFile, (byte)FileState.Public, catalog.Now, facts.Key.ToArray());
        }
        else
        {
            ContentChanges.CountReferences(catalog, facts.Key, 1);
        }

        var nameId = known?.Id ?? catalog.Insert(Statements.InsertName, name.Value, null);
        if (known is { Deleted: true })
        {
            catalog.Execute(Statements.HideAll, nameId);
        }

        var timestamp = NotBefore(catalog.Now, current?.Timestamp);
        var versionId = AddVersion(catalog, nameId, facts.Key, timestamp, user, description);
        var duplicate = file.State != FileState.Claimed;
        var onlyVersion = known is null or { Redirect: not null };
        return new UploadedRow(nameId, versionId, timestamp, !live, onlyVersion, Unchanged: false, duplicate, file.State is FileState.Collecting or FileState.Deleted);
    }

    /// <summary>A new version with an old one's content.</summary>
    internal static NameChanged Revert(CatalogTransaction catalog, FileName name, long versionId, string user, string description)
    {
        var known = Live(catalog, name);
        var version = VersionOf(catalog, name, known, versionId);
        if (version.IsHidden)
        {
            throw new StoreException(StoreFault.Conflict, $"Version {versionId} of {name} is hidden: show it before reverting to it.");
        }

        var current = catalog.FindVersion(known.Latest!.Value)!.Value;
        if (current.Key == version.Key)
        {
            return new NameChanged(known.Id, [], Unchanged: true);
        }

        var unsettled = ContentChanges.CountReferences(catalog, version.Key, 1);
        AddVersion(catalog, known.Id, version.Key, NotBefore(catalog.Now, current.Timestamp), user, description);
        return new NameChanged(known.Id, unsettled ? [version.Key] : []);
    }

    /// <summary>Gives a name's row another name and leaves a redirect behind.</summary>
    internal static NameChanged Rename(CatalogTransaction catalog, FileName from, FileName to)
    {
        var source = Live(catalog, from);
        var target = catalog.FindName(to);
        if (target is { Deleted: false, Latest: not null })
        {
            throw new StoreException(StoreFault.NameTaken, from == to ? $"{from} has that name already." : $"{to} exists already: delete or rename it first.");
        }

        if (target is { } occupied)
        {
            catalog.Execute(Statements.HideAll, occupied.Id);
            catalog.Execute(Statements.MoveUploads, source.Id, occupied.Id);
            catalog.Execute(Statements.MoveRedirects, source.Id, occupied.Id);
            catalog.Execute(Statements.RemoveName, occupied.Id);
        }

        catalog.Execute(Statements.SetName, to.Value, source.Id);
        catalog.Insert(Statements.InsertName, from.Value, source.Id);
        return new NameChanged(source.Id, []);
    }

    /// <summary>Deletes a name with all its versions.</summary>
    internal static NameChanged Delete(CatalogTransaction catalog, FileName name, string user, string reason)
    {
        var known = Live(catalog, name);
        var counted = CountedUploads(catalog, known.Id);
        catalog.Execute(Statements.MarkAllDeleted, user, catalog.Now, reason, known.Id);
        catalog.Execute(Statements.SetNameDeleted, true, known.Id);
        return new NameChanged(known.Id, CountAll(catalog, counted, -1));
    }

    /// <summary>Brings a deleted name back with the versions that were deleted with it.</summary>
    internal static NameChanged Undelete(CatalogTransaction catalog, FileName name)
    {
        var known = catalog.FindName(name) ?? throw NotFound(name);
        if (!known.Deleted)
        {
            throw new StoreException(StoreFault.NameTaken, $"{name} is not deleted: the name is in use.");
        }

        var counted = CountedUploads(catalog, known.Id);
        catalog.Execute(Statements.MarkAllDeleted, null, null, null, known.Id);
        catalog.Execute(Statements.SetNameDeleted, false, known.Id);
        return new NameChanged(known.Id, CountAll(catalog, counted, 1));
    }

    /// <summary>Hides or shows the content of one version that is not the current one.</summary>
    internal static NameChanged SetHidden(CatalogTransaction catalog, FileName name, long versionId, bool hidden, string user, string reason)
    {
        var known = Live(catalog, name);
        var version = VersionOf(catalog, name, known, versionId);
        if (version.IsHidden == hidden)
        {
            return new NameChanged(known.Id, [], Unchanged: true);
        }

        if (versionId == known.Latest)
        {
            throw new StoreException(StoreFault.Conflict, $"Version {versionId} is the current one of {name}: upload or revert to another first, or delete the name.");
        }

        catalog.Execute(
            Statements.SetHidden,
            (short)(hidden ? HiddenParts.Content : HiddenParts.None), hidden ? user : null, hidden ? catalog.Now : null, hidden ? reason : null, versionId);
        return new NameChanged(known.Id, CountAll(catalog, [(version.Key, 1)], hidden ? -1 : 1));
    }

    private static long AddVersion(CatalogTransaction catalog, long nameId, ContentKey key, DateTime timestamp, string user, string description)
    {
        var id = catalog.Insert(Statements.InsertUpload, nameId, key.ToArray(), timestamp, null, user, description, (short)HiddenParts.None, null);
        catalog.Execute(Statements.SetLatest, id, nameId);
        return id;
    }

    /// <summary>Versions of a name never go back in time, also when the clock does.</summary>
    private static DateTime NotBefore(DateTime now, DateTime? previous) => previous > now ? previous.Value : now;

    private static List<(ContentKey Key, long Count)> CountedUploads(CatalogTransaction catalog, long nameId) =>
        catalog.ReadAll(Statements.ReadCountedUploads, row => (new ContentKey((byte[])row[0]), Convert.ToInt64(row[1], null)), nameId);

    private static List<ContentKey> CountAll(CatalogTransaction catalog, List<(ContentKey Key, long Count)> counted, int sign) =>
        [.. counted.Where(pair => ContentChanges.CountReferences(catalog, pair.Key, sign * pair.Count)).Select(pair => pair.Key)];

    private static NameRow Live(CatalogTransaction catalog, FileName name)
    {
        var known = catalog.FindName(name) ?? throw NotFound(name);
        if (known.Redirect is { } target)
        {
            var now = catalog.ReadOne(Statements.ReadNameById, row => (Name: row.GetString(0), Deleted: row.GetBoolean(2)), target);
            throw new StoreException(StoreFault.NotFound, $"{name} was renamed to {now?.Name}: ask for that name.");
        }

        return known.Deleted ? throw new StoreException(StoreFault.Gone, $"{name} is deleted: undelete it first.") : known;
    }

    private static VersionRow VersionOf(CatalogTransaction catalog, FileName name, NameRow known, long versionId) =>
        catalog.FindVersion(versionId) is { } version && version.NameId == known.Id
            ? version
            : throw new StoreException(StoreFault.NotFound, $"{name} has no version {versionId}.");

    private static StoreException NotFound(FileName name) => new(StoreFault.NotFound, $"There is no file called {name}.");
}
