using HashStore.Schema;

namespace HashStore.Migrate.Verification;

/// <summary>What verifying can find. A closed list.</summary>
internal enum VerifyKind
{
    /// <summary>Was missing before anything was converted; no damage.</summary>
    Missing,

    /// <summary>A link whose content was deleted or hidden since: it leads nowhere, as it must, and can go; no damage.</summary>
    Leftover,

    /// <summary>The tables hide the content, but its file was found in the public tree and left there; no damage, but somebody has to take it away.</summary>
    Exposed,

    /// <summary>Nothing is at the path any more.</summary>
    Gone,

    /// <summary>The link leads nowhere.</summary>
    Dangling,

    /// <summary>The link leads to something else than the object.</summary>
    Elsewhere,

    /// <summary>A file with other bytes is where the link was, or where a file was left.</summary>
    Changed,

    /// <summary>The link leads to the right place, where other bytes are.</summary>
    WrongBytes,

    /// <summary>A link, a folder or something special is where a file belongs.</summary>
    WrongType,

    /// <summary>The path answers although its content was taken away.</summary>
    Answers,

    /// <summary>An object is not in its place.</summary>
    LostObject,

    /// <summary>Hidden or deleted content is in the public tree.</summary>
    HiddenInPublic,

    /// <summary>A row that another one speaks of is gone.</summary>
    LostRow,

    /// <summary>A row says something else than the legacy tables or the ledger.</summary>
    WrongRow,

    /// <summary>Something could not be read, so nothing is known of it.</summary>
    Unreadable,
}

/// <summary>One thing that verifying found.</summary>
/// <param name="Kind">What.</param>
/// <param name="Path">The legacy path, or the object's place below ROOT; null where it has none.</param>
/// <param name="Key">The object concerned; null where it is none or none is known.</param>
/// <param name="Detail">A sentence for people.</param>
internal sealed record VerifyFinding(VerifyKind Kind, string? Path, ContentKey? Key, string Detail)
{
    /// <summary>Whether something has to be mended.</summary>
    internal bool IsDamage => Kind > VerifyKind.Exposed;
}
