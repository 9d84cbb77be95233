using System.Threading.Channels;
using HashStore.Migrate.Legacy;
using HashStore.Migrate.Live;
using HashStore.Migrate.Undo;
using HashStore.Schema;
using HashStore.Schema.Tables;
using HashStore.Storage;
using HashStore.Storage.Catalog;
using HashStore.Storage.Durability;
using HashStore.Storage.Legacy;
using Microsoft.EntityFrameworkCore;

namespace HashStore.Migrate.Conversion;

/// <summary>
/// Converts everything that is left of a legacy tree. Four stages work at the same time, each a batch ahead of the next: planning, reading and hashing, writing rows and objects, exchanging paths for links.
/// Whatever stops it, run again it goes on where it stopped.
/// </summary>
internal sealed class ConversionRun(Store store, LegacyTree tree, ConversionOptions options, IConversionListener listener)
{
    /// <summary>Batches that are read ahead: their files are open and leased.</summary>
    private const int BatchesAhead = 1;

    /// <summary>A second pass takes what somebody was writing to in the first.</summary>
    private const int Passes = 2;

    /// <summary>How long another converter may have a name that the wiki has changed; after that it is followed by the next run.</summary>
    private static readonly TimeSpan patience = TimeSpan.FromSeconds(20);

    /// <summary>How long a batch waits for requests at the most: the conversion goes on beside steady load, too.</summary>
    private static readonly TimeSpan longestWait = TimeSpan.FromSeconds(2), shortWait = TimeSpan.FromMilliseconds(20);

    /// <summary>When no batch has come for so long, those before it are finished and written.</summary>
    private static readonly TimeSpan longestSilence = TimeSpan.FromMilliseconds(100);

    private readonly long run = store.Clock.GetUtcNow().ToUnixTimeMilliseconds();
    private long done, total;

    /// <summary>The number of this run.</summary>
    internal long Run => run;

    /// <summary>Bytes read.</summary>
    internal long Bytes { get; private set; }

    private ImportGate Gate => new(store.Paths, store.Clock) { Reimport = Reimport };

    /// <summary>Asked for one converted file before the others are.</summary>
    internal WebProbe? Probe { get; init; }

    /// <summary>While it says true, requests wait: they go first.</summary>
    internal Func<bool>? IsBusy { get; init; }

    /// <summary>Makes an import that another process has broken off again; null where there are no tables, or they can be read but once.</summary>
    internal Func<CancellationToken, Task>? Reimport { get; init; }

    /// <summary>Asked, when the tree was looked through, whether there is room.</summary>
    internal Preflight? Preflight { get; init; }

    /// <summary>Converts.</summary>
    /// <exception cref="StoreException">The disk or the database failed; what was converted stays converted.</exception>
    /// <exception cref="OperationCanceledException">Asked to stop; what was under way was finished.</exception>
    /// <param name="importing">The import of the tables, which goes on beside the walk over the tree.</param>
    /// <param name="cancellation">Asks to stop.</param>
    internal async Task ConvertAsync(Task importing, CancellationToken cancellation)
    {
        using var ledger = new StoreLedger(store);
        var inventory = new Inventory(tree, ledger, run, listener.Looking);
        List<string> changed;
        try
        {
            changed = await LookAsync(ledger, inventory, cancellation);
        }
        finally
        {
            await importing; // what is wrong with the tables is said first
        }

        _ = await Gate.WaitAsync(Timeout.InfiniteTimeSpan, cancellation);

        total = await LeftAsync();
        Preflight?.CheckRoom(await NeedsAsync());
        var pace = new Pace(options.BytesPerSecond, store.Clock, cancellation);
        try
        {
            await FollowAsync(changed, pace, cancellation);
            for (var pass = 1; pass <= Passes; pass++)
            {
                var busy = await ConvertLeftAsync(pace, isFirst: pass == 1, isLast: pass == Passes, cancellation);
                if (busy.Count == 0)
                {
                    break;
                }

                await inventory.LookAgainAsync(busy);
            }
        }
        finally
        {
            Bytes = pace.Spent;
        }

        await new UnclaimedFiles(store, run, listener).TellAsync();
    }

    /// <summary>Walks the tree, one process at a time.</summary>
    /// <returns>The names whose links the wiki has moved or taken away; those who were moved to a new place first, so that nobody takes their old names for deleted.</returns>
    private async Task<List<string>> LookAsync(StoreLedger ledger, Inventory inventory, CancellationToken cancellation)
    {
        await using var alone = await store.Leases.WaitForTreeAsync(cancellation);
        ledger.LookWhetherEmpty(); // another run may have walked while this one waited
        var isFirst = ledger.IsEmpty;
        await inventory.TakeAsync(cancellation);
        ledger.Written();
        inventory.Leftovers.ForEach(left => UndoLeftovers.Clear(tree, ledger.Reading, left));
        HashSet<string> changed = isFirst ? [] : await new TreeSweep(store, tree, run).FindAsync(ledger, cancellation);
        await new Follower(store, tree, options, ledger, run).KeepDeletedAsync(inventory.Arrivals.FindAll(arrival => arrival.Path.Kind == LedgerKind.Deleted));
        var arrived = inventory.Arrivals.Where(arrival => arrival.Path.Kind != LedgerKind.Deleted).OrderBy(arrival => arrival.Path.Kind).Select(arrival => arrival.Path.Name);
        return [.. arrived.Concat(changed).Distinct()];
    }

