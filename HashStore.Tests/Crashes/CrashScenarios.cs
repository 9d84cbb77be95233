using HashStore.Storage.Durability;
using static HashStore.Storage.Durability.CrashPoint;

namespace HashStore.Tests.Crashes;

/// <summary>
/// The scenario of every crash point: a new point gets a line here, and the tests fail until it has one that passes it. <see cref="Store"/>: a change of a store, <see cref="Tree"/>: a run on a legacy tree,
/// <see cref="Repair"/>: a repair.
/// </summary>
internal static class CrashScenarios
{
    /// <summary>A store is opened, or a change is made; which of the passes dies is the third part.</summary>
    internal static IReadOnlyList<(CrashPoint Point, StoreScenario Scenario, int Pass)> Store { get; } =
    [
        (OpenFoldersMade, StoreScenario.Open, 1),
        (OpenTablesMade, StoreScenario.Open, 1),
        (OpenRowWritten, StoreScenario.Open, 1),
        (OpenLayoutWritten, StoreScenario.Open, 1),
        (OpenStagingSwept, StoreScenario.Open, 1),
        (RowsWritten, StoreScenario.Upload, 1),
        (RowsWritten, StoreScenario.Upload, 2),
        (RowsWritten, StoreScenario.Version, 2),
        (RowsWritten, StoreScenario.Revert, 1),
        (RowsWritten, StoreScenario.Delete, 1),
        (RowsWritten, StoreScenario.Delete, 2),
        (RowsCommitted, StoreScenario.Upload, 1),
        (RowsCommitted, StoreScenario.Upload, 2),
        (RowsCommitted, StoreScenario.Revive, 2),
        (RowsCommitted, StoreScenario.Rename, 1),
        (RowsCommitted, StoreScenario.Delete, 1),
        (RowsCommitted, StoreScenario.Delete, 2),
        (UploadStaged, StoreScenario.Upload, 1),
        (UploadClaimed, StoreScenario.Upload, 1),
        (ObjectNamed, StoreScenario.Upload, 1),
        (ObjectNamed, StoreScenario.Version, 1),
        (UploadPlaced, StoreScenario.Upload, 1),
        (UploadRowsCommitted, StoreScenario.Upload, 1),
        (UploadRowsCommitted, StoreScenario.Revive, 1),
        (NameRowsCommitted, StoreScenario.Delete, 1),
        (NameRowsCommitted, StoreScenario.Undelete, 1),
        (NameRowsCommitted, StoreScenario.Hide, 1),
        (NameRowsCommitted, StoreScenario.Show, 1),
        (NameRowsCommitted, StoreScenario.Rename, 1),
        (NameRowsCommitted, StoreScenario.Revert, 1),
        (ObjectMoved, StoreScenario.Delete, 1),
        (ObjectMoved, StoreScenario.Revive, 1),
        (ObjectMoved, StoreScenario.Undelete, 1),
        (ObjectMoveSynced, StoreScenario.Delete, 2),
        (ObjectMoveSynced, StoreScenario.Show, 1),
        (ThumbSynced, StoreScenario.Thumbnail, 1),
        (ThumbNamed, StoreScenario.Thumbnail, 1),
        (ThumbsRemoved, StoreScenario.DeletePictured, 1),
    ];

    internal static IReadOnlyList<(CrashPoint Point, TreeScenario Scenario, int Pass)> Tree { get; } =
    [
        (ImportBegun, TreeScenario.Convert, 1),
        (ImportWritten, TreeScenario.Convert, 1),
        (FileLinked, TreeScenario.Convert, 2),
        (BatchClaimed, TreeScenario.Convert, 1),
        (BatchPlaced, TreeScenario.Convert, 1),
        (BatchRowsCommitted, TreeScenario.Convert, 1),
        (LinkMade, TreeScenario.Convert, 2),
        (LinkExchanged, TreeScenario.Convert, 1),
        (BatchExchanged, TreeScenario.Convert, 1),
        (TwinMade, TreeScenario.Follow, 1),
        (UndoPrepared, TreeScenario.Undo, 1),
        (UndoExchanged, TreeScenario.Undo, 2),
        (UndoRestored, TreeScenario.Undo, 1),
        (UndoForgotten, TreeScenario.Undo, 1),
        (UndoTidied, TreeScenario.Undo, 1),
    ];

    internal static IReadOnlyList<(CrashPoint Point, int Pass)> Repair { get; } =
    [
        (QuarantineRecorded, 1),
        (QuarantineLinked, 1),
        (RepairPlaced, 1),
        (MarkMade, 1),
    ];
}
