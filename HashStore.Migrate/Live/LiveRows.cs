using HashStore.Migrate.Legacy;
using HashStore.Schema;
using HashStore.Schema.Tables;
using HashStore.Storage.Catalog;
using Microsoft.EntityFrameworkCore;

namespace HashStore.Migrate.Live;

/// <summary>What the database says now of single paths and versions; for any number of requests at once.</summary>
internal sealed class LiveRows(StoreDatabase database)
{
    /// <summary>What the ledger knows of a path.</summary>
    internal async Task<LedgerRow?> OfPathAsync(string path)
    {
        await using var context = database.NewContext();
        return await LiveQueries.Path(context, path).FirstOrDefaultAsync();
    }

    /// <summary>Whether the tables tell something of a name that was not converted yet.</summary>
    internal async Task<bool> AreWaitingAsync(string name)
    {
        await using var context = database.NewContext();
        return await LiveQueries.Waiting(context, LegacyNames.HashOf(name), name).AnyAsync();
    }

    /// <summary>Whether the tables hide what lies at an old version's path.</summary>
    internal async Task<bool> HideAsync(LegacyPath path)
    {
        await using var context = database.NewContext();
        return await LiveQueries.Hidden(context, LegacyNames.HashOf(path.Name), Path.GetFileName(path.Path)).AnyAsync();
    }

    /// <summary>Whether a version is shown.</summary>
    internal async Task<bool> ShowAsync(long version)
    {
        await using var context = database.NewContext();
        return await LiveQueries.IsShown(context, version).FirstOrDefaultAsync();
    }
}
