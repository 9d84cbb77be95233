using Xunit;
using Xunit.Abstractions;

[assembly: TestCollectionOrderer("HashStore.Tests.Support.LongestFirst", "HashStore.Tests")]

namespace HashStore.Tests.Support;

/// <summary>What takes minutes and little of the processor begins first, so that it does not run alone in the end.</summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    private static readonly string[] longest = ["RandomRunTests", "MediaWiki with", "LiveWidenTests", "Kill", "NoGapTests", ".Crashes."];

    public IEnumerable<ITestCollection> OrderTestCollections(IEnumerable<ITestCollection> testCollections) => testCollections.OrderBy(collection =>
        Array.FindIndex(longest, part => collection.DisplayName.Contains(part, StringComparison.Ordinal)) is >= 0 and var place ? place : longest.Length);
}
