namespace HashStore.Migrate.Legacy.Tables;

/// <summary>The legacy tables cannot be read; the message says where and what to do. Nothing was changed.</summary>
internal sealed class LegacyTablesException(string message, Exception? inner = null) : Exception(message, inner);
