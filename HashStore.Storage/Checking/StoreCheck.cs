using System.Data.Common;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using HashStore.Storage.Damage;
using HashStore.Storage.Durability;

namespace HashStore.Storage.Checking;

/// <summary>What to check.</summary>
/// <param name="Full">Read and hash every object, and let the database check all of itself.</param>
public sealed record CheckOptions(bool Full)
{
    /// <summary>Reading goes on where a full check was interrupted, if one was.</summary>
    public bool Resume { get; init; }

    /// <summary>Reading stops after this time; everything else is checked all the same. Null: no limit.</summary>
    public TimeSpan? TimeLimit { get; init; }

    /// <summary>Bytes that may be read a second; 0: no limit.</summary>
    public long BytesPerSecond { get; init; }
}

/// <summary>How far the reading of all bytes came.</summary>
/// <param name="Continued">What an earlier check had read, and this one did not read again; null: nothing.</param>
/// <param name="Position">Where this one ended.</param>
/// <param name="IsComplete">Whether it came to the end.</param>
public sealed record CheckReach(CheckPosition? Continued, CheckPosition Position, bool IsComplete)
{
    /// <summary>Why it could not be written down where it ended; null: it could.</summary>
    public string? Problem { get; init; }
}

/// <summary>What is being checked, in this order.</summary>
public enum CheckStage
{
    /// <summary>The database by its own means.</summary>
    Database,

    /// <summary>Rows of objects against the objects.</summary>
    Rows,

    /// <summary>Names and versions against each other.</summary>
    Names,

    /// <summary>Objects against the rows.</summary>
    Objects,

    /// <summary>What interrupted processes left.</summary>
    Leftovers,

    /// <summary>Objects against their hashes.</summary>
    Bytes,
}

/// <summary>How far a check is.</summary>
/// <param name="Stage">What is being checked.</param>
/// <param name="Done">Rows or files of this stage that are done.</param>
/// <param name="Total">How many there are; 0 when that is not known.</param>
/// <param name="Bytes">Bytes of objects read so far.</param>
/// <param name="TotalBytes">Bytes of all objects; 0 when they are not read.</param>
public readonly record struct CheckProgress(CheckStage Stage, long Done, long Total, long Bytes, long TotalBytes);

/// <summary>
/// Checks a store and changes nothing but marks of damaged objects. It may run beside servers that write to the same store: whatever looks wrong is looked at again, and only what
/// stays wrong while its row stays the same is reported. Each object is reported by one stage: what has a row by the walk over the rows, what has none by the
/// walk over the objects. Memory is bounded by a page of rows.
/// </summary>
public sealed class StoreCheck : IDisposable
{
    /// <summary>Findings that may wait for whoever reads them.</summary>
    private const int WaitingFindings = 256;

    private readonly StoreParts parts;
    private readonly TimeProvider clock;
    private readonly DamageRegister damage;

    internal StoreCheck(StoreParts parts, TimeProvider clock)
    {
        this.parts = parts;
        this.clock = clock;
        damage = new DamageRegister(parts, clock);
    }

    /// <summary>How far the last run came with reading; null: it was not asked to read everything, or did not come to it.</summary>
    public CheckReach? Reach { get; private set; }

    /// <summary>The store as it was opened, for checks that are none of this one's.</summary>
    internal StoreParts Parts => parts;

    /// <summary>Opens a store only to look.</summary>
    /// <exception cref="StoreException">
    /// It cannot be opened; the message says what to do. <see cref="StoreFault.Damaged"/>: its database is gone or unreadable.
    /// </exception>
    public static StoreCheck Open(StoreOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        try
        {
            return new StoreCheck(StoreOpening.OpenReadOnly(options), options.Clock);
        }
        catch (DbException exception)
        {
            var (fault, message) = DatabaseCheck.IsDamage(exception)
                ? (StoreFault.Damaged, $"The store's database is damaged ({exception.Message}). Restore it from a backup; the objects are untouched.")
                : (StoreFault.Unavailable, $"The store's database cannot be opened: {exception.Message} Check its place, its permissions and the connection.");
            throw new StoreException(fault, message, exception);
        }
        catch (Exception exception) when (StorageErrors.Knows(exception))
        {
            throw StorageErrors.Translate(exception);
        }
    }

    /// <summary>Whether an exception says that the database holds what it never should.</summary>
    internal static bool IsDatabaseDamage(Exception exception) => DatabaseCheck.IsDamage(exception);

    /// <summary>Runs the check; findings come as they are made.</summary>
    /// <exception cref="StoreException">The database stopped answering.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public async IAsyncEnumerable<Finding> RunAsync(
        CheckOptions options, IProgress<CheckProgress>? progress, [EnumeratorCancellation] CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(options);
        var findings = Channel.CreateBounded<Finding>(new BoundedChannelOptions(WaitingFindings) { SingleReader = true, SingleWriter = true });
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var run = new CheckRun(parts, clock, options, damage, findings.Writer, progress, stop.Token);
        var work = Task.Run(() => WorkAsync(run, findings.Writer), CancellationToken.None);
        try
        {
            await foreach (var finding in findings.Reader.ReadAllAsync(CancellationToken.None))
            {
                yield return finding;
            }
        }
        finally
        {
            await stop.CancelAsync(); // the reader may have left early
            await work;
            Reach = run.Reach;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        damage.Dispose();
        parts.Dispose();
    }

    /// <summary>Runs all stages; what ends them early goes to the reader of the findings.</summary>
    private static async Task WorkAsync(CheckRun run, ChannelWriter<Finding> findings)
    {
        Exception? problem = null;
        try
        {
            using var bytes = new BytesCheck(run);
            await StageAsync(run, CheckStage.Database, () => DatabaseCheck.RunAsync(run));
            await StageAsync(run, CheckStage.Rows, new RowCheck(run).RunAsync);
            await StageAsync(run, CheckStage.Names, () => NameCheck.RunAsync(run));
            await StageAsync(run, CheckStage.Objects, () => ObjectCheck.RunAsync(run));
            await StageAsync(run, CheckStage.Leftovers, () => LeftoverCheck.RunAsync(run));
            await StageAsync(run, CheckStage.Bytes, bytes.RunAsync);
        }
        catch (Exception exception) when (StorageErrors.Knows(exception))
        {
            problem = StorageErrors.Translate(exception);
        }
        catch (DbException exception)
        {
            problem = run.Parts.Database.Translate(exception);
        }
        catch (Exception exception)
        {
            problem = exception;
        }

        findings.Complete(problem);
    }

    /// <summary>A damaged database ends a stage, not the check.</summary>
    private static async Task StageAsync(CheckRun run, CheckStage stage, Func<Task> work)
    {
        run.Begin(stage);
        try
        {
            await work();
        }
        catch (Exception exception) when (DatabaseCheck.IsDamage(exception))
        {
            run.Cancellation.ThrowIfCancellationRequested();
            await run.ReportAsync(DatabaseCheck.Damage(run, $"{exception.Message} The rest of this stage ({stage}) was not checked."));
        }
    }
}
