using HashStore.Schema;
using HashStore.Schema.Tables;
using HashStore.Storage.Catalog;
using HashStore.Storage.Durability;
using HashStore.Storage.Objects;

namespace HashStore.Storage.Widening;

/// <summary>What became of an object that was to get today's key.</summary>
internal enum Rekeyed
{
    /// <summary>It has it.</summary>
    Done,

    /// <summary>It had it already, or there is no such object any more.</summary>
    Nothing,

    /// <summary>Somebody is just bringing its bytes: it gets the key with its first row that counts.</summary>
    Claimed,

    /// <summary>It is marked as damaged: it gets no new name before it is repaired.</summary>
    Damaged,

    /// <summary>Its bytes are not where its row says.</summary>
    Missing,

    /// <summary>Other content has that key.</summary>
    Collision,
}

/// <summary>
/// Gives objects keys of today's length. Everything runs in one write transaction, whose holder alone may write:
/// <code>
/// bytes under both keys, durable ─► rows: file, uploads, ledger, alias (pending) ─► commit ─► old places become links, alias (placed)
/// </code>
/// Before the commit the second name of the bytes is known to nobody; after it whoever asks for the old key is told the new one. What a process leaves that dies in between is taken up by whoever
/// does the same again, and by <see cref="Store.RecoverAsync"/>.
/// </summary>
internal sealed class Rekeying(StoreParts parts)
{
    /// <summary>Takes the key of some content anew, and brings the object along where it is stored under the key that it had before.</summary>
    /// <returns>What is known of the content, under today's key.</returns>
    internal ContentFacts Prepare(CatalogTransaction catalog, ContentFacts facts)
    {
        var layout = parts.Layout;
        var digest = facts.Digest ?? facts.Sha256;
        facts = facts with { Key = layout.KeyOf(digest) };
        if (layout.FromBits is { } before && catalog.FindExact(facts.Key) is null or { State: FileState.Claimed })
        {
            var old = digest.ToKey(layout.FromBits.Value);
            if (catalog.FindExact(old) is { } row && facts.Is(row))
            {
                _ = Rekey(catalog, old);
            }
        }

        return facts;
    }

    /// <summary>Gives one object today's key.</summary>
    internal Rekeyed Rekey(CatalogTransaction catalog, ContentKey key) => Rekey(catalog, [key])[0];

    /// <summary>Gives some objects today's keys; they share the syncs.</summary>
    internal Rekeyed[] Rekey(CatalogTransaction catalog, IReadOnlyList<ContentKey> keys)
    {
        var targets = new HashSet<ContentKey>();
        var plans = keys.Select(key => Plan(catalog, key)).Select(plan => plan.Outcome is null && !targets.Add(plan.Now) ? plan with { Outcome = Rekeyed.Claimed } : plan).ToList();

        // This is the writer's own thread, which does nothing else: waiting here is what keeps others from writing meanwhile.
        var linked = Task.WhenAll(plans.Select(LinkAsync)).GetAwaiter().GetResult();
        return [.. plans.Select((plan, i) => plan.Outcome ?? (linked[i] ? Write(catalog, plan) : Rekeyed.Missing))];
    }

    /// <summary>Removes the second name that a process which died may have left of an object that keeps its key, or leaves the public tree under it.</summary>
    /// <param name="catalog">The transaction.</param>
    /// <param name="key">The object.</param>
    /// <param name="row">Its row.</param>
    /// <param name="bits">The length of the key that it did not get.</param>
    internal void RemoveStray(CatalogTransaction catalog, ContentKey key, StoredRow row, int bits)
    {
        if (key.Bits != bits && (row.Digest ?? row.Sha256).ToKey(bits) is var now && catalog.FindExact(now) is null
            && parts.Paths.ObjectPathOf(now, Zone.Public) is var path && FileStat.Of(path) is { IsFile: true })
        {
            _ = Posix.Unlink(path);
        }
    }

    private RekeyPlan Plan(CatalogTransaction catalog, ContentKey key)
    {
        if (key.Bits == catalog.KeyBits || catalog.FindExact(key) is not { } row)
        {
            return new RekeyPlan(key, key, Rekeyed.Nothing);
        }

        if (row.State == FileState.Collecting)
        {
            ContentChanges.Settle(catalog, key, parts.Backend);
            row = catalog.FindExact(key)!.Value;
        }

        var now = (row.Digest ?? row.Sha256).ToKey(catalog.KeyBits);
        var target = catalog.FindExact(now);
        Rekeyed? outcome = row.State == FileState.Claimed ? Rekeyed.Claimed
            : parts.Marks.Has(key) ? Rekeyed.Damaged
            : target is { } other && (other.Sha256 != row.Sha256 || other.Digest != row.Digest) ? Rekeyed.Collision
            : null;
        return new RekeyPlan(key, now, outcome) { Row = row, Target = target };
    }

    /// <summary>The bytes; not where a row promises them under that key already.</summary>
    private Task<bool> LinkAsync(RekeyPlan plan) => plan switch
    {
        { Outcome: not null } => Task.FromResult(false),
        { Target: { State: not FileState.Claimed } } => Task.FromResult(true),
        _ => Backend.LinkAsync(plan.Key, plan.Now, plan.Row.State == FileState.Public ? Zone.Public : Zone.Deleted).AsTask(),
    };

    private Rekeyed Write(CatalogTransaction catalog, RekeyPlan plan)
    {
        byte[] from = plan.Key.ToArray(), to = plan.Now.ToArray();
        if (catalog.FindExact(plan.Now) is { State: not FileState.Claimed })
        {
            // The same content came in under today's key while the old row could not be moved: one row is left, which counts for both.
            if (ContentChanges.CountReferences(catalog, plan.Now, plan.Row.RefCount))
            {
                ContentChanges.Settle(catalog, plan.Now, parts.Backend);
            }
        }
        else
        {
            catalog.Execute(AliasStatements.RemoveFile, to); // the claim of an upload that is under way, which will find the row
            catalog.Execute(AliasStatements.CopyFile, to, from);
        }

        catalog.Execute(AliasStatements.MoveUploads, to, from);
        catalog.Execute(AliasStatements.MoveLedger, to, from);
        catalog.Execute(AliasStatements.RemoveFile, from);
        catalog.Execute(AliasStatements.Remove, to); // where widening was undone
        catalog.Execute(AliasStatements.MoveHash, to, from);
        catalog.Execute(AliasStatements.Insert, from, to);
        return Rekeyed.Done;
    }

    private IRekeyableBackend Backend => parts.Backend as IRekeyableBackend
        ?? throw new StoreException(StoreFault.BadSetting, "Where this store keeps its objects, their keys cannot be changed.");

    /// <summary>What is to be done with one object.</summary>
    /// <param name="Key">Its key.</param>
    /// <param name="Now">The one that it gets.</param>
    /// <param name="Outcome">Known already when there is nothing to do.</param>
    private sealed record RekeyPlan(ContentKey Key, ContentKey Now, Rekeyed? Outcome)
    {
        internal StoredRow Row { get; init; }

        internal StoredRow? Target { get; init; }
    }
}
