using System.Collections.Concurrent;

namespace HashStore.Storage.Serving;

/// <summary>
/// A cache of bounded weight with second-chance eviction (CLOCK): a hit takes no lock and writes at most one flag; only additions take turns.
/// </summary>
/// <param name="capacity">The largest total weight.</param>
internal sealed class BoundedCache<TKey, TValue>(long capacity)
    where TKey : struct, IEquatable<TKey>
    where TValue : class
{
    private readonly ConcurrentDictionary<TKey, Slot> slots = new();
    private readonly Queue<Slot> ring = new();
    private readonly Lock gate = new();
    private long weight;

    /// <summary>Number of entries.</summary>
    internal int Count => slots.Count;

    /// <summary>Their weight.</summary>
    internal long Weight => Volatile.Read(ref weight);

    internal TValue? Find(TKey key)
    {
        if (!slots.TryGetValue(key, out var slot))
        {
            return null;
        }

        if (!slot.Used)
        {
            slot.Used = true; // written only when it changes: a hot entry's cache line stays shared between the cores
        }

        return slot.Value; // null when it was forgotten a moment ago
    }

    /// <summary>Adds or replaces; what is heavier than an eighth of the cache is left out.</summary>
    internal void Add(TKey key, TValue value, long itsWeight)
    {
        if (itsWeight > capacity / 8)
        {
            return;
        }

        lock (gate)
        {
            Forget(key);
            var slot = new Slot(key, value, itsWeight);
            slots[key] = slot;
            ring.Enqueue(slot);
            weight += itsWeight;
            Evict();
        }
    }

    internal void Remove(TKey key)
    {
        lock (gate)
        {
            Forget(key);
        }
    }

    private void Forget(TKey key)
    {
        if (slots.TryRemove(key, out var old))
        {
            weight -= old.Weight;
            old.Dead = true;
            old.Value = null!; // the ring may hold the slot for a while, but not what was in it
        }
    }

    private void Evict()
    {
        // Dead slots leave the ring here too, so that it stays in proportion.
        while (weight > capacity || ring.Count > (2 * slots.Count) + 64)
        {
            var slot = ring.Dequeue();
            if (slot.Dead)
            {
                continue;
            }

            if (slot.Used || weight <= capacity)
            {
                slot.Used = false;
                ring.Enqueue(slot);
            }
            else
            {
                Forget(slot.Key);
            }
        }
    }

    private sealed class Slot(TKey key, TValue value, long weight)
    {
        internal readonly TKey Key = key;
        internal readonly long Weight = weight;
        internal TValue Value = value;
        internal volatile bool Used;
        internal bool Dead;
    }
}
