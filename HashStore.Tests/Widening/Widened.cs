using System.Collections.Concurrent;
using System.Text;
using HashStore.Schema;
using HashStore.Storage;
using HashStore.Storage.Checking;
using HashStore.Storage.Objects;
using HashStore.Storage.Widening;
using HashStore.Tests.Support;
using Xunit;

namespace HashStore.Tests.Widening;

/// <summary>What tests of longer keys share.</summary>
internal static class Widened
{
    /// <summary>Changes the keys of a store, as <c>hashstore-migrate widen</c> does.</summary>
    /// <param name="store">The store.</param>
    /// <param name="bits">The length; null: back.</param>
    /// <param name="listener">Told of each object.</param>
    internal static Task<WidenResult> WidenAsync(this Store store, int? bits, Listener? listener = null, CancellationToken cancellation = default) =>
        new Widener(store, new WidenOptions { Bits = bits }, listener ?? new Listener()).RunAsync(cancellation);

    /// <summary>Only begins: objects keep their keys until somebody needs them, or the walk comes.</summary>
    internal static async Task BeginAsync(this Store store, int? bits)
    {
        await using var lease = await store.Leases.TryTakeWidenAsync();
        _ = await new KeyLength(store).BeginAsync(bits, lease!);
    }

    /// <summary>Content that has the same key as another one, of a store's length.</summary>
    internal static byte[] Colliding(this TestStore test, byte[] content) => Enumerable.Range(0, int.MaxValue)
        .Select(i => Encoding.UTF8.GetBytes($"collides {i}")).First(other => test.KeyOf(other) == test.KeyOf(content) && !other.AsSpan().SequenceEqual(content));

    /// <summary>Checks all of a store, bytes too: nothing may be wrong or left over.</summary>
    internal static async Task AssertCleanAsync(this TestStore test)
    {
        using var check = StoreCheck.Open(test.Options);
        var findings = new List<string>();
        await foreach (var finding in check.RunAsync(new CheckOptions(Full: true), null, CancellationToken.None))
        {
            findings.Add($"{finding.Kind} {finding.Key} {finding.Path}: {finding.Detail}");
        }

        Assert.Empty(findings);
        test.Contents().CheckSettled();
    }

    /// <summary>Where an object lies that web servers reach.</summary>
    internal static string PlaceOf(this TestStore test, ContentKey key) => Path.Combine(test.Paths.Root, ObjectPath.Of(key));

    /// <summary>Whether a key leads to this content, and under which key.</summary>
    internal static async Task<ContentKey> AssertLeadsAsync(this Store store, ContentKey key, byte[] content)
    {
        var found = (await store.Objects.FindAsync(key)).Found;
        Assert.True(found is not null, $"{key} leads nowhere");
        Assert.Equal(content, found.Body);
        return found.Key;
    }

    /// <summary>Remembers what it was told; can stop the walk.</summary>
    internal sealed class Listener : IWidenListener
    {
        internal ConcurrentQueue<(ContentKey Key, string Reason)> Kept { get; } = [];

        /// <summary>Called with the number of objects that are done.</summary>
        internal Action<long>? Done { get; init; }

        public void Begun(int from, int to, bool isResumed)
        {
        }

        public void Progress(long objects, long total, long bytes) => Done?.Invoke(objects);

        public void Left(ContentKey key, string reason) => Kept.Enqueue((key, reason));
    }
}
