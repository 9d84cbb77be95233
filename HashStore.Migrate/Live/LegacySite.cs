using System.Collections.Concurrent;
using System.Text;
using HashStore.Migrate.Conversion;
using HashStore.Migrate.Legacy;
using HashStore.Migrate.Legacy.Tables;
using HashStore.Schema;
using HashStore.Schema.Tables;
using HashStore.Storage;
using HashStore.Storage.Catalog;
using HashStore.Storage.Durability;
using HashStore.Storage.Objects;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace HashStore.Migrate.Live;

/// <summary>
/// A store together with the legacy tree of a living site: names are converted when somebody asks for them, and followed when the wiki changes them. Safe for many threads; several processes may
/// live with one tree.
/// </summary>
internal sealed partial class LegacySite : IAsyncDisposable
{
    /// <summary>How long a request waits for another converter that has its name; after that it gets the file as it is.</summary>
    private static readonly TimeSpan shortPatience = TimeSpan.FromMilliseconds(250);

    /// <summary>The same for a request that asks for a name.</summary>
    private static readonly TimeSpan nameTerm = TimeSpan.FromSeconds(5);

    /// <summary>The same for somebody who asks for a reconcile.</summary>
    private static readonly TimeSpan longPatience = TimeSpan.FromSeconds(25);

    /// <summary>How often a tree without hash directories is looked at again.</summary>
    private static readonly TimeSpan treeTerm = TimeSpan.FromSeconds(1);

    private readonly Store store;
    private readonly ConversionOptions options;
    private readonly LegacySiteOptions site;
    private readonly ILogger logger;
    private readonly LiveRows rows;
    private readonly ConverterPool converters;
    private readonly FailedNames failed;
    private readonly SiteTables tables;
    private readonly ConcurrentDictionary<string, Task> underWay = new(StringComparer.Ordinal);
    private LegacyTree tree;
    private long looked;
    private bool isProbed;

    private LegacySite(Store store, LegacyTree tree, ConversionOptions options, LegacySiteOptions site, ILogger logger)
    {
        (this.store, this.tree, this.options, this.site, this.logger) = (store, tree, options, site, logger);
        looked = store.Clock.GetTimestamp();
        rows = new LiveRows(store.Database);
        converters = new ConverterPool(store, options);
        failed = new FailedNames(store.Clock);
        tables = new SiteTables(store, site, logger);
        var keeper = new LinkKeeper(store, tree, options);
        store.NameLeaves = keeper.RemoveAsync;
        store.NameReturns = keeper.RestoreAsync;
    }

    /// <summary>Whether this process may convert: not after an undo, until somebody asks for a conversion again.</summary>
    internal bool IsOn => ConversionTurn.IsOn(store.Paths);

    /// <summary>The number of the tree's hash directories.</summary>
    internal int Levels => Tree().Levels;

    /// <summary>What may be wrong with the tree; whoever opened it tells it when it suits.</summary>
    internal IReadOnlyList<string> Warnings { get; private init; } = [];

    /// <summary>Opens it; cheap, nothing is walked.</summary>
    /// <exception cref="StoreException">The tree cannot be worked with; the message says what to do. Serve the files as they are then.</exception>
    internal static Task<LegacySite> OpenAsync(Store store, LegacySiteOptions site, ILogger logger)
    {
        var tree = LegacyTree.Open(site.Tree, store.Paths, site.Levels, site.LinkRoot);
        var options = new ConversionOptions
        {
            Jobs = site.Jobs, RelativeLinks = site.RelativeLinks, LinkRoot = site.LinkRoot, QuietTree = site.QuietTree, BytesPerSecond = site.BytesPerSecond, BatchFiles = site.BatchFiles,
        };
        var preflight = new Preflight(tree, options);
        preflight.TryCalls(store.Paths.State);
        return Task.FromResult(new LegacySite(store, tree, options with { WithoutExchange = preflight.WithoutExchange }, site, logger) { Warnings = preflight.Warnings });
    }

    /// <summary>Somebody asks for a conversion: after an undo, too.</summary>
    internal void SwitchOn() => ConversionTurn.SwitchOn(store.Paths);

