using System.Collections.Concurrent;
using System.Data.Common;
using HashStore.Schema.Tables;
using HashStore.Storage.Catalog;
using Microsoft.Extensions.Logging;

namespace HashStore.Storage.Leasing;

/// <summary>The outcome of asking for names: what was granted, and what others hold.</summary>
/// <param name="Lease">The lease; null where others hold all that was asked for.</param>
/// <param name="Held">The hashes that were asked for and that others hold.</param>
internal sealed record LeaseGrant(Lease? Lease, IReadOnlyList<long> Held);

/// <summary>
/// Takes and renews this process's leases. A holder that is dead on this machine loses its leases at once; one elsewhere, or out of sight, after <see cref="Term"/>.
/// </summary>
internal sealed partial class Leases : IAsyncDisposable
{
    /// <summary>How long a lease outlives the last sign of life of its holder.</summary>
    internal static readonly TimeSpan Term = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan renewal = TimeSpan.FromSeconds(5);

    /// <summary>How often it is looked whether somebody has given back what is waited for.</summary>
    private static readonly TimeSpan wait = TimeSpan.FromMilliseconds(100);

    private readonly ConcurrentDictionary<long, Lease> own = [];
    private readonly CatalogWriter writer;
    private readonly TimeProvider clock;
    private readonly ILogger logger;
    private readonly ITimer timer;

    internal Leases(CatalogWriter writer, TimeProvider clock, ILogger logger)
    {
        (this.writer, this.clock, this.logger) = (writer, clock, logger);
        timer = clock.CreateTimer(_ => _ = RenewAsync(), null, renewal, renewal);
    }

    /// <summary>Takes names, as many as can be had in one piece from the first free one on.</summary>
    /// <param name="hashes">The hashes of the names, ascending.</param>
    internal Task<LeaseGrant> TakeNamesAsync(IReadOnlyList<long> hashes) => TakeAsync(LeaseKind.Names, hashes);

    /// <summary>Waits for a lease on one name.</summary>
    /// <returns>Null when somebody else still held it after <paramref name="patience"/>.</returns>
    internal Task<Lease?> WaitForNameAsync(long hash, TimeSpan patience, CancellationToken cancellation) => WaitAsync(LeaseKind.Names, hash, patience, cancellation);

    /// <summary>Waits for the lease on the walk over the whole tree.</summary>
    internal async Task<Lease> WaitForTreeAsync(CancellationToken cancellation) => (await WaitAsync(LeaseKind.Tree, 0, Timeout.InfiniteTimeSpan, cancellation))!;

    /// <summary>Takes the lease on the check of all bytes, unless another process has it.</summary>
    internal async Task<Lease?> TryTakeScrubAsync() => (await TakeAsync(LeaseKind.Scrub, [0])).Lease;

    /// <summary>Takes the lease on the change of the length of the keys, unless another process has it.</summary>
    internal async Task<Lease?> TryTakeWidenAsync() => (await TakeAsync(LeaseKind.Widen, [0])).Lease;

    internal void Forget(Lease lease) => own.TryRemove(lease.Id, out _);

    internal Task ReleaseAsync(Lease lease)
    {
        Forget(lease);
        return writer.WriteAsync(catalog => catalog.Execute(LeaseStatements.Remove, lease.Id));
    }

    public async ValueTask DisposeAsync() => await timer.DisposeAsync();

    private async Task<Lease?> WaitAsync(LeaseKind kind, long hash, TimeSpan patience, CancellationToken cancellation)
    {
        var start = clock.GetTimestamp();
        while (true)
        {
            if ((await TakeAsync(kind, [hash])).Lease is { } lease)
            {
                return lease;
            }

            if (patience != Timeout.InfiniteTimeSpan && clock.GetElapsedTime(start) >= patience)
            {
                return null;
            }

            await Task.Delay(wait, clock, cancellation);
        }
    }

    private async Task<LeaseGrant> TakeAsync(LeaseKind kind, IReadOnlyList<long> hashes)
    {
        var (id, from, to, held) = await writer.WriteAsync(catalog => Take(catalog, kind, hashes));
        if (id == 0)
        {
            return new LeaseGrant(null, held);
        }

        var lease = new Lease(this, id, from, to);
        own[id] = lease;
        return new LeaseGrant(lease, held);
    }

    private (long Id, long From, long To, List<long> Held) Take(CatalogTransaction catalog, LeaseKind kind, IReadOnlyList<long> hashes)
    {
        var now = clock.GetUtcNow().ToUnixTimeMilliseconds();
        var others = new List<(long From, long To)>();
        foreach (var row in catalog.ReadAll(
            LeaseStatements.ReadOverlapping,
            row => (Id: row.GetInt64(0), From: row.GetInt64(1), To: row.GetInt64(2), Holder: row.GetString(3), Expires: row.GetInt64(4)),
            (byte)kind, hashes[0], hashes[^1]))
        {
            if (row.Expires < now || LeaseHolder.IsDead(row.Holder))
            {
                catalog.Execute(LeaseStatements.Remove, row.Id);
            }
            else
            {
                others.Add((row.From, row.To));
            }
        }

        // From the first free name on, to the last one before somebody else's.
        var held = hashes.Where(hash => others.Exists(other => other.From <= hash && hash <= other.To)).ToList();
        if (held.Count == hashes.Count)
        {
            return (0, 0, 0, held);
        }

        var taken = held.ToHashSet();
        var from = hashes.First(hash => !taken.Contains(hash));
        var end = others.Where(other => other.From > from).Select(other => other.From).DefaultIfEmpty(long.MaxValue).Min();
        var to = end == long.MaxValue ? hashes[^1] : hashes.Last(hash => hash < end);
        return (catalog.Insert(LeaseStatements.Insert, (byte)kind, from, to, LeaseHolder.Own, now + (long)Term.TotalMilliseconds), from, to, held);
    }

    private async Task RenewAsync()
    {
        if (own.IsEmpty)
        {
            return;
        }

        try
        {
            var expires = clock.GetUtcNow().Add(Term).ToUnixTimeMilliseconds();
            await writer.WriteAsync(catalog => own.Keys.Sum(id => catalog.Execute(LeaseStatements.Renew, expires, id)));
        }
        catch (Exception exception) when (exception is StoreException or DbException or System.Threading.Channels.ChannelClosedException)
        {
            LogNotRenewed(logger, exception.Message); // what is written under a lease that was lost for it is refused
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Leases could not be renewed: {Problem}")]
    private static partial void LogNotRenewed(ILogger logger, string problem);
}