    /// <summary>Follows what the wiki has done with links.</summary>
    private async Task FollowAsync(List<string> changed, Pace pace, CancellationToken cancellation)
    {
        if (changed.Count == 0)
        {
            return;
        }

        using var threads = new TakerThreads(1, () => new FileTaker(tree, store, options, pace));
        using var converter = new NameConverter(store, tree, options, threads, run);
        foreach (var name in changed)
        {
            cancellation.ThrowIfCancellationRequested();
            if (await converter.ConvertAsync(name, patience, cancellation) is { } converted)
            {
                Tell(converted.Decided, [], pace.Spent);
            }
        }
    }

    private async Task<List<string>> ConvertLeftAsync(Pace pace, bool isFirst, bool isLast, CancellationToken cancellation)
    {
        using var ledger = new StoreLedger(store);
        var context = new ConversionContext(run, ledger.HasTables);
        var follower = new Follower(store, tree, options, ledger, run);
        var source = new BatchSource(ledger.Reading, new NamePlanner(ledger.Reading, tree, context.HasTables), store.Leases, Gate, follower, options.BatchFiles);
        var conversion = new BatchConversion(store, tree, options, context);
        using var threads = new TakerThreads(options.Jobs, () => new FileTaker(tree, store, options, pace));
        if (Probe is not null && isFirst)
        {
            await ProbeAsync(Probe, source, threads, conversion, ledger, cancellation);
        }

        var batches = Channel.CreateBounded<ConversionBatch>(BatchesAhead);
        var planning = Task.Run(() => PlanAsync(source, threads, batches.Writer, cancellation), CancellationToken.None);
        var busy = new List<string>();
        List<LedgerRow> linked = [];
        List<LeasedNames> written = [];
        Task<ConvertedBatch>? finishing = null;
        try
        {
            while (true)
            {
                if (!batches.Reader.TryRead(out var batch))
                {
                    // Nothing comes, perhaps because the planning waits for names that other converters have, and they for these: nobody waits with names that are done.
                    var coming = batches.Reader.WaitToReadAsync(CancellationToken.None).AsTask();
                    if (await Task.WhenAny(coming, Task.Delay(longestSilence, store.Clock, CancellationToken.None)) != coming)
                    {
                        await WriteAsync();
                    }

                    if (await coming)
                    {
                        continue;
                    }

                    break;
                }

                var record = await AdoptAsync(conversion, batch, linked);
                await EndAsync(written);
                linked = finishing is null ? [] : Note(await finishing);
                finishing = Task.Run(() => FinishAsync(conversion, batch, record), CancellationToken.None);
            }
        }
        finally
        {
            // Where the writing failed, the planning is told so, and the files that nobody will convert are given back.
            batches.Writer.TryComplete();
            await planning;
            while (batches.Reader.TryRead(out var left))
            {
                await GiveBackAsync(left);
            }

            try
            {
                if (finishing is not null)
                {
                    linked.AddRange(Note(await finishing));
                }

                await ledger.SetLinkedAsync(linked);
            }
            finally
            {
                await EndAsync(written);
                await source.EndAsync();
            }
        }

        cancellation.ThrowIfCancellationRequested();
        return busy;

        async Task WriteAsync()
        {
            if (finishing is { } last)
            {
                finishing = null;
                linked.AddRange(Note(await last));
            }

            await ledger.SetLinkedAsync(linked);
            linked = [];
            await EndAsync(written);
        }

        List<LedgerRow> Note(ConvertedBatch converted)
        {
            written.Add(converted.Names);
            busy.AddRange(converted.Busy);
            Tell(converted.Decided, isLast ? [] : converted.Busy, pace.Spent);
            return converted.Linked;
        }
    }

    private static async Task EndAsync(List<LeasedNames> written)
    {
        foreach (var names in written)
        {
            await names.EndAsync();
        }

        written.Clear();
    }

    /// <summary>The second half of a batch; one that fails there gives its names back.</summary>
    private static async Task<ConvertedBatch> FinishAsync(BatchConversion conversion, ConversionBatch batch, BatchRecord record)
    {
        try
        {
            return await conversion.FinishAsync(batch, record);
        }
        catch
        {
            await batch.Names.EndAsync();
            throw;
        }
    }

    /// <summary>The first half of a batch; one that fails there is closed.</summary>
    private static async Task<BatchRecord> AdoptAsync(BatchConversion conversion, ConversionBatch batch, IReadOnlyList<LedgerRow> linked)
    {
        try
        {
            await batch.Taken;
            return await conversion.AdoptAsync(batch, linked);
        }
        catch
        {
            batch.Dispose();
            await batch.Names.EndAsync();
            throw;
        }
    }

