using System.Text;
using System.Text.RegularExpressions;
using HashStore.Schema;
using HashStore.Storage.Catalog;
using HashStore.Storage.Durability;
using HashStore.Storage.Objects;
using HashStore.Storage.Staging;
using Microsoft.Extensions.Logging;

namespace HashStore.Storage;

/// <summary>The <c>store</c> row as the writer sees it.</summary>
internal readonly record struct StoreIdentity(Guid Uuid, long Generation, string Algorithm, int KeyBits, int? FromBits);

/// <summary>
/// Opens a store, or makes it. Nothing is repaired silently: what is not understood is refused with what to do. Making one ends with <c>layout.json</c>, so that an interrupted start is simply
/// made again.
/// </summary>
internal static partial class StoreOpening
{
    private const UnixFileMode PrivateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    internal static async Task<Store> OpenAsync(StoreOptions options, ILogger logger)
    {
        CheckPlatform();
        var paths = options.Paths;
        var store = await Task.Run(() => OpenLocked(options, paths, logger));
        try
        {
            await store.RecoverAsync();
            return store;
        }
        catch
        {
            await store.DisposeAsync();
            throw;
        }
    }

    /// <summary>Opens only to look; changes nothing.</summary>
    internal static StoreParts OpenReadOnly(StoreOptions options)
    {
        CheckPlatform();
        var layout = StoreLayout.TryRead(options.Paths) ?? throw new StoreException(
            StoreFault.NotAStore, $"{options.Paths.Root} is not a store: there is no {options.Paths.Layout}. Give the --root (and --state) that the server uses.");
        CheckDatabaseFile(options, options.Paths);
        var database = StoreDatabase.Open(options);
        try
        {
            database.CheckMigrated();
            return Parts(options.Paths, Checked(options.Paths, layout, database), database);
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    internal static StoreIdentity? ReadStoreRow(CatalogTransaction catalog) => catalog.ReadOne(
        Statements.ReadStore, row => new StoreIdentity(row.GetGuid(0), row.GetInt64(1), row.GetString(2), row.GetInt32(3), row.IsDBNull(4) ? null : row.GetInt32(4)));

    /// <summary>
    /// Runs first in every write transaction: a process whose view of the store is stale must not write the old way. Another length of the keys is taken over at once, so that servers go on beside
    /// <c>widen</c>; whatever else differs is another store.
    /// </summary>
    internal static void CheckLayout(CatalogTransaction catalog, StoreParts parts)
    {
        var layout = parts.Layout;
        var store = ReadStoreRow(catalog);
        if (store is not { } row || row.Uuid != layout.Uuid || row.Algorithm != layout.Algorithm || row.Generation < layout.Generation)
        {
            throw new StoreException(StoreFault.LayoutChanged, "The store's layout was changed by another process: start this one again.");
        }

        if (row.Generation != layout.Generation || row.FromBits != layout.FromBits)
        {
            parts.Layout = StoreLayout.Of(row);
        }

        catalog.KeyBits = row.KeyBits;
    }

    private static Store OpenLocked(StoreOptions options, StorePaths paths, ILogger logger)
    {
        var layout = StoreLayout.TryRead(paths);
        if (layout is null)
        {
            StoreLayout.CheckKeyBits(options.Algorithm, options.KeyBits);
            MakeFolders(paths, options.IsLegacyTree);
            CrashPoints.Pass(CrashPoint.OpenFoldersMade);
        }

        StoreDatabase? database = null;
        StoreParts? parts = null;
        try
        {
            // One process at a time sets a store up, updates its tables and sweeps its staging area.
            using var setup = new FileLock(paths.WriteLock);
            using var held = setup.Acquire();
            Posix.MakePrivateDirectory(paths.Deleted);
            FileSystemCheck.Run(paths);
            layout = StoreLayout.TryRead(paths);
            if (layout is not null)
            {
                CheckDatabaseFile(options, paths);
            }

            database = StoreDatabase.Open(options);
            database.Migrate();
            CrashPoints.Pass(CrashPoint.OpenTablesMade);
            var written = layout;
            layout = layout is null ? Make(options, paths, database) : Checked(paths, layout, database);
            if (written is not null && written.Generation != layout.Generation)
            {
                layout.Write(paths); // whoever changed it died before
            }

            parts = Parts(paths, layout, database);
            var staging = new StagingArea(paths, parts.Syncs, layout.DigestAlgorithm);
            CrashPoints.Pass(CrashPoint.OpenStagingSwept);
            return new Store(parts, staging, new RemovalCounter(paths.Removals), options, logger);
        }
        catch (Exception exception)
        {
            (parts as IDisposable ?? database)?.Dispose();
            throw exception switch
            {
                System.Data.Common.DbException failure when database is not null => database.Translate(failure),
                _ when StorageErrors.Knows(exception) => StorageErrors.Translate(exception),
                _ => exception,
            };
        }
    }

    private static void CheckPlatform()
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new StoreException(StoreFault.UnfitFileSystem, "HashStore keeps files on Linux only: it relies on its atomic renames, directory syncs and leases.");
        }

        // Without ICU .NET takes every text for normalised, and names would be stored twice.
        if ("e\u0301".Normalize(NormalizationForm.FormC) != "\u00E9")
        {
            throw new StoreException(StoreFault.BadSetting, "Unicode normalisation does not work: install libicu and unset DOTNET_SYSTEM_GLOBALIZATION_INVARIANT.");
        }
    }

