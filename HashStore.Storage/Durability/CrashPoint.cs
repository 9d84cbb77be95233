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

    // Thumbnails (ThumbnailMaker, Store.SettleAsync).

    /// <summary>A thumbnail is rendered and synced, in staging.</summary>
    ThumbSynced,

    /// <summary>It is in its place; the transaction that looked whether its object is public has not ended.</summary>
    ThumbNamed,

    /// <summary>The thumbnails of an object that leaves the public tree are gone, the object is still there.</summary>
    ThumbsRemoved,

    // Import of legacy tables (ImportGate).

    /// <summary>The note that an import is under way is durable; no row is written.</summary>
    ImportBegun,

    /// <summary>All rows are written; the note is still there.</summary>
    ImportWritten,

    // Conversion (StagingArea.StageLink, Adopter, BatchConversion, LinkExchange).

    /// <summary>A legacy file has a second link in staging, and its own mode.</summary>
    FileLinked,

    /// <summary>The contents of a batch are synced, their claims committed.</summary>
    BatchClaimed,

    /// <summary>The objects of a batch are in their places; there are no rows but claims.</summary>
    BatchPlaced,

    /// <summary>The versions of a batch are committed; every path is still a file.</summary>
    BatchRowsCommitted,

    /// <summary>A link lies beside its path.</summary>
    LinkMade,

    /// <summary>A link has taken the place of a file, which lies beside it.</summary>
    LinkExchanged,

    /// <summary>All links of a batch are in their places; their rows say committed, not linked.</summary>
    BatchExchanged,

    // Following a wiki's deletion (DeletedZone).

    /// <summary>The file that takes the place of a link below deleted/ lies beside it.</summary>
    TwinMade,

    // Undo (FileRestorer, UndoRun).

    /// <summary>Files lie beside their links, not synced.</summary>
    UndoPrepared,

    /// <summary>A file has taken the place of its link, which lies beside it.</summary>
    UndoExchanged,

    /// <summary>All files are back, durably; the store still knows everything.</summary>
    UndoRestored,

    /// <summary>The store has forgotten the versions; the ledger is still there.</summary>
    UndoForgotten,

    /// <summary>Empty folders are removed and times restored; the ledger is still there.</summary>
    UndoTidied,

    // Damage and repair (Quarantine, DamageMarks, OrphanRepair).

    /// <summary>The record of damaged bytes is in quarantine, they are not.</summary>
    QuarantineRecorded,

    /// <summary>Damaged bytes are in quarantine and still in their place.</summary>
    QuarantineLinked,

    /// <summary>Right bytes are in their place; the row and the mark are as they were.</summary>
    RepairPlaced,

    /// <summary>A mark is there, empty.</summary>
    MarkMade,
}
