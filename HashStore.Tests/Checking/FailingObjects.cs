using HashStore.Schema;
using HashStore.Storage.Objects;

namespace HashStore.Tests.Checking;

/// <summary>A disk on which some objects cannot be opened, read or looked at.</summary>
internal sealed class FailingObjects(IObjectBackend inner, ContentKey openFails, ContentKey readFails, ContentKey statFails) : IObjectBackend, IListableBackend
{
    public ValueTask<bool> AddAsync(ContentKey key, string stagedPath, Zone zone) => throw new NotSupportedException();

    public async ValueTask<ObjectBytes?> OpenAsync(ContentKey key, Zone zone)
    {
        if (key == openFails)
        {
            throw new UnauthorizedAccessException("Permission denied");
        }

        var bytes = await inner.OpenAsync(key, zone);
        return key == readFails && bytes is not null ? new FailingBytes(bytes) : bytes;
    }

    public ValueTask<ObjectStat?> StatAsync(ContentKey key, Zone zone) => key == statFails ? throw Failure() : inner.StatAsync(key, zone);

    public ValueTask<bool> MoveAsync(ContentKey key, Zone from) => throw new NotSupportedException();

    public ValueTask<bool> RemoveAsync(ContentKey key, Zone zone) => throw new NotSupportedException();

    public IEnumerable<ListedObject> List(Zone zone) => ((IListableBackend)inner).List(zone);

    private static IOException Failure() => new("Input/output error", 5);

    private sealed class FailingBytes(ObjectBytes inner) : ObjectBytes
    {
        public override ObjectStat Stat => inner.Stat;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, long offset, CancellationToken cancellation) =>
            offset == 0 ? inner.ReadAsync(buffer[..1], offset, cancellation) : throw Failure();

        protected override void Dispose(bool disposing) => inner.Dispose();
    }
}