    /// <summary>What a legacy path stands for, after it was converted or followed if need be; null: nothing.</summary>
    /// <param name="path">Decoded, relative to the tree, with slashes: <c>1/12/Name.jpg</c>, <c>archive/…</c>, <c>thumb/…</c>.</param>
    /// <param name="cancellation">The request's.</param>
    internal async Task<LegacyView?> FindAsync(string path, CancellationToken cancellation)
    {
        if (path.Length > HashStoreContext.PathLength || !LegacyPath.TryParse(path, out var parsed) || !IsName(parsed.Value.Name) || path.Split('/').Any(segment => segment is "" or "." or ".."))
        {
            return null;
        }

        switch (parsed.Value.Kind)
        {
            case LedgerKind.Current:
                return await FindCurrentAsync(parsed.Value, cancellation);
            case LedgerKind.Archive:
                return await FindArchivedAsync(parsed.Value, cancellation);
            case LedgerKind.Thumb or LedgerKind.ArchiveThumb:
                return await FindThumbAsync(parsed.Value, cancellation);
            default:
                return null;
        }
    }

    /// <summary>Sees to it that the tables know what the legacy tree has under a name: a look at the file and two small queries when nothing has changed. Never throws for one bad file.</summary>
    /// <param name="name">The name as it was asked for; also where nobody knows it.</param>
    /// <param name="cancellation">The request's.</param>
    internal async Task RefreshAsync(string name, CancellationToken cancellation)
    {
        if (!IsName(name) || !IsOn)
        {
            return;
        }

        // Whoever asks for a name has nothing else to fall back on: another converter that has it is waited for.
        var start = store.Clock.GetTimestamp();
        while (await NeedsWorkAsync(name, heldToo: false) && store.Clock.GetElapsedTime(start) < nameTerm)
        {
            await BringInAsync(name, cancellation);
        }
    }

    /// <summary>Follows one name thoroughly now: tables, tree, archive and deleted zone.</summary>
    /// <exception cref="StoreException">It could not be done; says what to do.</exception>
    internal Task ReconcileAsync(string name, CancellationToken cancellation) => ReconcileAsync([name], cancellation);

    /// <summary>Follows names that something happened to; for the watcher.</summary>
    /// <exception cref="StoreException">It could not be done; says what to do.</exception>
    internal async Task ReconcileAsync(IReadOnlyCollection<string> names, CancellationToken cancellation)
    {
        if (!IsOn)
        {
            return; // after an undo tree and store go separate ways
        }

        using var turn = ConversionTurn.Share(store.Paths);
        await tables.ImportIfChangedAsync(cancellation);

        // Who came to a new place first: so nobody takes his old name for deleted.
        var arrived = names.Where(IsName).ToLookup(name => Posix.ReadLink(CurrentPath(name)) is not null && RowOf(name) is not { State: LedgerState.Linked });
        foreach (var name in arrived[true].Concat(arrived[false]))
        {
            cancellation.ThrowIfCancellationRequested();
            using var converter = await converters.RentAsync(Tree(), cancellation);
            _ = await converter.ConvertAsync(name, longPatience, cancellation) ?? throw new StoreException(StoreFault.Unavailable, $"Another conversion has {name}, or an import writes the tables, for longer than {longPatience.TotalSeconds:F0} s. Try again.");
            failed.Forget(name);
        }
    }

    /// <summary>One whole pass: reads changed tables, walks the tree, follows what changed, converts everything that is left.</summary>
    /// <param name="listener">Told the progress.</param>
    /// <param name="isBusy">Asked between pieces of work: while it says true the pass waits (requests go first).</param>
    /// <param name="cancellation">Stops it; what is under way is finished.</param>
    /// <returns>False: an undo has switched conversions off.</returns>
    internal async Task<bool> PassAsync(IConversionListener listener, Func<bool> isBusy, CancellationToken cancellation)
    {
        if (!IsOn)
        {
            return false;
        }

        using var turn = ConversionTurn.Share(store.Paths);
        var run = new ConversionRun(store, Tree(), options, listener) { IsBusy = isBusy, Reimport = tables.ImportIfChangedAsync, Preflight = new Preflight(Tree(), options), Probe = isProbed || site.Probe is null ? null : new WebProbe(site.Probe, Tree()) };
        await run.ConvertAsync(Task.Run(() => tables.ImportIfChangedAsync(cancellation), CancellationToken.None), cancellation);
        isProbed = true;
        return true;
    }

    public async ValueTask DisposeAsync()
    {
        store.NameLeaves = store.NameReturns = null;
        await Task.WhenAll(underWay.Values);
        converters.Dispose();
        tables.Dispose();
    }

    private static bool IsName(string name) =>
        name.Length > 0 && name is not ("." or "..") && name.IndexOfAny(['/', '\0']) < 0 && Encoding.UTF8.GetByteCount(name) <= HashStoreContext.NameLength && !name.StartsWith(Inventory.OwnPrefix, StringComparison.Ordinal);

