using HashStore.Tests.Faults.RandomRun;
using Xunit;
using Xunit.Abstractions;

[assembly: TestCollectionOrderer("HashStore.Tests.Support.LongestFirst", "HashStore.Tests")]

namespace HashStore.Tests.Support;

/// <summary>The random run takes minutes and little of the processor: begun first, it is over before the others are.</summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    public IEnumerable<ITestCollection> OrderTestCollections(IEnumerable<ITestCollection> testCollections) =>
        testCollections.OrderByDescending(collection => collection.DisplayName.Contains(nameof(RandomRunTests), StringComparison.Ordinal));
}
