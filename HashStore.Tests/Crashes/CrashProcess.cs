using System.Diagnostics;
using System.Globalization;
using HashStore.Storage;
using HashStore.Storage.Durability;
using Xunit;

namespace HashStore.Tests.Crashes;

/// <summary>Runs <see cref="CrashChild"/>.</summary>
internal static class CrashProcess
{
    /// <summary>A process that takes longer hangs.</summary>
    private static readonly TimeSpan patience = TimeSpan.FromSeconds(120);

    /// <summary>Lets a process do a scenario and die; fails when it ends in another way.</summary>
    internal static Task DieAsync(CrashPoint point, int pass, CrashWay way, StoreScenario scenario, StoreOptions options) =>
        DieAsync(point, pass, way, [scenario.Name, options.Paths.Root, $"{options.Provider}", .. options.ConnectionString is { } text ? (string[])[text] : []]);

    /// <summary>The same with whatever the child understands.</summary>
    internal static async Task DieAsync(CrashPoint point, int pass, CrashWay way, string[] what) =>
        Assert.True(await TryDieAsync($"{point}", pass, way, what), $"{point} was not passed {pass} times.");

    /// <summary>The same.</summary>
    /// <returns>False when it ended without coming there.</returns>
    internal static async Task<bool> TryDieAsync(string point, int pass, CrashWay way, string[] what)
    {
        var host = Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? Environment.ProcessPath! : "dotnet";
        string[] arguments = ["exec", typeof(CrashChild).Assembly.Location, point, pass.ToString(CultureInfo.InvariantCulture), $"{way}", .. what];
        using var process = Process.Start(new ProcessStartInfo(host, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        try
        {
            var output = process.StandardOutput.ReadToEndAsync();
            var error = process.StandardError.ReadToEndAsync();
            await process.WaitForExitAsync().WaitAsync(patience);
            var expected = way == CrashWay.Exit ? CrashChild.Exited : CrashChild.Killed;
            Assert.True(process.ExitCode == expected || process.ExitCode == 0, $"The process ended with {process.ExitCode} instead of {expected}: {await error}{await output}");
            return process.ExitCode == expected;
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
    }
}
