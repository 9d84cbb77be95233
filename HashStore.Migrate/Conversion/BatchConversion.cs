using HashStore.Migrate.Legacy;
using HashStore.Schema;
using HashStore.Schema.Tables;
using HashStore.Storage;
using HashStore.Storage.Adoption;
using HashStore.Storage.Catalog;
using HashStore.Storage.Durability;
using HashStore.Storage.Legacy;
using HashStore.Storage.Objects;
using HashStore.Storage.Staging;
using HashStore.Storage.Thumbnails;

namespace HashStore.Migrate.Conversion;

/// <summary>What all batches of one run share.</summary>
/// <param name="Run">The number of the run.</param>
/// <param name="HasTables">Whether legacy tables were imported.</param>
internal sealed record ConversionContext(long Run, bool HasTables);

/// <summary>What became of a batch.</summary>
/// <param name="Decided">The paths about which something was decided.</param>
/// <param name="Busy">Those that somebody was writing to, or that could not be exchanged.</param>
/// <param name="Linked">Those that are links now; the ledger does not yet say so.</param>
/// <param name="Names">The right to convert them, to be ended when that is written.</param>
internal sealed record ConvertedBatch(List<LedgerRow> Decided, List<string> Busy, List<LedgerRow> Linked, LeasedNames Names);

/// <summary>
/// Converts one batch whose files were taken. The order is that of the invariants, each step durable for the whole batch before the next begins:
/// <code>
/// taken: leased, hashed, linked into staging ─► claims ─► bytes at their places ─► one transaction: versions, names, ledger (committed)
///   ─► thumbnails at their places ─► ledger ─► each path exchanged for its link ─► ledger (linked), with the rows of a later batch
/// </code>
/// The second half of one batch runs beside the first half of the next: they share nothing but the store.
/// </summary>
internal sealed class BatchConversion(Store store, LegacyTree tree, ConversionOptions options, ConversionContext context)
{
    private readonly LinkExchange exchange = new(tree, options);

    /// <summary>The first half: everything up to the committed rows.</summary>
    /// <param name="batch">The batch; its files were taken.</param>
    /// <param name="linked">Paths of earlier batches that became links: written along.</param>
    internal async Task<BatchRecord> AdoptAsync(ConversionBatch batch, IReadOnlyList<LedgerRow> linked)
    {
        var resolver = new NameResolver();
        batch.Plans.ForEach(resolver.Resolve);
        BatchRecord record = null!;
        var names = batch.Plans.Where(plan => plan.Adopted is not null).Select(plan => plan.Adopted!).ToList();

        // Only what a name needs now: what waits for a later run stays a file with its mode and owner, and nothing of it is claimed.
        var contents = names.SelectMany(name => name.Versions).Select(version => version.Content).Distinct().ToList();
        await store.AdoptAsync(names, contents, catalog =>
        {
            batch.Names.Check(catalog);
            record = new BatchRecord(catalog, tree, context);
            StoreLedger.WriteLinked(catalog, batch.Recovered);
            StoreLedger.WriteLinked(catalog, linked);
            batch.Plans.ForEach(record.Write);
        }, () => Unlink(record));
        return record;
    }

    /// <summary>The second half: thumbnails, and links in the place of files. Closes the batch.</summary>
    internal async Task<ConvertedBatch> FinishAsync(ConversionBatch batch, BatchRecord record)
    {
        using (batch)
        {
            var decided = record.Decided.ToList();
            var toExchange = record.ToExchange.ToList();
            CrashPoints.Pass(CrashPoint.BatchRowsCommitted);
            await PlaceThumbsAsync(batch, decided, toExchange);
            var refused = Exchange(toExchange);
            CrashPoints.Pass(CrashPoint.BatchExchanged);
            if (refused.Count > 0)
            {
                await store.WriteAsync(catalog =>
                {
                    refused.ForEach(row => ConversionRows.Set(catalog, row));
                    return true;
                });
            }

            PutBack(batch, toExchange);
            return new ConvertedBatch(
                decided,
                [.. record.Busy.Select(file => file.Row.Path), .. refused.Select(row => row.Path)],
                [.. toExchange.Select(file => file.Row).Where(row => row.State == LedgerState.Linked)],
                batch.Names);
        }
    }

