using HashStore.Tests.Migrate.Conversion;
using Xunit;

namespace HashStore.Tests.Faults.RandomRun;

/// <summary>Runs verbs one after the other, each in a process that may be killed.</summary>
internal sealed class VerbSlot(int seed, Func<Random, string[]> next)
{
    private readonly Random random = new(seed);
    private readonly Lock gate = new();
    private MigrateProcess? running;
    private bool isKilled;

    /// <summary>Verbs that came to their end.</summary>
    internal int Ended { get; private set; }

    /// <summary>SIGKILL, if one is running.</summary>
    internal async Task<bool> KillAsync()
    {
        Task killed;
        lock (gate)
        {
            if (running is null or { HasExited: true })
            {
                return false;
            }

            isKilled = true;
            killed = running.KillAsync();
        }

        await killed;
        return true;
    }

    internal async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var arguments = next(random);
            using var process = new MigrateProcess(arguments);
            lock (gate)
            {
                (running, isKilled) = (process, false);
            }

            var ended = await process.EndAsync();
            lock (gate)
            {
                running = null;
                if (isKilled)
                {
                    continue;
                }
            }

            Ended++;

            // 1: a run beside a tree that changes may leave names to the next one.
            Assert.True(ended.Exit == 0 || (ended.Exit == 1 && arguments[0] == "run"), $"{string.Join(' ', arguments)}: {ended}");
        }
    }
}
