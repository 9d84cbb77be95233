using HashStore.Storage;
using Xunit;

namespace HashStore.Tests.Support;

/// <summary>Expects a store's refusal.</summary>
internal static class Refusal
{
    internal static async Task<StoreException> ExpectAsync(StoreFault fault, Func<Task> action)
    {
        var refusal = await Assert.ThrowsAsync<StoreException>(action);
        Assert.True(refusal.Fault == fault, $"{refusal.Fault} instead of {fault}: {refusal}");
        Assert.False(string.IsNullOrWhiteSpace(refusal.Message));
        return refusal;
    }
}
