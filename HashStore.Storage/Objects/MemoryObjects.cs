using HashStore.Schema;

namespace HashStore.Storage.Objects;

/// <summary>The twin of <see cref="LocalObjects"/> in memory: as strict, for tests of everything above a backend.</summary>
internal sealed class MemoryObjects(TimeProvider clock) : IObjectBackend, IListableBackend, IRekeyableBackend
{
    private readonly Lock gate = new();
    private readonly Dictionary<(ContentKey Key, Zone Zone), (byte[] Bytes, DateTimeOffset Modified)> objects = [];

    public async ValueTask<bool> AddAsync(ContentKey key, string stagedPath, Zone zone)
    {
        var bytes = await File.ReadAllBytesAsync(stagedPath);
        lock (gate)
        {
            if (!objects.TryAdd((key, zone), (bytes, clock.GetUtcNow())))
            {
                return false;
            }
        }

        File.Delete(stagedPath);
        return true;
    }

    public ValueTask<ObjectBytes?> OpenAsync(ContentKey key, Zone zone)
    {
        lock (gate)
        {
            return new(objects.TryGetValue((key, zone), out var found) ? new Bytes(found.Bytes, found.Modified) : null);
        }
    }

    public ValueTask<ObjectStat?> StatAsync(ContentKey key, Zone zone)
    {
        lock (gate)
        {
            return new(objects.TryGetValue((key, zone), out var found) ? new ObjectStat(found.Bytes.Length, found.Modified) : null);
        }
    }

    public ValueTask<bool> MoveAsync(ContentKey key, Zone from)
    {
        lock (gate)
        {
            if (!objects.Remove((key, from), out var found))
            {
                return new(false);
            }

            objects[(key, from == Zone.Public ? Zone.Deleted : Zone.Public)] = found;
            return new(true);
        }
    }

    public ValueTask<bool> RemoveAsync(ContentKey key, Zone zone)
    {
        lock (gate)
        {
            return new(objects.Remove((key, zone)));
        }
    }

    public ValueTask<bool> LinkAsync(ContentKey key, ContentKey second, Zone zone)
    {
        lock (gate)
        {
            if (!objects.TryGetValue((key, zone), out var found))
            {
                return new(false);
            }

            objects[(second, zone)] = found;
            return new(true);
        }
    }

    public ValueTask PointAsync(ContentKey key, ContentKey now, bool isPublic)
    {
        lock (gate)
        {
            // Nobody reads the memory of a process past the rows, which tell the new key.
            objects.Remove((key, Zone.Public));
            objects.Remove((key, Zone.Deleted));
            return ValueTask.CompletedTask;
        }
    }

    public IEnumerable<ListedObject> List(Zone zone)
    {
        lock (gate)
        {
            return [.. objects.Where(pair => pair.Key.Zone == zone).Select(pair => new ListedObject(ObjectPath.Of(pair.Key.Key), pair.Key.Key, pair.Value.Bytes.Length))];
        }
    }

    private sealed class Bytes(byte[] content, DateTimeOffset modified) : ObjectBytes
    {
        public override ObjectStat Stat => new(content.Length, modified);

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, long offset, CancellationToken cancellation)
        {
            cancellation.ThrowIfCancellationRequested();
            var count = (int)Math.Clamp(content.Length - offset, 0, buffer.Length);
            content.AsMemory((int)Math.Min(offset, content.Length), count).CopyTo(buffer);
            return new(count);
        }

        protected override void Dispose(bool disposing)
        {
        }
    }
}
