using System.Diagnostics;
using System.Text;
using HashStore.Tests.Support;
using Mono.Unix.Native;

namespace HashStore.Tests.Wiki.Support;

/// <summary>A program that runs until it is ended. It leads a process group of its own, so that what it starts ends with it, and nothing else does.</summary>
internal sealed class OwnProgram : IDisposable
{
    /// <summary>A program that takes longer to end hangs.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Lines of its output that are kept to explain a failure.</summary>
    private const int KeptLines = 200;

    private readonly Process process;
    private readonly Queue<string> lines = new();
    private readonly Action<string>? read;

    /// <summary>Starts it.</summary>
    /// <param name="program">Its name on the path.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="folder">Where it runs.</param>
    /// <param name="read">Gets each line of its output.</param>
    /// <param name="environment">What is added to the environment.</param>
    internal OwnProgram(string program, IEnumerable<string> arguments, string folder, Action<string>? read = null, params (string Name, string Value)[] environment)
    {
        this.read = read;

        // The new process leads no group yet, so setsid becomes the program without a process between.
        process = new Process { StartInfo = Programs.StartInfo("setsid", [Programs.Find(program), .. arguments], folder) };
        foreach (var (name, value) in environment)
        {
            process.StartInfo.Environment[name] = value;
        }

        process.OutputDataReceived += (_, line) => Take(line.Data);
        process.ErrorDataReceived += (_, line) => Take(line.Data);
        AppDomain.CurrentDomain.ProcessExit += EndWithTests;
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>Whether it ended by itself.</summary>
    internal bool HasExited => process.HasExited;

    /// <summary>The last lines of its output.</summary>
    internal string Output
    {
        get
        {
            lock (lines)
            {
                return string.Join('\n', lines);
            }
        }
    }

    /// <summary>SIGKILL for all of the group; returns when its leader is gone.</summary>
    public void Dispose()
    {
        AppDomain.CurrentDomain.ProcessExit -= EndWithTests;
        Kill();
        if (!process.WaitForExit(Patience))
        {
            throw new TimeoutException($"Process {process.Id} is still there.");
        }

        process.Dispose();
    }

    private void EndWithTests(object? sender, EventArgs arguments) => Kill();

    /// <summary>Workers outlive a leader that ended by itself; as long as one of them lives, the system gives the group's number to nobody else.</summary>
    private void Kill() => _ = Syscall.kill(-process.Id, Signum.SIGKILL);

    private void Take(string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (lines)
        {
            lines.Enqueue(line);
            if (lines.Count > KeptLines)
            {
                lines.Dequeue();
            }
        }

        read?.Invoke(line);
    }
}

/// <summary>Programs that run to their end.</summary>
internal static class Programs
{
    /// <summary>None of those that the tests need takes nearly as long.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <summary>Where a program lies.</summary>
    internal static string Find(string program) => Needs.OnPath(program) ?? throw new InvalidOperationException(Needs.Missing(program));

    /// <summary>Runs a program that must succeed; what it wrote is in the exception when it does not.</summary>
    internal static async Task RunAsync(string folder, string program, params string[] arguments)
    {
        using var process = Process.Start(StartInfo(Find(program), arguments, folder))!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await EndAsync(process);
        Check(program, process.ExitCode, await output + await error);
    }

    /// <summary>Runs a program that must succeed and copies its output, which need not be text.</summary>
    internal static async Task CopyOutputAsync(Stream to, string folder, string program, params string[] arguments)
    {
        using var process = Process.Start(StartInfo(Find(program), arguments, folder))!;
        var error = process.StandardError.ReadToEndAsync();
        await process.StandardOutput.BaseStream.CopyToAsync(to).WaitAsync(Patience);
        await EndAsync(process);
        Check(program, process.ExitCode, await error);
    }

    internal static ProcessStartInfo StartInfo(string program, IEnumerable<string> arguments, string folder)
    {
        var info = new ProcessStartInfo(program)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
            WorkingDirectory = folder,
        };
        foreach (var argument in arguments)
        {
            info.ArgumentList.Add(argument);
        }

        return info;
    }

    private static async Task EndAsync(Process process)
    {
        try
        {
            await process.WaitForExitAsync().WaitAsync(Patience);
        }
        catch (TimeoutException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    private static void Check(string program, int exitCode, string output)
    {
        if (exitCode != 0)
        {
            throw new InvalidOperationException($"{program} ended with {exitCode}: {output}");
        }
    }
}
