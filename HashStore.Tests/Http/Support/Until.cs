using System.Diagnostics;

namespace HashStore.Tests.Http.Support;

/// <summary>Waits for what another process does, as long as it takes; only what never happens fails.</summary>
internal static class Until
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static Task TrueAsync(string what, Func<bool> condition) => TrueAsync(what, () => Task.FromResult(condition()));

    public static async Task TrueAsync(string what, Func<Task<bool>> condition, Func<string>? seen = null)
    {
        var start = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            if (Stopwatch.GetElapsedTime(start) > Patience)
            {
                throw new TimeoutException($"Never happened: {what}{(seen is null ? "" : $"; instead: {seen()}")}");
            }

            await Task.Delay(20);
        }
    }
}