    /// <summary>Takes away what would show hidden content, or lead nowhere.</summary>
    private void Unlink(BatchRecord record)
    {
        foreach (var row in record.Removed)
        {
            exchange.Remove(row);
        }

        record.RemovedThumbs.ForEach(store.RemoveThumb);
    }

    private async Task PlaceThumbsAsync(ConversionBatch batch, List<LedgerRow> decided, List<TakenFile> toExchange)
    {
        var thumbs = batch.Plans.SelectMany(plan => plan.Thumbs.Where(thumb => thumb.Taken is not null).Select(thumb => new ThumbPlacement(plan, thumb))).ToList();
        if (thumbs.Count == 0)
        {
            return;
        }

        await Task.WhenAll(thumbs.Where(thumb => thumb.Place is not null).Select(thumb => store.Staging.SyncAsync(thumb.Taken.Staged!)));
        await Task.WhenAll(thumbs.Where(thumb => thumb.Place is not null).Select(thumb => thumb.PlaceAsync(store)));
        await store.WriteAsync(catalog =>
        {
            foreach (var thumb in thumbs)
            {
                thumb.Follow(store, catalog);
                var row = thumb.Taken.Row;
                (row.State, row.Status, row.Detail, row.Run) = (thumb.State, thumb.Status, thumb.Detail, context.Run);
                (row.Key, row.Sha256, row.Place) = (thumb.Key?.ToArray(), thumb.Taken.Facts?.Sha256.ToArray(), thumb.State == LedgerState.Committed ? thumb.Place : null);
                ConversionRows.Set(catalog, row);
            }

            return true;
        });
        decided.AddRange(thumbs.Select(thumb => thumb.Taken.Row));
        toExchange.AddRange(thumbs.Where(thumb => thumb.State == LedgerState.Committed).Select(thumb => thumb.Taken));
    }

    /// <summary>Exchanges paths for links.</summary>
    /// <returns>Those where that was not possible.</returns>
    private List<LedgerRow> Exchange(List<TakenFile> files)
    {
        var problems = new string?[files.Count];
        try
        {
            Parallel.For(0, files.Count, new ParallelOptions { MaxDegreeOfParallelism = Math.Max(1, options.Jobs) }, i =>
            {
                try
                {
                    problems[i] = exchange.Exchange(files[i], LinkTarget.PlaceOf(files[i].Row)!);
                }
                catch (IOException exception) when (Posix.ErrnoOf(exception) is not (Posix.Enospc or Posix.Edquot or Posix.Erofs))
                {
                    problems[i] = $"It could not be exchanged for its link: {exception.Message}";
                }
            });
        }
        catch (AggregateException exception) when (exception.InnerExceptions.All(StorageErrors.Knows))
        {
            throw StorageErrors.Translate(exception.InnerExceptions[0]); // the disk is full: the next run finishes what was exchanged
        }

        var refused = new List<LedgerRow>();
        for (var i = 0; i < files.Count; i++)
        {
            if (problems[i] is null)
            {
                files[i].Row.State = LedgerState.Linked;
            }
            else
            {
                (files[i].Row.State, files[i].Row.Status, files[i].Row.Detail) = (LedgerState.Failed, LedgerStatus.Failed, problems[i]);
                refused.Add(files[i].Row);
            }
        }

        return refused;
    }

    /// <summary>Files that stay get their mode back; those in the deleted zone that are the store's bytes now keep an object's.</summary>
    private static void PutBack(ConversionBatch batch, List<TakenFile> exchanged)
    {
        var done = exchanged.Where(file => file.Row.State == LedgerState.Linked).ToHashSet();
        foreach (var file in batch.Files.Where(file => file.Result == TakeResult.Taken && !done.Contains(file) && !file.Staged!.IsTaken))
        {
            file.PutBack();
        }
    }
}

