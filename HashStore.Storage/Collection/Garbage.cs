using HashStore.Schema;
using HashStore.Storage.Checking;

namespace HashStore.Storage.Collection;

/// <summary>What a collector takes. A closed list: whatever is not on it stays.</summary>
public enum GarbageKind
{
    /// <summary>What a process that died left in the staging area, in ROOT or in STATE.</summary>
    Leftover,

    /// <summary>The claim of an upload that never finished, with its bytes if they came.</summary>
    Claim,

    /// <summary>Content in the deleted zone to which no version refers, hidden and deleted ones included.</summary>
    Content,

    /// <summary>A second copy, in the deleted zone, of a public object; left by a move that was interrupted.</summary>
    Copy,

    /// <summary>A thumbnail of an object that is not public.</summary>
    Thumbnail,
}

/// <summary>One thing that a collector would take.</summary>
/// <param name="Kind">What.</param>
/// <param name="Key">The object concerned; null: none is.</param>
/// <param name="Path">Where it lies, relative to ROOT (with <c>../</c> when STATE lies outside); null when it is a row alone.</param>
/// <param name="Bytes">Its bytes.</param>
/// <param name="Detail">A sentence for people.</param>
public sealed record Garbage(GarbageKind Kind, ContentKey? Key, string? Path, long Bytes, string Detail)
{
    /// <summary>What is to be removed; only of <see cref="GarbageKind.Leftover"/>.</summary>
    internal Leftover? Left { get; init; }

    /// <summary>Both places of a second copy as they were read, the public one first; only of <see cref="GarbageKind.Copy"/>.</summary>
    internal (Durability.FileStat Public, Durability.FileStat Deleted)? Seen { get; init; }
}

/// <summary>What became of garbage.</summary>
public enum CollectionOutcome
{
    /// <summary>It is gone.</summary>
    Collected,

    /// <summary>It stays: somebody uses it again, or it changed since the plan was made.</summary>
    Kept,

    /// <summary>It could not be removed.</summary>
    Failed,
}

/// <summary>What became of one piece of garbage.</summary>
/// <param name="Garbage">The piece.</param>
/// <param name="Outcome">What became of it.</param>
/// <param name="Detail">Why it is still there; empty when it is gone.</param>
public sealed record Collected(Garbage Garbage, CollectionOutcome Outcome, string Detail);
