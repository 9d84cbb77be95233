namespace HashStore.Storage.Durability;

/// <summary>
/// The named moments of every write path at which a process can die: see <see cref="CrashPoints"/> for how one is added. A name says what has just happened; what stands after it has not.
/// </summary>
internal enum CrashPoint
{
    // A store is made or opened (StoreOpening).

    /// <summary>ROOT and STATE are there, nothing is in them.</summary>
    OpenFoldersMade,

    /// <summary>The tables are as this program wants them; the store has no row yet, where it is new.</summary>
    OpenTablesMade,

    /// <summary>The store has its row, and no layout.</summary>
    OpenRowWritten,

    /// <summary>The layout is in its place; nobody was told.</summary>
    OpenLayoutWritten,

    /// <summary>What dead processes left in staging is gone.</summary>
    OpenStagingSwept,

    // Every transaction (CatalogWriter).

    /// <summary>The rows are written, nothing is committed.</summary>
    RowsWritten,

    /// <summary>Committed; nobody was told.</summary>
    RowsCommitted,

    // An upload (Store.PutAsync).

    /// <summary>The bytes are in staging, not synced.</summary>
    UploadStaged,

    /// <summary>The bytes are synced, the claim is committed.</summary>
    UploadClaimed,

    /// <summary>The object has its name, which is not synced.</summary>
    ObjectNamed,

    /// <summary>The object is in its place, durably; there is no row but the claim.</summary>
    UploadPlaced,

    /// <summary>The rows are committed; what was deleted and comes back is not moved.</summary>
    UploadRowsCommitted,

    // Names: revert, rename, delete, undelete, hide, show (Store.ChangeAsync).

    /// <summary>The rows are committed; objects that change their zone are not moved.</summary>
    NameRowsCommitted,

    // An object changes its zone (LocalObjects.MoveAsync).

    /// <summary>It has its new name, and not the old one; neither is synced.</summary>
    ObjectMoved,

    /// <summary>Its new name is durable, its old one may come back.</summary>
    ObjectMoveSynced,
}
