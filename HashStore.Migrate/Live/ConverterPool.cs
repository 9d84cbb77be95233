using System.Collections.Concurrent;
using HashStore.Migrate.Conversion;
using HashStore.Migrate.Legacy;
using HashStore.Storage;
using HashStore.Storage.Leasing;

namespace HashStore.Migrate.Live;

/// <summary>A few converters of single names, kept with their connections; who comes when all are at work waits.</summary>
internal sealed class ConverterPool : IDisposable
{
    /// <summary>Names that are converted at the same time.</summary>
    private const int Size = 4;

    private readonly ConcurrentBag<NameConverter> idle = [];
    private readonly SemaphoreSlim places = new(Size);
    private readonly List<TakerThreads> threads = [];
    private readonly Lock gate = new();
    private readonly Store store;
    private readonly ConversionOptions options;
    private readonly long run;
    private LegacyTree? tree;

    internal ConverterPool(Store store, ConversionOptions options) =>
        (this.store, this.options, run) = (store, options, store.Clock.GetUtcNow().ToUnixTimeMilliseconds());

    /// <summary>Lends one out; dispose it soon.</summary>
    internal async Task<Rented> RentAsync(LegacyTree today, CancellationToken cancellation)
    {
        await places.WaitAsync(cancellation);
        try
        {
            lock (gate)
            {
                if (tree != today)
                {
                    // The first use, or hash directories have come; who still works with the old tree keeps his threads.
                    Empty();
                    tree = today;
                    threads.Add(new TakerThreads(Math.Max(1, options.Jobs), () => new FileTaker(today, store, options, new Pace(0, store.Clock, CancellationToken.None))));
                }
            }

            return new Rented(this, today, idle.TryTake(out var converter) ? converter : new NameConverter(store, today, options, threads[^1], run));
        }
        catch
        {
            places.Release();
            throw;
        }
    }

    public void Dispose()
    {
        Empty();
        threads.ForEach(each => each.Dispose());
        places.Dispose();
    }

    private void Empty()
    {
        while (idle.TryTake(out var converter))
        {
            converter.Dispose();
        }
    }

    private void Return(NameConverter converter, LegacyTree lent)
    {
        lock (gate)
        {
            if (lent == tree)
            {
                idle.Add(converter);
            }
            else
            {
                converter.Dispose();
            }
        }

        places.Release();
    }

    /// <summary>A converter that is lent out.</summary>
    internal sealed class Rented(ConverterPool pool, LegacyTree tree, NameConverter converter) : IDisposable
    {
        /// <inheritdoc cref="NameConverter.ConvertAsync(string, TimeSpan, CancellationToken)"/>
        internal Task<ConvertedBatch?> ConvertAsync(string name, TimeSpan patience, CancellationToken cancellation) => converter.ConvertAsync(name, patience, cancellation);

        /// <inheritdoc cref="NameConverter.ConvertAsync(string, Lease, TimeSpan)"/>
        internal Task<ConvertedBatch?> ConvertAsync(string name, Lease lease, TimeSpan patience) => converter.ConvertAsync(name, lease, patience);

        public void Dispose() => pool.Return(converter, tree);
    }
}
