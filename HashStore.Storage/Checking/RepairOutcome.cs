using HashStore.Schema;

namespace HashStore.Storage.Checking;

/// <summary>What became of a finding. A closed list.</summary>
public enum RepairResult
{
    /// <summary>It is right now.</summary>
    Mended,

    /// <summary>Wrong bytes are in quarantine now, and nothing could take their place.</summary>
    Quarantined,

    /// <summary>Mending it would mean guessing, or it failed.</summary>
    NotMended,
}

/// <summary>What a repair did.</summary>
/// <param name="Result">What became of it.</param>
/// <param name="Key">The object; null where it is none.</param>
/// <param name="Path">Where it lies, relative to ROOT; null where that does not matter.</param>
/// <param name="IsWell">Whether the store is right there now. Not where content is missing until it is uploaded again or found.</param>
/// <param name="Detail">What was done, as sentences; empty: nothing, it was right already.</param>
public sealed record RepairOutcome(RepairResult Result, ContentKey? Key, string? Path, bool IsWell, string Detail);