    private static void MakeFolders(StorePaths paths, bool isLegacyTree)
    {
        if (File.Exists(paths.Root))
        {
            throw new StoreException(StoreFault.NotAStore, $"{paths.Root} is a file, not a store: give a folder as --root.");
        }

        try
        {
            MakeDurably(paths.Root);
            if (!File.Exists(paths.WriteLock))
            {
                CheckMayBecomeStore(paths, isLegacyTree);
                MakeDurably(paths.State);
                Posix.SetMode(paths.State, (int)PrivateMode);
            }

            // STATE must never be served; where it lies inside a document root, Apache is told so too.
            using var denial = Posix.OpenToWrite(Path.Combine(paths.State, ".htaccess"), FileMode.Create);
            Posix.Write(denial, "Require all denied\n"u8, 0);
        }
        catch (Exception exception) when (StorageErrors.Knows(exception))
        {
            throw new StoreException(
                StoreFault.NotWritable, $"{paths.Root} cannot become a store ({exception.Message}). Give a --root that this user may write.", exception);
        }
    }

    /// <summary>Makes a folder and its parents; each new one's name is synced, else a power loss could take the whole store with it.</summary>
    private static void MakeDurably(string folder)
    {
        if (Directory.Exists(folder))
        {
            return;
        }

        var parent = Path.GetDirectoryName(folder)!;
        MakeDurably(parent);
        _ = Posix.MakeDirectory(folder);
        Posix.SyncDirectory(parent);
    }

    /// <summary>A store is made in an empty folder or in a legacy upload tree, not over somebody's other files.</summary>
    private static void CheckMayBecomeStore(StorePaths paths, bool isLegacyTree)
    {
        // Objects lie below folders of one digit: a file called so is in their way.
        if ("0123456789abcdef".FirstOrDefault(digit => File.Exists(Path.Combine(paths.Root, digit.ToString()))) is var inTheWay and not '\0')
        {
            throw new StoreException(
                StoreFault.NotAStore, $"A file called \"{inTheWay}\" lies in {paths.Root}, where a folder of objects must be. Convert into a new folder: hashstore-migrate run --root NEW --legacy {paths.Root}.");
        }

        if (isLegacyTree)
        {
            return;
        }

        var stranger = Directory.EnumerateFileSystemEntries(paths.Root).Where(entry => entry != paths.State).Select(Path.GetFileName)
            .FirstOrDefault(name => !UploadTreeEntry().IsMatch(name!));
        if (stranger is not null)
        {
            throw new StoreException(
                StoreFault.NotAStore,
                $"{paths.Root} is not a store, not empty and not an upload tree (it holds \"{stranger}\"). Give a new folder as --root; "
                + "a tree of uploads without hash directories comes in with hashstore-migrate run --root NEW --legacy TREE.");
        }
    }

