using HashStore.Migrate.Legacy.Tables;
using HashStore.Storage;
using Microsoft.Extensions.Logging;

namespace HashStore.Migrate.Live;

/// <summary>The wiki's tables, imported at first and again when they have changed.</summary>
internal sealed partial class SiteTables(Store store, LegacySiteOptions site, ILogger logger) : IDisposable
{
    private readonly SemaphoreSlim alone = new(1);
    private string? imported;

    /// <summary>Imports if there is something new.</summary>
    /// <exception cref="StoreException">The tables cannot be read or written; what was imported before stays.</exception>
    internal async Task ImportIfChangedAsync(CancellationToken cancellation)
    {
        if (site.Tables is not { } path)
        {
            return;
        }

        await alone.WaitAsync(cancellation);
        try
        {
            var now = TablesStamp.Of(path);
            if (now is not null && now == imported && !store.ImportGate.IsUnfinished)
            {
                return;
            }

            var refused = 0L;
            var done = await LegacyTables.ImportAsync(store, new TablesSource(path, site.Prefix, () => Stream.Null), _ => refused++, _ => { }, cancellation, waits: true);
            imported = now;
            LogImported(logger, path, done.Counts.New, done.Counts.Changed, done.Counts.Removed, refused);
        }
        catch (LegacyTablesException exception)
        {
            throw new StoreException(StoreFault.Unavailable, exception.Message, exception);
        }
        finally
        {
            alone.Release();
        }
    }

    public void Dispose() => alone.Dispose();

    [LoggerMessage(Level = LogLevel.Information, Message = "Imported {Path}: {New} rows new, {Changed} changed, {Removed} gone, {Refused} refused")]
    private static partial void LogImported(ILogger logger, string path, long @new, long changed, long removed, long refused);
}
