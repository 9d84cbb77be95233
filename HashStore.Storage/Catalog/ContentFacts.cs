using HashStore.Schema;
using HashStore.Schema.Tables;
using HashStore.Storage.Content;

namespace HashStore.Storage.Catalog;

/// <summary>Everything that a <c>file</c> row says of some content before anybody refers to it.</summary>
internal sealed record ContentFacts(ContentKey Key, ContentDigest Sha256, ContentDigest? Digest, ContentDigest Sha1, long Size, string Mime, MediaMetadata Media)
{
    internal string MimeMajor => Mime[..Mime.IndexOf('/')];

    internal string MimeMinor => Mime[(Mime.IndexOf('/') + 1)..];

    /// <summary>Whether a row under the same key is this content.</summary>
    internal bool Is(StoredRow row) => row.Sha256 == Sha256 && row.Digest == Digest;
}

/// <summary>Changes to <c>file</c> rows. Each runs inside the writer's transaction, checks first and writes then.</summary>
internal static class ContentChanges
{
    /// <summary>
    /// Announces that the bytes are about to come. What a collector could take (a claim, or deleted content) counts as touched now: it is in use again, and the collector's grace begins anew.
    /// </summary>
    /// <returns>The state that the row had before; null when there was none.</returns>
    /// <exception cref="StoreException">Other content has the same key.</exception>
    internal static FileState? Claim(CatalogTransaction catalog, ContentFacts facts)
    {
        if (catalog.FindExact(facts.Key) is { } row)
        {
            if (!facts.Is(row))
            {
                throw Collision(facts, row);
            }

            if (row.State is FileState.Claimed or FileState.Deleted)
            {
                catalog.SetState(facts.Key, row.State);
            }

            return row.State;
        }

        catalog.Execute(
            Statements.InsertFile,
            facts.Key.ToArray(), facts.Sha256.ToArray(), facts.Digest?.ToArray(), facts.Sha1.ToArray(), facts.Size,
            facts.Media.Width, facts.Media.Height, facts.Media.Bits, facts.Media.PlaytimeMilliseconds,
            MediaTypes.MediaType(facts.Mime), facts.MimeMajor, facts.MimeMinor, (byte)FileState.Claimed, catalog.Now, facts.Media.Json);
        return null;
    }

    /// <summary>Changes the number of uploads that refer to an object; one that has to change its zone becomes <see cref="FileState.Collecting"/>.</summary>
    /// <returns>Whether it has to be settled.</returns>
    internal static bool CountReferences(CatalogTransaction catalog, ContentKey key, long difference)
    {
        var row = catalog.FindFile(key) ?? throw new StoreException(StoreFault.Damaged, $"A version refers to the object {key}, of which there is no row. Run hashstore-migrate fsck.");
        catalog.CountReference(key, difference);
        var belongsPublic = row.RefCount + difference > 0;
        var settled = row.State == (belongsPublic ? FileState.Public : FileState.Deleted);
        if (!settled && row.State != FileState.Collecting)
        {
            catalog.SetState(key, FileState.Collecting);
        }

        return !settled;
    }

    /// <summary>
    /// Moves the bytes of a <see cref="FileState.Collecting"/> object to where its reference count says, and the row after them. Runs while the right to write is held, so no upload can
    /// come between; any process can run it for any other, as often as it likes.
    /// </summary>
    internal static void Settle(CatalogTransaction catalog, ContentKey key, Objects.IObjectBackend backend)
    {
        if (catalog.FindFile(key) is not { State: FileState.Collecting } row)
        {
            return;
        }

        var (from, state) = row.RefCount > 0 ? (Objects.Zone.Deleted, FileState.Public) : (Objects.Zone.Public, FileState.Deleted);

        // This is the writer's own thread, which does nothing else: waiting here is what keeps others from writing meanwhile.
        var moved = backend.MoveAsync(key, from).AsTask().GetAwaiter().GetResult();
        if (!moved && state == FileState.Public && backend.StatAsync(key, Objects.Zone.Public).AsTask().GetAwaiter().GetResult() is null)
        {
            throw new StoreException(StoreFault.Damaged, $"The bytes of the object {key} are neither in the public tree nor in the deleted zone. Run hashstore-migrate fsck.");
        }

        catalog.SetState(key, state);
    }

    /// <summary>
    /// Whether a zone has an object's bytes. Asked before a claim becomes a promise, while the right to write is held: between the claim and now a collector may have taken both away and another upload may have
    /// claimed anew, so that the row alone says nothing about the bytes.
    /// </summary>
    internal static bool HasBytes(Objects.IObjectBackend backend, ContentKey key, Objects.Zone zone) => backend.StatAsync(key, zone).AsTask().GetAwaiter().GetResult() is not null;

    private static StoreException Collision(ContentFacts facts, StoredRow row) => new(
        StoreFault.Collision,
        $"Other content (SHA-256 {row.Sha256}) is stored under the key {facts.Key} already. What was sent (SHA-256 {facts.Sha256}) was not kept, and nothing was changed. "
        + "Longer keys tell the two apart: hashstore-migrate widen.");
}
