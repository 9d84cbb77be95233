using System.Globalization;
using HashStore.Migrate;
using HashStore.Storage;
using HashStore.Storage.Durability;
using HashStore.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Mono.Unix.Native;

namespace HashStore.Tests.Crashes;

/// <summary>How a process dies.</summary>
public enum CrashWay
{
    /// <summary><c>_exit</c>: at once, without any clean-up of its own.</summary>
    Exit,

    /// <summary>SIGKILL.</summary>
    Kill,
}

/// <summary>The tests' own executable: does one thing to a store and dies at a crash point. Ends with 0 when it never came there.</summary>
internal static class CrashChild
{
    /// <summary>What <see cref="CrashWay.Exit"/> ends with.</summary>
    internal const int Exited = 86;

    /// <summary>What SIGKILL ends with, as .NET shows it.</summary>
    internal const int Killed = 128 + 9;

    /// <summary>Begins the arguments of a run of <c>hashstore-migrate</c>.</summary>
    internal const string Migrate = "migrate";

    /// <summary>In the place of a crash point: a command or commit of EF Core, which updates the tables.</summary>
    internal const string SchemaStep = "SchemaStep";

    private static async Task<int> Main(string[] arguments)
    {
        var pass = int.Parse(arguments[1], CultureInfo.InvariantCulture);
        var way = Enum.Parse<CrashWay>(arguments[2]);
        if (arguments[0] == SchemaStep)
        {
            SchemaSteps.Watch(() =>
            {
                if (--pass == 0)
                {
                    Die(way);
                }
            });
            await using var opened = await Store.OpenAsync(new StoreOptions { Paths = StorePaths.For(arguments[3], null) }, NullLogger.Instance);
            return 0;
        }

        var point = Enum.Parse<CrashPoint>(arguments[0]);
        void Arm() => CrashPoints.Hook = passed =>
        {
            if (passed == point && Interlocked.Decrement(ref pass) == 0)
            {
                Die(way);
            }
        };

        if (arguments[3] == Migrate)
        {
            Arm();
            var exit = await global::HashStore.Migrate.Program.RunAsync(arguments[4..], new CommandOutput(Console.Out, Console.Error, isTerminal: false), CancellationToken.None);
            Console.Error.WriteLine($"hashstore-migrate ended with {exit}");
            return 0;
        }

        var scenario = StoreScenario.All.Single(scenario => scenario.Name == arguments[3]);
        var options = new StoreOptions
        {
            Paths = StorePaths.For(arguments[4], null), Provider = Enum.Parse<DatabaseProvider>(arguments[5]), ConnectionString = arguments.ElementAtOrDefault(6),
        };
        if (scenario.IsOpening)
        {
            Arm();
        }

        await using var store = await Store.OpenAsync(options, NullLogger.Instance);
        Arm();
        await scenario.Act(store, "0");
        return 0;
    }

    private static void Die(CrashWay way)
    {
        if (way == CrashWay.Exit)
        {
            _ = Syscall._exit(Exited);
        }

        _ = Syscall.kill(Environment.ProcessId, Signum.SIGKILL);
        Thread.CurrentThread.Join(); // the signal is on its way: no further step is done
    }
}
