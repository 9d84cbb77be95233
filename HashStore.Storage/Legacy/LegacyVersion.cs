using HashStore.Schema.Tables;

namespace HashStore.Storage.Legacy;

/// <summary>A version as the legacy tables tell it.</summary>
/// <param name="Row">What is known; the hashes, numbers and states are filled in by <see cref="LegacyImport"/>.</param>
/// <param name="Number">The number that its table gives it, where it does (<c>fa_id</c>).</param>
internal readonly record struct LegacyVersion(LegacyRow Row, long? Number);

/// <summary>What an import did.</summary>
/// <param name="Read">Rows that came, those left out as duplicates included.</param>
/// <param name="New">Rows that were not there.</param>
/// <param name="Changed">Rows that differ from what was there: pending again.</param>
/// <param name="Unchanged">Rows that were there already.</param>
/// <param name="Duplicates">Rows equal to another one of the same import in all that tells rows apart: left out.</param>
/// <param name="Removed">Rows that the tables no longer hold.</param>
internal readonly record struct LegacyImportCounts(long Read, long New, long Changed, long Unchanged, long Duplicates, long Removed);
