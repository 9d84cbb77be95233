using System.Collections.Concurrent;
using HashStore.Storage;

namespace HashStore.Tests.Support;

/// <summary>
/// A database for each store under test, made when it is first asked for. One on a server is found by the store's ROOT, so that every process that is started on it gets the same, and is dropped together
/// with the folder that holds ROOT. The embedded one lies in the store itself.
/// </summary>
internal static class StoreDatabases
{
    private static readonly ConcurrentDictionary<string, Lazy<SqlServerDatabase>> onServer = new(StringComparer.Ordinal);

    /// <summary>The connection string of a store's database; null: the embedded one.</summary>
    internal static string? ConnectionString(DatabaseProvider provider, string root) => provider == DatabaseProvider.SqlServer
        ? onServer.GetOrAdd(Path.GetFullPath(root), _ => new Lazy<SqlServerDatabase>(() => new SqlServerDatabase())).Value.ConnectionString
        : null;

    /// <summary>Drops the databases of all stores in a folder, whose processes have ended.</summary>
    internal static void DropBelow(string folder)
    {
        foreach (var root in onServer.Keys.Where(root => root == folder || root.StartsWith(folder + "/", StringComparison.Ordinal)))
        {
            if (onServer.TryRemove(root, out var database) && database.IsValueCreated)
            {
                database.Value.Dispose();
            }
        }
    }
}