    private string CurrentPath(string name) => Tree().FullPath(LegacyPath.OfCurrent(name, tree.Levels));

    /// <summary>The tree; of one that had no hash directories yet it is looked again whether it has some.</summary>
    private LegacyTree Tree()
    {
        if (tree.Levels == 0 && site.Levels is null && store.Clock.GetElapsedTime(looked) > treeTerm)
        {
            looked = store.Clock.GetTimestamp();
            var today = LegacyTree.Open(site.Tree, store.Paths, null, site.LinkRoot);
            tree = today.Levels == 0 ? tree : today;
        }

        return tree;
    }

    private async Task<LegacyView?> FindCurrentAsync(LegacyPath path, CancellationToken cancellation)
    {
        if (path.Path != LegacyPath.OfCurrent(path.Name, Tree().Levels) && await rows.OfPathAsync(path.Path) is not { Kind: LedgerKind.Current, State: not LedgerState.Missing })
        {
            return null; // not where this name belongs
        }

        if (IsOn && await NeedsWorkAsync(path.Name))
        {
            await BringInAsync(path.Name, cancellation);
        }

        var name = FileName.FromStored(path.Name);
        if (FileStat.Of(tree.FullPath(path.Path)) is { IsFile: true } && !Inventory.IsClutter(path.Name) && await rows.OfPathAsync(path.Path) is null or { State: LedgerState.Found or LedgerState.Failed })
        {
            return new LegacyView(name, File: tree.FullPath(path.Path)); // newer than what is stored, or not to be converted
        }

        var lookup = await store.Names.FindAsync(name);
        return lookup switch
        {
            { RenamedTo: { } other } when await store.Names.FindCurrentAsync(other) is { Deleted: false } today => new LegacyView(other, today.Current.Key, HasMoved: FileStat.Of(tree.FullPath(path.Path)) is null),
            { File: { Deleted: true } } => new LegacyView(name, IsGone: true),
            { File: { } file } => new LegacyView(name, file.Current.Key),
            _ => null,
        };
    }

    private async Task<LegacyView?> FindArchivedAsync(LegacyPath path, CancellationToken cancellation)
    {
        var there = FileStat.Of(Tree().FullPath(path.Path));
        var row = await rows.OfPathAsync(path.Path);
        if (row is null && there is null)
        {
            return null;
        }

        var isDone = there is { IsFile: true } file ? IsAboutToBeExchanged(row, file) : there is { IsLink: true } && row is { State: LedgerState.Linked or LedgerState.Committed };
        if (!isDone && IsOn && !failed.Has(path.Name, FileStat.Of(CurrentPath(path.Name))))
        {
            await BringInAsync(path.Name, cancellation);

            // The path before its row: what is a link by now has a row that says so.
            there = FileStat.Of(tree.FullPath(path.Path));
            row = await rows.OfPathAsync(path.Path);
        }

        // Committed: another converter has it and is about to exchange the path for its link. Unknown or found: another one has it for longer than a request waits.
        var name = FileName.FromStored(path.Name);
        return row switch
        {
            { State: LedgerState.Linked or LedgerState.Committed, Key: { } key, UploadId: { } version } when await rows.ShowAsync(version) => new LegacyView(name, new ContentKey(key)),
            { State: LedgerState.Linked or LedgerState.Committed or LedgerState.Removed } => new LegacyView(name, IsGone: true),
            null or { State: LedgerState.Found or LedgerState.Failed } when there is { IsFile: true } && !await rows.HideAsync(path)
                => new LegacyView(name, File: tree.FullPath(path.Path)),
            _ => null,
        };
    }

    private async Task<LegacyView?> FindThumbAsync(LegacyPath path, CancellationToken cancellation)
    {
        var full = Tree().FullPath(path.Path);
        var shown = path.OfShown(tree.Levels);
        var original = shown.Kind == LedgerKind.Current ? await FindCurrentAsync(shown, cancellation) : await FindArchivedAsync(shown, cancellation);
        if (original is null or { IsGone: true })
        {
            return original; // a picture of what is not public
        }

        // The file before the row: what is a link by now has a row that says where it leads.
        var isFile = FileStat.Of(full) is { IsFile: true };
        var linked = await rows.OfPathAsync(path.Path) is { State: LedgerState.Linked or LedgerState.Committed, Place: { } place } ? place : null;
        if (original.Key is { } key && (linked is not null || (!isFile && path.Path == $"{LegacyPath.ThumbFolder}/{shown.Path}/{path.File}")))
        {
            // Between the rows and the places of an object that just got a longer key, the thumbnail is still where the ledger says.
            var at = ThumbPath.TryParse(linked, null, out var parsed) ? parsed : null;
            return at is { } old && old.Key != key && FileStat.Of($"{store.Paths.Root}/{linked}") is { IsFile: true }
                ? new LegacyView(original.Name, File: $"{store.Paths.Root}/{linked}")
                : new LegacyView(original.Name, Thumb: new LegacyThumb(key, path.Shown!, at is { } known ? known with { Key = key } : null));
        }

        return isFile ? new LegacyView(original.Name, File: full)
            : linked is not null && FileStat.Of($"{store.Paths.Root}/{linked}") is not null ? new LegacyView(original.Name, File: $"{store.Paths.Root}/{linked}")
            : null;
    }