    private static void CheckDatabaseFile(StoreOptions options, StorePaths paths)
    {
        if (options.Provider == DatabaseProvider.Sqlite && string.IsNullOrEmpty(options.ConnectionString) && !File.Exists(paths.Database))
        {
            throw new StoreException(StoreFault.Damaged, $"The store's database {paths.Database} is gone. Restore it from a backup; the objects below {paths.Root} are untouched.");
        }
    }

    private static StoreLayout Make(StoreOptions options, StorePaths paths, StoreDatabase database)
    {
        // A start that was interrupted after the row goes on with what the row says.
        if (ReadIdentity(database) is not { } identity)
        {
            identity = new StoreIdentity(Guid.NewGuid(), 1, options.Algorithm.SettingName(), options.KeyBits, null);
            using var connection = database.OpenForWriting();
            using var catalog = new CatalogTransaction(connection, database.InsertedId, options.Clock);
            catalog.Execute(Statements.InsertStore, identity.Uuid, identity.Generation, identity.Algorithm, identity.KeyBits);
        }

        CrashPoints.Pass(CrashPoint.OpenRowWritten);
        var layout = StoreLayout.Of(identity);
        layout.Write(paths);
        CrashPoints.Pass(CrashPoint.OpenLayoutWritten);
        return layout;
    }

    /// <summary>The layout as the database tells it, which is the newer one where the process that changed it died before it wrote the file.</summary>
    private static StoreLayout Checked(StorePaths paths, StoreLayout layout, StoreDatabase database)
    {
        var identity = ReadIdentity(database);
        CheckIdentity(paths, layout, identity);
        return StoreLayout.Of(identity!.Value);
    }

    private static void CheckIdentity(StorePaths paths, StoreLayout layout, StoreIdentity? identity)
    {
        if (identity is not { } row)
        {
            throw new StoreException(StoreFault.Damaged, $"The database knows nothing of the store at {paths.Root}: it is empty. Restore it from a backup, or correct Database:ConnectionString.");
        }

        if (row.Uuid == layout.Uuid && row.Generation < layout.Generation)
        {
            throw new StoreException(
                StoreFault.Damaged,
                $"The database is older than the store at {paths.Root}: its keys had {row.KeyBits} bits, and were changed to {layout.KeyBits} since. Restore a backup from after that change.");
        }

        if (row.Uuid != layout.Uuid || row.Algorithm != layout.Algorithm || (row.KeyBits != layout.KeyBits && row.Generation == layout.Generation))
        {
            throw new StoreException(
                StoreFault.NotAStore,
                $"The database belongs to another store (uuid {row.Uuid}, {row.Algorithm}, {row.KeyBits} bits) than {paths.Root} (uuid {layout.Uuid}, {layout.Algorithm}, {layout.KeyBits} bits). "
                + "Correct --root, --state or Database:ConnectionString.");
        }
    }

    private static StoreIdentity? ReadIdentity(StoreDatabase database)
    {
        using var context = database.NewContext();
        return AliasQueries.Store(context).FirstOrDefault() is { } found ? new StoreIdentity(found.Uuid, found.Generation, found.Algorithm, found.KeyBits, found.FromBits) : null;
    }

    private static StoreParts Parts(StorePaths paths, StoreLayout layout, StoreDatabase database)
    {
        var syncs = new SyncQueue(paths.SyncAnchor);
        return new StoreParts(paths, layout, database, syncs, new LocalObjects(paths.Root, paths.Deleted, syncs), new DurableTree(paths.Root, syncs));
    }

    /// <summary>What lies at the top of a MediaWiki upload directory with hash levels, what file systems put there themselves, and what another process tries out there at this moment.</summary>
    [GeneratedRegex(@"^([0-9a-f]|\.hs~.*|archive|thumb|deleted|temp|transcoded|lockdir|timeline|math|score|captcha|graphs|lost\+found|\.hashstore|\.htaccess|README|index\.html|\.gitkeep|\.DS_Store|Thumbs\.db)$")]
    private static partial Regex UploadTreeEntry();
}