    /// <summary>Converts names until one has a link, and asks the site's web server for that; where it does not answer with the file's bytes, the file goes back.</summary>
    private async Task ProbeAsync(
        WebProbe probe, BatchSource source, TakerThreads threads, BatchConversion conversion, StoreLedger ledger, CancellationToken cancellation)
    {
        await probe.CheckStateAsync(cancellation);
        while (await source.NextAsync(cancellation, most: 1) is { } batch)
        {
            await threads.TakeAsync(batch.Files);
            var converted = await conversion.FinishAsync(batch, await AdoptAsync(conversion, batch, []));
            await ledger.SetLinkedAsync(converted.Linked);
            await converted.Names.EndAsync();
            var decided = converted.Decided;
            Tell(decided, [], 0);
            if (decided.Find(row => row.State == LedgerState.Linked && row.Kind is LedgerKind.Current or LedgerKind.Archive) is not { } row)
            {
                continue;
            }

            if (await probe.FindProblemAsync(row, cancellation) is not { } problem)
            {
                return;
            }

            PutBack(decided.FindAll(other => other.State == LedgerState.Linked));
            throw new StoreException(
                StoreFault.UnfitFileSystem,
                $"The web server does not give the converted file at {probe.Escape(row.Path)} ({problem}): let it follow symbolic links to {tree.Store.Root} (Apache: Options FollowSymLinks; "
                + "nginx: no disable_symlinks; every folder on the way must be open to its user; in a container --link-root). The file was put back, nothing else was converted.");
        }
    }

    /// <summary>Makes files of links again; as copies, so that the objects stay what they are.</summary>
    private void PutBack(List<LedgerRow> rows)
    {
        var files = rows.ConvertAll(row => new FileToRestore(row.Path, UndoLeftovers.Beside(tree, row), $"{tree.Store.Root}/{LinkTarget.PlaceOf(row)}", new ContentDigest(row.Sha256!), row, null) { IsCopy = true });
        new FileRestorer(tree).Restore(files);
    }

    private async Task PlanAsync(BatchSource source, TakerThreads threads, ChannelWriter<ConversionBatch> batches, CancellationToken cancellation)
    {
        try
        {
            while (!cancellation.IsCancellationRequested && await source.NextAsync(cancellation) is { } batch)
            {
                await LetRequestsPassAsync(cancellation);
                batch.Taken = threads.TakeAsync(batch.Files);
                if (!await batches.WaitToWriteAsync(CancellationToken.None) || !batches.TryWrite(batch))
                {
                    await GiveBackAsync(batch); // the writing stage failed, and says why
                    return;
                }
            }

            batches.Complete();
        }
        catch (OperationCanceledException)
        {
            batches.TryComplete(); // while it waited for other converters; who asked for it looks after this
        }
        catch (Exception exception) when (exception is StoreException or System.Data.Common.DbException or IOException)
        {
            batches.TryComplete(exception); // the writing stage throws it
        }
    }

    private async Task LetRequestsPassAsync(CancellationToken cancellation)
    {
        var start = store.Clock.GetTimestamp();
        while (IsBusy?.Invoke() == true && !cancellation.IsCancellationRequested && store.Clock.GetElapsedTime(start) < longestWait)
        {
            await Task.Delay(shortWait, store.Clock, CancellationToken.None);
        }
    }

    /// <summary>Closes files that were taken and will not be converted now.</summary>
    private static async Task GiveBackAsync(ConversionBatch batch)
    {
        await Task.WhenAny(batch.Taken);
        foreach (var file in batch.Files.Where(file => file.Result == TakeResult.Taken))
        {
            file.PutBack();
        }

        batch.Dispose();
        await batch.Names.EndAsync();
    }

    private void Tell(List<LedgerRow> decided, List<string> later, long bytes)
    {
        var waiting = later.ToHashSet(StringComparer.Ordinal);
        foreach (var row in decided.Where(row => !waiting.Contains(row.Path)))
        {
            done++;
            listener.Decided(row);
        }

        listener.Converting(done, total, bytes);
    }

    /// <summary>What the files that are left need.</summary>
    private async Task<ConversionNeeds> NeedsAsync()
    {
        var device = FileStat.Of(store.Paths.Staging)!.Value.Device;
        await using var context = store.Database.NewContext();
        var sums = await ConversionQueries.LeftSums(context, device).ToListAsync();
        return new ConversionNeeds
        {
            Files = sums.Sum(sum => sum.Count),
            Bytes = sums.Sum(sum => sum.Bytes),
            BytesToCopy = sums.Where(sum => sum.MustCopy || options.QuietTree).Sum(sum => sum.Bytes),
        };
    }

    private async Task<long> LeftAsync()
    {
        await using var context = store.Database.NewContext();
        var sums = await ConversionQueries.LedgerSums(context, null).ToListAsync();
        return sums.Where(sum => sum.State is LedgerState.Found or LedgerState.Committed or LedgerState.Failed).Sum(sum => sum.Count);
    }
}