    /// <summary>Whether tree and tables say something else of a name than what is stored. Where that cannot be found out now, it is answered from what is stored.</summary>
    private async Task<bool> NeedsWorkAsync(string name, bool heldToo = true)
    {
        try
        {
            return await IsChangedAsync(name, heldToo);
        }
        catch (Exception exception) when (exception is System.Data.Common.DbException || StorageErrors.Knows(exception))
        {
            LogNotConverted(logger, name, exception.Message);
            return false;
        }
    }

    private async Task<bool> IsChangedAsync(string name, bool heldToo)
    {
        var path = LegacyPath.OfCurrent(name, Tree().Levels);
        var row = await rows.OfPathAsync(path);
        var full = tree.FullPath(path);
        switch (FileStat.Of(full))
        {
            case { IsLink: true } link:
                return (row is not { State: LedgerState.Linked or LedgerState.Committed } || !LinkTarget.IsOf(tree, row, Posix.ReadLink(full))) && !failed.Has(name, link, heldToo);
            case { IsFile: true } file:
                return row is not { State: LedgerState.Kept } && !IsAboutToBeExchanged(row, file) && !failed.Has(name, file, heldToo);
            case null when failed.Has(name, null, heldToo):
                return false;
            case null when row is { State: LedgerState.Linked or LedgerState.Committed }:
                return true;
            case null:
                return await rows.AreWaitingAsync(name);

            default:
                return false;
        }
    }

    /// <summary>Whether a file is the one that a committed row describes: its content is stored, and another converter is about to put the link there.</summary>
    private static bool IsAboutToBeExchanged(LedgerRow? row, FileStat file) =>
        row is { State: LedgerState.Committed } && row.Inode == file.Inode && row.Device == file.Device && row.Modified == file.Modified;

    /// <summary>Converts a name once for all who ask at the same time.</summary>
    private async Task BringInAsync(string name, CancellationToken cancellation)
    {
        var own = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var task = underWay.GetOrAdd(name, own.Task);
        if (task == own.Task)
        {
            _ = Task.Run(() => ConvertAsync(name, own), CancellationToken.None);
        }

        await task.WaitAsync(cancellation);
    }

    private async Task ConvertAsync(string name, TaskCompletionSource done)
    {
        try
        {
            using var turn = ConversionTurn.TryShare(store.Paths);
            if (turn is null || await store.Leases.WaitForNameAsync(LegacyNames.HashOf(name), shortPatience, CancellationToken.None) is not { } lease)
            {
                failed.Add(name, CurrentPath(name), isHeld: true);
                return;
            }

            await using var held = lease;
            using var converter = await converters.RentAsync(Tree(), CancellationToken.None);
            if (await converter.ConvertAsync(name, lease, shortPatience) is not { } converted)
            {
                failed.Add(name, CurrentPath(name), isHeld: true);
                return;
            }

            LogConverted(logger, name, converted.Decided.Count);
            if (await NeedsWorkAsync(name))
            {
                failed.Add(name, CurrentPath(name));
            }
        }
        catch (Exception exception) when (exception is StoreException or System.Data.Common.DbException || StorageErrors.Knows(exception))
        {
            failed.Add(name, CurrentPath(name));
            LogNotConverted(logger, name, exception.Message); // it is served as it is
        }
        finally
        {
            underWay.TryRemove(name, out _);
            done.SetResult();
        }
    }

    private LedgerRow? RowOf(string name)
    {
        using var context = store.Database.NewContext();
        return LiveQueries.Path(context, LegacyPath.OfCurrent(name, tree.Levels)).FirstOrDefault();
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Converted {Name} because it was asked for ({Paths} paths)")]
    private static partial void LogConverted(ILogger logger, string name, int paths);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Name} could not be converted and is served as it is: {Problem}")]
    private static partial void LogNotConverted(ILogger logger, string name, string problem);
}
