using HashStore.Schema;

namespace HashStore.Storage.Checking;

/// <summary>What can be wrong with a store. A closed list.</summary>
public enum FindingKind
{
    /// <summary>A row promises bytes that are in neither zone.</summary>
    MissingObject,

    /// <summary>An object is shorter or longer than its row says.</summary>
    WrongSize,

    /// <summary>An object's bytes have another hash than its row says (<see cref="CheckOptions.Full"/> only).</summary>
    WrongHash,

    /// <summary>An object without a row.</summary>
    OrphanObject,

    /// <summary>An object lies in the public tree while its row says deleted, or the other way round.</summary>
    WrongZone,

    /// <summary>Something among the objects that is none.</summary>
    Stranger,

    /// <summary>A row's reference count is not the number of uploads that count.</summary>
    WrongRefCount,

    /// <summary>A row's state contradicts its reference count.</summary>
    WrongState,

    /// <summary>A row's key is not the beginning of its digest.</summary>
    WrongKey,

    /// <summary>An upload belongs to no name or has no object's row.</summary>
    DanglingUpload,

    /// <summary>A name's current version is none of its own.</summary>
    DanglingLatest,

    /// <summary>A redirect points at no name with versions.</summary>
    DanglingRedirect,

    /// <summary>A compatibility link whose object is not there.</summary>
    DanglingLink,

    /// <summary>A compatibility link leads to something else than the ledger says.</summary>
    WrongLink,

    /// <summary>A compatibility link of which the ledger knows nothing: undo would leave it behind.</summary>
    LostLedgerRow,

    /// <summary>What an interrupted process left and opening or collecting will sweep: no damage.</summary>
    Leftover,

    /// <summary>The database itself is damaged.</summary>
    DatabaseDamage,

    /// <summary>Something could not be read, so nothing is known of it.</summary>
    Unreadable,
}

/// <summary>One thing that is wrong.</summary>
/// <param name="Kind">What.</param>
/// <param name="Key">The object concerned; null when it is none or none is known.</param>
/// <param name="Path">Where it lies, relative to ROOT (with <c>../</c> when STATE lies outside); null when it has no place.</param>
/// <param name="Detail">A sentence for people.</param>
public sealed record Finding(FindingKind Kind, ContentKey? Key, string? Path, string Detail)
{
    /// <summary>Whether something has to be mended. Leftovers go by themselves.</summary>
    public bool IsDamage => Kind != FindingKind.Leftover;
}
