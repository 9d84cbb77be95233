namespace HashStore.Storage;

/// <summary>Why the store refused. A closed list: each value names who has to act.</summary>
public enum StoreFault
{
    /// <summary>The caller named something that is not there.</summary>
    NotFound,

    /// <summary>The name is deleted.</summary>
    Gone,

    /// <summary>The name wanted is in use.</summary>
    NameTaken,

    /// <summary>The caller's condition (only if new, only over that content) does not hold.</summary>
    ConditionFailed,

    /// <summary>Other content is stored under the same truncated key, or under the same digest of a weak algorithm.</summary>
    Collision,

    /// <summary>The bytes are not those that the caller announced.</summary>
    DigestMismatch,

    /// <summary>More bytes than allowed.</summary>
    TooLarge,

    /// <summary>The name's extension contradicts the content.</summary>
    ExtensionMismatch,

    /// <summary>The operator does not take content of this type.</summary>
    TypeRefused,

    /// <summary>The content holds what browsers or systems could run, and the operator does not take such.</summary>
    Unsafe,

    /// <summary>The operator's scanner found malware.</summary>
    Infected,

    /// <summary>What is asked cannot be done in the present state (hide the current version, revert to a hidden one).</summary>
    Conflict,

    /// <summary>The operator: no space, no inodes or no quota left.</summary>
    NoSpace,

    /// <summary>The operator: ROOT or STATE cannot be written.</summary>
    NotWritable,

    /// <summary>The operator: ROOT is no store, or is another one than the database's.</summary>
    NotAStore,

    /// <summary>The operator: the store was made by a newer program.</summary>
    NewerStore,

    /// <summary>The operator: the file system cannot do what the store needs.</summary>
    UnfitFileSystem,

    /// <summary>The operator: another process changed the store's layout; this one must be started again.</summary>
    LayoutChanged,

    /// <summary>The operator: bytes or rows are not what they must be; <c>hashstore-migrate fsck</c> says more.</summary>
    Damaged,

    /// <summary>The operator: a setting makes no sense.</summary>
    BadSetting,

    /// <summary>The operator: the disk or the database failed.</summary>
    Unavailable,
}

/// <summary>A refusal of the store; the message says what to do and can be shown to the caller.</summary>
public sealed class StoreException(StoreFault fault, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Why.</summary>
    public StoreFault Fault { get; } = fault;
}
