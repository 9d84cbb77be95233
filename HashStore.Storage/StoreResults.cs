using HashStore.Schema;
using HashStore.Storage.Catalog;
using HashStore.Storage.Safety;

namespace HashStore.Storage;

/// <summary>What to do with staged bytes.</summary>
/// <param name="Name">The name that gets them.</param>
/// <param name="User">Who brings them.</param>
/// <param name="Description">What is said of them.</param>
/// <param name="Condition">What must hold.</param>
public sealed record PutRequest(FileName Name, string User, string Description, UploadCondition Condition);

/// <summary>What an upload did.</summary>
/// <param name="File">The name as it is now.</param>
/// <param name="IsNew">The name had no content before.</param>
/// <param name="IsDuplicate">The content was stored before.</param>
/// <param name="IsUnchanged">It is the current content already: no version was added.</param>
/// <param name="Risk">What it holds for which browsers only save it; null: nothing.</param>
public sealed record PutResult(StoredName File, bool IsNew, bool IsDuplicate, bool IsUnchanged, Risk? Risk);

/// <summary>What another change did.</summary>
/// <param name="File">The name as it is now.</param>
/// <param name="Removed">Objects that left the public tree.</param>
/// <param name="IsUnchanged">Everything was so already.</param>
public sealed record ChangeResult(StoredName File, IReadOnlyList<ContentKey> Removed, bool IsUnchanged);
