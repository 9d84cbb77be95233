using HashStore.Storage.Objects;

namespace HashStore.Tests.Objects;

/// <summary>The contract in memory.</summary>
public sealed class MemoryObjectsTests : ObjectBackendContract
{
    private protected override IObjectBackend Backend { get; } = new MemoryObjects(TimeProvider.System);
}