/// <summary>A thumbnail on its way to its place.</summary>
internal sealed class ThumbPlacement
{
    /// <summary>How often a place is looked at again from which a thumbnail went in the moment between finding and reading it.</summary>
    private const int MaxTries = 3;

    private ThumbPath? placeOf;

    internal ThumbPlacement(NamePlan plan, PlannedThumb thumb)
    {
        Taken = thumb.Taken!;
        var shown = thumb.File.Kind == LedgerKind.ArchiveThumb ? plan.Versions.Find(version => version.ArchiveName == thumb.Shown) : plan.Current;
        if (Taken.Result != TakeResult.Taken)
        {
            (State, Status, Detail) = (LedgerState.Failed, LedgerStatus.Failed, Taken.Problem);
        }
        else if (shown is not { IsHidden: false, Version: { Content: { Refusal: null } content } } || plan.IsDeleted || plan.Adopted is not { IsHeldBack: false })
        {
            Detail = "It shows nothing that is public here; it stays as it is.";
        }
        else if (!ThumbPath.TryOf(Path.GetFileName(thumb.File.Path), thumb.Shown, content.Key, out var path)
            && !ThumbPath.TryOf(Path.GetFileName(thumb.File.Path), LegacyFingerprint.NameInArchive(thumb.Shown), content.Key, out path))
        {
            Detail = "It is not called like a thumbnail; it stays as it is.";
        }
        else
        {
            placeOf = path;
            (State, Status, Detail) = (LedgerState.Committed, LedgerStatus.Thumb, null);
        }
    }

    internal TakenFile Taken { get; }

    /// <summary>The object that it shows.</summary>
    internal ContentKey? Key => placeOf?.Key;

    /// <summary>Its place below ROOT; null where it has none.</summary>
    internal string? Place => placeOf?.ToString();

    internal LedgerState State { get; private set; } = LedgerState.Kept;

    internal LedgerStatus Status { get; private set; } = LedgerStatus.Skipped;

    internal string? Detail { get; private set; }

    /// <summary>Brings the bytes to their place, where equal ones may be already; different ones stay there, and this file where it is.</summary>
    internal async Task PlaceAsync(Store store)
    {
        for (var tries = 1; ; tries++)
        {
            (var placed, placeOf) = await store.AddThumbAsync(placeOf!.Value, Taken.Staged!.Path);
            if (placed == ThumbPlaced.NotPublic)
            {
                (State, Status, Detail) = (LedgerState.Kept, LedgerStatus.Skipped, "What it shows has just been deleted or hidden; it stays as it is.");
                return;
            }

            // Also when somebody else's file was found: it may be a moment old and not yet synced.
            await store.SyncThumbAsync(placeOf.Value);
            if (placed == ThumbPlaced.Added)
            {
                Taken.Staged.MarkTaken();
                return;
            }

            try
            {
                await CompareAsync(store, Taken.Staged);
                return;
            }
            catch (FileNotFoundException) when (tries < MaxTries)
            {
                // It was collected, or moved with its object's key, in this moment.
            }
        }
    }

    private async Task CompareAsync(Store store, StagedFile staged)
    {
        using var there = File.OpenRead(Path.Combine(store.Paths.Root, Place!));
        if (there.Length != staged.Size || new ContentDigest(await System.Security.Cryptography.SHA256.HashDataAsync(there)) != staged.Sha256)
        {
            (State, Status) = (LedgerState.Kept, LedgerStatus.Skipped);
            Detail = $"Another thumbnail lies at {Place} already; this one stays a file.";
            return;
        }

        ThumbnailUse.Note(there.SafeFileHandle, store.Clock); // else the collector might take it in the moment before the link is known
    }

    /// <summary>Its object may have got another key since, and the thumbnail another place with it; from its row on, whoever moves it leaves a link.</summary>
    internal void Follow(Store store, CatalogTransaction catalog) => placeOf = placeOf is { } place ? store.CurrentThumb(catalog, place) : null;
}
