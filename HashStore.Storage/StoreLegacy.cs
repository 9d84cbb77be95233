using HashStore.Schema;
using HashStore.Storage.Adoption;
using HashStore.Storage.Catalog;
using HashStore.Storage.Damage;
using HashStore.Storage.Durability;
using HashStore.Storage.Leasing;
using HashStore.Storage.Legacy;
using HashStore.Storage.Objects;
using HashStore.Storage.Staging;

namespace HashStore.Storage;

/// <summary>What hashstore-migrate needs of a store beyond its door.</summary>
public sealed partial class Store
{
    /// <summary>Writes legacy rows.</summary>
    internal LegacyImport LegacyImport => new(writer, parts.Database, clock, Paths.ImportLock, ImportGate);

    /// <summary>Whether the legacy rows are whole.</summary>
    internal ImportGate ImportGate => new(Paths, clock);

    /// <summary>The staging area: conversion stages links of legacy files there, the import its temporary database; a later start sweeps what a dead process left.</summary>
    internal StagingArea Staging => staging;

    /// <summary>The database: conversion reads and writes its own rows there.</summary>
    internal StoreDatabase Database => parts.Database;

    /// <summary>Called with a name's number when it was changed, before bytes leave the public tree: takes links away.</summary>
    internal Func<long, Task>? NameLeaves { get; set; }

    /// <summary>The same when they have come back: makes links again.</summary>
    internal Func<long, Task>? NameReturns { get; set; }

    /// <summary>Work that only one process may do at a time.</summary>
    internal Leases Leases { get; }

    /// <summary>Damaged objects.</summary>
    internal DamageRegister Damage { get; }

    /// <summary>Where bytes go that are not what they should be.</summary>
    internal Quarantine Quarantine { get; }

    /// <summary>What it is made of.</summary>
    internal StoreParts Parts => parts;

    /// <summary>Counts up what every process that serves looks at: they all ask again what they have cached.</summary>
    internal void CountRemoval() => removals.Increment();

    /// <summary>The clock that the store was opened with.</summary>
    internal TimeProvider Clock => clock;

    /// <summary>Runs a change of rows in the queue of all changes; durable on return.</summary>
    internal Task<T> WriteAsync<T>(Func<CatalogTransaction, T> change) => writer.WriteAsync(change);

    /// <summary>The door for many names at once; see <see cref="Adopter"/>.</summary>
    /// <param name="names">The names.</param>
    /// <param name="contents">The contents of their versions, each once.</param>
    /// <param name="record">What else belongs into the transaction with the rows; it can be run twice.</param>
    /// <param name="unlink">Removes links to what is not public any more: after the transaction, before the bytes move.</param>
    internal Task AdoptAsync(IReadOnlyList<AdoptedName> names, IReadOnlyCollection<AdoptedContent> contents, Action<CatalogTransaction> record, Action unlink) =>
        UnlinkAndSettleAsync(() => adopter.AdoptAsync(names, contents, record), unlink);

    /// <summary>A change of names that the legacy tree asks for.</summary>
    /// <param name="change">The change; gives the objects whose zone has to change. It can be run twice.</param>
    /// <param name="unlink">Removes links to what is not public any more: after the transaction, before the bytes move.</param>
    internal Task ChangeAsync(Func<CatalogTransaction, IReadOnlyList<ContentKey>> change, Action unlink) => UnlinkAndSettleAsync(() => writer.WriteAsync(change), unlink);

    private async Task UnlinkAndSettleAsync(Func<Task<IReadOnlyList<ContentKey>>> change, Action unlink)
    {
        IReadOnlyList<ContentKey> unsettled;
        try
        {
            unsettled = await change();
            unlink();
        }
        catch (Exception exception) when (StorageErrors.Knows(exception))
        {
            throw StorageErrors.Translate(exception);
        }

        if (unsettled.Count > 0)
        {
            await SettleAsync([.. unsettled.Distinct()]);
        }
    }

    /// <summary>Runs a change that takes objects away, so that every process that serves looks again.</summary>
    internal async Task ForgetAsync(Action<CatalogTransaction> change)
    {
        removals.Increment();
        await writer.WriteAsync(catalog =>
        {
            change(catalog);
            return true;
        });
        removals.Increment();
    }

    /// <summary>Removes an object's bytes from both zones, its thumbnails and the links at places that it had before; only inside <see cref="ForgetAsync"/>, for content to which no version refers. The caller makes it durable.</summary>
    internal void RemoveBytes(CatalogTransaction catalog, ContentKey key)
    {
        oldPlaces.Forget(catalog, key);
        RemoveThumbs(key);
        _ = Posix.Unlink(Path.Combine(Paths.Root, ObjectPath.Of(key)));
        _ = Posix.Unlink(Path.Combine(Paths.Deleted, ObjectPath.Of(key)));
    }
}
