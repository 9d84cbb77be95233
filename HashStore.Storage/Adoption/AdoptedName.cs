using HashStore.Schema;
using HashStore.Schema.Tables;
using HashStore.Storage.Catalog;
using HashStore.Storage.Objects;
using HashStore.Storage.Staging;

namespace HashStore.Storage.Adoption;

/// <summary>Content that a batch brings in, or that is stored already; versions with equal content share one.</summary>
internal sealed class AdoptedContent
{
    /// <summary>Content that comes in.</summary>
    /// <param name="facts">What is known of it.</param>
    /// <param name="staged">Its bytes, staged; the caller disposes them.</param>
    internal AdoptedContent(ContentFacts facts, StagedFile staged) => (Key, Facts, Staged) = (facts.Key, facts, staged);

    /// <summary>Content that an earlier batch brought in.</summary>
    internal AdoptedContent(ContentKey stored) => (Key, WasStored) = (stored, true);

    /// <summary>Its key; the store changes it where keys have become longer under way.</summary>
    internal ContentKey Key { get; set; }

    /// <summary>Null for what is stored already.</summary>
    internal ContentFacts? Facts
    {
        get;
        set
        {
            field = value;
            Key = value?.Key ?? Key;
        }
    }

    /// <summary>Null for what is stored already.</summary>
    internal StagedFile? Staged { get; }

    /// <summary>Where its bytes go if nothing refers to it yet: the deleted zone as long as only hidden versions do.</summary>
    internal Zone Zone { get; set; } = Zone.Deleted;

    /// <summary>Set by the store: whether the content was stored before this batch.</summary>
    internal bool WasStored { get; set; }

    /// <summary>Set by the store: why it was not taken (a collision of keys, damage); versions that have it are left out.</summary>
    internal string? Refusal { get; set; }
}

/// <summary>One version of a name that comes in with its history.</summary>
internal sealed class AdoptedVersion
{
    internal required AdoptedContent Content { get; init; }

    /// <summary>UTC.</summary>
    internal required DateTime Timestamp { get; init; }

    /// <summary>UTC, what its file says instead: counts where <see cref="KnownUploadId"/> turns out to have other content, because what was told of it is told of that.</summary>
    internal DateTime FileTime { get; init; }

    /// <summary>Whether it was made of a path alone: nobody has told when and by whom it was uploaded.</summary>
    internal bool IsDerived { get; init; }

    /// <summary>The version that its path showed before: this one has taken its place.</summary>
    internal long? ReplacedUploadId { get; init; }

    /// <summary>Set by the store: the content is not that of <see cref="KnownUploadId"/>; it is a newer version, of which nothing was told yet.</summary>
    internal bool IsNewer { get; set; }

    internal long? UserId { get; init; }

    internal string UserText { get; init; } = "";

    internal string Description { get; init; } = "";

    internal HiddenParts Hidden { get; init; }

    internal string? ArchiveName { get; init; }

    internal string? DeletionUserText { get; init; }

    internal DateTime? DeletionTimestamp { get; init; }

    internal string? DeletionReason { get; init; }

    /// <summary>The version that it became in an earlier run.</summary>
    internal long? KnownUploadId { get; init; }

    /// <summary>Set by the store: the version's number.</summary>
    internal long UploadId { get; set; }

    internal bool HidesContent => (Hidden & HiddenParts.Content) != 0;
}

/// <summary>A name with versions to take in.</summary>
internal sealed class AdoptedName
{
    internal required FileName Name { get; init; }

    /// <summary>Whether the name is deleted with all of them.</summary>
    internal bool Deleted { get; init; }

    /// <summary>Oldest first.</summary>
    internal required IReadOnlyList<AdoptedVersion> Versions { get; init; }

    /// <summary>The one that becomes the current version, unless the name got a newer one through the store.</summary>
    internal required AdoptedVersion Current { get; init; }

    /// <summary>Set by the store: nothing was written, because the content of <see cref="Current"/> was refused.</summary>
    internal bool IsHeldBack { get; set; }
}
